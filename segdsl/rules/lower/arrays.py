"""Quantifiers over arrays to the API's `arrayMatching`."""

from __future__ import annotations

from typing import assert_never

from segdsl.language.syntax.tree import Quantifier
from segdsl.language.values import Number
from segdsl.rules.rule import model as m


def array_matching(quantifier: Quantifier | None) -> m.ArrayMatching | None:
    if quantifier is None:
        return None
    number = quantifier.number
    assert number is None or isinstance(number, Number)
    match quantifier.how:
        case "any":
            return "any"
        case "every":
            return "all"
        case "at least":
            return m.CountMatching(at_least=number)
        case "at most":
            return m.CountMatching(at_most=number)
        case "exactly":
            return m.CountMatching(exactly=number)
        case _:
            assert_never(quantifier.how)
