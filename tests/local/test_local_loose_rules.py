"""Rules as real servers accept them (observed), and strictly as described."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from local_api import Api, local_api, rule, with_api, with_strict_api
from segdsl.server.errors import ApiError
from segdsl.server.queries.rules import read_text


def value(operator: Any, name: str = "country", **more: Any) -> Any:
    return {"type": "Value", "leftValue": {"name": name}, "operator": operator, **more}


def events(filter: Any = None, at_least: int = 1, **more: Any) -> Any:
    """At least that many purchases, as the console writes it."""
    left = {"aggregation": {"type": "Count"}, "source": {"name": "behavior_purchases"}}
    compared = {"not": False, "rightValue": at_least, "type": "GreaterEqual"}
    return {
        "type": "Value",
        "leftValue": {**left, **({} if filter is None else {"filter": filter})},
        "operator": compared,
        **more,
    }


def column(name: str, operator: Any, **more: Any) -> Any:
    inside = {"type": "Column", "column": name, "operator": operator, **more}
    return {"type": "And", "conditions": [inside]}


IN_JAPAN = {"not": False, "rightValue": "JP", "type": "Equal"}
A_BOOK = {"not": False, "rightValue": "Books", "type": "Equal"}
A_YEAR = {"type": "TimeWithinPast", "unit": "day", "value": 400, "not": False}

# What was observed; the rule; how many customers it selects.
LOOSE: dict[str, tuple[Any, int]] = {
    "no arrayMatching": (rule(value(IN_JAPAN, exclude=False)), 3),
    "no arrayMatching, no exclude": (rule(value(IN_JAPAN)), 3),
    "no not": (rule(value({"type": "Equal", "rightValue": "JP"})), 3),
    "limit of null": (rule(value(IN_JAPAN, exclude=False, limit=None)), 3),
    "a text in a list": (rule(value({"not": False, "rightValues": ["J"], "type": "Contain"})), 3),
    "visibility of an attribute": (
        rule({**value(IN_JAPAN), "leftValue": {"name": "country", "visibility": "clear"}}),
        3,
    ),
    "Count alone": (rule(events()), 3),
    "Count alone, filter of null": (
        rule({**events(), "leftValue": {**events()["leftValue"], "filter": None}}),
        3,
    ),
    "a filter": (rule(events(column("category", A_BOOK))), 3),
    "a filter on one": (rule(events(column("category", A_BOOK), 2)), 1),
    "visibility of a column": (rule(events(column("category", A_BOOK, visibility="pii"))), 3),
    "a number of days": (rule(events(column("timestamp", A_YEAR))), 3),
    "a number of days of an attribute": (rule(value({**A_YEAR, "value": 10}, "last_visit")), 2),
    "one level": ({"type": "And", "conditions": [value(IN_JAPAN), events()]}, 2),
    "an older one of three levels": (rule({"type": "Or", "conditions": [value(IN_JAPAN)]}), 3),
    "keys of the console": (
        {
            **rule(value(IN_JAPAN)),
            "segmentInsightDashboardId": None,
            "conditions": [
                {
                    "conditions": [value(IN_JAPAN)],
                    "type": "And",
                    "description": "",
                    "segmentInsightDashboardId": None,
                }
            ],
        },
        3,
    ),
}


@pytest.mark.parametrize("observed", LOOSE)
def test_a_loose_rule_is_accepted_and_stored_unchanged(observed: str, tmp_path: Path) -> None:
    sent, selected = LOOSE[observed]

    async def test() -> None:
        async with local_api(tmp_path) as api:
            made = await api.create("x", sent)
            text = json.dumps(sent)
            for path in (f"/audiences/7/segments/{made['id']}", f"/entities/segments/{made['id']}"):
                assert text in (await api.send("GET", path)).text
            assert await api.count(sent) == selected
            assert await api.count(rule({"type": "Reference", "id": made["id"]})) == selected
            body = {"format": "sql", "rule": sent}
            assert (await api.ask("POST", "/audiences/7/segments/query", body))["sql"]

    asyncio.run(test())


@pytest.mark.parametrize(
    "observed",
    [
        "no arrayMatching",
        "no arrayMatching, no exclude",
        "no not",
        "limit of null",
        "Count alone",
        "a number of days",
    ],
)
def test_a_strict_server_refuses_loose_rules(observed: str) -> None:
    text = json.dumps(LOOSE[observed][0])
    read_text(text, "$.rule")
    with pytest.raises(ApiError) as raised:
        read_text(text, "$.rule", strict=True)
    assert raised.value.status == 400


@with_api
async def test_references_with_include(api: Api) -> None:
    id = (await api.create("Japan", rule(value(IN_JAPAN))))["id"]
    for more, selected in (
        ({"include": True}, 3),
        ({"exclude": True}, 3),
        ({}, 3),
    ):
        count = await api.count(rule({"type": "Reference", **more, "id": id}))
        assert count == selected
    france = value({"type": "Equal", "rightValue": "FR"})
    for more, selected in (({"include": True}, 0), ({}, 0), ({"exclude": True}, 1)):
        reference = rule({"type": "Reference", **more, "id": id}, france)
        assert await api.count(reference) == selected, more
    sent = rule({"type": "Reference", "include": True, "id": id})
    made = await api.create("in it", sent)
    assert list(made["rule"]["conditions"][0]["conditions"][0]) == ["type", "include", "id"]
    assert (await api.ask("GET", f"/audiences/7/segments/{id}"))["referencedBy"] == [made["id"]]


@with_api
async def test_numeric_ids_are_answered_as_strings(api: Api) -> None:
    id = (await api.create("Japan", rule(value(IN_JAPAN))))["id"]
    compared = '{"type": "Equal", "rightValue": 1.50e1}'
    other = f'{{"type": "Value", "leftValue": {{"name": "ltv"}}, "operator": {compared}}}'
    reference = f'{{"type": "Reference", "exclude": false, "id": {id}}}'
    text = (
        f'{{"type": "Or", "conditions": [{{"type": "Or", "conditions": [{reference}, {other}]}}]}}'
    )
    link = {"data": {"id": "1", "type": "folder-segment"}}
    relationships = f'"relationships": {json.dumps({"parentFolder": link})}'
    for path, body in (
        ("/audiences/7/segments", f'{{"name": "a", "rule": {text}}}'),
        (
            "/entities/segments",
            f'{{"attributes": {{"name": "b", "rule": {text}}}, {relationships}}}',
        ),
    ):
        answer = await api.send("POST", path, body)
        assert answer.status_code == 200
        assert f'{{"type":"Reference","exclude":false,"id":"{id}"}}' in answer.text
        assert "1.50e1" in answer.text, "other numbers keep their text"
    for path in ("queries", "query"):
        answer = await api.send("POST", f"/audiences/7/segments/{path}", f'{{"rule": {text}}}')
        assert answer.status_code == 200
    assert (await api.ask("GET", f"/audiences/7/segments/{id}"))["referencedBy"] == ["3", "4"]


@with_api
async def test_numeric_ids_of_no_segment_are_refused(api: Api) -> None:
    for id in (99, 1.5, -1, 10**30):
        body = {"name": "x", "rule": rule({"type": "Reference", "id": id})}
        wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
        assert wrong["errors"]["base"][0].startswith("$.rule.conditions[0].conditions[0].id: ")


@with_api
async def test_a_count_of_no_events_is_zero(api: Api) -> None:
    less = {"type": "Less", "rightValue": 1}
    assert await api.count(rule({**events(), "operator": less})) == 3
    none = {"type": "Equal", "rightValue": 0}
    assert await api.count(rule({**events(), "operator": none})) == 3


@with_strict_api
async def test_a_strict_server_accepts_what_is_described(api: Api) -> None:
    described = value(IN_JAPAN, arrayMatching=None, exclude=False)
    made = await api.create("x", rule(described))
    assert await api.count(rule(described)) == 3
    for sent in (rule(value(IN_JAPAN)), rule(events())):
        body: Any = {"name": "y", "rule": sent}
        wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
        assert wrong["errors"]["base"][0].startswith("$.rule.conditions[0].conditions[0]")
        entity = {
            "attributes": body,
            "relationships": {"parentFolder": {"data": {"id": "1", "type": "folder-segment"}}},
        }
        await api.ask("POST", "/entities/segments", entity, status=400)
        await api.ask("POST", "/audiences/7/segments/queries", {"rule": sent}, status=400)
    path = f"/audiences/7/segments/{made['id']}"
    for body in ({"description": None}, {"isVisible": None}, {"segmentFolderId": None}):
        wrong = await api.ask("PUT", path, {**body, "rule": rule(described)}, status=400)
        assert wrong["message"].startswith(f"$.{next(iter(body))}: ")
    await api.ask("POST", "/audiences/7/folders", {"name": "x"}, status=400)


@with_strict_api
async def test_a_put_without_a_rule_removes_it_on_a_strict_server(api: Api) -> None:
    described = value(IN_JAPAN, arrayMatching=None, exclude=False)
    id = (await api.create("x", rule(described)))["id"]
    assert (await api.ask("PUT", f"/audiences/7/segments/{id}", {"name": "y"}))["rule"] is None
