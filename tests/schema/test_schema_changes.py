"""Changes between schemas: one line for each kind with changes."""

from __future__ import annotations

import msgspec

from segdsl.schema.changes import changes, summary
from segdsl.schema.model import (
    Behavior,
    Column,
    Connection,
    CustomerGroup,
    Funnel,
    Journey,
    Model,
    Schema,
    Segment,
    Stage,
    Template,
    User,
    Variant,
)

SHOP = Schema(
    "1",
    "Shop",
    "Asia/Tokyo",
    attributes=(Column("age", "number"), Column("country", "string", "Address")),
    behaviors=(Behavior("behavior_views", (Column("url", "string"),)),),
    customer_groups=(CustomerGroup("home", (Column("size", "number"),)),),
    folders=(("Loyalty",),),
    segments=(Segment("7", "Gold", ("Loyalty",)),),
    funnels=(Funnel("1", "F", (Stage("4", "S"),), ("Loyalty",)),),
    models=(Model("1", "Churn"), Model("1", "Value", "rfm")),
    variants=(Variant("1", "A", "Mail"),),
    templates=(Template("400", "Weekly", ("Loyalty",)),),
    connections=(Connection("4021", "s3", "s3_v2"), Connection("4022", "mail")),
    users=(User("3", "a@example.com"),),
    journeys=(Journey("12", "Welcome", (Stage("31", "First"),), ("Loyalty",)),),
)


def changed(**more: object) -> tuple[str, ...]:
    return changes(SHOP, msgspec.structs.replace(SHOP, **more))


def test_the_same_is_no_change() -> None:
    assert changed() == ()
    assert changed(attributes=SHOP.attributes[::-1], models=SHOP.models[::-1]) == ()


def test_added_removed_and_changed_columns() -> None:
    attributes = (Column("age", "string"), Column("ltv", "number"), Column("points", "number"))
    assert changed(attributes=attributes) == (
        "attributes: added: ltv, points; removed: country; changed: age (number → string)",
    )


def test_a_changed_heading() -> None:
    attributes = (SHOP.attributes[0], Column("country", "string"))
    assert changed(attributes=attributes) == (
        "attributes: changed: country (string, under “Address” → string)",
    )


def test_an_item_with_the_same_id_was_renamed_or_moved() -> None:
    assert changed(segments=(Segment("7", "Platinum", ("Loyalty",)),)) == (
        "segments: changed: Loyalty/Gold → Loyalty/Platinum",
    )
    assert changed(segments=(Segment("7", "Gold", ("Loyalty",), "realtime"),)) == (
        "segments: changed: Loyalty/Gold (batch → realtime)",
    )
    assert changed(segments=(Segment("8", "Gold", ("Loyalty",)),)) == (
        "segments: added: Loyalty/Gold; removed: Loyalty/Gold",
    )


def test_each_kind_has_one_line() -> None:
    assert changes(SHOP, Schema("2", "Shop", "UTC")) == (
        "parent segment: changed: id (1 → 2), time zone (Asia/Tokyo → UTC)",
        "attributes: removed: age, country",
        "behaviors: removed: views",
        "columns of behaviors: removed: views.url",
        "attributes of customer groups: removed: home.size",
        "folders: removed: Loyalty",
        "segments: removed: Loyalty/Gold",
        "funnels: removed: Loyalty/F",
        "stages of funnels: removed: F/S",
        "journeys: removed: Loyalty/Welcome",
        "stages of journeys: removed: Welcome/First",
        "models: removed: Churn, Value",
        "variants of tests: removed: Mail/A",
        "activation templates: removed: Loyalty/Weekly",
        "connections: removed: mail, s3",
        "users: removed: a@example.com",
    )


def test_a_changed_visibility_and_connector() -> None:
    attributes = (SHOP.attributes[0], msgspec.structs.replace(SHOP.attributes[1], visibility="pii"))
    assert changed(attributes=attributes) == (
        "attributes: changed: country (string, under “Address” → string, under “Address”, pii)",
    )
    connections = (Connection("4021", "s3", "s3"), Connection("4022", "post"))
    assert changed(connections=connections) == (
        "connections: changed: mail → post, s3 (s3_v2 → s3)",
    )


def test_long_lists_are_abbreviated() -> None:
    columns = tuple(Column(f"a{at}", "string") for at in range(8))
    assert changes(Schema("1", "Shop"), Schema("1", "Shop", attributes=columns)) == (
        "attributes: added: a0, a1, a2, a3, a4 and 3 more",
    )


def test_a_summary_counts_each_kind() -> None:
    assert summary(SHOP) == (
        "2 attributes, 1 behavior, 1 customer group, 1 folder, 1 segment, 1 funnel, 1 journey, "
        "2 models, 1 variant, 1 activation template, 2 connections, 1 user"
    )
    assert summary(Schema("1", "Shop")) == "empty"


def test_journeys_and_their_stages() -> None:
    journeys = (
        Journey("12", "Hello", (Stage("31", "First"), Stage("32", "Later")), ("Loyalty",)),
        Journey("13", "VIP"),
    )
    assert changed(journeys=journeys) == (
        "journeys: added: VIP; changed: Loyalty/Welcome → Loyalty/Hello",
        "stages of journeys: added: Hello/Later; changed: Welcome/First → Hello/First",
    )
