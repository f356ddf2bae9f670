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
    SEG002 = "unterminated string"
    SEG003 = "unknown escape"
    SEG004 = "unexpected character"
    SEG005 = "invalid UTF-8"
    SEG006 = "file too large"
    SEG007 = "nesting too deep"
    SEG008 = "malformed number"
    SEG009 = "reserved word used as a name"
    SEG010 = "ambiguous end of a `where`"
    SEG011 = "property given twice"
    SEG012 = "unknown choice"
    SEG013 = "wrong kind of value"
    SEG014 = "unsupported duration"
    SEG015 = "empty list"
    SEG016 = "invalid date"
    # 1xx: names
    SEG101 = "unknown name"
    SEG102 = "name defined twice"
    SEG103 = "recursive definition"
    SEG104 = "wrong arguments"
    SEG105 = "param without a value"
    SEG106 = "invalid value for a param"
    SEG107 = "import not found"
    SEG108 = "expansion too large"
    SEG109 = "qualified name without a schema"
    SEG110 = "unknown attribute of a model"
    SEG111 = "duplicate name"
    SEG112 = "unused import"
    SEG113 = "parameter in place of a name"
    SEG114 = "blank name"
    SEG115 = "invalid import path"
    SEG116 = "unreadable file"
    SEG117 = "unknown stage of a journey"
    # 2xx: meaning
    SEG201 = "condition not allowed in a filter"
    SEG202 = "negation not allowed in a filter"
    SEG203 = "count compared with something other than a number"
    SEG204 = "null test of an aggregate"
    SEG205 = "ambiguous test of groups or windows"
    SEG206 = "negated score"
    SEG207 = "operator without a negation"
    SEG208 = "limit not supported here"
    SEG209 = "negated rule set"
    SEG210 = "nested rule sets"
    SEG211 = "columns of two behaviors in one aggregate"
    SEG212 = "limit without an order"
    SEG213 = "quantifier on a value that is not an array"
    SEG214 = "limit by an unused aggregate"
    SEG215 = "redundant `some`"
    SEG218 = "definition compared like an attribute"
    # 23x: funnels and activations
    SEG230 = "wrong number of stages"
    SEG231 = "duplicate export name"
    SEG232 = "order by a column that is not exported"
    SEG233 = "incomplete export of a behavior"
    SEG234 = "too many behaviors"
    SEG235 = "duplicate behavior"
    SEG236 = "incomplete activation"
    SEG237 = "schedule that never runs"
    SEG238 = "invalid cron expression"
    SEG239 = "incomplete predictive segment"
    SEG240 = "secret in a file"
    SEG241 = "change of what a template locks"
    SEG242 = "behavior not used in the rule"
    SEG243 = "activation of a realtime segment"
    # 24x and 25x: journeys and predictive segments
    SEG244 = "wrong number of stages of a journey"
    SEG245 = "journey too large"
    SEG246 = "shares that do not sum to 100%"
    SEG247 = "incomplete caps of a split"
    SEG248 = "wrong number of ways on"
    SEG249 = "steps nested too deeply"
    SEG250 = "unknown activation of a journey"
    SEG251 = "unknown journey or stage of a journey"
    SEG252 = "realtime segment in a batch"
    SEG254 = "feature with several values for a profile"
    # 3xx: the rule
    SEG301 = "segment too large for two levels"
    SEG302 = "too many rules in a rule set"
    SEG303 = "reference by name without an id"
    SEG304 = "reference to an unknown resource"
    SEG305 = "ambiguous segment name"
    SEG306 = "cyclic references"
    SEG307 = "segment that cannot be created on its own"
    SEG308 = "segment exists with a different definition"
    SEG309 = "segment not supported in SQL"
    SEG310 = "deletion of a referenced segment"
    SEG311 = "changes that depend on each other"
    SEG312 = "unexpectedly empty workspace"
    SEG313 = "declaration that the API does not take"
    # 4xx: reading the API's JSON
    SEG401 = "invalid JSON"
    SEG402 = "unknown rule JSON"
    SEG403 = "invalid Composite expression"
    SEG404 = "empty condition"
    SEG405 = "empty group with undefined meaning"
    SEG406 = "JSON too large"
    SEG407 = "unsupported JSON of a resource"
    SEG408 = "skipped setting in JSON"
    # 5xx: the schema
    SEG501 = "unknown attribute"
    SEG502 = "unknown behavior"
    SEG503 = "unknown column"
    SEG504 = "unknown customer group"
    SEG505 = "behavior used as an attribute, or the reverse"
    SEG506 = "operator does not fit the type"
    SEG507 = "value does not fit the type"
    SEG508 = "array compared as one value, or the reverse"
    SEG509 = "invalid regular expression"
    SEG510 = "unknown stage, variant or model"
    SEG511 = "unknown id"
    SEG512 = "condition not supported in a realtime segment"
    SEG513 = "unknown connection, user or template"
    SEG514 = "export of a blocked column"
    SEG515 = "export of personal data"
    SEG516 = "function does not fit the type"
    SEG520 = "feature of a restricted column"
    SEG521 = "kind of feature does not fit the type"
    # 6xx: lints
    SEG601 = "negation that includes missing values"
    SEG602 = "repeated condition"
    SEG603 = "comparisons that `in` can merge"
    SEG604 = "conditions that can never hold"
    SEG605 = "conditions that always hold"
    SEG606 = "duplicate segment"
    SEG607 = "unused `allow`"
    SEG608 = "past time range that excludes today"
    SEG609 = "range that continues after today"
    SEG610 = "birthday compared with its year"
    SEG611 = "unused definition"
    SEG612 = "value not found in the column"
    SEG613 = "time not in seconds"
    # 62x: funnels and activations
    SEG620 = "stage that does not narrow"
    SEG621 = "schedule in the past"
    SEG622 = "schedule far ahead"
    SEG623 = "setting named like a secret"
    SEG624 = "e-mail address in a file"
    SEG625 = "export names that differ only in case"
    SEG626 = "unsupported time format"
    SEG627 = "placeholder without a value"
    # 628 to 649: journeys and predictive segments
    SEG628 = "incomplete journey"
    SEG629 = "activation without a wait behind it"
    SEG630 = "unreachable step"
    SEG631 = "branch that no profile takes"
    SEG632 = "wait for what already holds"
    SEG633 = "wait until a date in the past"
    SEG634 = "activation that no step uses"
    SEG635 = "jump that cannot arrive"
    SEG636 = "jumps in a cycle without a wait"
    SEG637 = "re-entry that depends on a missing goal"
    SEG638 = "steps with the same name"
    SEG639 = "grade that no score has"
    SEG640 = "feature that the answer is made of"
    SEG641 = "repeated feature"
    SEG642 = "predictive segment that learns nothing"
    SEG643 = "activation of a journey without a schedule"
    # 7xx: the YAML of the vendor's own tool
    SEG701 = "unreadable YAML file"
    SEG702 = "unknown part of a YAML file"
    SEG703 = "skipped part of a YAML file"
    SEG704 = "reinterpreted part of a YAML file"


