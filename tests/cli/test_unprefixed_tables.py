"""Tables of the data whose names have no prefix: behaviors as they stand behind `table`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from running import segdsl
from workspace import PARENT, WAYS, Way, json_output, project, server, write_project

pytestmark = pytest.mark.heavy

ORDERS = """\
cdp_customer_id,time,total
c01,1727600000,10
c01,1727500000,20
c03,1716000000,300
"""
FILES = {
    "orders.csv": ORDERS,
    "prices.csv": "sku,price\nA,3\n",
    "parent_segment.toml": PARENT
    + """
[labels.orders]
total = "Order total"

[labels.behaviors]
orders = "Web Orders"
""",
}
SEGMENTS = """\
segment "Ordered" where has table "orders"
segment "Often" where count(table "orders" where total > 5) >= 2
segment "Much" where sum(table "orders".total) > 100
segment "Lately" where has table "orders" where time within past 30 days
segment "Never" where no table "orders"
"""
WHY = "prices.csv has no column `cdp_customer_id`"
HOW = (
    'with `cdp_customer_id` and `timestamp` it is the behavior `table "prices"`, and named '
    "behavior_prices the behavior `prices`"
)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@pytest.fixture
def folder(way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with project(tmp_path, way, FILES) as there:
        monkeypatch.chdir(there)
        (there / "orders.seg").write_text(SEGMENTS)
        yield there


def test_conditions_on_a_table_are_counted(folder: Path) -> None:
    found = json_output("preview", "orders.seg")["segments"]
    expected = {"Ordered": 2, "Often": 1, "Much": 1, "Lately": 1, "Never": 4}
    assert {each["name"]: each["count"] for each in found} == expected


def test_the_schema_has_the_table_with_its_labels(folder: Path, way: Way) -> None:
    done = segdsl("schema", "pull")
    assert done.exit_code == 0, done.output
    # On a port it is told where it is served.
    assert (f"skipped: {WHY}" in done.stderr) == (way == "in process")
    shown = {
        (each["what"], each["name"]): each
        for each in json_output("schema", "show", "order")["things"]
    }
    assert set(shown) == {("behavior", "orders"), ("column", "time"), ("column", "total")}
    behavior, time, total = shown.values()
    assert (behavior["spelling"], behavior["label"]) == ('has table "orders"', "Web Orders")
    assert (time["spelling"], time["more"]) == ('table "orders".time', "timestamp")
    assert (total["more"], total["label"]) == ("number", "Order total")
    sampled = json_output("schema", "show", "total", "--sample")["things"]
    assert [sorted(each["values"]) for each in sampled] == [[10, 20, 300]]
    # From now on it is checked here.
    assert segdsl("check", "orders.seg").exit_code == 0
    (folder / "wrong.seg").write_text('segment "Wrong" where has table "orders" where totl = 1')
    assert "did you mean `total`" in segdsl("check", "wrong.seg").output


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ('has table "prices"', f"there is no behavior `prices`: {WHY}"),
        ("has prices", f"there is no behavior `behavior_prices`: {WHY}"),
        ("has orders", "there is no behavior `behavior_orders`: did you mean `orders`?"),
        ('has table "order"', "there is no behavior `order`: did you mean `orders`?"),
    ],
)
def test_a_table_that_is_no_behavior(condition: str, words: str, folder: Path) -> None:
    (folder / "x.seg").write_text(f'segment "X" where {condition}')
    done = segdsl("preview", "x.seg")
    assert done.exit_code != 0
    assert words in " ".join(done.output.split())


def test_a_stored_segment_is_counted_and_read_back(folder: Path) -> None:
    assert segdsl("create", "orders.seg").exit_code == 0
    done = segdsl("show", "Often")
    assert 'count(table "orders" where total > 5) >= 2' in done.stdout
    rule = json.loads(segdsl("show", "Often", "--json").stdout)["segment"]["rule"]
    assert '"name": "orders"' in json.dumps(rule)


def test_values_of_two_tables_that_differ_in_the_prefix_alone(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {"behavior_orders.csv": "cdp_customer_id,timestamp,total\nc01,1727600000,7\n"}
    with project(tmp_path, way, {**FILES, **more}) as there:
        monkeypatch.chdir(there)
        assert segdsl("schema", "pull").exit_code == 0
        sampled = json_output("schema", "show", "total", "--sample")["things"]
    values = {each["of"]: sorted(each["values"]) for each in sampled}
    assert values == {"orders": [7], 'table "orders"': [10, 20, 300]}


def test_serve_tells_what_it_leaves_out(tmp_path: Path) -> None:
    write_project(tmp_path, "", FILES)
    with server(tmp_path) as (_, process):
        assert process.stderr is not None
        assert process.stderr.readline() == f"skipped: {WHY}; {HOW}\n"


def test_preview_tells_what_of_the_data_it_does_not_read(folder: Path, way: Way) -> None:
    """On a port it is told where it is served."""
    (folder / "data" / "visits.xlsx").write_bytes(b"PK")
    (folder / "data" / "README.md").write_text("about the data")
    done = segdsl("preview", "orders.seg")
    assert done.exit_code == 0
    assert (f"skipped: {WHY}; {HOW}\n" in done.stderr) == (way == "in process")
    assert ("skipped: visits.xlsx is not read: convert it" in done.stderr) == (way == "in process")
    assert "README" not in done.stderr
    json_output("preview", "orders.seg")
