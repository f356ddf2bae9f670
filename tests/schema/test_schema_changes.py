"""What a pull brought: a line for each kind of thing that is not as it was."""

from __future__ import annotations

import msgspec

from segdsl.schema.changes import changes, tally
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

SHOP = Schema(
    "1",
    "Shop",
    "Asia/Tokyo",
    attributes=(Column("age", "number"), Column("country", "string", "Address")),
    behaviors=(Behavior("behavior_views", (Column("url", "string"),)),),
    customer_groups=(CustomerGroup("home", (Column("size", "number"),)),),
    folders=(("Loyalty",),),
    segments=(Segment("7", "Gold", ("Loyalty",)),),
    funnels=(Funnel("1", "F", (Stage("4", "S"),)),),
    models=(Model("1", "Churn"), Model("1", "Value", "rfm")),
    variants=(Variant("1", "A", "Mail"),),
)


def changed(**more: object) -> tuple[str, ...]:
    return changes(SHOP, msgspec.structs.replace(SHOP, **more))


def test_the_same_is_no_change() -> None:
    assert changed() == ()
    assert changed(attributes=SHOP.attributes[::-1], models=SHOP.models[::-1]) == ()


def test_what_came_what_went_and_what_is_another() -> None:
    attributes = (Column("age", "string"), Column("ltv", "number"), Column("points", "number"))
    assert changed(attributes=attributes) == (
        "attributes: new: ltv, points; gone: country; changed: age (number → string)",
    )


def test_another_heading() -> None:
    attributes = (SHOP.attributes[0], Column("country", "string"))
    assert changed(attributes=attributes) == (
        "attributes: changed: country (string, under “Address” → string)",
    )


def test_what_keeps_its_id_was_renamed_or_moved() -> None:
    assert changed(segments=(Segment("7", "Platinum", ("Loyalty",)),)) == (
        "segments: changed: Loyalty/Gold → Loyalty/Platinum",
    )
    assert changed(segments=(Segment("7", "Gold", ("Loyalty",), "realtime"),)) == (
        "segments: changed: Loyalty/Gold (batch → realtime)",
    )
    assert changed(segments=(Segment("8", "Gold", ("Loyalty",)),)) == (
        "segments: new: Loyalty/Gold; gone: Loyalty/Gold",
    )


def test_a_line_for_each_kind() -> None:
    assert changes(SHOP, Schema("2", "Shop", "UTC")) == (
        "parent segment: changed: id (1 → 2), time zone (Asia/Tokyo → UTC)",
        "attributes: gone: age, country",
        "behaviors: gone: views",
        "columns of behaviors: gone: views.url",
        "attributes of customer groups: gone: home.size",
        "folders: gone: Loyalty",
        "segments: gone: Loyalty/Gold",
        "stages of funnels: gone: F/S",
        "models: gone: Churn, Value",
        "variants of tests: gone: Mail/A",
    )


def test_many_are_counted() -> None:
    columns = tuple(Column(f"a{at}", "string") for at in range(8))
    assert changes(Schema("1", "Shop"), Schema("1", "Shop", attributes=columns)) == (
        "attributes: new: a0, a1, a2, a3, a4 and 3 more",
    )


def test_how_much_there_is() -> None:
    assert tally(SHOP) == (
        "2 attributes, 1 behavior, 1 customer group, 1 folder, 1 segment, 1 funnel, 2 models, "
        "1 variant"
    )
    assert tally(Schema("1", "Shop")) == "nothing in it"
