"""What the JSON of a journey of a server uses: segments that are rules, and attributes of tests.

The JSON is searched as it is, so that steps of a form that cannot be read count too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from segdsl.parent_segment.vanishing import Field

_EXCLUDED = "excluded path"


class Piece(msgspec.Struct, frozen=True):
    """A criterion, a branch or a condition with the id of its segment, or a test with what it uses.

    `path` is its stage and its name; a goal has no stage.
    """

    path: tuple[str, ...]
    segment_id: str | None = None
    uses: frozenset[Field] = frozenset()


def journey_pieces(document: dict[str, Any]) -> tuple[Piece, ...]:
    """The pieces of a journey that use something, in the order of the JSON."""
    values = document.get("attributes")
    return tuple(_pieces(values if isinstance(values, dict) else document))


def _pieces(values: dict[str, Any]) -> Iterator[Piece]:
    yield from _criterion(values.get("goal"), (), "goal")
    for stage in _objects(values.get("journeyStages")):
        at = (_name(stage, "?"),)
        yield from _criterion(stage.get("entryCriteria"), at, "entry")
        yield from _criterion(stage.get("milestone"), at, "milestone")
        for each in _objects(stage.get("exitCriterias")):
            yield from _criterion(each, at, "exit")
        steps = stage.get("steps")
        for step in _objects([*steps.values()] if isinstance(steps, dict) else steps):
            yield from _step(step, at)


def _step(step: dict[str, Any], at: tuple[str, ...]) -> Iterator[Piece]:
    for key in ("conditions", "branches"):
        for each in _objects(step.get(key)):
            yield from _criterion(each, at, _EXCLUDED if each.get("excludedPath") else key[:-1])
    seed = step.get("uniqueId")
    if isinstance(seed, str) and seed:
        uses = frozenset((Field("attribute", "", seed),))
        yield Piece((*at, _name(step, "test")), None, uses)


def _criterion(value: Any, at: tuple[str, ...], default: str) -> Iterator[Piece]:
    if not isinstance(value, dict):
        return
    id = value.get("segmentId")
    if isinstance(id, str | int) and not isinstance(id, bool) and id != "":
        yield Piece((*at, _name(value, default)), str(id))


def _name(value: dict[str, Any], default: str) -> str:
    name = value.get("name")
    return name if isinstance(name, str) and name.strip() else default


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))
