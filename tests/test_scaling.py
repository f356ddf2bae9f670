"""Twice the input is about twice the work, in every stage and for every shape of text.

Work is counted in lines of Python that are run, so that no test depends on a machine. Each shape is
something of which a file can hold many.
"""

from __future__ import annotations

import graphlib
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from segdsl.analysis.checking import check_segments
from segdsl.analysis.explain import explain, render_outline
from segdsl.analysis.explain.rule_tree import draw
from segdsl.analysis.lint import lint
from segdsl.analysis.lint.fixes import fix
from segdsl.analysis.lint.suppressions import apply_suppressions, suppressions_by_file, used_names
from segdsl.diagnostics import Report
from segdsl.diagnostics.report import MAX_COMPARED
from segdsl.diagnostics.suggest import nearest
from segdsl.language.condition.tree import Segment
from segdsl.language.format import format_file
from segdsl.language.references.cycles import cycles
from segdsl.language.references.order import in_dependency_order
from segdsl.language.references.segment_names import segment_ids
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ByName
from segdsl.rules.decompile import decompile
from segdsl.rules.lower import lower
from segdsl.rules.rule.model import Rule, encode
from segdsl.schema.model import Column, Schema
from segdsl.source import Source
from segdsl.workspace.remote.queries import Offline, offline_sql
from steps import steps

FILE = "x.seg"
SCHEMA = Schema("1", "x", attributes=(Column("a", "number"), Column("b", "string")))


def joined(word: str, part: str) -> Callable[[int], str]:
    """One segment with so many conditions; `{}` in `part` is the number of each."""
    return lambda many: (
        'segment "x" where ' + f" {word} ".join(part.replace("{}", str(at)) for at in range(many))
    )


def lines(line: str, last: str = "", word: str = "or") -> Callable[[int], str]:
    """So many lines, and perhaps a segment with a part for each."""

    def text(many: int) -> str:
        every = "".join(line.replace("{}", str(at)) + "\n" for at in range(many))
        return every + (joined(word, last)(many) if last else "")

    return text


SHAPES: dict[str, Callable[[int], str]] = {
    "segments": lines('segment "s{}" where a{} = {} and b = 2'),
    "equal segments": lines('segment "s{}" where a = 1'),
    "segments of one name": lines('segment "x" where a = {}'),
    "conditions": joined("and", "a{} = {}"),
    "values of one attribute": joined("or", "a = {}"),
    "values left out": joined("and", "a != {}"),
    "ranges": joined("or", "a between {} and 1{}"),
    "texts": joined("and", 'not b contains "{}"'),
    "patterns": joined("and", 'b matches "x{}"'),
    "groups": joined("and", "(a = {} or b = 1)"),
    "groups of one attribute": joined("and", "(a{} = 1 or a{} = 2)"),
    "groups in groups": joined("and", "(a{} = {} or (b = 1 and c = {}))"),
    "labels": joined("and", '"l{}": (a{} = {} or b = 1)'),
    "limits": joined("and", "(a{} > 1 limit 1 by b desc)"),
    "counts": joined("and", "count(p where a = {}) > {}"),
    "scores": joined("and", "score of #{} between 1 and 2"),
    "dotted names": joined("and", "g{}.a = 1"),
    "comments": joined("and", "a{} = {} # c\n"),
    "allowed": joined("and", "a{} != 1 # allow SEG601\n"),
    "allows": lines('# allow SEG601\n# allow SEG602\nsegment "s{}" where a != {}'),
    "a list": lambda many: f'segment "x" where a in ({", ".join(map(str, range(many)))})',
    "a filter": lambda many: joined("and", "a{} = 1")(many).replace("where", "where has p where"),
    "definitions": lines("let l{} = a = {}", "l{}"),
    "unused definitions": lines("let l{} = a = {}"),
    "unused definitions with comments": lines("# about\nlet l{} = a = {} # allow SEG601"),
    "a chain of definitions": lambda many: (
        lines("let l{} = a = {} or m{}")(many) + lines("let m{} = b = {}")(many)
    ),
    "definitions of one name": lines("let l = a = {}"),
    "params": lines("param p{}: number = {}", "a = p{}"),
    "arguments": lambda many: "let l(x) = a = x or b = 1\n" + joined("or", "l({})")(many),
    "references": lines('segment "s{}" where in segment "t{}" and a = 1'),
    "mistakes of syntax": lines('segment "s{}" where a = = {}'),
    "mistakes of meaning": joined("and", "a in ()"),
    "clauses given twice": lambda many: 'segment "x"' + " kind batch" * many + " where a = 1",
}


