"""The schema's file: what is written is read again, sorted, a line for each thing."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdsl.schema.document import SchemaError, read_schema, write_schema
from segdsl.schema.ids import ids_of
from segdsl.schema.model import (
    Behavior,
    Column,
    CustomerGroup,
    Funnel,
    Model,
    Schema,
    Segment,
    Stage,
    Variant,
)
from segdsl.values import ByName

names = st.one_of(
    st.sampled_from(["a", "b c", 'quo"te', "dots.in.it", "日本", "a/b", "~1", "", "#"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
types = st.sampled_from(["string", "number", "timestamp", "date", "string_array", "boolean"])
ids = st.integers(1, 10_000).map(str)


def some(of: st.SearchStrategy[object], key: str) -> st.SearchStrategy[tuple[object, ...]]:
    """Several, no two with the same `key`."""
    unique = st.lists(of, max_size=4, unique_by=lambda each: getattr(each, key))
    return unique.map(tuple)


columns = some(st.builds(Column, names, types), "name")
folders = st.lists(names.filter(bool), min_size=1, max_size=3).map(tuple)
stages = some(st.builds(Stage, ids, names), "id")
schemas = st.builds(
    Schema,
    ids,
    names,
    st.just("Asia/Tokyo"),
    some(st.builds(Column, names, types, st.none() | names), "name"),
    some(st.builds(Behavior, names, columns), "name"),
    some(st.builds(CustomerGroup, names, columns), "name"),
    st.lists(folders, max_size=3, unique=True).map(tuple),
    some(
        st.builds(
            Segment,
            ids,
            names,
            st.just(()) | folders,
            st.sampled_from(["batch", "realtime", "funnel_stage"]),
        ),
        "id",
    ),
    some(st.builds(Funnel, ids, names, stages), "id"),
    some(
        st.builds(Model, ids, names, st.sampled_from(["predictive", "rfm", "cltv"])),
        "id",
    ),
    some(st.builds(Variant, ids, names, names), "id"),
)


@settings(max_examples=500)
@given(schemas)
def test_what_is_written_is_read_again_whatever_the_order(schema: Schema) -> None:
    text = write_schema(schema)
    read = read_schema(text, "x")
    assert write_schema(read) == text
    shuffled = {
        field: tuple(random.Random(1).sample(value, len(value)))
        for field in schema.__struct_fields__
        if isinstance(value := getattr(schema, field), tuple)
    }
    assert write_schema(msgspec.structs.replace(schema, **shuffled)) == text
    for field in schema.__struct_fields__:
        here, there = getattr(schema, field), getattr(read, field)
        if isinstance(here, tuple) and field not in ("funnels", "behaviors", "customer_groups"):
            assert set(here) == set(there)
    assert {(each.id, each.name, frozenset(each.stages)) for each in schema.funnels} == {
        (each.id, each.name, frozenset(each.stages)) for each in read.funnels
    }
    assert {(each.name, frozenset(each.columns)) for each in schema.behaviors} == {
        (each.name, frozenset(each.columns)) for each in read.behaviors
    }


def test_one_thing_more_is_one_line_more() -> None:
    before = Schema("1", "Shop", attributes=(Column("a", "string"), Column("c", "number")))
    after = msgspec.structs.replace(before, attributes=(*before.attributes, Column("b", "date")))
    old, new = write_schema(before).splitlines(), write_schema(after).splitlines()
    assert [line for line in new if line not in old] == ['b = "date"']
    assert [line for line in old if line not in new] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "is no schema"),
        ('[parent_segment]\nid = "1"\nname = "x"\n', "timezone"),
        ('[attributes]\na = "strng"\n', "strng"),
        ("folders = 3\n", "folders"),
    ],
)
def test_a_damaged_file_is_told(text: str, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        read_schema(text, "local.schema.toml")


def test_a_name_of_two_has_no_id() -> None:
    schema = Schema(
        "1",
        "Shop",
        segments=(Segment("1", "A"), Segment("2", "A", ("F",)), Segment("3", "B")),
        funnels=(Funnel("1", "F", (Stage("4", "S"),)),),
    )
    assert ids_of(schema) == {("segment", ByName("B")): "3", ("stage", ByName("S", "F")): "4"}
    assert ids_of(schema, segments=False) == {("stage", ByName("S", "F")): "4"}
