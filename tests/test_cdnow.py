"""The example over real purchases: who is selected, against plain Python over the same CSV."""

from __future__ import annotations

import csv
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from segdsl.diagnostics import Report
from segdsl.engine import Data, open_data
from segdsl.files import seg_files
from segdsl.imports import load_programs
from segdsl.language.condition.tree import Segment
from segdsl.language.format import format_file
from segdsl.language.resolve import resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ByName, Reference
from segdsl.source import Source
from segdsl.sql import Context, count, selection

ROOT = Path(__file__).parents[1]
CDNOW = ROOT / "examples" / "cdnow"
PURCHASES = ROOT.parent / "shared" / "data" / "cdnow" / "purchases.csv"
ZONE = ZoneInfo("America/New_York")

with_purchases = pytest.mark.skipif(
    not PURCHASES.is_file(), reason="the purchases at CDNOW are not beside the checkout"
)


def segments() -> list[Segment]:
    report = Report()
    programs, _ = load_programs(seg_files([str(CDNOW)]), report)
    found = [segment for program in programs for segment in resolve(program, report)]
    assert not report.diagnostics
    return found


def build(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, CDNOW / "build.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# --- the same, reckoned from the CSV alone ------------------------------------------------


class Purchase(NamedTuple):
    day: date
    quantity: int
    amount: Decimal

    @property
    def moment(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=ZONE)


Customers = dict[str, list[Purchase]]
OCTOBER = date(1997, 10, 1)


def purchases() -> Customers:
    """Each customer's purchases in the order of the file."""
    found: Customers = {}
    with PURCHASES.open(newline="") as file:
        for row in csv.DictReader(file):
            purchase = Purchase(
                date.fromisoformat(row["purchased_on"]),
                int(row["quantity"]),
                Decimal(row["amount"]),
            )
            found.setdefault(row["customer_id"], []).append(purchase)
    return found


def total(bought: list[Purchase]) -> Decimal:
    return sum((each.amount for each in bought), Decimal(0))


def bought_in(bought: list[Purchase], start: date, stop: date) -> bool:
    return any(start <= each.day <= stop for each in bought)


def cds_by_day(bought: list[Purchase]) -> Iterator[int]:
    for _, day in groupby(sorted(bought), key=lambda each: each.day):
        yield sum(each.quantity for each in day)


def most_in_seven_days(bought: list[Purchase]) -> int:
    """Windows of 168 hours: the two Sundays when clocks change are an hour off."""
    ends = [each.moment.timestamp() for each in bought]
    return max(sum(end - 604_800 < other <= end for other in ends) for end in ends)


def lapsed(bought: list[Purchase]) -> bool:
    return len(bought) >= 3 and all(each.day < date(1998, 1, 1) for each in bought)


# Now is the morning of 1998-07-01, the day after the last purchase.
RULES: dict[str, Callable[[list[Purchase]], bool]] = {
    "Bought once": lambda bought: len(bought) == 1,
    "Came back another day": lambda bought: len({each.day for each in bought}) >= 2,
    "Regulars": lambda bought: (
        len(bought) >= 10
        and date(1998, 7, 1) - timedelta(days=90) <= max(bought).day < date(1998, 7, 1)
    ),
    "Lapsed": lapsed,
    "January's summer guests": lambda bought: (
        min(bought).day <= date(1997, 1, 31)
        and bought_in(bought, date(1997, 6, 1), date(1997, 8, 31))
    ),
    "Big spenders": lambda bought: total(bought) > 500,
    "Bargain hunters": lambda bought: len(bought) >= 3 and total(bought) <= 12 * len(bought),
    "Got one for nothing": lambda bought: any(each.amount == 0 for each in bought),
    "Began with nothing to pay": lambda bought: bought[0].amount == 0 and bought[-1].amount > 0,
    "Only large baskets": lambda bought: (
        max(each.amount for each in bought) > 150 and min(each.amount for each in bought) >= 50
    ),
    "Christmas guests": lambda bought: (
        bought_in(bought, date(1997, 11, 15), date(1997, 12, 24))
        and max(bought).day <= date(1997, 12, 24)
    ),
    "Sprees": lambda bought: most_in_seven_days(bought) >= 4,
    "A box a day": lambda bought: any(cds >= 20 for cds in cds_by_day(bought)),
    "Bought since October": lambda bought: any(each.day >= OCTOBER for each in bought),
    "Spring buyers": lambda bought: (
        bought_in(bought, date(1998, 4, 1), date(1998, 6, 30))
        and min(bought).day < date(1997, 2, 1)
    ),
}


def best_starts(customers: Customers) -> set[str]:
    """The tenth, rounded down; of equals those with the smaller id."""
    ordered = sorted(customers, key=lambda id: (-customers[id][0].amount, id))
    return set(ordered[: len(customers) // 10])


def win_back_first(customers: Customers) -> set[str]:
    spent = {id: total(bought) for id, bought in customers.items() if total(bought) > 100}
    best = sorted(spent, key=lambda id: (-spent[id], id))[:500]
    return {id for id in best if lapsed(customers[id]) and len(customers[id]) != 1}


LIMITED: dict[str, Callable[[Customers], set[str]]] = {
    "Best starts": best_starts,
    "Win back first": win_back_first,
}


def expected(name: str, customers: Customers) -> set[str]:
    if name in LIMITED:
        return LIMITED[name](customers)
    return {id for id, bought in customers.items() if RULES[name](bought)}


# --- real data ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    folder = tmp_path_factory.mktemp("cdnow")
    done = build(PURCHASES, "--out", folder)
    assert done.stdout == f"23,570 profiles and 69,659 events are in {folder}\n", done.stderr
    with open_data(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def customers() -> Customers:
    return purchases()


def context(data: Data) -> Context:
    project = tomllib.loads((CDNOW / "segdsl.toml").read_text(encoding="utf-8"))
    now = int(project["targets"]["local"]["now"].timestamp())
    known: dict[Reference, Segment] = {ByName(each.name): each for each in segments()}
    return Context(now, data.parent.timezone, data.catalog, known)


@with_purchases
def test_known_figures(data: Data, customers: Customers) -> None:
    assert data.population() == len(customers) == 23_570
    every = [each for bought in customers.values() for each in bought]
    assert len(every) == 69_659
    assert (min(every).day, max(every).day) == (date(1997, 1, 1), date(1998, 6, 30))
    assert data.catalog.behaviors == ("behavior_purchases",)


@with_purchases
@pytest.mark.parametrize("segment", segments(), ids=lambda each: each.name)
def test_each_segment_selects_who_it_says(
    data: Data, customers: Customers, segment: Segment
) -> None:
    wanted = expected(segment.name, customers)
    assert 0 < len(wanted) < len(customers)
    found = data.start(selection(segment, context(data))).wait().rows
    assert len(found) == len(wanted)
    assert {row[0] for row in found} == wanted
    assert data.start(count(segment, context(data))).wait().rows == ((len(wanted),),)


# --- without it ---------------------------------------------------------------------------


def test_every_segment_has_a_rule_here() -> None:
    names = [each.name for each in segments()]
    assert len(names) >= 10
    assert sorted(names) == sorted({**RULES, **LIMITED})


@pytest.mark.parametrize("path", sorted(CDNOW.glob("*.seg")), ids=lambda path: path.stem)
def test_each_file_is_canonical_and_commented(path: Path) -> None:
    source = Source(path.name, path.read_text(encoding="utf-8"))
    file = parse(source, Report())
    assert format_file(file, source) == source.text
    assert file.comments


def test_tables_from_a_small_file(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text(
        "customer_id,purchased_on,quantity,amount\n"
        "007,1997-01-01,2,11.77\n007,1997-01-01,1,0.00\n8,1997-07-01,1,5.00\n"
    )
    done = build(tmp_path / "some.csv", "--out", tmp_path / "made" / "data")
    assert (done.returncode, done.stderr) == (0, "")
    with open_data(tmp_path / "made" / "data") as data:
        shown = context(data)
        once, again = (
            next(each for each in segments() if each.name == name)
            for name in ("Bought once", "Got one for nothing")
        )
        assert data.start(selection(once, shown)).wait().rows == (("8",),)
        assert data.start(selection(again, shown)).wait().rows == (("007",),)
        assert {each.name: each.type for each in data.catalog.attributes} == {
            "first_purchase": "timestamp",
            "cohort": "string",
            "first_quantity": "number",
            "first_amount": "number",
            "early_purchases": "number",
            "early_spent": "number",
            "last_early_purchase": "timestamp",
        }


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    done = build(tmp_path / "none.csv", "--out", tmp_path)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"there is no file {tmp_path / 'none.csv'}: name the purchases as a CSV file\n"
    )
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    done = build(tmp_path / "bad.csv", "--out", tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path / 'bad.csv'} cannot be used: " in done.stderr
    assert "Traceback" not in done.stderr
