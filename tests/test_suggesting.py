"""“Did you mean …”: slips are seen through, and another name is not suggested."""

from __future__ import annotations

import pytest

from segdsl.diagnostics.suggest import nearest

KNOWN = ("age", "amount", "country", "last_visit", "prefecture", "email_opt_in", "Churned", "id")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("contry", "country"),
        ("cuontry", "country"),
        ("COUNTRY", "country"),
        ("prefecure", "prefecture"),
        ("perfectur", "prefecture"),
        ("agr", "age"),
        ("aeg", "age"),
        ("ag", "age"),
        ("ID", "id"),
        ("amout", "amount"),
        ("lastvisit", "last_visit"),
        ("email_optin", "email_opt_in"),
        ("visit", "last_visit"),
        ("home_country", "country"),
        ("chruned", "Churned"),
    ],
)
def test_a_slip_is_seen_through(word: str, name: str) -> None:
    assert nearest(word, KNOWN) == name


@pytest.mark.parametrize(
    "word", ["account", "recent", "is", "ip", "at", "vip", "county_name", "texture", "first_visit"]
)
def test_another_name_is_not_suggested(word: str) -> None:
    assert nearest(word, KNOWN) is None


def test_of_two_that_are_unlike_neither_is_the_other() -> None:
    assert nearest("amount", ["country"]) is None
    assert nearest("country", ["amount"]) is None


def test_the_nearest_of_several_is_named_and_the_first_of_equals() -> None:
    assert nearest("visit", ["visits", "visitor", "wisit"]) == "visits"
    assert nearest("a1", ["a3x", "a1x", "a2x"]) == "a1x"
    assert nearest("nothing", []) is None
