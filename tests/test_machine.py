"""Our machine runs Lark's tables as Lark does: the same trees, stopped at the same places."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from quick import scaled
from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax.builder import Builder
from segdsl.language.syntax.fast_path import phrase_pattern
from segdsl.language.syntax.lalr import Child, Machine, Stopped
from segdsl.language.syntax.tables import FILE, LAYOUT, make, read, tables, write
from segdsl.language.syntax.tables import lark_parser as make_lark
from segdsl.language.syntax.tree import Item
from strategies.syntax import files

ROOT = Path(__file__).parents[1]
ITEMS = (
    *("segment", "let", "param", "import_", "funnel", "activation", "template", "predictive"),
    "journey",
)
EXAMPLES = sorted((ROOT / "examples").rglob("*.seg"))
PIECES = [
    *("and", "or", "not", "where", "segment", "let", "in", "count", "today", "days", "day", "of"),
    *("(", ")", ",", ":", ".", "%", "=", "!=", ">", ">=", '"a"', "`a b`", "`", '"', "'", "\\"),
    *("1", "-2.5", "1e6", "007", "2024-01-31", '@"x"', "#1", '#"a"', "# so", "\n", " ", "é", "a"),
    *("limit", "between", "ago", "any", "everyone", "import", "from", "is", "null", "a.b", ";"),
    *("funnel", "stage", "activation", "template", "columns", "all", "every", "sequence", "with"),
    *("journey", "predictive", "goal", "enter", "exit", "steps", "wait", "then", "up", "to"),
    *("jump", "decide", "when", "description", "folder", "features", "number", "reentry", "never"),
    *("in # c\n", "|", "[", "as", "when", "on", "starting", 'in "UTC"', "notify", "behavior"),
]

# Two trees or the place of a mistake, of the same form for both parsers.
Outcome = list[Any] | tuple[int, str | None, frozenset[str]]


@cache
def lark() -> Lark:
    return make_lark()


def by_lark(text: str) -> Outcome:
    try:
        tree = lark().parse(text)
    except UnexpectedToken as error:
        token = error.token
        at = len(text) if token.type == "$END" else token.start_pos
        return at or 0, str(token), frozenset(error.accepts or error.expected)
    except UnexpectedInput as error:
        return error.pos_in_stream or 0, None, frozenset(getattr(error, "allowed", None) or ())
    return [_plain(child) for child in tree.children]


def _plain(of: Tree[Token] | Token) -> Any:
    if isinstance(of, Token):
        return (of.type, str(of), of.start_pos, of.end_pos)
    return (str(of.data), [_plain(child) for child in of.children])


def by_machine(text: str) -> Outcome:
    top: list[Any] = []

    def builds(name: str) -> Any:
        def build(children: list[Child]) -> Any:
            made = (name, [_child(child) for child in children])
            if name in ITEMS:
                top.append(made)
            return made

        return build

    stopped = Machine(tables(), builds).run(text, 0, [])
    return (stopped.start, stopped.text, stopped.accepts) if stopped else top


def _child(child: Child) -> Any:
    kind, value, start, end = child
    return (kind, value, start, end) if kind.isupper() else value


def agree(text: str) -> None:
    ours, theirs = by_machine(text), by_lark(text)
    if isinstance(theirs, tuple) and theirs[2] == frozenset({"<END-OF-FILE>"}):
        # Lark's word for a state that can only end.
        theirs = (*theirs[:2], frozenset())
    if ours != theirs and stops_at_unit(text, ours):
        # Where no name can stand, our machine takes a word without a look at the unit behind it,
        # and stops at that; Lark stops at the word. No rule has a unit there.
        assert theirs[1:2] == (word_before(text, ours),), text
        return
    assert ours == theirs, text


def stops_at_unit(text: str, of: Outcome) -> bool:
    """Whether it stopped at `days` in `then days`."""
    if not isinstance(of, tuple) or of[1] is None or not re.fullmatch(r"[a-z]+", of[1]):
        return False
    behind = {word for word, kind in tables().words.items() if kind in tables().behind}
    is_unit = tables().words.get(of[1]) == "UNIT"
    return is_unit and word_before(text, of) in behind


def word_before(text: str, of: Outcome) -> str:
    assert isinstance(of, tuple)
    before = re.sub(r"(?:\s|#[^\n]*\n)+\Z", "", text[: of[0]])
    return re.split(r"[^a-z]", before)[-1]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_parsed_alike(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    agree(text)
    assert isinstance(by_machine(text), list)


@given(files)
@settings(max_examples=scaled(150), deadline=None)
def test_generated_files_are_parsed_alike(file: Any) -> None:
    text = format_file(file)
    agree(text)
    assert isinstance(by_machine(text), list)


@given(files, st.randoms(use_true_random=False))
@settings(max_examples=scaled(300), deadline=None)
def test_slips_stop_both_at_the_same_place(file: Any, chance: random.Random) -> None:
    text = format_file(file)
    for _ in range(chance.randint(1, 2)):
        at = chance.randint(0, len(text))
        gone = chance.choice([0, 0, 1, 5])
        text = text[:at] + chance.choice(["", *PIECES]) + text[at + gone :]
    agree(text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
@example('activation "a" of segment "b" then days')
@example('journey "a" stage "b" enter "c" where a = 1 steps (wait up days)')
@settings(max_examples=scaled(300), deadline=None)
def test_words_in_any_order_stop_both_at_the_same_place(text: str) -> None:
    agree(text)
    agree(f'segment "a" where {text}')
    agree(f'funnel "a" stage "b" where {text}')
    agree(f'activation "a" of segment "b" {text}')
    agree(f'predictive segment "a" {text}')
    agree(f'journey "a" goal "b" where {text}')
    agree(f'journey "a" stage "b" steps ({text}')


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "# only a comment",
        'segment "a" where day = 1',
        'segment "a" where a in segment #1 #2',
        'segment "a" where a within past 1 day funnel hours stage "b"',
        'segment "a" where a within past 1 day funnel # c\n"b"',
        'funnel "a" stage "b" where a within past 1 day stage stage "c"',
        'activation "a" of stage "b" of funnel "c" every day in "x" in # c\n sequence',
        'activation "a" of segment "b" every day in sequences',
        'activation template # c\n "a" state funnel',
        'activation templates "a"',
        'predictive segments "a"',
        'predictive # c\n segment # d\n "a" features (number day = day | ln())',
        'journey # c\n "a"',
        'journey "a" goal "b" where a within past 1 day goal hours description "c"',
        'journey "a" goal "b" where a within past 1 day goal # c\n hours goal # d\n "c" is',
        'journey "a" stage "b" enter "c" where a within past 1 day enters hours steps ()',
        'journey "a" stage "b" enter "c" where a within past 1 day steps hours steps # c\n ()',
        'journey "a" stage "b" steps (wait for "c" where d within past 1 day up days up to 1 da',
        'journey "a" stage "b" exit "c" where a within past 1 day jumps to stage "c"',
        'journey "a" stage "b" exit "c" where a within past 1 day jump to stage "c"',
    ],
)
def test_odd_texts_are_parsed_alike(text: str) -> None:
    agree(text)


def test_tables_are_of_this_grammar_or_not_used(tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    write(str(made))
    assert read(str(made)) == make()
    text = made.read_text()
    for damaged in (
        text[:-1],
        "{}",
        text.replace(f'"layout":{LAYOUT}', f'"layout":{LAYOUT + 1}'),
        text.replace("segment: SEGMENT", "segment: SEGMENTS"),
    ):
        assert damaged != text
        made.write_text(damaged)
        assert read(str(made)) is None
    assert read(str(tmp_path / "absent.json")) is None


def test_the_package_has_its_tables() -> None:
    assert read(FILE) is not None, f"make them: python -m segdsl.language.syntax.tables ({FILE})"


def test_where_it_stopped_is_told_with_what_could_stand_there() -> None:
    machine = Machine(tables(), lambda name: lambda children: None)
    stopped = machine.run('segment "a" whre', 0, [])
    assert stopped == Stopped(
        12, "whre", frozenset({"DESCRIPTION", "FOLDER", "HIDDEN", "KIND", "WHERE"})
    )


# --- whole tests at once -------------------------------------------------------------

SIGNS = ["=", "!=", ">", ">=", "<", "<="]
PREDICATES = [
    *(f"{sign} {value}" for sign in SIGNS for value in ('"a"', "-1.5e3", '""', '"# and"')),
    *(f"{sign}{value}" for sign in SIGNS for value in ('"a"', "7")),
    *(f"is {what}" for what in ("null", "not null", "true", "not false", "today", "not  today")),
    *(f'{n}contains "x"' for n in ("", "not ")),
    *(f'{n}starts with "x"' for n in ("", "not ", "not\n")),
    *('ends  with "x"', 'contains"x"', 'contains any ("x")', 'contains "a\\"b"'),
    *('in ("a", "b")', "in (1,2 , 3)", "not in (1)", 'in ("a,b", 2,)', "in ()", "in(1)"),
    *("in (x)", 'in ("a" "b")', "in (2024-01-31)", "in (1 , )", 'in ("\\n")', "in last month"),
    *("between 1 and 2", "not between -1 and 2.5", "between 7 and 3 days ago"),
    "between x and 2",
    *("between 1 and 2 from now", "between 2024-01-01 and 2024-02-01", 'between "a" and "b"'),
    *(
        "within past 3 days",
        "not within next 1 week",
        "within past 1 day 2 hours",
        "within past x days",
    ),
    *(
        "within past 0.5 hours",
        "within past 3 daysx",
        "= 1 days",
        "= 2024-01-31",
        "= 01",
        "= 1.",
        "= x",
    ),
    *(
        "is nulland b",
        "= 1and b = 2",
        '= "a"and b = 2',
        "== 1",
        "=> 1",
        "= # so\n 1",
        "is # x\n null",
    ),
    *("in (1, # two\n 2)", "between 1 # x\n and 2", f"= {'9' * 500}", f"in (1, {'9' * 500})"),
    *("on 2024-01-31", "more than 3 days ago", 'matches "a"', '= "ü"', "= 1 limit 3", "= 1 where"),
]


def trees_of(text: str, *, at_once: bool) -> str:
    """The tree of a text with every span, and what is told."""
    report = Report()
    builder = Builder()
    items: list[Item] = []
    phrases = (phrase_pattern(dict(tables().terminals)["NUMBER"]), builder.phrase)
    given = phrases if at_once else None
    machine = Machine(tables(), builder.build, given, before_phrases=0)
    builder.begin("x", report, items)
    comments: list[tuple[int, str]] = []
    stopped = machine.run(text, 0, comments)
    return repr((items, stopped, sorted(comments), report.diagnostics))


@pytest.mark.parametrize(
    "name", ["age", "today", "order", "`age`", "a.b", "days", "limit", "é", "_x9"]
)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "{} and b = 1",
        "({}) or b",
        "any ({}, {})",
        "any of {}",
        "not {}",
        "sum(o.p where {}) > 3",
        "{} limit 3",
        '{}\nsegment "y" where {}',
        "{} {}",
        "{} =",
        "{}x",
        "{}  # end",
        "has o where {}",
    ],
)
def test_a_whole_test_at_once_is_what_its_tokens_are(name: str, around: str) -> None:
    for predicate in PREDICATES:
        test = f"{name} {predicate}"
        text = f'segment "x" where {around.replace("{}", test)}'
        assert trees_of(text, at_once=True) == trees_of(text, at_once=False), text
    let = f"let a = {name} = 1\nparam b: number = 3\nparam {name}: number = 2"
    assert trees_of(let, at_once=True) == trees_of(let, at_once=False)


@given(files, st.randoms(use_true_random=False))
@settings(max_examples=scaled(300), deadline=None)
def test_whole_tests_change_nothing_of_any_file(file: Any, chance: random.Random) -> None:
    text = format_file(file)
    assert trees_of(text, at_once=True) == trees_of(text, at_once=False)
    at = chance.randint(0, len(text))
    text = text[:at] + chance.choice(PIECES) + text[at + chance.choice([0, 1]) :]
    assert trees_of(text, at_once=True) == trees_of(text, at_once=False)
