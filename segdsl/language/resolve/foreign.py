"""What is written as in another language and yet can be parsed: names in the place of values.

`signup = today`, `miles > age`, `opted_in = True`, `country = JP`. Read only where a name
stands for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.format.flat import subject
from segdsl.language.resolve.values import Values
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import name, string
from segdsl.language.syntax.syntax_errors.moments import Relation, compare, read_moment
from segdsl.language.syntax.syntax_errors.rules import write_help
from segdsl.language.syntax.syntax_errors.spelling import NUMBERS
from segdsl.language.syntax.syntax_errors.times import NAMED_DAYS
from segdsl.language.values import Name
from segdsl.source import Span

_ABSENT = ("none", "nil", "undefined", "nan", "na", "empty", "missing", "blank")
_TRUE, _FALSE = ("true", "yes"), ("false", "no")


class Foreign(NamedTuple):
    """What to report of a test; the help's text replaces the span."""

    span: Span
    message: str
    help: str


def report_foreign(
    test: t.Test, value: Name, values: Values, report: Report, via: tuple[Span, ...]
) -> None:
    """Reports a name that stands for no value, with what was meant."""
    near = report.did_you_mean(value.name, lambda: [*values.parameters, *values.params])
    found = explain(test, value, near)
    report.add(Code.SEG101, found.span, found.message, help=found.help, via=via)


def explain(test: t.Test, value: Name, near: str | None) -> Foreign:
    """What was meant by a name that stands for no value; `near` names one that does."""
    word = value.name
    lowered = word.lower()
    predicate = test.predicate
    moment = read_moment(word.replace("_", " ")) or read_moment(word)
    left = subject(test.subject)
    if isinstance(predicate, p.Compare | p.TimeCompare):
        relation: Relation | None = predicate.relation
        if test.negated:
            relation = "!=" if relation == "=" else None
        if moment is not None and relation is not None:
            written = compare(relation, moment)
            if written is not None:
                also = ""
                if moment.kind == "weekday":
                    also = NAMED_DAYS
                elif moment.kind == "ago" and moment.text == "1 day" and "within" in written:
                    also = f"yesterday and later is `{left} at most 1 day ago`"
                return Foreign(
                    test.span,
                    f"`{word}` is not a value to compare with",
                    write_help(f"{left} {written}", also),
                )
            if moment.kind == "ahead":
                return Foreign(
                    test.span,
                    "`<` and `>` cannot compare a time with the future",
                    f"write both ends, such as `between 1 and {moment.text} from now`, or "
                    f"`within next {moment.text}`",
                )
    is_equal = isinstance(predicate, p.Compare) and predicate.relation == "="
    if lowered in NUMBERS and len(lowered) > 2 and near is None and not is_equal:
        return Foreign(
            value.span,
            f"no value is named `{name(word)}` here",
            write_help(NUMBERS[lowered], "a number is written in digits"),
        )
    if isinstance(predicate, p.Compare):
        negation = "not " if test.negated else ""
        if predicate.relation == "=" and lowered in _ABSENT and near is None:
            return Foreign(
                test.span,
                f"`{word}` is not a value to compare with",
                write_help(f"{left} is {negation}null"),
            )
        if predicate.relation == "=" and lowered in (*_TRUE, *_FALSE):
            truth = "true" if lowered in _TRUE else "false"
            return Foreign(
                test.span,
                f"`{word}` is not a boolean",
                write_help(f"{left} is {negation}{truth}"),
            )
        if predicate.relation != "=":
            return _two_attributes(value, left, near)
    return _no_value(value, isinstance(predicate, p.Compare), near)


def _two_attributes(value: Name, left: str, near: str | None) -> Foreign:
    return Foreign(
        value.span,
        f"no value is named `{name(value.name)}` here, and two attributes cannot be compared",
        f"{near + ' ' if near else ''}compare `{left}` with a number, or have a workflow write "
        "the difference "
        f"into an attribute; a param is declared with `param {name(value.name)}: number`",
    )


def _no_value(value: Name, is_compared: bool, near: str | None) -> Foreign:
    text = string(value.name)
    also = "two attributes cannot be compared" if is_compared else ""
    return Foreign(
        value.span,
        f"no value is named `{name(value.name)}` here",
        (f"{near} " if near else "")
        + write_help(
            text, "; ".join(each for each in ("a string is written in quotes", also) if each)
        ),
    )


def explain_use(use: t.Use) -> Foreign | None:
    """What was meant by a function of another language: `ISBLANK(email)`, `contains(tags, "x")`."""
    from segdsl.language.format.flat import format_expression
    from segdsl.language.syntax.parser import parse
    from segdsl.language.syntax.syntax_errors.recovery import RULES
    from segdsl.language.syntax.syntax_errors.rules import advice
    from segdsl.language.syntax.syntax_errors.site import Site
    from segdsl.source import Source

    text = format_expression(use)
    site = Site(text, 0, use.name, frozenset(), text)
    for found in advice(RULES, site):
        if found.fix is None or (found.start, found.end) != (0, len(text)):
            continue
        report = Report()
        parse(Source("", f'segment "x" where {found.fix}'), report)
        if not report.has_errors:
            message = f"`{name(use.name)}` is not a function of the language"
            return Foreign(use.span, message, write_help(found.fix))
    return None
