"""What uses an attribute or a behavior that disappears: all of it, and nothing besides.

The lists are compared with a search that is written in another way: over the text of the JSON and
of the files, with the names quoted as the API and the language write them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from parent_stub import ParentApi
from parent_workspace import api as api
from running import segdsl

FILE = Path("parent_segment.toml")
Json = dict[str, Any]


def value(column: str, **more: Any) -> Json:
    return {
        "type": "Value",
        "leftValue": {"name": column, **more},
        "operator": {"type": "Equal", "not": False, "rightValue": "country"},
        "arrayMatching": None,
        "exclude": False,
    }


def behavior(table: str, column: str | None = None, filtered: str | None = None) -> Json:
    aggregation = {"type": "Count"} if column is None else {"type": "Sum", "column": column}
    left: Json = {"source": {"name": table}, "aggregation": aggregation}
    if filtered is not None:
        operator = {"type": "Equal", "not": False, "rightValue": "x"}
        condition = {"type": "Column", "column": filtered, "operator": operator}
        left["filter"] = {"type": "And", "conditions": [condition]}
    return {**value(""), "leftValue": left}


def segment(id: int, name: str, *conditions: Json, **more: Any) -> Json:
    rule = {"type": "And", "conditions": [{"type": "And", "conditions": [*conditions]}], **more}
    return {
        "id": str(id),
        "name": name,
        "kind": 0,
        "rule": rule,
        "segmentFolderId": "795860",
        "audienceId": "90210",
        "description": "",
        "isVisible": True,
    }


def activation(id: int, name: str, segment_id: int, **attributes: Any) -> Json:
    return {
        "id": str(id),
        "type": "syndication",
        "attributes": {"name": name, "columns": [], "allColumns": False, **attributes},
        "relationships": {"segment": {"data": {"id": str(segment_id), "type": "segment-batch"}}},
    }


def exported(column: str) -> Json:
    return {"column": "out", "source": {"column": column}}


def fill(api: ParentApi) -> None:
    top = {
        "limit": {
            "type": "Count",
            "number": 5,
            "orderColumns": [{"type": "Column", "column": "country", "order": "ascending"}],
        }
    }
    api.segments = [
        segment(1, "Uses it", value("country")),
        segment(2, "Only compares with its name", value("gender")),
        segment(3, "Orders by it", value("gender"), **top),
        segment(4, "Column of events", behavior("behavior_orders", "amount", "shop")),
        segment(5, "Other events", behavior("behavior_visits", "country")),
        segment(6, "Of a group", value("country", customerGroup="household")),
        segment(7, "Strange", {"type": "Future", "inside": [value("country")]}),
        segment(8, "Stage rule", value("ltv"), value("country")),
        segment(9, "Only counts", behavior("behavior_orders")),
    ]
    api.segments[7]["kind"] = 2
    api.funnels = [
        {
            "id": "50",
            "type": "funnel",
            "attributes": {
                "name": "Ladder",
                "description": "",
                "stages": [{"id": "51", "name": "First", "segmentId": "8"}],
            },
            "relationships": {"parentFolder": {"data": {"id": "795860", "type": "folder-segment"}}},
        }
    ]
    api.activations = {
        "2": [
            activation(20, "Sends it", 2, columns=[exported("country")]),
            activation(21, "Sends all", 2, allColumns=True),
            activation(22, "Sends others", 2, columns=[exported("gender")]),
            activation(
                23,
                "Sends events",
                2,
                syndicationBehaviors=[
                    {
                        "behaviorTableName": "behavior_orders",
                        "columns": [exported("amount")],
                        "orderBy": [{"key": "shop", "order": "ascending"}],
                    }
                ],
            ),
        ]
    }
    api.templates = [
        {
            "id": "30",
            "type": "activation-template",
            "attributes": {"name": "Weekly", "columns": [exported("country")], "state": "draft"},
        }
    ]
    Path("mine.seg").write_text(
        'segment "Here" where country = "JP"\n\n'
        'segment "Not here" where gender = "country"\n\n'
        'segment "Sums" where sum(orders.amount) > 3\n\n'
        'segment "Filters" where count(orders where shop = "a") > 3\n\n'
        'activation "Out" of segment "Here"\n  to connection #1\n  columns (country as land)\n'
    )


def listed(field: str) -> set[str]:
    """The users that a plan names for a field, by id or by file and line."""
    document = json.loads(segdsl("parent", "plan", "--json").stdout)
    assert document["conflict"] is None, document
    found = [
        each
        for each in document["vanishing"]
        if field == ".".join(filter(None, (each["owner"], each["name"])))
    ]
    assert len(found) == 1, (field, document["vanishing"])
    return {
        f"{user['kind']} {user['path']} {user['id'] or user['file']}" for user in found[0]["users"]
    }


def searched(api: ParentApi, *patterns: str) -> set[str]:
    """The same, searched for in the texts of all answers and files."""
    found = set()

    def matches(text: str) -> bool:
        return any(re.search(pattern, text) for pattern in patterns)

    stages = {"8": "stage Ladder/First"}
    names = {each["id"]: each["name"] for each in api.segments}
    for each in api.segments:
        if matches(json.dumps(each["rule"])):
            found.add(f"{stages.get(each['id'], 'segment ' + each['name'])} {each['id']}")
    for id, activations in api.activations.items():
        for each in activations:
            if matches(json.dumps(each)):
                path = f"{names[id]}/{each['attributes']['name']}"
                found.add(f"activation {path} {each['id']}")
    for each in api.templates:
        if matches(json.dumps(each)):
            found.add(f"template {each['attributes']['name']} {each['id']}")
    for item in Path("mine.seg").read_text().split("\n\n"):
        kind, name = re.match(r'(\w+) "([^"]+)"', item).groups()  # type: ignore[union-attr]
        if matches(item):
            found.add(f"{kind} {name} mine.seg")
    return found


ATTRIBUTE = (
    r'"leftValue": \{"name": "country"\}',
    r'"orderColumns": \[\{"type": "Column", "column": "country"',
    r'"column": "out", "source": \{"column": "country"\}',
    r'"allColumns": true',
    r"where country =",
    r"\(country as",
)


def test_the_users_of_a_removed_attribute_are_listed(api: ParentApi) -> None:
    segdsl("parent", "pull")
    fill(api)
    FILE.write_text(FILE.read_text().replace('Country = "string from country"\n', ""))
    users = listed("country")
    assert users == searched(api, *ATTRIBUTE)
    assert users == {
        "segment Uses it 1",
        "segment Orders by it 3",
        "segment Strange 7",
        "stage Ladder/First 8",
        "activation Only compares with its name/Sends it 20",
        "activation Only compares with its name/Sends all 21",
        "template Weekly 30",
        "segment Here mine.seg",
        "activation Out mine.seg",
    }


def test_the_users_of_a_removed_column_of_events_are_listed(api: ParentApi) -> None:
    segdsl("parent", "pull")
    fill(api)
    FILE.write_text(FILE.read_text().replace('Shop = "string from shop"\n', ""))
    users = listed("behavior_orders.shop")
    assert users == searched(api, r'"column": "shop"', r'"key": "shop"', r"where shop =")
    assert len(users) == 3


def test_the_users_of_a_removed_behavior_are_listed(api: ParentApi) -> None:
    segdsl("parent", "pull")
    fill(api)
    text = FILE.read_text()
    FILE.write_text(text[: text.index('[behaviors."Online Orders"]')])
    users = listed("behavior_orders")
    assert users == searched(api, r'"behavior_orders"', r"\(orders")
    assert len(users) == 5
    shown = segdsl("parent", "plan").stdout
    assert "behavior behavior_orders, used by 5:" in shown
    assert "    segment Only counts  #9\n" in shown
    assert "    segment Sums  mine.seg:5\n" in shown


def test_a_column_that_moves_to_another_table_does_not_disappear(api: ParentApi) -> None:
    segdsl("parent", "pull")
    text = FILE.read_text().replace('Country = "string from country"\n', "")
    FILE.write_text(
        f'{text}\n[attributes.Places]\ntable = "gold.places"\njoin = {{ k = "k" }}\n\n'
        '[attributes.Places.columns]\nLand = "string from country"\n'
    )
    document = json.loads(segdsl("parent", "plan", "--json").stdout)
    assert document["action"] == "replace"
    assert document["vanishing"] == []


MODELS = """\
segment "Buyers" where country = "JP"

