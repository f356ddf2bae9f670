"""Looks at values in segments that a column does not have, as far as its values were sampled.

Asks the samples in the schema alone, which need not be all: what is said is what was found there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import nearest
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.predicates import compared_kinds
from segdsl.language.syntax.spelling import behavior, name, string
from segdsl.language.values import Text
from segdsl.schema.model import Schema
from segdsl.schema.samples import Samples

_MOST_SHOWN = 6


def check_values(segments: Iterable[c.Segment], schema: Schema, report: Report) -> None:
    """Reports values that no sample of a column has, and times that are no seconds."""
    if not schema.samples:
        return
    known = {(each.behavior, each.column): each for each in schema.samples}
    for segment in segments:
        for test, table, column in _tests(segment.condition):
            found = known.get((table, column))
            if found is not None:
                _test(test, found, report)


def _tests(
    condition: c.Condition, table: str | None = None
) -> Iterator[tuple[c.Test, str | None, str]]:
    """The tests of values of a column, with its behavior's table, filters entered."""
    for node in walk(condition):
        match node:
            case c.Test(c.Attribute(column)):
                yield node, table, column
            case c.Test(c.Aggregate() as subject):
                if subject.function in ("first", "last", "min", "max"):
                    for column in subject.columns:
                        yield node, subject.behavior, column
                if subject.filter is not None:
                    yield from _tests(subject.filter, subject.behavior)
            case _:
                pass


def _test(test: c.Test, samples: Samples, report: Report) -> None:
    written = name(samples.column)
    if samples.behavior is not None:
        written = f"{behavior(samples.behavior)}.{written}"
    for value in _values(test.predicate) if samples.values else ():
        if value not in samples.values:
            report.add(
                Code.SEG612,
                test.span,
                f"`{written}` had no value {string(value)} when the schema was pulled",
                help=_help(value, samples.values),
                via=test.via,
            )
    unit = samples.unit
    if unit is not None and compared_kinds(test.predicate) == {"time"}:
        report.add(
            Code.SEG613,
            test.span,
            f"`{written}` has numbers as large as times in {unit}, but is compared as seconds",
            help="store Unix seconds in the column",
            via=test.via,
        )


def _values(predicate: p.Predicate) -> Iterator[str]:
    """The strings of an equality or a list."""
    match predicate:
        case p.Compare("=", Text(text)):
            yield text
        case p.In(values):
            yield from dict.fromkeys(each.value for each in values if isinstance(each, Text))
        case _:
            return


def _help(value: str, known: tuple[str, ...]) -> str:
    alike = [each for each in known if _folded(each) == _folded(value)]
    if alike:
        return f"did you mean {string(alike[0])}? case, spaces and character widths matter"
    near = nearest(value, known)
    if near is not None:
        return f"did you mean {string(near)}?"
    more = ", …" if len(known) > _MOST_SHOWN else ""
    listed = ", ".join(map(string, known[:_MOST_SHOWN]))
    return f"it had {listed}{more}; if it is new, run `segdsl schema pull --samples`"


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip().casefold()
