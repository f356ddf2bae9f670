"""Funnels and their stages: what they say, how they are written, and how they resolve."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from quick import scaled
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.report import Diagnostic
from segdsl.language.condition import tree as c
from segdsl.language.format import format_file
from segdsl.language.predicates import Compare
from segdsl.language.resolve import Program, Resolved, resolve_all
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ById, ByName, Limit, Number, Order, Text
from segdsl.loading import load_files
from segdsl.source import Source
from strategies.syntax import compilable_funnels

A = t.Test(t.Attribute("a"), Compare("=", Number("1")))
TWO_BY_A = Limit(Number("2"), False, (Order("a", True),))


def read(text: str) -> tuple[t.File, list[Diagnostic]]:
    report = Report()
    return parse(Source("x.seg", text), report), report.diagnostics


def stage(text: str) -> t.Stage:
    file, found = read(f'funnel "f" {text}')
    assert found == []
    (item,) = file.items
    assert isinstance(item, t.Funnel)
    (made,) = item.stages
    return made


def resolved(text: str, **imported: str) -> tuple[Resolved, list[Diagnostic]]:
    report = Report()
    texts = {"x.seg": text, **{f"{name}.seg": each for name, each in imported.items()}}
    files = {name: parse(Source(name, each), report) for name, each in texts.items()}
    return resolve_all(Program("x.seg", files), report), report.diagnostics


# --- what is written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('stage "s"', t.Stage("s")),
        ('stage "s" where a = 1', t.Stage("s", (), t.StageRule(A))),
        ('stage "s" where everyone', t.Stage("s", (), t.StageRule())),
        (
            'stage "s" where a = 1 limit 2 by a desc',
            t.Stage("s", (), t.StageRule(A, TWO_BY_A)),
        ),
        (
            'stage "s" where everyone limit 2 by a desc',
            t.Stage("s", (), t.StageRule(None, TWO_BY_A)),
        ),
        (
            'stage "s" description "d" where a = 1',
            t.Stage("s", (t.FunnelClause("description", "d"),), t.StageRule(A)),
        ),
        (
            'stage "s" is segment "p"',
            t.Stage("s", (), t.StageRule(t.Membership("segment", ByName("p")))),
        ),
        (
            'stage "s" is segment "p" of folder "x/ y"',
            t.Stage("s", (), t.StageRule(t.Membership("segment", ByName("p", "x/y")))),
        ),
        (
            'stage "s" is segment #12',
            t.Stage("s", (), t.StageRule(t.Membership("segment", ById("12")))),
        ),
    ],
)
def test_stage(text: str, expected: t.Stage) -> None:
    assert stage(text) == expected


def test_stages_belong_to_the_funnel_before_them() -> None:
    text = 'funnel "f" stage "a" stage "b" segment "s" where a = 1 funnel "g" stage "a"'
    file, found = read(text)
    assert found == []
    assert file.items == (
        t.Funnel("f", (), (t.Stage("a"), t.Stage("b"))),
        t.Segment("s", (), A),
        t.Funnel("g", (), (t.Stage("a"),)),
    )


def test_one_spelling() -> None:
    text = (
        'funnel "f" folder "x" description "d"\n'
        'stage "a" where in segment "p"\nstage "b" where in segment "p" limit 2 by a desc\n'
        'stage "c" description "e" is segment #1 stage "d" stage "e" description "x"\n'
        'where everyone stage "f" where (a = 1) and b = 2'
    )
    file, found = read(text)
    assert found == []
    assert format_file(file) == (
        'funnel "f"\n  description "d"\n  folder "x"\n\n'
        'stage "a" is segment "p"\n\n'
        'stage "b" where\n  in segment "p"\nlimit 2 by a desc\n\n'
        'stage "c"\n  description "e"\nis segment #1\n\n'
        'stage "d"\n\n'
        'stage "e"\n  description "x"\nwhere everyone\n\n'
        'stage "f" where\n  a = 1\n  and b = 2\n'
    )


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('folder "a" folder "b"', Code.SEG011, "this funnel already has a folder"),
        (
            'stage "s" description "a" description "b" where a = 1',
            Code.SEG011,
            "this stage already has a description",
        ),
        (
            'stage "s" description "a"',
            Code.SEG001,
            "a stage without a rule has no description",
        ),
        (
            'stage "s" is segment #1 of folder "x"',
            Code.SEG001,
            "an id cannot be combined with a name",
        ),
        ('stage "s" where a in ()', Code.SEG015, "this list is empty"),
    ],
)
def test_what_the_grammar_lets_through_is_refused(text: str, code: Code, message: str) -> None:
    items, found = resolved(f'funnel "f" {text}\nsegment "z" where a = 1')
    assert [(each.code, each.message) for each in found] == [(code, message)]
    assert found[0].help
    assert (items.funnels, [each.name for each in items.segments]) == ((), ["z"])


# --- resolving -----------------------------------------------------------------------------


def test_a_funnel_resolves() -> None:
    items, found = resolved(
        "param n: number = 2\n"
        'funnel "f" description "d" folder "p/q"\n'
        'stage "a" description "e" where a = 1 limit n by a desc\n'
        'stage "b" is segment "s"\nstage "c" where everyone\nstage "d"\n'
    )
    assert found == []
    test = c.Test(c.Attribute("a"), Compare("=", Number("1")))
    of_kind = {"folder": "p/q", "kind": "funnel_stage"}
    assert items == Resolved(
        (),
        (
            c.Funnel(
                "f",
                (
                    c.Stage("a", c.Segment("a", test, "e", limit=TWO_BY_A, **of_kind)),  # type: ignore[arg-type]
                    c.Stage(
                        "b",
                        c.Segment("b", c.Membership("segment", ByName("s")), **of_kind),  # type: ignore[arg-type]
                    ),
                    c.Stage("c", c.Segment("c", c.Everyone(), **of_kind)),  # type: ignore[arg-type]
                    c.Stage("d"),
                ),
                "d",
                "p/q",
            ),
        ),
    )


def test_definitions_of_other_files_are_seen_in_stages_and_count_as_used() -> None:
    items, found = resolved(
        'import l, m from "lib.seg"\nfunnel "f" stage "a" where l stage "b" where m("x")',
        lib="let l = a = 1\nlet m(x) = b = x",
    )
    assert found == []
    (funnel,) = items.funnels
    conditions = [
        msgspec.structs.replace(each.segment.condition, via=())
        for each in funnel.stages
        if each.segment
    ]
    assert conditions == [
        c.Test(c.Attribute("a"), Compare("=", Number("1"))),
        c.Test(c.Attribute("b"), Compare("=", Text("x"))),
    ]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('funnel " " stage "a"', Code.SEG114, "a funnel cannot have a blank name"),
        ('funnel "f" stage ""', Code.SEG114, "a stage cannot have a blank name"),
        ('funnel "f" stage "a" is segment ""', Code.SEG114, "no segment can have a blank name"),
        (
            'funnel "f" stage "a" stage "b" stage "a"',
            Code.SEG111,
            'another stage of this funnel is named "a" too',
        ),
        ('funnel "f" stage "a" where l', Code.SEG101, "`l` is not defined here"),
    ],
)
def test_a_funnel_with_a_mistake_is_left_out(text: str, code: Code, message: str) -> None:
    items, found = resolved(f'{text}\nsegment "z" where a = 1')
    assert [(each.code, each.message) for each in found] == [(code, message)]
    assert (items.funnels, len(items.segments)) == ((), 1)


def test_a_name_twice() -> None:
    items, found = resolved('funnel "f" stage "a" funnel "f" stage "a" funnel "f" folder "x"')
    assert [(each.code, each.message) for each in found] == [
        (Code.SEG111, 'another funnel of this file is named "f" too')
    ]
    assert [each.place for each in items.funnels] == [((), "f"), (("x",), "f")]


def test_each_stage_is_looked_at() -> None:
    found = resolved('funnel "f" stage "a" where l stage "b" where m')[1]
    assert [each.code for each in found] == [Code.SEG101, Code.SEG101]


@given(compilable_funnels)
@settings(max_examples=scaled(500))
def test_every_compilable_funnel_resolves(funnel: t.Funnel) -> None:
    items, found = resolved(format_file(t.File((funnel,))))
    if any(each.severity == "error" for each in found):
        # What no rule can hold is refused, as in a segment.
        assert items.funnels == ()
        return
    (made,) = items.funnels
    assert [each.name for each in made.stages] == [each.name for each in funnel.stages]
    assert [each.segment is None for each in made.stages] == [
        each.rule is None for each in funnel.stages
    ]


# --- loading -------------------------------------------------------------------------------


def test_files_give_their_items_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "a.seg").write_text('segment "s" where a = 1\nfunnel "f" stage "x" is segment "s"')
    (tmp_path / "b.seg").write_text(
        'activation "y" of segment "s" columns all\nactivation template "t" columns all'
    )
    report = Report()
    files = [str(tmp_path / name) for name in ("a.seg", "b.seg")]
    ids = {("segment", ByName("s")): "12"}
    loaded = load_files(files, {}, report, None, ids)
    assert report.diagnostics == []
    assert [each.name for each in loaded.segments] == ["s"]
    assert [each.name for each in loaded.activations] == ["y"]
    assert [each.name for each in loaded.templates] == ["t"]
    (funnel,) = loaded.funnels
    # Ids stand in the rules of stages as they do in segments.
    assert funnel.stages[0].segment is not None
    assert funnel.stages[0].segment.condition == c.Membership("segment", ById("12"))


def test_an_ambiguous_name_in_a_stage_leaves_the_funnel_out(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    path.write_text('funnel "f" stage "x" is segment "s" stage "y" where a = 1')
    report = Report()
    loaded = load_files([str(path)], {}, report, None, {}, {("segment", ByName("s")): ("1", "2")})
    assert loaded.funnels == ()
    assert [each.code for each in report.diagnostics] == [Code.SEG305]
