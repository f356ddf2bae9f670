"""Exports of the real purchases at CDNOW, against plain Python over the same CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

import pytest

from reference.exports import Row, chosen, exported
from segdsl.engine import Data, open_data
from segdsl.language.activations import (
    FUNCTIONS,
    BehaviorExport,
    BehaviorOrder,
    Call,
    Columns,
    ColumnSource,
    Delivery,
    ExportColumn,
    Formatting,
    Function,
    If,
    JoinStrategy,
    Placeholder,
    TextSource,
    Time,
)
from segdsl.language.condition.tree import Everyone, Segment
from segdsl.language.values import Number, Text
from segdsl.sql.exports import Placeholders, export
from test_cdnow import (
    PURCHASES,
    ZONE,
    Customers,
    Purchase,
    build,
    context,
    expected,
    purchases,
    segments,
    with_purchases,
)

pytestmark = with_purchases
EVERYONE = Segment("Everyone", Everyone())
# Each function with a column that it is applied to, and what comes before it.
CHAINS: dict[str, tuple[str, tuple[Function, ...]]] = {
    "add": ("first_quantity", (Call("add", (Number("1"),)),)),
    "subtract": ("first_amount", (Call("subtract", (Number("0.99"),)),)),
    "multiply": ("first_amount", (Call("multiply", (Number("1.1"),)),)),
    "divide": ("first_quantity", (Call("divide", (Number("3"),)),)),
    "replace": ("cohort", (Call("replace", (Text("-"), Text("/"))),)),
    "substr": ("cohort", (Call("substr", (Number("-2"), Number("2"))),)),
    "regexp_extract": ("cohort", (Call("regexp_extract", (Text(r"-0(\d)"), Number("1"))),)),
    "day_of_week": ("first_purchase", (Call("day_of_week"),)),
    "from_iso8601_timestamp": (
        "cohort",
        (Call("replace", (Text("1997-"), Text("1997-12-"))), Call("from_iso8601_timestamp")),
    ),
    "ln": ("first_amount", (Call("ln"),)),
    "elapsed_days": ("first_purchase", (Call("elapsed_days"),)),
    "cast_as_quantitative": (
        "cohort",
        (Call("substr", (Number("6"),)), Call("cast_as_quantitative", (Number("0"),))),
    ),
    "cast_as_categorical": ("first_amount", (Call("cast_as_categorical", (Text("none"),)),)),
    "cast_as_categorical_array": ("cohort", (Call("cast_as_categorical_array"),)),
    "if": ("first_amount", (If(">=", Number("20"), Number("1"), Number("0")),)),
    **{name: ("cohort", (Call(name),)) for name in FUNCTIONS if name.startswith("td_ip_")},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    folder = tmp_path_factory.mktemp("cdnow")
    assert build(PURCHASES, "--out", folder).returncode == 0
    with open_data(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def customers() -> Customers:
    return purchases()


@pytest.fixture(scope="module")
def profiles(customers: Customers) -> dict[str, Row]:
    """The attributes of each customer, in the order of their ids."""
    found: dict[str, Row] = {}
    for id in sorted(customers):
        first = customers[id][0]
        earliest = min(each.day for each in customers[id])
        found[id] = {
            "cdp_customer_id": id,
            "first_purchase": int(moment(earliest)),
            "cohort": f"{earliest:%Y-%m}",
            "first_quantity": first.quantity,
            "first_amount": float(first.amount),
            **early(customers[id]),
        }
    return found


@pytest.fixture(scope="module")
def events() -> dict[str, list[Row]]:
    """The events of each customer, with their lines of the file."""
    found: dict[str, list[Row]] = {}
    whole = purchases()
    # The file has the customers in this order, each one's purchases together.
    for line, (id, each) in enumerate(
        chain.from_iterable(((id, each) for each in bought) for id, bought in whole.items()), 1
    ):
        event = {
            "timestamp": int(moment(each.day)),
            "line": line,
            "quantity": each.quantity,
            "amount": float(each.amount),
        }
        found.setdefault(id, []).append(event)
    return found


def early(bought: Sequence[Purchase]) -> Row:
    """What an attribute says of the first 39 weeks."""
    bought = [each for each in bought if each.day < date(1997, 10, 1)]
    return {
        "early_purchases": len(bought),
        "early_spent": float(sum(each.amount for each in bought)),
        "last_early_purchase": int(moment(max(each.day for each in bought))),
    }


def moment(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()


def column(name: str, functions: tuple[Function, ...] = (), called: str = "") -> ExportColumn:
    return ExportColumn(ColumnSource(name, None, functions), called or name)


def rows_of(data: Data, segment: Segment, what: Delivery) -> tuple[tuple[Any, ...], ...]:
    placeholders: Placeholders = {"segment name": segment.name, "segment id": "7"}
    query = export(what, segment, context(data), placeholders, most_events=20).query
    return data.start(query).wait().rows


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return bool(one == other)


def test_every_function_is_tried() -> None:
    assert {*FUNCTIONS, "if"} == set(CHAINS)


@pytest.mark.parametrize("name", CHAINS)
def test_a_function_of_every_customer(data: Data, profiles: dict[str, Row], name: str) -> None:
    source, functions = CHAINS[name]
    shown = context(data)
    what = Delivery(columns=Columns(items=(column("cdp_customer_id"), column(source, functions))))
    rows = rows_of(data, EVERYONE, what)
    assert [id for id, _ in rows] == list(profiles)
    whole = source == "first_quantity"
    values = {
        each[source]: exported(each[source], functions, shown.now, shown.zone, whole=whole)
        for each in profiles.values()
    }
    assert len(set(map(str, values.values()))) > 1 or name.startswith("td_ip_")
    for row, each in zip(rows, profiles.values(), strict=True):
        assert alike(row[1], values[each[source]]), row


@pytest.mark.parametrize("segment", segments(), ids=lambda each: each.name)
def test_the_export_of_each_segment(
    data: Data, customers: Customers, profiles: dict[str, Row], segment: Segment
) -> None:
    text = TextSource((Placeholder("segment name"), " ", Time("yyyy-MM-dd")))
    items = (column("cdp_customer_id", called="id"), ExportColumn(text, "list"))
    rows = rows_of(data, segment, Delivery(columns=Columns(True, items)))
    wanted = expected(segment.name, customers)
    expected_rows = [
        (
            *(value for name, value in each.items() if name != "cdp_customer_id"),
            id,
            f"{segment.name} 1998-07-01",
        )
        for id, each in profiles.items()
        if id in wanted
    ]
    assert list(rows) == expected_rows


# The conditions of these segments on events: when a purchase is exported, all where it is not here.
BOUGHT: dict[str, tuple[date, date]] = {
    "Christmas guests": (date(1997, 11, 15), date(1997, 12, 24)),
    "Spring buyers": (date(1998, 4, 1), date(1998, 6, 30)),
    "Regulars": (date(1997, 1, 1), date(1998, 6, 30)),
}


@pytest.mark.parametrize("name", BOUGHT)
@pytest.mark.parametrize("formatting", ["rows", "cols"])
@pytest.mark.parametrize("strategy", ["all", "first", "last", "top"])
def test_the_purchases_of_customers(
    data: Data,
    customers: Customers,
    events: dict[str, list[Row]],
    name: str,
    formatting: Formatting,
    strategy: JoinStrategy,
) -> None:
    number = Number("3") if strategy == "top" else None
    order = (BehaviorOrder("amount", True), BehaviorOrder("line"))
    names = ("timestamp", "amount", "quantity")
    behavior = BehaviorExport(
        "behavior_purchases", strategy, number, order, formatting, tuple(map(column, names))
    )
    segment = next(each for each in segments() if each.name == name)
    what = Delivery(columns=Columns(items=(column("cdp_customer_id"),)), behaviors=(behavior,))
    start, stop = map(moment, BOUGHT[name])
    wanted: list[tuple[Any, ...]] = []
    for id in sorted(expected(name, customers)):
        own = [each for each in events[id] if start <= each["timestamp"] <= stop]
        found = [
            tuple(each[column] for column in names)
            for each in chosen(behavior, own, None if strategy == "top" else 20)
        ]
        assert found
        if formatting == "rows":
            wanted += [(id, *each) for each in found]
        else:
            width = {"all": 20, "top": 3}.get(strategy, 1)
            padded = [*found, *[(None,) * len(names)] * (width - len(found))]
            wanted.append((id, *chain.from_iterable(padded)))
    assert list(rows_of(data, segment, what)) == wanted
