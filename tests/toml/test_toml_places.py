"""The places of keys and values in a TOML text: as Python's own reader has them, by path."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from segdsl.toml.places import Path, places, written

TEXT = """\
# a comment with [brackets] and x = 1
title = "a # no comment" # one
numbers = [ 1, [2, 3], # inside
  4,
]
a.b."c d" = { x = 1, y.z = 'lit', w = [ {k = 2}, ] }

[targets.local] # head
kind = "local"
text = \"\"\"
several "" lines \\" = 3
[no.head]
\"\"\"
raw = '''
x = 1 \\'''

[[segments]]
id = "1"
[[segments.parts]]
n = 1
[[segments]]
id = "2"
  [segments.more]
  deep = true
"""


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield (*path, name), inner
                yield from leaves(inner, (*path, name))
        case list():
            for number, inner in enumerate(value):
                yield (*path, number), inner
                yield from leaves(inner, (*path, number))


def value_at(text: str, path: Path) -> Any:
    start, end = places(text)[path].value
    return tomllib.loads(f"x = {text[start:end]}")["x"]


def assert_all_found(text: str) -> None:
    document = tomllib.loads(text)
    found = places(text)
    assert set(found) == {path for path, _ in leaves(document)}
    for path, value in leaves(document):
        place = found[path]
        if place.value != place.key or not isinstance(value, dict | list):
            assert value_at(text, path) == value
        name = path[-1]
        if isinstance(name, str):
            key = text[slice(*place.key)]
            assert list(tomllib.loads(f"{key} = 1")) == [name]


def test_every_key_and_value_has_its_place() -> None:
    assert_all_found(TEXT)
    assert value_at(TEXT, ("a", "b", "c d", "w", 0, "k")) == 2
    assert TEXT[slice(*places(TEXT)["segments", 1, "id"].value)] == '"2"'


_VALUES = st.recursive(
    st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), _VALUES, max_size=4), st.booleans())
def test_whatever_is_written_is_found(document: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(document, multiline_strings=multiline)
    if tomllib.loads(text) == document:  # not of texts with line ends that TOML changes
        assert_all_found(text)


@given(st.text(alphabet="[]{}=.,\"'#\n\\ ab1"))
def test_no_text_is_too_odd(text: str) -> None:
    places(text)


@pytest.mark.parametrize("text", ["x = " + "[" * 5_000, "[" * 5_000, "x = " + "{a=" * 5_000])
def test_nesting_ends_in_no_error(text: str) -> None:
    places(text)


def test_a_path_is_written_as_a_head_is() -> None:
    assert written(("targets", "a b", 3, "c")) == 'targets."a b".c'
