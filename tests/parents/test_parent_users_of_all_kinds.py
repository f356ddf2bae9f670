"""Who uses a field that disappears, in workspaces of all kinds that are made by chance.

The lists of a plan are compared with a search over the raw answers of the local API that is written
in another way: names of fields are unique, so a thing uses a field where its JSON has the name in
quotes, apart from names of things, names of output columns and values that rules compare with.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_api import NOW, client
from raw_tables import RawApi
from running import segdsl
from segdsl import compile_text
from segdsl.api import LOCAL_KEY, ApiKey, Client
from segdsl.loading import Loaded
from segdsl.server import open_local
from segdsl.workspace.parent.commands import plan_parent
from segdsl.workspace.parent.planning import ParentPlan
from segdsl.workspace.project.config import need_project
from segdsl.workspace.remote.connect import Reached

ATTRIBUTES = ("age", "country", "plan", "city", "email", "points")
COLUMNS = {"orders": ("amount", "category"), "visits": ("page", "device")}
GROUP = ("members", "rooms")
TABLES = {
    "users": "user_id,status\nu1,active\nu2,gone\n",
    "profiles": f"customer_id,{','.join(ATTRIBUTES)}\nu1,31,JP,free,Kyoto,a@x.com,3\n",
    "orders": "customer_id,amount,category\nu1,10,Books\n",
    "visits": "customer_id,page,device\nu1,home,phone\n",
    "homes": "customer_id,members,rooms\nu1,4,5\n",
}
FIELDS = (
    *ATTRIBUTES,
    *COLUMNS,
    *(f"{table}.{column}" for table, columns in COLUMNS.items() for column in columns),
    *(f"household.{name}" for name in GROUP),
)
Json = Any


def configuration(without: str = "") -> str:
    """The file of the parent segment, without one of `FIELDS`."""

    def listed(names: Any, owner: str = "") -> str:
        kept = [each for each in names if owner + each != without]
        types = {"amount": "number"}
        return ", ".join(f'{each} = "{types.get(each, "string")}"' for each in kept)

    join = 'join = { user_id = "customer_id" }\n'
    parts = [
        'name = "Shop"\n\n[master]\ntable = "shop.users"\n',
        f'[attributes.Profile]\ntable = "shop.profiles"\n{join}'
        f"columns = {{ {listed(ATTRIBUTES)} }}\n",
        f'[customer_groups.household]\ntable = "shop.homes"\n{join}'
        '[customer_groups.household.attributes.Home]\ntable = "shop.homes"\n'
        'join = { customer_id = "customer_id" }\n'
        f"columns = {{ {listed(GROUP, 'household.')} }}\n",
    ]
    for table, columns in COLUMNS.items():
        if table != without:
            shown = listed(columns, f"{table}.")
            parts.append(
                f'[behaviors.{table}]\ntable = "shop.{table}"\n{join}columns = {{ {shown} }}\n'
            )
    parts.append('[connections.mail]\nid = 5\ntype = "s3"\n')
    return "\n".join(parts)


# --- what is there -----------------------------------------------------------------------


class Filling:
    """Puts things of all kinds on a server, each of which uses some fields by chance."""

    def __init__(self, api: RawApi, seed: int) -> None:
        self.api = api
        self.chance = random.Random(seed)
        self.number = 0

    def name(self, of: str) -> str:
        """A name of which the parts are names of fields, too."""
        self.number += 1
        return f"{of} {self.number} {self.chance.choice(ATTRIBUTES)}"

    def attribute(self) -> str:
        return self.chance.choice(ATTRIBUTES)

    def condition(self) -> str:
        table = self.chance.choice([*COLUMNS])
        column = self.chance.choice(COLUMNS[table])
        return self.chance.choice(
            [
                f'{self.attribute()} = "{self.attribute()}"',
                f'group household.{self.chance.choice(GROUP)} = "country"',
                f'count({table} where {column} = "plan") > 2',
                f"count({table}) > 2",
                "sum(orders.amount) > 2",
                'first(visits.page by device) = "city"',
            ]
        )

    def rule(self) -> Json:
        limit = f" limit 3 by {self.attribute()} desc" if self.chance.random() < 0.3 else ""
        text = " and ".join(self.condition() for _ in range(self.chance.randint(1, 2)))
        [segment] = compile_text(f'segment "x" where {text}{limit}').segments
        return segment.rule

    def export(self) -> Json:
        columns = [
            {"column": f"out{at}", "source": {"column": name}}
            for at, name in enumerate(self.chance.sample(ATTRIBUTES, 2))
        ]
        return {
            "name": self.name("Export"),
            "connectionId": "5",
            "connectorConfig": {"path": "x"},
            "columns": columns,
            "allColumns": self.chance.random() < 0.2,
        }

    async def segment(self, **more: Any) -> str:
        body = {"name": self.name("Segment"), "rule": self.rule(), **more}
        made: str = (await self.api.ask("POST", "/audiences/1/segments", body))["id"]
        return made

    def inside(self) -> Json:
        return {"parentFolder": {"data": {"id": self.root, "type": "folder-segment"}}}

    async def fill(self) -> None:
        self.root = (await self.api.ask("GET", "/audiences/1"))["rootFolderId"]
        segments = [await self.segment() for _ in range(6)]
        for id in segments[:3]:
            body = {"type": "syndication", "attributes": self.export()}
            await self.api.ask("POST", f"/entities/segments/{id}/syndications", body)
        for _ in range(2):
            body = {
                "type": "activation-template",
                "attributes": {**self.export(), "state": "published"},
                "relationships": self.inside(),
            }
            await self.api.ask("POST", "/entities/activation_templates", body)
        await self.funnel()
        for _ in range(2):
            await self.model(self.chance.sample(segments, 3))
        for _ in range(2):
            await self.journey()

    async def funnel(self) -> None:
        stages = [{"name": self.name("Stage")} for _ in range(3)]
        attributes = {"name": self.name("Funnel"), "description": None, "stages": stages}
        body = {"type": "funnel", "attributes": attributes, "relationships": self.inside()}
        made = (await self.api.ask("POST", "/entities/funnels", body))["data"]
        for stage in made["attributes"]["stages"]:
            place = {"funnel_id": int(made["id"]), "stage_id": int(stage["id"])}
            attributes = {"name": "rule", "description": None, "rule": self.rule()}
            body = {
                "type": "segment-funnel-stage",
                "attributes": {**attributes, "funnel_stage": place},
            }
            await self.api.ask("POST", "/entities/segments", body)

    async def model(self, segments: list[str]) -> None:
        one, computed = self.chance.sample(ATTRIBUTES, 2)
        source = {"column": computed, "table": "customers", "functions": []}
        attributes = {
            "name": self.name("Model"),
            "segmentId": int(segments[0]),
            "baseSegmentId": int(segments[1]),
            "scoredSegmentId": int(segments[2]),
            "categoricalAsColumnNames": [one, "computed"],
            "categoricalArrayAsColumnNames": [],
            "quantitativeAsColumnNames": [],
            "preprocess": [{"column": "computed", "source": source}],
        }
        body = {"type": "predictive-segment", "attributes": attributes}
        await self.api.ask(
            "POST", "/entities/predictive_segments", {**body, "relationships": self.inside()}
        )

    async def journey(self) -> None:
        async def criteria() -> Json:
            return {"name": self.name("Rule"), "segmentId": await self.segment(kind=3)}

        one, two, test = "a" * 8, "b" * 8, "c" * 8
        ids = [f"{each}-0000-4000-8000-000000000000" for each in (one, two, test)]
        end = "dddddddd-0000-4000-8000-000000000000"
        decision = {
            "type": "DecisionPoint",
            "name": self.name("Decision"),
            "branches": [
                {"id": ids[0], **(await criteria()), "excludedPath": False, "next": ids[1]},
                {"id": ids[1], "name": "Rest", "excludedPath": True, "next": end},
            ],
        }
        wait = {
            "type": "WaitStep",
            "name": self.name("Wait"),
            "waitStepType": "Condition",
            "conditions": [
                {"id": ids[0], **(await criteria()), "timedOutPath": False, "next": ids[2]}
            ],
        }
        variants = [
            {"id": ids[at], "name": name, "percentage": 50, "next": end}
            for at, name in enumerate(("A", "B"))
        ]
        split = {
            "type": "AbTest",
            "name": self.name("Test"),
            "uniqueId": self.attribute(),
            "variants": variants,
        }
        stage = {
            "name": self.name("Stage"),
            "entryCriteria": await criteria(),
            "milestone": await criteria(),
            "exitCriterias": [await criteria()],
            "rootStep": ids[0],
            "steps": {ids[0]: decision, ids[1]: wait, ids[2]: split, end: {"type": "End"}},
        }
        attributes = {
            "name": self.name("Journey"),
            "goal": await criteria(),
            "journeyStages": [stage],
            "state": "launched" if self.chance.random() < 0.5 else "draft",
        }
        body = {"type": "journey", "attributes": attributes, "relationships": self.inside()}
        id = (await self.api.ask("POST", "/entities/journeys", body))["data"]["id"]
        params = {**self.export(), "scheduleType": "daily", "scheduleOption": "11:00:00"}
        step = {
            "type": "journeyActivationStep",
            "attributes": {"activationParams": params},
            "relationships": {},
        }
        await self.api.ask("POST", f"/entities/journeys/{id}/activations", step)


# --- the other search --------------------------------------------------------------------


class Search:
    """Everything that is there, as the text of what it says, by what a plan calls it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    async def collect(self, api: RawApi) -> None:
        async def data(path: str) -> Json:
            return (await api.ask("GET", path))["data"]

        root = (await api.ask("GET", "/audiences/1"))["rootFolderId"]
        segments = [each["id"] for each in await api.ask("GET", "/audiences/1/segments")]
        stages = {}
        for funnel in await data("/entities/parent_segments/1/funnels"):
            for stage in funnel["attributes"]["stages"]:
                stages[str(stage["segmentId"])] = f"{funnel['attributes']['name']}/{stage['name']}"
        for id in {*segments, *stages}:
            own = await api.ask("GET", f"/audiences/1/segments/{id}")
            kind = f"stage {stages[id]}" if id in stages else f"segment {own['name']}"
            self.texts[f"{kind} {id}"] = json.dumps(own["rule"])
            for each in await data(f"/entities/segments/{id}/syndications"):
                whole = await data(f"/entities/segments/{id}/syndications/{each['id']}")
                name = f"{own['name']}/{whole['attributes']['name']}"
                self.texts[f"activation {name} {each['id']}"] = self.exported(whole["attributes"])
        for each in await data("/entities/parent_segments/1/activation_templates"):
            name = f"template {each['attributes']['name']} {each['id']}"
            self.texts[name] = self.exported(each["attributes"])
        for each in await data(f"/entities/by-folder/{root}?depth=10"):
            if each["type"] == "predictive-segment":
                await self.model(api, each["id"])
        for each in await data(f"/entities/journeys?folder_id={root}"):
            await self.journey(api, each)

    def exported(self, attributes: Json) -> str:
        """Without the names of what is exported; all columns are all of the attributes."""
        text = json.dumps([each["source"] for each in attributes["columns"]])
        return text + (json.dumps(ATTRIBUTES) if attributes["allColumns"] else "")

    async def model(self, api: RawApi, id: str) -> None:
        found = (await api.ask("GET", f"/entities/predictive_segments/{id}"))["data"]["attributes"]
        ids = [found[key] for key in ("segmentId", "baseSegmentId", "scoredSegmentId")]
        rules = [(await api.ask("GET", f"/audiences/1/segments/{each}"))["rule"] for each in ids]
        features = {key: found[key] for key in found if key.endswith("ColumnNames")}
        shown = [rules, features, found["preprocess"]]
        self.texts[f"predictive segment {found['name']} {id}"] = json.dumps(shown)

    async def journey(self, api: RawApi, journey: Json) -> None:
        attributes = journey["attributes"]

        async def walk(value: Json, path: tuple[str, ...]) -> None:
            for each in self.objects(value):
                name = each.get("name")
                place = f"journey {'/'.join((*path, str(name)))} {journey['id']}"
                if "segmentId" in each and each["segmentId"] is not None:
                    segment = await api.ask("GET", f"/audiences/1/segments/{each['segmentId']}")
                    self.texts[place] = json.dumps(segment["rule"])
                if each.get("uniqueId"):
                    self.texts[place] = json.dumps({"seed": each["uniqueId"]})

        path = (attributes["name"],)
        await walk(attributes["goal"], path)
        for stage in attributes["journeyStages"]:
            await walk(stage, (*path, stage["name"]))
        answer = await api.ask("GET", f"/entities/journeys/{journey['id']}/activations")
        for each in answer["data"]:
            params = each["attributes"]["activationParams"]
            name = f"activation {attributes['name']}/{params['name']} {each['id']}"
            self.texts[name] = self.exported(params)

    def objects(self, value: Json) -> Iterator[Json]:
        if isinstance(value, dict):
            yield value
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, dict | list):
                yield from self.objects(each)

    def users(self, field: str) -> set[str]:
        """What uses one of `FIELDS`."""
        quoted = f'"behavior_{field}"' if field in COLUMNS else f'"{field.rpartition(".")[2]}"'
        return {
            name
            for name, text in self.texts.items()
            if quoted in re.sub(r'"rightValue": "[^"]*"', "", text)
        }


