"""The page of mistakes tells what is reported, and every text it suggests compiles in its place."""

from __future__ import annotations

import pytest

from mistakes_page import FILE, Mistake, mistakes, page, reported, suggested

PAGE = FILE.read_text(encoding="utf-8")
MISTAKES = mistakes(PAGE)

# What has no spelling of its own; the help says what can be done instead.
WITHOUT = {
    "sum(bookings.fare) >= sum(bookings.tax)",
    "sum(bookings.fare) / count(bookings) > 3",
    "miles > age",
    "renewal > 30 days from now",
    "renewal > tomorrow",
    "age + 1 > 30",
    '(country = "JP"',
    'any (country = "JP", tier = "gold"',
    'country = "JP" and',
    'segment "x" where (a = 1 or b = 2\nsegment "y" where c = 1',
    '{"type": "And", "conditions": []}',
    'segment "x" where country = "JP"\ndescription "of Japan"',
    "name: x\nrule: {}",
    'activation "x" of segment "y" where country = "JP"',
    'activation "x" of segment "y" columns (email, name',
    'activation "x" of segment "y" behavior purchases columns (sku)',
    'stage "a" where b = 1',
    'journey "x" stage "a" steps (activate "m"',
    'journey "x" stage "a" steps (wait 72 hours)',
    'journey "x" stage "a" steps (wait for "Bought" where b = 1 then (end) otherwise (end))',
    'journey "x" stage "a" steps (decide "D" (when "A" then (end)))',
    'journey "x" stage "a" steps (jump to journey "c")',
    'journey "x" stage "a" steps (activate "m", walk 3 days)',
    'activation "a" of segment "b" after journey refresh',
    'predictive segment "x" predicts where country = "JP"\n features guessed',
    'predictive segment "x" predicts country = "JP"',
    'predictive segment "x" predicts segment "a" grades 25, 50, 75 features guessed',
}


def test_the_page_says_what_is_reported() -> None:
    """`python tests/mistakes_page.py` writes it anew."""
    assert page(PAGE) == PAGE


def test_there_are_as_many_as_promised_and_none_twice() -> None:
    assert len(MISTAKES) >= 200
    assert len({each.text for each in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.typed for each in MISTAKES])
def test_one_mistake_is_one_finding_with_a_help(mistake: Mistake) -> None:
    [found] = reported(mistake.text)
    assert found.help


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.typed for each in MISTAKES])
def test_what_is_suggested_compiles_in_its_place(mistake: Mistake) -> None:
    [found] = reported(mistake.text)
    text = suggested(found)
    if mistake.typed in WITHOUT:
        assert text is None
        return
    assert text is not None
    assert found.span is not None
    start, end = found.span.start, found.span.end
    made = f"{mistake.text[:start]}{text}{mistake.text[end:]}"
    assert [each.message for each in reported(made) if each.severity == "error"] == []
