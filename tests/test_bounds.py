"""What definitions and params grow to is bounded for a run, and told with what makes it grow."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.language.condition.tree import Segment
from segdsl.language.resolve import Program, resolve, sizes
from segdsl.language.syntax.parser import parse
from segdsl.loading import load_files
from segdsl.source import Source
from segdsl.workspace.check.check_processes import check_in_processes
from segdsl.workspace.check.check_runner import Basis, check_here, combine
from steps import steps


def resolved(text: str) -> tuple[tuple[Segment, ...], list[Diagnostic]]:
    report = Report()
    file = parse(Source("x.seg", text), report)
    return resolve(Program("x.seg", {"x.seg": file}), report), report.diagnostics


def doubling(levels: int, name: str = "d", leaf: str = "a = 1") -> str:
    """Definitions of which each uses the one before twice; the last is the largest."""
    lets = [f"let {name}0 = {leaf}"]
    lets += [f"let {name}{at} = {name}{at - 1} and {name}{at - 1}" for at in range(1, levels + 1)]
    return "\n".join(lets) + "\n"


def wide(number: int, name: str = "w") -> str:
    return f"let {name} = all ({', '.join(f'a = {at}' for at in range(number))})\n"


def test_a_definition_that_doubles_is_told_with_what_makes_it_grow() -> None:
    segments, [found] = resolved(f'{doubling(60)}segment "x" where b = 1 and d60')
    assert segments == ()
    assert found.code is Code.SEG108
    assert [note.message for note in found.notes] == [
        "`d60` grows to more than 100,000 conditions",
        "`d17` grows to more than 100,000 conditions",
    ]
    assert [note.span.end > note.span.start for note in found.notes] == [True, True]


def test_definitions_that_nothing_uses_are_looked_at_once() -> None:
    """Each of them was expanded to its bound: sixty took 39 s."""
    few, many = (
        "".join(doubling(40, f"n{at}_") for at in range(number)) + 'segment "x" where a = 1'
        for number in (5, 10)
    )
    segments, found = resolved(many)
    assert len(segments) == 1
    assert [of.code for of in found] == [Code.SEG108] * 10
    assert [of.notes[0].message[:6] for of in found] == [f"`n{at}_39" for at in range(10)]
    assert steps(lambda: resolved(many)) < 2.5 * steps(lambda: resolved(few)) < 1_000_000


def test_what_is_wrong_in_large_definitions_is_told() -> None:
    text = doubling(60, leaf="count(p) is null or gone")
    for use in ("", 'segment "x" where d60'):
        _, found = resolved(text + use)
        assert sorted(of.code.name for of in found) == ["SEG101", "SEG108", "SEG204"]


def test_arguments_in_ever_new_orders_are_bounded() -> None:
    """Of a definition each list of arguments can mean something else, and there are many."""
    names = [f"p{at}" for at in range(8)]
    listed = ", ".join(names)
    swaps = [[*names[:at], names[at + 1], names[at], *names[at + 2 :]] for at in range(7)]
    lets = [f"let l0({listed}) = a in ({listed})"]
    for level in range(1, 30):
        uses = ", ".join(f"l{level - 1}({', '.join(swap)})" for swap in swaps)
        lets.append(f"let l{level}({listed}) = any ({uses})")
    lets.append(f"let top = l29({', '.join(map(str, range(8)))})")
    text = "\n".join(lets) + '\nsegment "x" where a = 1'
    assert [of.code for of in resolved(text)[1]] == [Code.SEG108]
    assert steps(lambda: resolved(text)) < 2_000_000


def test_the_arguments_of_a_definition_that_nothing_uses_are_looked_at() -> None:
    lets = "let f(x) = a within past x days\nlet g(x) = f(x) and f(2)\n"
    _, found = resolved(f'{lets}let bad = g("text")\nlet good = g(3)')
    assert [of.code for of in found] == [Code.SEG013]


@pytest.fixture
def small_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MAX_UNITS", 5_000)


@pytest.mark.usefixtures("small_room")
def test_the_segments_of_a_run_share_one_bound() -> None:
    """Forty segments that each used a large definition took 714 MB."""
    uses = "".join(f'segment "{at}" where w or a = {at}\n' for at in range(40))
    segments, found = resolved(wide(600) + uses)
    assert len(segments) == 5_000 // 601
    assert [of.code for of in found] == [Code.SEG108] * (40 - len(segments))
    assert "this one adds 601" in found[0].message
    assert [note.message for note in found[0].notes] == ["`w` grows to 600 conditions"]
    # What is written there costs nothing, however much it is.
    listed = ", ".join(f"b = {at}" for at in range(10_000))
    more, found = resolved(wide(600) + uses + f'segment "last" where all ({listed})')
    assert [each.name for each in more] == [*(each.name for each in segments), "last"]


@pytest.mark.parametrize(
    "definitions",
    [
        'let l = b = "{}"\nparam p: string = ""\nlet f(x) = c = x\n',
        'let l = b = 1\nparam p: string = "{}"\nlet f(x) = c = x\n',
        'let l = b = 1\nparam p: string = ""\nlet f(x) = in segment "{}"\n',
        'let l = b in ("", "{}")\nparam p: string = ""\nlet f(x) = d = x\n',
    ],
)
@pytest.mark.usefixtures("small_room")
def test_long_texts_that_definitions_and_params_repeat_count_as_well(definitions: str) -> None:
    uses = "".join(f'segment "{at}" where l and a = p and f("{at}")\n' for at in range(200))
    segments, found = resolved(definitions.replace("{}", "x" * 10_000) + uses)
    assert 40 < len(segments) < 50
    assert {of.code for of in found} == {Code.SEG108}
    segments, found = resolved(definitions + uses)
    assert (len(segments), found) == (200, [])


@pytest.mark.usefixtures("small_room")
def test_so_do_long_arguments() -> None:
    lets = "let g(x) = all (a = x, b = x, c = x)\nlet h(x) = all (g(x), g(x), g(x))\n"
    uses = "".join(f'segment "{at}" where h("{"x" * 1_000}")\n' for at in range(100))
    segments, found = resolved(lets + uses)
    assert 20 < len(segments) < 40
    assert {of.code for of in found} == {Code.SEG108}


@pytest.mark.usefixtures("small_room")
def test_the_files_of_a_run_share_it_too(tmp_path: Path) -> None:
    (tmp_path / "w.seg").write_text(wide(600))
    names = []
    for at in range(12):
        path = tmp_path / f"{at}.seg"
        path.write_text(f'import w from "w.seg"\nsegment "{at}" where w or a = {at}')
        names.append(str(path))
    report = Report()
    loaded = load_files(names, {}, report)
    assert len(loaded.segments) == 5_000 // 601
    assert [of.code for of in report.diagnostics] == [Code.SEG108] * (12 - len(loaded.segments))


def test_so_do_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segdsl.workspace.check.check_processes.MANY", 12)
    monkeypatch.setattr("segdsl.workspace.check.check_processes.MAX_UNITS", 100)
    monkeypatch.setattr(sizes, "MAX_UNITS", 100)
    (tmp_path / "w.seg").write_text(wide(20))
    names = []
    for at in range(12):
        path = tmp_path / f"{at:02}.seg"
        path.write_text(f'import w from "w.seg"\nsegment "{at}" where w or a = {at}')
        names.append(str(path))
    basis = Basis({}, None, ())
    parts = check_in_processes(names, basis) or [check_here(names, basis).part]
    report = combine(parts, names, basis, lambda: ())
    assert [of.code for of in report.diagnostics if of.severity == "error"] == [Code.SEG108] * 8


def test_the_parameters_of_a_definition_are_gone_through_once() -> None:
    """Each was compared with all before it: 100,000 took more than a minute."""

    def work(number: int) -> str:
        names = ", ".join(f"p{at}" for at in range(number))
        return f'let f({names}) = a = p0\nsegment "x" where b = 1'

    program = Program("x.seg", {"x.seg": parse(Source("x.seg", work(60_000)), Report())})
    started = process_time()
    assert len(resolve(program, Report())) == 1
    assert process_time() - started < 5
