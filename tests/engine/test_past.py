"""Rules of journeys over tables, with a clock that moves a day at a time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from engine_folders import csv, parquet
from segdsl.diagnostics import Report
from segdsl.engine import open_data
from segdsl.language.condition.tree import Segment
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ByName
from segdsl.simulation.clock import daily
from segdsl.simulation.errors import SimulationError
from segdsl.simulation.over_data import RulesOverData
from segdsl.source import Source
from segdsl.sql.past import timeless

DAY = 86_400
START = 1_760_918_400  # 2025-10-20T00:00:00Z


def segments(text: str) -> list[Segment]:
    report = Report()
    tree = parse(Source("test.seg", text), report)
    assert tree is not None
    resolved = resolve(Program("test.seg", {"test.seg": tree}), report)
    assert not report.diagnostics
    return list(resolved)


def shop(folder: Path) -> None:
    csv(
        folder,
        "customers",
        "cdp_customer_id,country,email\nc,JP,c@x\na,US,\nb,JP,b@x\n",
    )
    csv(
        folder,
        "behavior_visits",
        "cdp_customer_id,timestamp\n"
        + "".join(
            f"{id},{START + int(days * DAY)}\n"
            for id, days in [("a", 0.0), ("b", 1.5), ("b", 2.0), ("c", 9.0)]
        ),
    )


def test_events_after_the_clock_are_not_seen(tmp_path: Path) -> None:
    shop(tmp_path)
    (rule,) = segments('segment "Seen" where count(visits) >= 1')
    with open_data(tmp_path) as data:
        rules = RulesOverData(data, {})
        seen = [
            "".join(rules.profiles.of(rules.members(rule, each)))
            for each in daily(datetime(2025, 10, 19), 12, "UTC")
        ]
    # At the moment of an event it is seen.
    assert seen == ["", "a", "a", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "abc", "abc"]


def test_relative_times_move_with_the_clock(tmp_path: Path) -> None:
    shop(tmp_path)
    (rule,) = segments('segment "Recent" where has visits where timestamp within past 2 days')
    with open_data(tmp_path) as data:
        rules = RulesOverData(data, {})
        seen = [
            "".join(rules.profiles.of(rules.members(rule, each)))
            for each in daily(datetime(2025, 10, 20), 6, "UTC")
        ]
    assert seen == ["", "a", "ab", "b", "b", ""]


def test_attributes_and_references(tmp_path: Path) -> None:
    shop(tmp_path)
    japan, others = segments(
        'segment "Japan" where country = "JP"\n\nsegment "Others" where not in segment "Japan"'
    )
    (first, *_) = daily(datetime(2025, 10, 20), 1, "UTC")
    with open_data(tmp_path) as data:
        rules = RulesOverData(data, {ByName("Japan"): japan})
        assert rules.profiles.ids == ("a", "b", "c")
        assert rules.profiles.of(rules.members(japan, first)) == ("b", "c")
        assert rules.profiles.of(rules.members(others, first)) == ("a",)
        # What a split draws from: a missing value is that of the id.
        hashes = [hash for hash, _ in rules.profiles.hashes(("J",), 0b111, "email")]
        by_id = [hash for hash, _ in rules.profiles.hashes(("J",), 0b111)]
        assert hashes[0] == by_id[0]
        assert hashes[1] != by_id[1]


def test_what_cannot_be_asked_is_an_error(tmp_path: Path) -> None:
    shop(tmp_path)
    (rule,) = segments('segment "Odd" where contry = "JP"')
    (first,) = daily(datetime(2025, 10, 20), 1, "UTC")
    with open_data(tmp_path) as data:
        rules = RulesOverData(data, {})
        with pytest.raises(SimulationError, match=r"Odd.*no attribute `contry`; did you mean"):
            rules.members(rule, first)
        with pytest.raises(SimulationError, match="no attribute `mail`"):
            rules.profiles.hashes(("J",), 1, "mail")


def test_no_profiles_at_all(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", "SELECT 'a' AS cdp_customer_id WHERE false")
    (rule,) = segments('segment "All" where everyone')
    (first,) = daily(datetime(2025, 10, 20), 1, "UTC")
    with open_data(tmp_path) as data:
        rules = RulesOverData(data, {})
        assert rules.members(rule, first) == 0


def test_events_whose_time_is_a_text_are_all_seen(tmp_path: Path) -> None:
    csv(tmp_path, "customers", "cdp_customer_id,country\na,JP\n")
    csv(tmp_path, "behavior_odd", "cdp_customer_id,timestamp\na,soon\n")
    (rule,) = segments('segment "Seen" where count(odd) >= 1')
    (first,) = daily(datetime(2025, 10, 20), 1, "UTC")
    with open_data(tmp_path) as data:
        rules = RulesOverData(data, {})
        assert timeless(data.catalog) == ("behavior_odd",)
        assert rules.members(rule, first) == 1


@pytest.mark.parametrize(
    ("types", "seen", "without"),
    [
        ('ordered = "timestamp"', 1, ()),
        ('ordered = "timestamp"\nsent = "timestamp"', 2, ("behavior_orders",)),
        ("", 2, ("behavior_orders",)),
    ],
    ids=["one time", "two times", "none"],
)
def test_the_only_column_that_is_a_time_is_that_of_the_event(
    tmp_path: Path, types: str, seen: int, without: tuple[str, ...]
) -> None:
    csv(tmp_path, "customers", "cdp_customer_id,country\na,JP\n")
    events = f"a,{START - 1},{START},1\na,{START + DAY},{START},2\n"
    csv(tmp_path, "behavior_orders", f"cdp_customer_id,ordered,sent,amount\n{events}")
    (tmp_path / "parent_segment.toml").write_text(f"[types.behavior_orders]\n{types}\n")
    (rule,) = segments(f'segment "Seen" where count(orders) = {seen}')
    (first,) = daily(datetime(2025, 10, 20), 1, "UTC")
    with open_data(tmp_path) as data:
        assert timeless(data.catalog) == without
        assert RulesOverData(data, {}).members(rule, first) == 1


def test_names_stand_for_the_ids_in_the_data(tmp_path: Path) -> None:
    csv(tmp_path, "customers", "cdp_customer_id,country\na,JP\nb,US\n")
    csv(tmp_path, "ml_rfm", "cdp_customer_id,model_id,r_quartile\na,9,1\nb,8,1\n")
    (rule,) = segments('segment "Best" where rfm("Customer RFM").r_quartile = 1')
    (first,) = daily(datetime(2025, 10, 20), 1, "UTC")
    with open_data(tmp_path) as data:
        rules = RulesOverData(data, {}, {("rfm model", ByName("Customer RFM")): "9"})
        assert rules.profiles.of(rules.members(rule, first)) == ("a",)
        rules = RulesOverData(data, {}, {("rfm model", ByName("Customers RFM")): "9"})
        with pytest.raises(SimulationError, match=r'“Best”: .* "Customer RFM"; did you mean `Cust'):
            rules.members(rule, first)
