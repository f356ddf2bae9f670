"""Any JSON in place of any part of a document: reported with its path, or read; never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies.activation_json as j
from quick import tenth
from segdsl.diagnostics import Code, Report
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax.parser import parse
from segdsl.rules.decompile import decompile
from segdsl.source import Source
from test_reading_funnels import ADULTS, COMPILED, FUNNEL, LEGACY_FUNNEL, PAYERS, stage

pytestmark = pytest.mark.many

_odd = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, 1, -1, 2, 7, 1.5, 10**25]),
        st.sampled_from(["", "7", "x", "$1", "none", "cron", "$9", "2025-04-01T03:00:00"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(["id", "name", "type", "data", "column", "stages", "rule"]),
            inner,
            max_size=2,
        ),
    ),
    max_leaves=4,
)
_FUNNELS = st.sampled_from(
    [
        [FUNNEL, stage("101", ADULTS), stage("102", PAYERS)],
        [LEGACY_FUNNEL, stage("101", ADULTS), stage("102", PAYERS)],
        COMPILED,
    ]
)
_documents = st.one_of(
    j.answers(j.entities_attributes()),
    j.legacy_bodies().map(lambda body: {**body, "segmentId": "7"}),
    j.template_attributes().map(lambda of: {"type": "activation-template", "attributes": of}),
    _FUNNELS,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a document."""
    found = [path]
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        found += _places(inner, (*path, key))
    return found


def _with(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    key, *others = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = _with(value[key], tuple(others), odd)
    return copy


@given(_documents, st.data())
@settings(max_examples=tenth(2_000))
def test_an_odd_value_anywhere_is_reported_or_read(document: Any, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(_places(document)))
    text = json.dumps(_with(document, place, data.draw(_odd)))
    report = Report()
    source = decompile(text, "x.json", report)
    assert (source is not None) or report.has_errors
    for each in report.diagnostics:
        assert each.path is not None
        assert each.path.startswith("$")
        assert each.code.name[3] == "4"
    if source is None or report.has_errors:
        return
    # What was read is in the language.
    file = parse(Source("x.seg", source), report)
    resolve_all(Program("x.seg", {"x.seg": file}), report)
    found = {each.code: each.message for each in report.diagnostics if each.severity == "error"}
    # A name may be blank, or that of another.
    assert found.keys() <= {Code.SEG114, Code.SEG111}, found
