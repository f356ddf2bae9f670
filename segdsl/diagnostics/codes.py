"""The catalogue of diagnostics: every code there is, with what it is about.

A code never changes its meaning and is never used again. `docs/reference/diagnostics.md`
shows for each an example that produces it; a test holds the two together.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal as OneOf

Severity = OneOf["error", "warning"]


class Code(Enum):
    """The code of a diagnostic. Its value is its title; warnings are those listed in `WARNINGS`."""

    # 0xx: the text
    SEG001 = "unexpected text"
    SEG002 = "a string without an end"
    SEG003 = "an unknown escape"
    SEG004 = "a character that is no part of the language"
    SEG005 = "a file that is not UTF-8"
    SEG006 = "a file that is too large"
    SEG007 = "nesting that is too deep"
    SEG008 = "a number that is not written as one"
    SEG009 = "a word of the language used as a name"
    SEG010 = "a `where` whose end cannot be seen"
    SEG011 = "a line of the head given twice"
    SEG012 = "a word that is not one of the choices"
    SEG013 = "a value of the wrong kind"
    SEG014 = "a length of time that cannot be used here"
    SEG015 = "an empty list"
    SEG016 = "a date that is not in the calendar"
    # 1xx: names
    SEG101 = "an unknown name"
    SEG102 = "a name defined twice"
    SEG103 = "a definition that uses itself"
    SEG104 = "a definition used with the wrong arguments"
    SEG105 = "a param without a value"
    SEG106 = "a value for a param that does not fit"
    SEG107 = "an import that cannot be found"
    SEG108 = "an expansion that is too large"
    SEG109 = "a dotted name without a schema"
    SEG110 = "an unknown attribute of a model"
    SEG111 = "two segments of one name"
    SEG112 = "an import that is not used"
    SEG113 = "a parameter where only a name can stand"
    SEG114 = "a blank name"
    SEG115 = "an import of something else than a file of the project"
    SEG116 = "a file that cannot be read"
    # 2xx: meaning
    SEG201 = "a condition that a filter cannot hold"
    SEG202 = "a negation that a filter cannot hold"
    SEG203 = "a count compared with something else than numbers"
    SEG204 = "an aggregate asked whether it is null"
    SEG205 = "a test of each group or window that can be read two ways"
    SEG206 = "a score that is negated"
    SEG207 = "a negation that the operator does not have"
    SEG208 = "a limit where the API has none"
    SEG209 = "a negated rule set"
    SEG210 = "a rule set inside another"
    SEG211 = "columns of two behaviors in one aggregate"
    SEG212 = "a limit without an order"
    SEG213 = "a test of elements on what has none"
    SEG214 = "a limit by an aggregate that is not there"
    SEG215 = "a `some` that says nothing"
    SEG218 = "a definition compared like an attribute"
    # 3xx: the rule
    SEG301 = "a segment too large for its two levels"
    SEG302 = "a rule set with too many rules"
    SEG303 = "a reference by name, and no id for it"
    SEG304 = "a reference to a segment that is not there"
    SEG305 = "a name that several segments have"
    SEG306 = "segments that refer to each other in a cycle"
    SEG307 = "a segment that cannot be created on its own"
    SEG308 = "a segment that is there with something else in it"
    SEG309 = "a segment that cannot be made into SQL"
    SEG310 = "a deletion of what others refer to"
    SEG311 = "changes that wait for each other"
    SEG312 = "a workspace that has lost its segments"
    # 4xx: reading the API's JSON
    SEG401 = "text that is not JSON"
    SEG402 = "JSON that is no rule we know"
    SEG403 = "a Composite expression that does not fit"
    SEG404 = "an empty condition"
    SEG405 = "an empty group whose meaning nobody states"
    SEG406 = "JSON that is too large"
    # 5xx: the schema
    SEG501 = "an unknown attribute"
    SEG502 = "an unknown behavior"
    SEG503 = "an unknown column"
    SEG504 = "an unknown customer group"
    SEG505 = "a behavior used as an attribute, or the reverse"
    SEG506 = "an operator that does not fit the type"
    SEG507 = "a value that does not fit the type"
    SEG508 = "a list compared as one value, or the reverse"
    SEG509 = "a regular expression that cannot be read"
    SEG510 = "an unknown stage, variant or model"
    SEG511 = "an id that the schema does not have"
    SEG512 = "a condition that a realtime segment cannot hold"
    # 6xx: lints
    SEG601 = "a negation that also holds where there is no value"
    SEG602 = "a condition repeated"
    SEG603 = "values compared one by one"
    SEG604 = "conditions that can never hold"
    SEG605 = "conditions that always hold"
    SEG606 = "a segment equal to another"
    SEG607 = "an allow that allows nothing"
    SEG608 = "a time in the past that leaves today out"
    SEG609 = "a today that goes on"
    SEG610 = "a birthday whose year counts"
    SEG611 = "a definition that is not used"
    SEG612 = "a value that the column does not have"
    SEG613 = "a time that is not in seconds"

    # 7xx: the YAML of the vendor's own tool
    SEG701 = "a YAML file that cannot be read"
    SEG702 = "YAML that is no segment we know"
    SEG703 = "a part of a YAML file that is left out"
    SEG704 = "a part of a YAML file that is read as something else"


WARNINGS = frozenset(
    {
        Code.SEG112,
        Code.SEG212,
        Code.SEG214,
        Code.SEG218,
        Code.SEG511,
        Code.SEG601,
        Code.SEG602,
        Code.SEG603,
        Code.SEG604,
        Code.SEG605,
        Code.SEG606,
        Code.SEG607,
        Code.SEG608,
        Code.SEG609,
        Code.SEG610,
        Code.SEG611,
        Code.SEG612,
        Code.SEG613,
        Code.SEG703,
        Code.SEG704,
    }
)

OF_SAMPLES = frozenset({Code.SEG612, Code.SEG613})
"""What only sampled values of columns show."""


def severity_of(code: Code) -> Severity:
    return "warning" if code in WARNINGS else "error"
