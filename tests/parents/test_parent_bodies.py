"""Answers about parent segments as real servers give them, and what is sent back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract import folder, referee
from segdsl.parent_segment import model as m
from segdsl.parent_segment.bodies import BodyError, create_body, replace_body, settings_body
from segdsl.parent_segment.changes import changes
from segdsl.parent_segment.file import parse_configuration
from segdsl.parent_segment.reading import read
from segdsl.parent_segment.schedules import api_schedule, read_schedule
from segdsl.parent_segment.writing import write_configuration
from segdsl.rules.json_values import ValueFormError

MASTER = {"parentDatabaseName": "gold", "parentTableName": "parents"}
AGE: dict[str, Any] = {
    "audienceId": "90210",
    "id": "1",
    "name": "Age",
    "type": "number",
    "parentDatabaseName": "gold",
    "parentTableName": "profile",
    "parentColumn": "trfmd_age",
    "parentKey": "k",
    "foreignKey": "id",
    "matrixColumnName": "trfmd_age",
    "groupingName": None,
    "visibility": "pii",
}


def answer(**more: Any) -> dict[str, Any]:
    return {"id": "90210", "name": "x", "master": MASTER, "attributes": [AGE], **more}


def fixture_answer() -> dict[str, Any]:
    """The fixtures as one answer; skips where they are not there."""
    referee()
    parts = {
        name: json.loads((folder() / "fixtures" / f"{name}.json").read_text())
        for name in ("audience", "attributes", "behaviors")
    }
    found: dict[str, Any] = {
        **parts["audience"],
        "attributes": parts["attributes"],
        "behaviors": parts["behaviors"],
    }
    return found


def test_the_fixtures_are_read_written_and_sent_back() -> None:
    document = fixture_answer()
    reading = read(document)
    assert reading.unreadable == ()
    found = parse_configuration(write_configuration("", reading.configuration, "x"))
    assert found is not None
    assert changes(reading.configuration, found) == ()
    body = replace_body(found, reading)
    # Everything that an answer said of each is sent back.
    assert {json.dumps(each, sort_keys=True) for each in body["attributes"]} == {
        json.dumps(each, sort_keys=True) for each in document["attributes"]
    }
    assert body["behaviors"] == document["behaviors"]
    # `json` is no type of the description, but one of answers.
    found_in_it = referee().request("PUT", "/audiences/{audienceId}", body)
    assert len(found_in_it) == 1
    assert "'json' is not one of" in found_in_it[0]


def test_what_an_enrichment_adds_is_no_part_of_the_configuration() -> None:
    added = {"name": "IP country", "type": "string", "matrixColumnName": "td_ip_country"}
    reading = read(answer(attributes=[AGE, added]))
    assert reading.enriched == ("td_ip_country",)
    assert reading.unreadable == ()
    assert len(reading.attributes) == 1


def test_what_cannot_be_read_is_named_and_keeps_from_replacing() -> None:
    reading = read(answer(attributes=[{**AGE, "parentColumn": None}, "x"]))
    assert reading.unreadable == (
        "a attribute: it is a string and not an object",
        "the attribute “Age” (#1): it has no `parentColumn`",
    )
    with pytest.raises(BodyError, match="would be lost"):
        replace_body(reading.configuration, reading)


def test_a_composable_audience_is_refused() -> None:
    with pytest.raises(ValueFormError, match="composable audience"):
        read({"id": "1", "name": "x", "kind": "composable"})


def test_attributes_of_the_master_table_get_the_key_of_the_others() -> None:
    text = (
        'name = "x"\n[master]\ntable = "gold.parents"\n'
        '[attributes.own]\ntable = "gold.parents"\ncolumns = { plan = "string" }\n'
    )
    alone = parse_configuration(text)
    assert alone is not None
    with pytest.raises(BodyError, match="needs a key on the server"):
        create_body(alone)
    joined = parse_configuration(
        f'{text}[attributes.p]\ntable = "gold.profile"\njoin = {{ id = "k" }}\n'
        'columns = { age = "number" }\n'
    )
    assert joined is not None
    [own, other] = create_body(joined)["attributes"]
    assert (own["parentKey"], own["foreignKey"]) == ("id", "id")
    assert (other["parentKey"], other["foreignKey"]) == ("k", "id")
    assert changes(read({**create_body(joined), "id": "1"}).configuration, joined) == ()


def test_an_update_of_settings_has_nothing_else() -> None:
    configuration = m.Configuration(
        "x",
        m.Master(m.Table("a", "b")),
        "text",
        schedule=m.Weekly(("Monday",), "03:00"),
        llm=True,
    )
    assert settings_body(configuration, ["schedule"]) == {
        "name": "x",
        "scheduleType": "weekly",
        "scheduleOption": "Mon,03:00",
    }
    assert settings_body(configuration, ["description", "llm"]) == {
        "name": "x",
        "description": "text",
        "llmEnabled": True,
    }


def test_several_days_are_written_as_cron() -> None:
    configuration = m.Configuration(
        "x", m.Master(m.Table("a", "b")), schedule=m.Weekly(("Monday", "Sunday"), "03:05")
    )
    with pytest.raises(BodyError, match=r'cron = "5 3 \* \* 1,0"'):
        create_body(configuration)


@pytest.mark.parametrize(
    ("type", "option", "schedule"),
    [
        ("none", "", m.Never()),
        ("none", None, m.Never()),
        ("daily", "03:00:00", m.Daily("03:00")),
        ("daily", None, m.Daily("00:00")),
        ("hourly", "30:00", m.Hourly(30)),
        ("weekly", "Sun,09:00:00", m.Weekly(("Sunday",), "09:00")),
        ("monthly", "1,09:00", m.Monthly((1,), "09:00")),
        ("minutes_interval", "30", m.EveryMinutes(30)),
        ("cron", "0 3 * * *", m.Cron("0 3 * * *")),
        ("cron", "*/5 8-18 1,15 Jan-Mar/2 Mon,7", m.Cron("*/5 8-18 1,15 Jan-Mar/2 Mon,7")),
        ("cron", "@daily", m.OtherSchedule("cron", "@daily")),
        ("daily", "03:00:30", m.OtherSchedule("daily", "03:00:30")),
        ("weekly", None, m.OtherSchedule("weekly", None)),
        ("yearly", "1", m.OtherSchedule("yearly", "1")),
    ],
)
def test_schedules_are_read_and_written(
    type: str, option: str | None, schedule: m.Schedule
) -> None:
    assert read_schedule(type, option) == schedule
    assert read_schedule(*api_schedule(schedule)) == schedule


def test_labels_and_headings_change_without_losing_what_the_server_keeps() -> None:
    reading = read(answer())
    text = write_configuration("", reading.configuration, "x").replace(
        'Age = "number from trfmd_age"', '"Years old" = "number from trfmd_age"'
    )
    wanted = parse_configuration(text)
    assert wanted is not None
    [change] = changes(reading.configuration, wanted)
    assert change.action == "change"
    assert "“Age”" in change.in_words
    assert "“Years old”" in change.in_words
    [sent] = replace_body(wanted, reading)["attributes"]
    assert sent == {**AGE, "name": "Years old"}