segment "Everyone" where gender = "f"

predictive segment "By feature" predicts segment "Everyone"
  features (category country, number ltv)

predictive segment "Computed"
  predicts segment "Everyone"
  features (category country = customers.gender, number ltv)

predictive segment "By target" predicts segment "Buyers"
  features (number ltv)

predictive segment "By the server" predicts segment "Everyone" among segment "Uses it"
  features (number ltv)

journey "Welcome"
  goal "Abroad" where country != "JP"

stage "First"
  enter "All" where gender = "f"
  milestone "At home" where country = "JP"
  exit "Left" is segment "Buyers"
  steps (
    decide "Where?" (
      when "Here" where country = "JP" then (wait 1 day),
      otherwise "Rest" then (wait 2 days),
    ),
    wait for "Moved" as "Waiting" where country = "US" up to 2 days
      then (wait 1 day)
      otherwise (wait 3 days),
    split "Tone" by country (50% "A" then (wait 1 day), 50% "B" then (wait 2 days)),
    split "Other" by gender (50% "A" then (wait 1 day), 50% "B" then (wait 2 days)),
    activate "Mail",
    end,
  )

activation "Mail" of journey "Welcome"
  to connection #1
  columns (country as land)
  after journey refresh
"""


def test_models_and_journeys_of_files_are_searched(api: ParentApi) -> None:
    segdsl("parent", "pull")
    fill(api)
    Path("mine.seg").unlink()
    Path("models.seg").write_text(MODELS)
    FILE.write_text(FILE.read_text().replace('Country = "string from country"\n', ""))
    users = {each for each in listed("country") if each.endswith("models.seg")}
    assert users == {
        "segment Buyers models.seg",
        "predictive_segment By feature models.seg",
        "predictive_segment By target models.seg",
        "predictive_segment By the server models.seg",
        "journey Welcome/Abroad models.seg",
        "journey Welcome/First/At home models.seg",
        "journey Welcome/First/Here models.seg",
        "journey Welcome/First/Moved models.seg",
        "journey Welcome/First/Tone models.seg",
        "activation Mail models.seg",
    }
    shown = segdsl("parent", "plan").stdout
    line = 1 + MODELS[: MODELS.index('when "Here"')].count("\n")
    assert f"    journey Welcome/First/Here  models.seg:{line}\n" in shown
