"""Branches that no profile takes and waits that end at once: what is proved, and what is not."""

from __future__ import annotations

import itertools

import pytest

from segdsl.analysis.lint.journeys import report_journeys
from segdsl.diagnostics import Diagnostic, Report
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax.parser import parse
from segdsl.source import Source


def findings(
    steps: str, enter: str = 'enter "E" where x = 1', others: str = ""
) -> list[Diagnostic]:
    report = Report()
    text = f'journey "J" stage "S" {enter} steps ({steps}) {others}'
    items = resolve_all(Program("x", {"x": parse(Source("x", text), report)}), report)
    assert not report.has_errors, [of.message for of in report.diagnostics]
    report_journeys(items.journeys, report)
    return report.diagnostics


def said(steps: str, enter: str = 'enter "E" where x = 1') -> list[str]:
    return [f"{of.code.name} {of.message}" for of in findings(steps, enter)]


_NUMBERS = itertools.count()


def decide(*rules: str, then: str = "", otherwise: str = "") -> str:
    branches = [f'when "{"ABCD"[n]}" where {rule} then ({then})' for n, rule in enumerate(rules)]
    name = next(_NUMBERS)
    return f'decide "D{name}" ({", ".join(branches)}, otherwise "O" then ({otherwise}))'


EARLIER = 'SEG631 no profile takes the branch "{}": all who meet it take a branch before it'
EVERYBODY = 'SEG631 no profile takes the branch "O": everybody takes a branch before it'
HERE = 'SEG631 no profile takes the branch "{}": all who come here do not meet it'
OTHERS = 'SEG631 no profile takes the branch "O": all who come here take another branch'


@pytest.mark.parametrize(
    ("rules", "messages"),
    [
        (("age > 20", "age > 30"), [EARLIER.format("B")]),
        (("age > 30", "age > 20"), []),
        (("age > 20", "age > 20"), [EARLIER.format("B")]),
        (("age > 20", "age < 10", "age = 5"), [EARLIER.format("C")]),
        # Both before it together have them all.
        (("age > 20", "age <= 20", "age = 20"), [EARLIER.format("C")]),
        (("age > 20", "age <= 20"), []),  # those without an age are left over
        (("age is null", "age is not null"), [EVERYBODY]),
        (("has p", "has p where a = 1"), [EARLIER.format("B")]),
        (("has p where a = 1", "has p"), []),
        (("in segment #1", "in segment #1 and age > 3"), [EARLIER.format("B")]),
        (("in segment #1", "in segment #2"), []),
        # The rule itself is reported where it stands (SEG604).
        (("age > 5 and age < 3",), []),
        (("x = 1",), [OTHERS]),
        (("x = 2",), [HERE.format("A")]),
        (("y = 2",), []),
    ],
)
def test_branches(rules: tuple[str, ...], messages: list[str]) -> None:
    assert said(decide(*rules)) == messages


@pytest.mark.parametrize(
    ("steps", "messages"),
    [
        # What was met on the way counts up to the next wait.
        (decide("age > 30", then=decide("age > 20")), [OTHERS]),
        (decide("age > 30", then=decide("age < 20")), [HERE.format("A")]),
        (decide("age > 30", then=f"wait 1 day, {decide('age > 20')}"), []),
        (decide("age > 30", then=f'activate "M", {decide("age > 20")}'), [OTHERS]),
        # Those who are left over met none of the branches before.
        (decide("age > 30", otherwise=decide("age > 40")), [HERE.format("A")]),
        (decide("age > 30", otherwise=decide("age > 20")), []),
        (decide("age > 30", "age > 10", otherwise=decide("age > 5")), []),
        (decide("age > 30", "age > 10", otherwise=decide("age > 20")), [HERE.format("A")]),
        # Behind branches without a wait what was known before holds still.
        (f"{decide('age > 30')}, {decide('x = 1')}", [OTHERS]),
        (f"{decide('age > 30', then='wait 1 day')}, {decide('x = 1')}", []),
        (f"{decide('age > 30', then='end')}, {decide('x = 1')}", [OTHERS]),
        # Who meets no branch rests, and may meet less the next time.
        (
            f'decide "D" (when "A" where y = 1 then (), when "B" where y = 2 then ()), '
            f"{decide('x = 1')}",
            [],
        ),
        (f'split "T" (100% "t" then ({decide("x = 1")}))', [OTHERS]),
        (f'split "T" (100% "t" then ()), {decide("x = 1")}', [OTHERS]),
        (f'split "T" (100% "t" then (wait 1 day)), {decide("x = 1")}', []),
        (f"wait until Monday, {decide('x = 1')}", []),
        # Behind a wait for a condition it is met.
        (f'wait for "W" where age > 30 then ({decide("age > 20")})', [OTHERS]),
        (
            f'wait for "W" where age > 30 up to 1 day then () otherwise ({decide("age > 40")})',
            [HERE.format("A")],
        ),
        (f'wait for "W" where age > 30 then (), {decide("age > 20")}', []),
    ],
)
def test_what_is_known_on_the_way(steps: str, messages: list[str]) -> None:
    assert said(steps) == messages


@pytest.mark.parametrize(
    ("enter", "rule", "waits"),
    [
        ("age > 20", "age > 10", False),
        ("age > 20", "age > 30", True),
        ("age > 20 and y = 1", "y = 1", False),
        ("has p where a = 1", "has p", False),
        ("age > 20", "age < 10", True),
        ("everyone", "age > 10", True),
    ],
)
def test_waits(enter: str, rule: str, waits: bool) -> None:
    found = said(f'wait for "W" where {rule} then ()', f'enter "E" where {enter}')
    assert found == ([] if waits else ['SEG632 profiles do not wait for "W": they meet it already'])


def test_a_limit_is_not_known() -> None:
    step = 'wait for "W" where age > 10 then ()'
    assert said(step, 'enter "E" where age > 20 limit 10 by age desc') == []
    limited = decide("age > 20 limit 10 by age desc", "age > 30")
    assert said(limited, "") == []


def test_without_a_rule_to_enter_nothing_is_known() -> None:
    assert said(decide("x = 1"), "") == []


@pytest.mark.parametrize(
    ("others", "is_known"),
    [
        ('stage "T" steps (wait 1 day, jump to stage "S")', False),
        ('stage "T" exit "X" where y = 1 jump to stage "S"', False),
        ('stage "T" steps (wait 1 day, jump to stage #12)', False),
        ('journey "K" stage "T" steps (wait 1 day, jump to stage "S" of journey "J")', False),
        ('journey "K" goal "G" where y = 1 jump to stage "S" of journey "J" stage "T"', False),
        ('stage "T" steps (wait 1 day, jump to stage "U") stage "U"', True),
        ('journey "K" stage "S" stage "T" steps (wait 1 day, jump to stage "S")', True),
    ],
)
def test_who_comes_by_a_jump_need_not_meet_the_rule(others: str, is_known: bool) -> None:
    expected = [HERE.format("A")] if is_known else []
    found = findings(decide("x = 2"), others=others)
    assert [f"{of.code.name} {of.message}" for of in found] == expected


def test_the_notes_say_why() -> None:
    [found] = findings(decide("age > 20", "age > 30"))
    assert [note.message for note in found.notes] == ["they take this one"]
    [found] = findings(decide("x = 2"))
    assert [note.message for note in found.notes] == ["who enters the stage meets this"]
