"""Activations and templates as the API's JSON, over every field and value of the description.

Also what answers have beside: read-only fields, the deprecated fields of schedules, null where
nothing is set. All of it can be declared, but for fields that no declaration needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from segdsl.language import activations as a
from segdsl.rules.activations.locks import BEHAVIOR_FLAGS, COLUMN_FLAGS, FLAGS
from strategies.texts import odd_texts

Json = dict[str, Any]

_texts = odd_texts
_names = odd_texts.filter(str.strip)
_numbers = st.one_of(st.integers(-(10**20), 10**20), st.sampled_from([0.5, -1.25, 1e30, 2.0]))
_ids = st.integers(1, 10**9).map(str)
_either_id = st.integers(1, 10**9) | _ids


def _fields(
    needed: Mapping[str, st.SearchStrategy[Any]], optional: Mapping[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(dict(needed), optional=dict(optional))


# --- columns -------------------------------------------------------------------------

_NO_ARGUMENTS = [
    "day_of_week",
    "from_iso8601_timestamp",
    "ln",
    "elapsed_days",
    "td_ip_to_least_specific_subdivision_name",
    "td_ip_to_country_name",
    "td_ip_to_city_name",
    "td_ip_to_connection_type",
    "td_ip_to_domain",
    "cast_as_categorical_array",
]


def _function(name: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"function": st.just(name), **arguments})


def _named(names: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


functions = st.one_of(
    _fields({"function": _named(["+", "-", "*", "/"]), "arg": _numbers}, {}),
    _fields(
        {"function": st.just("replace"), "search": _texts}, {"replacement": st.none() | _texts}
    ),
    _fields({"function": st.just("substr"), "start": _numbers}, {"length": _numbers}),
    _fields({"function": st.just("regexp_extract"), "pattern": _texts}, {"group": _numbers}),
    _fields({"function": _named(_NO_ARGUMENTS)}, {}),
    _function("cast_as_quantitative", default=_numbers),
    _function("cast_as_categorical", default=_texts),
    _fields(
        {
            "function": st.just("if"),
            "op": _named([">", "<", "<=", ">=", "=", "!="]),
            "right_value": _numbers,
        },
        {"then": _numbers, "else": _numbers},
    ),
    _fields(
        {"function": st.just("if"), "op": _named(["is", "is\\", "not"])},
        {"right_value": st.none(), "then": _numbers, "else": _numbers},
    ),
)
_parameters = st.one_of(
    st.fixed_dictionaries({"type": st.just("String"), "string": _texts}),
    st.fixed_dictionaries({"type": st.just("Timestamp"), "format": _names}),
    st.fixed_dictionaries({"type": _named(list(a.PLACEHOLDERS.values()))}),
)


@st.composite
def _strings(draw: st.DrawFn) -> Json:
    parameters = draw(st.lists(_parameters, max_size=4))
    text = draw(odd_texts.filter(lambda text: "$1" not in text))
    # In any order, also twice; a digit never follows, which would be another parameter.
    order = draw(st.permutations(range(len(parameters))))
    for index in [*order, *draw(st.lists(st.sampled_from(order or [0]), max_size=1))]:
        if parameters:
            text += f"${index + 1}" + draw(st.sampled_from(["", " ", "x", "$", "é"]))
    if text.endswith("$"):
        text += "."
    return {"string": text, "parameters": parameters} if parameters else {"string": text}


sources = st.one_of(
    _fields(
        {"column": _texts},
        {
            "customerGroup": st.none() | _names,
            "functions": st.none() | st.lists(functions, max_size=3),
        },
    ),
    _strings(),
)
_uuids = st.uuids().map(str)


def columns(most: int = 3) -> st.SearchStrategy[list[Json]]:
    return st.lists(
        _fields({"column": _texts, "source": sources}, {"id": _uuids}),
        max_size=most,
        unique_by=lambda column: column["column"],
    )


def behaviors() -> st.SearchStrategy[Json]:
    orders = st.lists(
        st.fixed_dictionaries({"key": _texts, "order": _named(["ascending", "descending"])}),
        max_size=2,
    )
    others: dict[str, st.SearchStrategy[Any]] = {
        "formatting": _named(["rows", "cols"]),
        "orderBy": orders,
        "columns": columns(2),
    }
    return st.one_of(
        _fields(
            {"behaviorTableName": _texts},
            {"joinStrategy": _named(["All", "First", "Last"]), "joinRow": st.none(), **others},
        ),
        _fields(
            {
                "behaviorTableName": _texts,
                "joinStrategy": st.just("Top-N"),
                "joinRow": st.integers(1, 1000),
            },
            others,
        ),
    )


# --- schedules -----------------------------------------------------------------------

_starts = st.datetimes().map(lambda time: time.replace(microsecond=0).isoformat())
_zones = {"timezone": _named(["Asia/Tokyo", "UTC"])}
_ends = {"endOn": st.none() | st.dates().map(str)}
_TYPES = {
    "minute": "minutes_interval",
    "hour": "hourly",
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "once": "none",
    "none": "none",
}


def _with_type(fields: Json, filled: bool) -> Json:
    """With the deprecated type beside the unit, as servers answer it."""
    return fields | {"scheduleType": _TYPES[fields["repeatUnit"]]} if filled else fields


def _schedules(has_end: bool, has_cron: bool) -> st.SearchStrategy[Json]:
    ends = _ends if has_end else {}
    repeats = _fields(
        {"repeatUnit": _named(["minute", "hour", "day", "week", "month"])},
        {"repeatFrequency": st.integers(1, 60), "startAt": st.none() | _starts, **_zones, **ends},
    )
    weeks = _fields(
        {
            "repeatUnit": st.just("week"),
            "repeatSubFrequency": st.lists(st.integers(1, 7), max_size=7),
        },
        {"startAt": _starts, **_zones, **ends},
    )
    once = _fields({"repeatUnit": st.just("once"), "startAt": _starts}, _zones)
    none = _fields({"repeatUnit": st.just("none")}, {"startAt": st.none(), **_zones})
    modern = st.builds(_with_type, st.one_of(repeats, weeks, once, none), st.booleans())
    return st.one_of(st.just({}), modern, _old_schedules(has_cron))


def _old_schedules(has_cron: bool) -> st.SearchStrategy[Json]:
    times = st.times().map(lambda time: time.strftime("%H:%M:00"))
    crons = st.sampled_from(["0 3 * * *", "30 4 1 * *"])
    cron_keys = ["scheduleOption", "cron"] if has_cron else ["scheduleOption"]

    def typed(type: str, options: st.SearchStrategy[str] | None) -> st.SearchStrategy[Json]:
        needed: dict[str, st.SearchStrategy[Any]] = {"scheduleType": st.just(type)}
        key = "scheduleOption"
        return _fields({**needed, **({} if options is None else {key: options})}, _zones)

    choices = [
        typed("none", None),
        typed("daily", None),
        typed("daily", times),
        typed("hourly", None),
        typed("hourly", st.integers(0, 59).map(lambda minute: f"{minute:02}:00")),
        typed("weekly", st.builds("{},{}".format, _named(["Mon", "Sun", "Fri"]), times)),
        typed("monthly", st.builds("{},{}".format, st.integers(1, 31), times)),
        typed("minutes_interval", st.integers(1, 59).map(str)),
        *(_fields({"scheduleType": st.just("cron"), key: crons}, _zones) for key in cron_keys),
    ]
    if has_cron:
        choices.append(_fields({"scheduleType": st.just("daily"), "runAt": times}, _zones))
    return st.one_of(choices)


# --- settings ------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
configs = st.dictionaries(_texts, _json, max_size=4)

# --- the whole -----------------------------------------------------------------------

_outcomes = st.lists(_named(["onSuccess", "onFailure"]), unique=True, max_size=2)
_workflows: st.SearchStrategy[Json] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"nestedWorkflowProjectName": _names, "nestedWorkflowName": _names}),
)
_SHARED: dict[str, st.SearchStrategy[Any]] = {
    "description": _texts,
    "allColumns": st.booleans(),
    "columns": columns(),
    "notifyOn": _outcomes,
    "emailRecipients": st.lists(st.integers(1, 10**9), max_size=2),
}


@st.composite
def entities_attributes(draw: st.DrawFn) -> Json:
    """Of `SyndicationJsonApiParameters`."""
    needed = {"name": _names, "connectionId": st.integers(1, 10**9), "connectorConfig": configs}
    fields = draw(_fields(needed, {**_SHARED, "activationTemplateId": _ids}))
    return fields | draw(_schedules(True, True)) | draw(_behaviors_of())


@st.composite
def legacy_bodies(draw: st.DrawFn) -> Json:
    """Of `SyndicationParameters`."""
    needed = {
        "name": _names,
        "connectionId": st.integers(1, 10**9),
        "connectorConfig": st.none() | configs,
    }
    optional = {
        **_SHARED,
        "activationTemplateId": st.none() | _ids,
        "lockEnabled": st.booleans(),
    }
    fields = draw(_fields(needed, optional))
    return fields | draw(_schedules(False, True)) | draw(_workflows) | draw(_behaviors_of())


def _behaviors_of() -> st.SearchStrategy[Json]:
    several = st.lists(behaviors(), max_size=a.MAX_BEHAVIORS)
    return st.one_of(
        st.just({}),
        st.fixed_dictionaries({"syndicationBehaviors": st.none() | several}),
        st.fixed_dictionaries({"syndicationBehavior": st.none() | behaviors()}),
    )


@st.composite
def template_attributes(draw: st.DrawFn) -> Json:
    """Of `ActivationTemplateJsonApiParameters`; a behavior is locked as a whole, or not."""
    needed = {
        "name": _names,
        "connectionId": st.integers(1, 10**9),
        "state": _named(["draft", "published"]),
    }
    optional = {
        **_SHARED,
        "kind": st.just(0),
        "connectorConfig": st.none() | configs,
        "lockEnabled": st.booleans(),
        "runAfterJourneyRefresh": st.just(False),
        "syndicationBehavior": st.none() | behaviors(),
    }
    fields = draw(_fields(needed, optional)) | draw(_schedules(True, False)) | draw(_workflows)
    if draw(st.booleans()):
        fields["fieldProperties"] = {"locked": _locked(draw, fields)}
    return fields


def _locked(draw: st.DrawFn, fields: Json) -> Json:
    locked: dict[str, Any] = {}
    for keys in FLAGS.values():
        locked |= dict.fromkeys(keys, draw(st.booleans()))
    config = fields.get("connectorConfig") or {}
    locked["connectorConfig"] = {key: draw(st.booleans()) for key in config}
    locked["columns"] = _locked_columns(draw, fields.get("columns") or [], None)
    behavior = fields.get("syndicationBehavior")
    if behavior is not None:
        is_locked = draw(st.booleans())
        locked["syndicationBehavior"] = {
            "tableName": behavior["behaviorTableName"],
            "columns": _locked_columns(draw, behavior.get("columns") or [], is_locked),
            **dict.fromkeys(BEHAVIOR_FLAGS, is_locked),
        }
    return locked


def _locked_columns(draw: st.DrawFn, listed: list[Json], is_locked: bool | None) -> Json:
    """All flags are as given, or where None is given, each is set or not."""
    for column in listed:
        column.setdefault("id", draw(_uuids))
    return {
        column["id"]: {
            flag: draw(st.booleans()) if is_locked is None else is_locked for flag in COLUMN_FLAGS
        }
        for column in listed
    }


_READ_ONLY = {
    "audienceId": _ids,
    "createdAt": st.just("2025-04-01T03:00:00.000Z"),
    "updatedAt": st.just("2025-04-01T03:00:00.000Z"),
}


@st.composite
def answers(draw: st.DrawFn, attributes: st.SearchStrategy[Json]) -> Json:
    """A resource that a server answers for these attributes, with what only it sets."""
    only_read: dict[str, st.SearchStrategy[Any]] = {
        **_READ_ONLY,
        "valid": st.booleans(),
        "runStatus": st.none()
        | _named(["scheduled", "success", "error", "canceling", "canceled", "running", "waiting"]),
        "executions": st.just([]),
        "activationActionsEnabled": st.booleans(),
    }
    fields = draw(attributes) | draw(st.fixed_dictionaries(only_read))
    if "connectionId" in fields:
        fields["connectionId"] = str(fields["connectionId"])
    segment = {"data": {"id": draw(_ids), "type": "segment-batch"}}
    resource = {
        "id": draw(_ids),
        "type": "syndication",
        "attributes": fields,
        "relationships": {"segment": segment},
    }
    return {"data": resource, "included": []} if draw(st.booleans()) else resource
