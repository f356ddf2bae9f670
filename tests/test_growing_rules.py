"""Rules whose Composite expressions name parts again and again: bounded in what they become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segdsl.diagnostics import Code, Report
from segdsl.rules.decompile import decompile
from segdsl.rules.rule.growth import ALWAYS, OF_A_RUN


def read(document: Any) -> tuple[str | None, list[Code]]:
    report = Report()
    return decompile(json.dumps(document), "x.json", report), [of.code for of in report.diagnostics]


def condition(value: Any = "JP") -> Any:
    operator = {"type": "Equal", "not": False, "rightValue": value}
    return {"type": "Value", "leftValue": {"name": "country"}, "operator": operator}


def repeated(levels: int, times: int, inner: Any = None) -> Any:
    """Composite inside Composite, each naming the one inside it so many times."""
    group = inner or condition()
    for _ in range(levels):
        is_group = "conditions" in group
        expr = " or ".join(["1" if is_group else "A"] * times)
        group = {"type": "Composite", "conditions": [group], "expr": expr}
    return group


@pytest.mark.parametrize(("levels", "times"), [(2, 40), (4, 10), (12, 2), (60, 2), (150, 3)])
def test_what_grows_beyond_what_is_written_is_refused(levels: int, times: int) -> None:
    source, codes = read(repeated(levels, times))
    assert (source, codes) == (None, [Code.SEG403])


@pytest.mark.parametrize(("levels", "times"), [(1, 5_000), (2, 20), (3, 9), (9, 2), (190, 1)])
def test_what_does_not_is_read(levels: int, times: int) -> None:
    source, codes = read(repeated(levels, times))
    assert source is not None
    assert codes == []
    assert len(source) < 100 * max(ALWAYS, 5 * times)


def test_large_conditions_count_for_more() -> None:
    many = condition("x" * 100_000)
    assert read(repeated(1, 2, many))[1] == []
    assert read(repeated(1, 1_000, many)) == (None, [Code.SEG403])


def test_a_document_of_many_such_rules_is_bounded_as_a_whole() -> None:
    one = {"name": "x", "kind": 0, "rule": repeated(3, 9)}
    source, codes = read([{**one, "name": f"x{at}"} for at in range(400)])
    assert source is not None
    assert set(codes) == {Code.SEG403}
    assert source.count("\n") < OF_A_RUN + 400 * 20
    assert 400 - len(codes) == source.count('segment "x')


def test_data_inside_data_is_any_depth() -> None:
    report = Report()
    text = '{"data":' * 900 + json.dumps(condition()) + "}" * 900
    assert decompile(text, "x.json", report) is None
    assert {of.code for of in report.diagnostics} <= {Code.SEG401, Code.SEG402}
