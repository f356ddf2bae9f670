# ruff: noqa: E501
"""The vendor tool's parent segments as `parent_segment.toml`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from running import segdsl
from segdsl.diagnostics import Report
from segdsl.parent_segment import model as m
from segdsl.parent_segment.bodies import create_body
from segdsl.parent_segment.file import parse_configuration
from segdsl.source import Source
from segdsl.workspace.tdx import ImportedParent, read_file

pytest.importorskip("yaml")

MASTER = "name: Customer 360\nmaster: {database: cdp_db, table: customers}\n"
FULL = """\
name: "Customer 360"
description: "Everyone"
master:
  database: cdp_db
  table: customers
  filters:
    - {column: status, values: ["active", "trial"]}
    - {column: rank, values: [1]}
schedule: {type: daily, time: "03:00", timezone: America/Los_Angeles}
engine: {hive_only: true, trino_pool: null, hive_pool: big}
attributes:
  - name: "User Profile"
    source: {database: cdp_db, table: user_profiles}
    join: {parent_key: user_id, child_key: customer_id}
    columns: [{column: age, label: "Age", type: number}, {column: country, type: string}]
behaviors:
  - name: "Page Views"
    source: {database: cdp_db, table: pageview_events}
    join: {parent_key: visitor_id, child_key: customer_id}
    all_columns: true
  - name: Purchases
    source: {database: cdp_db, table: purchase_events}
    join: {parent_key: user_id, child_key: customer_id}
    columns: [{column: amount, type: number}]
"""


def read(text: str) -> tuple[m.Configuration | None, Report]:
    report = Report()
    found = read_file(Source("x.yml", text), report)
    assert found is None or isinstance(found, ImportedParent)
    return None if found is None else found.configuration, report


def test_every_key_is_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c360.yml").write_text(FULL)
    run = segdsl("import", "c360.yml", "--json")
    assert run.exit_code == 0, run.stderr
    document = json.loads(run.stdout)
    assert document["parent_segments"] == [{"file": "parent_segment.toml", "status": "new"}]
    text = (tmp_path / "parent_segment.toml").read_text()
    # Both say what the file alone says, through the reader of the file.
    expected = m.Configuration(
        "Customer 360",
        m.Master(
            m.Table("cdp_db", "customers"),
            (m.Filter("status", ("active", "trial")), m.Filter("rank", ("1",))),
        ),
        "Everyone",
        "America/Los_Angeles",
        m.Daily("03:00"),
        m.Engine(True, hive_pool="big"),
        (
            m.AttributeTable(
                "User Profile",
                m.Table("cdp_db", "user_profiles"),
                m.Join("user_id", "customer_id"),
                (
                    m.ConfiguredColumn("Age", "number", "age"),
                    m.ConfiguredColumn("country", "string", "country"),
                ),
                "User Profile",
            ),
        ),
        (
            m.ConfiguredBehavior(
                "Page Views",
                m.Table("cdp_db", "pageview_events"),
                m.Join("visitor_id", "customer_id"),
                all_columns=True,
            ),
            m.ConfiguredBehavior(
                "Purchases",
                m.Table("cdp_db", "purchase_events"),
                m.Join("user_id", "customer_id"),
                (m.ConfiguredColumn("amount", "number", "amount"),),
            ),
        ),
    )
    assert parse_configuration(text) == expected


def test_keys_are_those_of_the_api() -> None:
    configuration, _ = read(FULL)
    assert configuration is not None
    body = json.loads(json.dumps(create_body(configuration)))
    age = next(each for each in body["attributes"] if each["name"] == "Age")
    assert age["parentKey"] == "customer_id"
    assert age["foreignKey"] == "user_id"
    assert age["groupingName"] == "User Profile"
    assert (body["scheduleType"], body["scheduleOption"]) == ("daily", "03:00")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("{type: none}", m.Never()),
        ("{type: hourly}", m.Hourly()),
        ('{type: daily, time: "03:00:00"}', m.Daily("03:00")),
        ('{type: weekly, time: "3:05", repeat_sub_frequency: [friday]}', m.Weekly(("Friday",), "03:05")),
        ('{type: monthly, time: "03:00", repeat_sub_frequency: [15]}', m.Monthly((15,), "03:00")),
        ('{type: cron, cron: "0 3 * * *"}', m.Cron("0 3 * * *")),
        ('{type: weekly, time: "03:00", repeat_sub_frequency: [Friday, Monday]}', m.Cron("0 3 * * 1,5")),
        ('{type: monthly, time: "03:00", repeat_sub_frequency: [15, 1]}', m.Cron("0 3 1,15 * *")),
    ],
)  # fmt: skip
def test_schedules(schedule: str, expected: m.Schedule) -> None:
    configuration, report = read(f"{MASTER}schedule: {schedule}\n")
    assert configuration is not None
    assert configuration.schedule == expected
    several = "Friday, Monday" in schedule or "15, 1" in schedule
    assert [each.code.name for each in report.diagnostics] == ["SEG704"] * several


ATTRIBUTES = """\
attributes:
  - name: P
    source: {database: d, table: t}
    join: {parent_key: a, child_key: b}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("master: {database: d, table: t}\n", "a parent segment needs `name`"),
        ("name: x\nmaster: {table: t}\n", "a master table needs `database`"),
        (f"{MASTER}customer_groups: []\n", "a parent segment has no `customer_groups`"),
        (f"{MASTER}schedule: {{type: daily}}\n", "a daily schedule needs `time`"),
        (f"{MASTER}schedule: {{type: none, time: '03:00'}}\n", "a none schedule has no `time`"),
        (f"{MASTER}schedule: {{type: daily, time: '25:00'}}\n", "`25:00` is not a time of day"),
        (f"{MASTER}schedule: {{type: none, timezone: Mars}}\n", "`Mars` is not a time zone"),
        (f"{MASTER}engine: {{spark: true}}\n", "`engine` has no `spark`"),
        (f"{MASTER}{ATTRIBUTES}", "a group of attributes needs `columns`"),
        (f"{MASTER}{ATTRIBUTES}    all_columns: true\n", "attributes are listed one by one"),
        (f"{MASTER}{ATTRIBUTES}    columns: [{{column: a}}]\n", "a column needs `type`"),
        (
            f"{MASTER}{ATTRIBUTES}    columns: [{{column: a, type: int}}]\n",
            "the type of a column is none that we know",
        ),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    configuration, report = read(text)
    assert configuration is None
    assert message in [each.message for each in report.diagnostics]
    assert all(each.code.name == "SEG702" for each in report.diagnostics)


def test_local_keys_of_a_file_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c360.yml").write_text(MASTER)
    local = 'name = "Local"\ntimezone = "UTC"\n\n[master]\ntable = "old.table"\n\n[groups]\nage = "Profile"\n'
    (tmp_path / "parent_segment.toml").write_text(local)
    refused = segdsl("import", "c360.yml")
    assert refused.exit_code == 1, refused.stderr
    assert (tmp_path / "parent_segment.toml").read_text() == local
    forced = segdsl("import", "c360.yml", "--force")
    assert forced.exit_code == 0, forced.stderr
    text = (tmp_path / "parent_segment.toml").read_text()
    assert 'table = "cdp_db.customers"' in text
    assert '[groups]\nage = "Profile"' in text


def test_two_parent_segments_do_not_go_to_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yml").write_text(MASTER)
    (tmp_path / "b.yml").write_text(MASTER)
    run = segdsl("import", ".", "--to", "out")
    assert run.exit_code == 1
    assert "is a parent segment too" in run.stderr + run.stdout