WARNINGS = frozenset(
    {
        Code.SEG112,
        Code.SEG212,
        Code.SEG214,
        Code.SEG218,
        Code.SEG250,
        Code.SEG408,
        Code.SEG511,
        Code.SEG515,
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
        Code.SEG620,
        Code.SEG621,
        Code.SEG622,
        Code.SEG623,
        Code.SEG624,
        Code.SEG625,
        Code.SEG626,
        Code.SEG627,
        Code.SEG628,
        Code.SEG629,
        Code.SEG630,
        Code.SEG631,
        Code.SEG632,
        Code.SEG633,
        Code.SEG634,
        Code.SEG635,
        Code.SEG636,
        Code.SEG637,
        Code.SEG638,
        Code.SEG639,
        Code.SEG640,
        Code.SEG641,
        Code.SEG642,
        Code.SEG643,
        Code.SEG703,
        Code.SEG704,
    }
)

OF_SAMPLES = frozenset({Code.SEG612, Code.SEG613})
"""What only sampled values of columns show."""

OF_TIME = frozenset({Code.SEG621, Code.SEG622, Code.SEG633})
"""What depends on when it is asked."""

OF_SECRETS = frozenset({Code.SEG240, Code.SEG623, Code.SEG624})
"""What is about a text that must not be shown: its place is masked in output."""


def severity_of(code: Code) -> Severity:
    return "warning" if code in WARNINGS else "error"
