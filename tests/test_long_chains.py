"""Chains of references of any length: they work, or end in an error that says why."""

from __future__ import annotations

import re

import pytest

from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.inline import MAX_DEPTH, MAX_INLINED, Inliner
from segdsl.language.references.memberships import memberships
from segdsl.language.references.order import in_dependency_order
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Reference
from segdsl.rules.lower import lower
from segdsl.source import Source
from segdsl.sql import Context, SqlError, render, selection
from segdsl.sql.references import MAX_REFERENCES
from steps import steps

LENGTHS = (165, 5_000)


def chain(form: str, length: int) -> list[c.Segment]:
    """Segments each of which refers to the next; `form` has its number and the next one's."""
    lines = []
    for at in range(length):
        where = form.format(at=at, next=f"s{at + 1}", other="and" if at % 2 else "or")
        lines.append(f'segment "s{at}" where {where}')
    report = Report()
    file = parse(Source("x.seg", "\n".join([*lines, f'segment "s{length}" where a = 1'])), report)
    found = resolve(Program("x.seg", {"x.seg": file}), report)
    assert report.diagnostics == []
    return list(found)


FORMS = (
    'in segment "{next}" and a = {at}',
    'not in segment "{next}"',
    'a = {at} {other} in segment "{next}"',
    '"label": (any (in segment "{next}", not in segment "{next}"))',
)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("form", FORMS)
def test_a_chain_is_put_in_place_or_refused(form: str, length: int) -> None:
    segments = chain(form, length)
    assert len(in_dependency_order(segments, Report())) == length + 1
    inliner = Inliner(segments, {})
    found = set()
    for at, segment in reversed(list(enumerate(segments))):
        report = Report()
        placed = inliner.inlined(segment, report)
        if report.diagnostics:
            [wrong] = report.diagnostics
            found.add(re.sub(r'"s\d+"', "…", wrong.message.partition(": ")[2]))
            assert (wrong.code, wrong.help) == (Code.SEG304, "create it first")
        else:
            assert not list(memberships(placed.condition))
            # What comes of it goes through the next stages.
            assert lower(placed, Report(), layout="nested") is not None
            assert length - at <= MAX_INLINED
    if length > MAX_INLINED:
        assert found <= {
            f"more than {MAX_INLINED} segments would have to be inlined",
            f"its condition would be nested more than {MAX_DEPTH} levels deep",
        }
        assert found


def test_all_and_all_are_one_group_and_never_too_deep() -> None:
    segments = chain('in segment "{next}" and a = {at}', 165)
    report = Report()
    placed = Inliner(segments, {}).inlined(segments[0], report)
    assert report.diagnostics == []
    assert isinstance(placed.condition, c.And)
    assert len(placed.condition.children) == 166


def test_what_is_put_in_place_is_bounded_for_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segdsl.language.references.inline.MAX_INLINED_IN_RUN", 50)
    segments = chain('in segment "{next}" and a = {at}', 30)
    inliner = Inliner(segments, {})
    report = Report()
    for segment in reversed(segments):
        inliner.inlined(segment, report)
    assert "more than 50 segments would have to be inlined in this run" in (
        report.diagnostics[0].message
    )


def test_the_work_grows_with_the_chain_alone() -> None:
    def work(length: int) -> int:
        segments = chain('in segment "{next}" and a = {at}', length)
        inliner = Inliner(segments, {})
        return steps(lambda: [inliner.inlined(each, Report()) for each in segments])

    assert work(4_000) < 2.5 * work(2_000)


@pytest.mark.parametrize("length", [60, 165, MAX_REFERENCES + 1])
@pytest.mark.parametrize("form", FORMS)
def test_a_chain_is_made_into_sql_or_refused(form: str, length: int) -> None:
    first, *others = chain(form, length)
    by_name: dict[Reference, c.Segment] = {
        c.spellings(*each.place)[0]: each for each in (first, *others)
    }
    context = Context(0, "UTC", segments=by_name)
    if length > MAX_REFERENCES:
        with pytest.raises(SqlError, match="more than 1,000 segments"):
            selection(first, context)
    else:
        assert render(selection(first, context), "duckdb").startswith(("SELECT", "WITH"))


def test_the_work_of_a_query_grows_with_the_chain_alone() -> None:
    def work(length: int) -> int:
        segments = chain(FORMS[0], length)
        by_name: dict[Reference, c.Segment] = {
            c.spellings(*each.place)[0]: each for each in segments
        }
        return steps(lambda: selection(segments[0], Context(0, "UTC", segments=by_name)))

    assert work(400) < 2.5 * work(200)