# --- the comparison ----------------------------------------------------------------------


def prepare(folder: Path) -> None:
    """A workspace over a parent segment that was built."""
    raw = folder / "raw"
    (raw / "shop").mkdir(parents=True)
    for name, text in TABLES.items():
        (raw / "shop" / f"{name}.csv").write_text(text)
    (raw / "parent_segment.toml").write_text(configuration())
    for command in (("init", "--data", "raw"), ("parent", "apply", "--yes"), ("parent", "run")):
        more = ("--yes",) if command[-1] == "run" else ()
        done = segdsl(*command, *more)
        assert done.exit_code == 0, (command, done.output)


def users(plan: ParentPlan, field: str) -> set[str]:
    """What a plan lists for one of `FIELDS` that is taken away."""
    assert (plan.why, plan.unread) == (None, ())
    [vanishing] = plan.vanishing
    shown = ".".join(filter(None, (vanishing.field.owner, vanishing.field.name)))
    assert shown.removeprefix("behavior_") == field
    return {f"{user.kind} {user.path} {user.id}" for user in vanishing.users}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_field_that_is_removed_lists_exactly_its_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)
    project = need_project(tmp_path)
    nothing = Loaded((), {}, 0, {})
    search = Search()
    kinds: set[str] = set()

    async def compare() -> None:
        opened = open_local(tmp_path / "raw", tmp_path / ".segdsl" / "local.sqlite", NOW)
        async with (
            opened as transport,
            client(transport=transport) as http,
            Client("http://localhost", ApiKey(LOCAL_KEY), transport=transport) as asked,
        ):
            await Filling(RawApi(http), seed).fill()
            await search.collect(RawApi(http))
            reached = Reached(asked, *project.target(None), None, True)
            for field in FIELDS:
                Path("raw/parent_segment.toml").write_text(configuration(field))
                listed = users(await plan_parent(reached, project, None, nothing), field)
                assert listed == search.users(field), field
                kinds.update(re.sub(r" [A-Z].*", "", user) for user in listed)

    asyncio.run(compare())
    assert kinds == {
        "segment",
        "stage",
        "activation",
        "template",
        "predictive segment",
        "journey",
    }