class Run:
    """One text through all stages, each with the work that it takes."""

    def __init__(self, text: str) -> None:
        self.source = Source(FILE, text)
        self.report = Report()

    def stages(self) -> Iterator[tuple[str, int]]:
        found: dict[str, Any] = {}

        def keep(name: str, make: Callable[[], object]) -> tuple[str, int]:
            def run() -> None:
                found[name] = make()

            return name, steps(run)

        report, source = self.report, self.source
        yield keep("parse", lambda: parse(source, report))
        tree = found["parse"]
        yield keep("format", lambda: format_file(tree, source))
        program = Program(FILE, {FILE: tree})
        yield keep("resolve", lambda: resolve(program, report))
        segments: tuple[Segment, ...] = found["resolve"]
        yield keep("lower", lambda: [lower(each, Report(), symbolic=True) for each in segments])
        yield keep(
            "lower nested",
            lambda: [lower(each, Report(), symbolic=True, layout="nested") for each in segments],
        )
        rules: list[Rule] = [rule for rule in found["lower nested"] if rule is not None]
        yield keep("lint", lambda: lint(segments, report))
        yield keep("check", lambda: check_segments(segments, SCHEMA, report))
        yield keep("order", lambda: in_dependency_order(segments, report))
        yield keep("ids", lambda: segment_ids(segments, {}, report))
        yield keep(
            "allow",
            lambda: apply_suppressions(
                report,
                suppressions_by_file({FILE: tree}, {FILE: source}),
                lambda: used_names([tree]),
                checked_files=[FILE],
            ),
        )
        yield keep("fix", lambda: fix(source))
        yield keep("explain", lambda: [render_outline(explain(each), 80) for each in segments])
        yield keep("draw", lambda: [draw(each, 80) for each in rules])
        yield keep("decompile", lambda: [decompile(encode(each), "x", Report()) for each in rules])
        yield keep(
            "sql", lambda: offline_sql(segments, Report(), "duckdb", Offline(None, "UTC", None))
        )


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_is_twice_the_work(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for help with unknown names, which has a bound of its own: see below."""
    monkeypatch.setattr("segdsl.diagnostics.report.MAX_COMPARED", 0)
    make = SHAPES[shape]
    for _ in make(1), *Run(make(1)).stages():
        pass  # What is done once is done.
    few, many = dict(Run(make(60)).stages()), dict(Run(make(120)).stages())
    too_much = {
        stage: (few[stage], many[stage])
        for stage in few
        if many[stage] > 2.6 * few[stage] and many[stage] > 10_000
    }
    assert too_much == {}


# --- what grows with two things at once ------------------------------------------------


def test_unknown_names_are_compared_with_so_many_names_at_most() -> None:
    """8,000 names that are not there beside 8,000 that are took minutes."""

    def run(many: int) -> Report:
        report = Report()
        attributes = tuple(Column(f"customer_attribute_{at}", "number") for at in range(many))
        text = joined("or", "custmer_atribute_{} = 1")(many)
        file = parse(Source(FILE, text), report)
        segments = resolve(Program(FILE, {FILE: file}), report)
        check_segments(segments, Schema("1", "x", attributes=attributes), report)
        return report

    report = run(2_000)
    helped = [of for of in report.diagnostics if of.help and "did you mean" in of.help]
    assert len(report.diagnostics) == 2_000
    assert len(helped) == MAX_COMPARED // 2_000
    assert report.diagnostics[0].help == "did you mean `customer_attribute_0`?"
    assert report.diagnostics[-1].help == "if it is new, run `segdsl schema pull`"


@pytest.mark.parametrize(
    "text",
    [
        lines("let customer_definition_{} = a = 1", "custmer_definiton_{}"),
        lines("param customer_parameter_{}: number = 1", "a = custmer_paramter_{}"),
    ],
)
def test_so_are_names_of_definitions(text: Callable[[int], str]) -> None:
    report = Report()
    resolve(Program(FILE, {FILE: parse(Source(FILE, text(1_000)), report)}), report)
    helped = [of for of in report.diagnostics if of.help and "did you mean" in of.help]
    assert 0 < len(helped) <= MAX_COMPARED // 1_000
    assert len(report.diagnostics) == 1_000


def test_long_names_are_compared_along_their_diagonal() -> None:
    def work(letters: int) -> int:
        one = "".join(chr(97 + at % 26) for at in range(letters))
        return steps(lambda: nearest(one + "x", [one + "y"]))

    assert work(160) < 2.5 * work(80)
    assert nearest("x" * 100_000, ["x" * 100_001]) is None


def test_segments_of_one_name_that_many_refer_to() -> None:
    def run(many: int) -> Report:
        report = Report()
        text = lines('segment "s{}" where in segment "twin"')(many)
        segments = resolve(Program(FILE, {FILE: parse(Source(FILE, text), report)}), report)
        known = {ByName("twin"): [str(at) for at in range(many)]}
        segment_ids(segments, known, report)
        return report

    assert all(len(of.message) < 200 for of in run(500).diagnostics)
    assert steps(lambda: run(400)) < 2.6 * steps(lambda: run(200))


@pytest.mark.parametrize("apart", [1, 2, 3, 7])
def test_cycles_are_found_in_one_pass(apart: int) -> None:
    def graph(many: int) -> dict[int, list[int]]:
        return {at: [at - at % apart + (at + 1) % apart, (at * 7) % many] for at in range(many)}

    assert steps(lambda: cycles(graph(2_100))) < 2.6 * steps(lambda: cycles(graph(1_050)))


def test_cycles_have_no_part_in_common_and_leave_none() -> None:
    chance = random.Random(1)
    for _ in range(500):
        many = chance.randrange(1, 12)
        graph = {
            at: [chance.randrange(many) for _ in range(chance.randrange(4))] for at in range(many)
        }
        found = cycles(graph)
        parts = [part for cycle in found for part in cycle[1:]]
        assert len(parts) == len(set(parts))
        for cycle in found:
            assert cycle[0] == cycle[-1]
            assert all(other in graph[one] for one, other in pairwise(cycle))
        left = {
            at: [each for each in others if each not in parts]
            for at, others in graph.items()
            if at not in parts
        }
        assert cycles(left) == []
        graphlib.TopologicalSorter(left).prepare()
