"""Compares answers with those observed of real servers: no key is missing, or of another type.

The fixtures are kept beside the project (see `contract`); without them this skips.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import contract
from local_api import Api, with_api


def fixture(name: str) -> Any:
    file = contract.folder() / "fixtures" / f"{name}.json"
    if not file.is_file():
        pytest.skip("the observed answers are not here: set SEGDSL_CONTRACT to their folder")
    return json.loads(file.read_text())


def differences(observed: Any, ours: Any, path: str = "$") -> Iterator[str]:
    """Where an answer lacks a key, or has a value of another type; null is of any type."""
    if observed is None or ours is None:
        return
    if kind(observed) != kind(ours):
        yield f"{path}: {kind(observed)} was observed, and this is {kind(ours)}"
    elif isinstance(observed, dict):
        for key, value in observed.items():
            if key == "rule" and key in ours:
                continue  # Each segment has its own.
            if key in ours:
                yield from differences(value, ours[key], f"{path}.{key}")
            else:
                yield f"{path}: `{key}` is missing"
    elif isinstance(observed, list) and observed:
        for at, each in enumerate(ours):
            yield from differences(observed[0], each, f"{path}[{at}]")


def kind(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str() if value.isdigit():
            return "a text of digits"
        case str() if value[:2] == "20" and value[10:11] == "T":
            assert len(value) == len("2025-01-16T21:26:30.815Z"), value
            return "a time"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def test_differences_are_reported() -> None:
    observed = {"a": "1", "b": [{"c": True, "d": None}], "e": "2025-01-16T21:26:30.815Z"}
    assert list(differences(observed, observed)) == []
    assert len(list(differences(observed, {**observed, "a": 1}))) == 1
    assert len(list(differences(observed, {**observed, "b": [{"d": 1}, {"c": 1, "d": 1}]}))) == 2
    with pytest.raises(AssertionError):
        list(differences(observed, {**observed, "e": "2025-01-16T21:26:30Z"}))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("audience", "/audiences/7"),
        ("attributes", "/audiences/7/attributes"),
        ("behaviors", "/audiences/7/behaviors"),
        ("folders", "/audiences/7/folders"),
        ("segments", "/audiences/7/segments"),
        ("parent_segments", "/entities/parent_segments"),
    ],
)
def test_answers_have_what_was_observed(name: str, path: str, tmp_path: Any) -> None:
    observed = fixture(name)

    @with_api
    async def test(api: Api) -> None:
        await api.create_folder("Other")
        await api.create("a", description="x")
        assert list(differences(observed, await api.ask("GET", path))) == []

    test(tmp_path)


@with_api
async def test_contents_of_folders_have_what_was_observed(api: Api) -> None:
    observed = {each["type"]: each for each in fixture("by_folder")["data"]}
    await api.create("a", description="x")
    answer = (await api.ask("GET", "/entities/by-folder/1"))["data"]
    assert {each["type"] for each in answer} == {"folder-segment", "segment-batch"}
    for each in answer:
        assert list(differences(observed[each["type"]], each)) == []


@with_api
async def test_queries_have_what_was_observed(api: Api) -> None:
    observed = fixture("query")[-1]
    # Ids are of digits or not; the local API's are not.
    observed = {**observed, "id": "x", "queryId": "x"}
    assert list(differences(observed, await api.ended(await api.query(pageSize=2)))) == []


@with_api
async def test_a_taken_name_is_answered_as_observed(api: Api) -> None:
    observed = next(each["body"] for each in fixture("errors") if each["status"] == 400)
    await api.create("a")
    body = {"name": "a", "rule": None}
    assert await api.ask("POST", "/audiences/7/segments", body, status=400) == observed


@with_api
async def test_a_referenced_segment_is_answered_as_observed(api: Api) -> None:
    observed = next(each["body"] for each in fixture("errors") if each["status"] == 409)
    id = (await api.create("a"))["id"]
    reference = {"type": "And", "conditions": [{"type": "Reference", "id": id}]}
    await api.create("b", reference)
    for side in ("audiences/7", "entities"):
        answer = await api.ask("DELETE", f"/{side}/segments/{id}", status=409)
        assert list(differences(observed, answer)) == []
        assert answer["errors"][0]["code"] == observed["errors"][0]["code"]
