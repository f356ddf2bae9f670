"""Reads funnels with their stages, in either form of the API (`segdsl.api.either_form`)."""

from __future__ import annotations

from typing import Any

from segdsl.api import responses as a
from segdsl.api.bodies import list_at, need_id, need_name
from segdsl.api.either_form import Record, as_dict, listed_records, one_record
from segdsl.api.errors import InvalidResponseError
from segdsl.rules.json_values import ValueFormError, id_of, text_of, text_or_none, whole_number

_TYPES = frozenset(("funnel",))


def funnels(body: bytes) -> a.Listed[a.Funnel]:
    """The funnels; `unreadable` includes their stages, and such a funnel leaves out `a stage`."""
    inner: list[a.Unreadable] = []
    listed = listed_records(body, _TYPES, lambda record: _funnel(record, inner))
    return a.Listed(listed, (*listed.unreadable, *inner))


def funnel(body: bytes) -> a.Funnel:
    """A funnel read by itself; raises InvalidResponseError, also for a stage."""

    def read(record: Record) -> a.Funnel:
        unreadable: list[a.Unreadable] = []
        found = _funnel(record, unreadable)
        for stage in unreadable:
            raise ValueFormError(f"of its {stage.titled('stage')}: {stage.why}")
        return found

    return one_record(body, read)


def answered_funnel(body: bytes) -> a.Funnel | None:
    """The funnel in the response of a create or update; None if it is absent or incomplete."""
    try:
        found = funnel(body)
    except InvalidResponseError:
        return None
    return None if "stages" in found.left_out else found


def _funnel(record: Record, unreadable: list[a.Unreadable]) -> a.Funnel:
    id, name, values = record.need_id(), record.need_name(), record.values
    bad: list[a.Unreadable] = []
    stages = tuple(_stages(values, name, bad))
    unreadable.extend(bad)
    left_out = {
        "description": "description" not in values,
        "stages": values.get("stages") is None,
        "a stage": bool(bad),
        "segmentFolderId": record.folder_id is None,
    }
    return a.Funnel(
        id,
        name,
        stages,
        record.folder_id,
        text_of(values.get("description"), "description"),
        whole_number(values.get("population")),
        whole_number(values.get("numSyndications")),
        text_or_none(values.get("createdAt")),
        text_or_none(values.get("updatedAt")),
        frozenset(key for key, is_left_out in left_out.items() if is_left_out),
    )


def _stages(
    values: dict[str, Any], funnel_name: str, unreadable: list[a.Unreadable]
) -> list[a.Stage]:
    stages: list[a.Stage] = []
    for item in list_at(values.get("stages"), "stages"):
        stage = as_dict(item)
        try:
            stages.append(
                a.Stage(
                    need_id(stage.get("id")),
                    need_name(stage.get("name")),
                    id_of(stage.get("segmentId")),
                    whole_number(stage.get("numSyndications")),
                )
            )
        except ValueFormError as problem:
            name = f"{funnel_name}.{text_or_none(stage.get('name')) or '?'}"
            id = id_of(stage.get("id")) or ""
            unreadable.append(a.Unreadable(id, name, str(problem), "stage"))
    return stages
