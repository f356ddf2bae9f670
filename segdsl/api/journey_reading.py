"""Reads journeys, their versions, activations and statistics (`segdsl.api.journey_records`)."""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.api import activation_reading
from segdsl.api import journey_records as a
from segdsl.api.activation_records import Execution
from segdsl.api.bodies import decoded, list_at, need_id, need_name, refuse
from segdsl.api.either_form import Record, as_dict, listed_records, one_record, record_of
from segdsl.api.errors import InvalidResponseError
from segdsl.api.responses import Listed, Profiles
from segdsl.rules.json_values import ValueFormError, flag_of, id_of, text_or_none, whole_number

_TYPES = frozenset(("journey",))
_ACTIVATIONS = frozenset(("journeyActivationStep",))


def journeys(body: bytes) -> Listed[a.Journey]:
    return listed_records(body, _TYPES, _journey)


def journey(body: bytes) -> a.Journey:
    """A journey read by itself; raises InvalidResponseError."""
    return one_record(body, _journey)


def answered_journey(body: bytes) -> a.Journey | None:
    """The journey in the response of a write; None if it is absent or incomplete."""
    try:
        found = journey(body)
    except InvalidResponseError:
        return None
    return found if found.stages else None


def _journey(record: Record) -> a.Journey:
    values = record.values
    stages = tuple(
        a.JourneyStage(need_id(stage.get("id")), need_name(stage.get("name")))
        for stage in map(as_dict, list_at(values.get("journeyStages"), "journeyStages"))
    )
    return a.Journey(
        record.need_id(),
        record.need_name(),
        record.document,
        record.folder_id,
        id_of(values.get("journeyBundleId")),
        text_or_none(values.get("journeyBundleName")),
        whole_number(values.get("versionNumber")),
        text_or_none(values.get("state")),
        None if values.get("paused") is None else flag_of(values.get("paused"), "paused"),
        stages,
        _execution(values.get("latestExecution")),
        text_or_none(values.get("launchedAt")),
        text_or_none(values.get("createdAt")),
        text_or_none(values.get("updatedAt")),
    )


def _execution(value: Any) -> Execution | None:
    if not isinstance(value, dict):
        return None
    return activation_reading.execution(msgspec.json.encode(value))


class _Bundle(msgspec.Struct, frozen=True, rename="camel"):
    name: Any = None
    description: Any = None
    latest_journey_id: Any = None
    last_version_number: Any = None
    journeys: list[msgspec.Raw] = []
    latest_execution: Any = None


def bundle(body: bytes, id: str) -> a.JourneyBundle:
    """The versions of a journey; the response is no JSON:API document (described)."""
    found = decoded(body, _Bundle)
    try:
        return a.JourneyBundle(
            id,
            need_name(found.name),
            text_or_none(found.description),
            id_of(found.latest_journey_id),
            whole_number(found.last_version_number),
            tuple(_journey(record_of(bytes(each))) for each in found.journeys),
            _execution(found.latest_execution),
        )
    except ValueFormError as problem:
        refuse(str(problem))


# --- activations -------------------------------------------------------------------------


def activations(body: bytes) -> Listed[a.JourneyActivation]:
    return listed_records(body, _ACTIVATIONS, _activation)


def activation(body: bytes) -> a.JourneyActivation:
    """An activation read by itself; raises InvalidResponseError."""
    return one_record(body, _activation)


def answered_activation(body: bytes) -> a.JourneyActivation | None:
    """The activation in the response of a write; None if it is absent or incomplete."""
    try:
        return activation(body)
    except InvalidResponseError:
        return None


def _activation(record: Record) -> a.JourneyActivation:
    values = record.values
    params = as_dict(values.get("activationParams"))
    return a.JourneyActivation(
        record.need_id(),
        need_name(params.get("name")),
        record.document,
        id_of(values.get("activationId")) or id_of(values.get("syndicationId")),
        id_of(params.get("connectionId")),
    )


# --- what runs left ------------------------------------------------------------------------


class _Data(msgspec.Struct, frozen=True):
    data: msgspec.Raw = msgspec.Raw(b"null")


def statistics(body: bytes) -> a.JourneyStatistics | None:
    """The statistics; None of a journey that never ran (observed)."""
    found = decoded(body, _Data)
    if bytes(found.data) == b"null":
        return None

    def read(record: Record) -> a.JourneyStatistics:
        values = record.values
        stages = map(
            as_dict, list_at(values.get("journeyStageStatistics"), "journeyStageStatistics")
        )
        return a.JourneyStatistics(
            record.document,
            whole_number(values.get("size")) or 0,
            whole_number(values.get("enteredSize")) or 0,
            whole_number(values.get("goalSize")) or 0,
            whole_number(values.get("exitOrJumpSize")) or 0,
            {need_id(stage.get("id")): whole_number(stage.get("size")) or 0 for stage in stages},
        )

    return one_record(body, read)


class _Table(msgspec.Struct, frozen=True):
    names: list[str]
    rows: list[list[Any]]


def profiles(body: bytes) -> Profiles:
    """The profiles in a journey (under `data`) or in a stage (bare)."""
    found = decoded(body, _Data)
    raw = body if bytes(found.data) == b"null" else bytes(found.data)
    table = decoded(raw, _Table)
    return Profiles(tuple(table.names), tuple(map(tuple, table.rows)))
