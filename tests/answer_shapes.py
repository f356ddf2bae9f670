"""What answers of local APIs are held to where the API's description does not serve as it is.

It is silent in places, contradicts itself, and is not always what real servers do: what was
observed of them beats what is described. Everything that `recording` asks otherwise than the
description to the letter is here, each with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import contract

JSON = "application/json"

SEGMENTS = "/audiences/{audienceId}/segments"
NEAREST = {
    ("POST", SEGMENTS, 200): "Segment",
    ("DELETE", f"{SEGMENTS}/{{segmentId}}", 200): "Segment",
    ("POST", f"{SEGMENTS}/{{segmentId}}/syndications", 200): "Syndication",
    ("DELETE", f"{SEGMENTS}/{{segmentId}}/syndications/{{syndicationId}}", 200): "Syndication",
    ("POST", "/audiences", 200): "Audience",
    ("PUT", "/audiences/{audienceId}", 200): "Audience",
    ("DELETE", "/audiences/{audienceId}", 200): "Audience",
}
"""Answers that the description leaves out, and the schema that they are held to instead.

Nobody says what comes back for a segment or an activation that was made or deleted here; that
it is that one is what the JSON:API side says of its own two endpoints. Of parent segments public
clients read the id and the name (observed).
"""

_SCHEMAS = "#/components/schemas"
TREE = "/tree/audiences/{audienceId}/segment_folders"
_ID = {"type": "integer", "minimum": 1}
_CONNECTION = {
    "type": "object",
    "required": ["name", "url"],
    "properties": {"name": {"type": "string"}, "url": {"type": "string"}},
}
_USER = {
    "type": "object",
    "required": ["id", "name", "email"],
    "properties": {"id": _ID, "name": {"type": "string"}, "email": {"type": "string"}},
}
UNNAMED: dict[tuple[str, str, int], Any] = {
    ("GET", "/v3/connections/lookup", 200): {
        "type": "object",
        "required": ["id"],
        "properties": {"id": _ID},
    },
    ("GET", "/v3/result/list", 200): {
        "type": "object",
        "required": ["results"],
        "properties": {"results": {"type": "array", "items": _CONNECTION}},
    },
    ("GET", "/v3/user/list", 200): {
        "type": "object",
        "required": ["users"],
        "properties": {"users": {"type": "array", "items": _USER}},
    },
    ("POST", "/v3/connector_configs/validate_with_connection", 200): {
        "type": "object",
        "required": ["valid", "errors"],
        "properties": {
            "valid": {"type": "boolean"},
            "errors": {"type": "array", "items": {"type": "string"}},
        },
    },
    ("GET", TREE, 200): {
        "allOf": [
            {"$ref": f"{_SCHEMAS}/partial_pagination.yaml-PaginatedResponse"},
            {
                "properties": {
                    "data": {
                        "items": {
                            "$ref": f"{_SCHEMAS}/partial_tree.yaml-TreeSegmentFolderIndexItem"
                        }
                    }
                }
            },
        ]
    },
}
"""Answers of operations that the description leaves out (observed): of the tree, from the parts it
has of it, and of the account's own API, as public clients read it. What the check of a connector's
configuration answers is assumed.

The whole of the tree's contradicts itself: one half demands `pagination`, the other forbids it.
"""

_TEXTS = {"type": "array", "minItems": 1, "items": {"type": "string"}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """An object that has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    """At least one of them."""
    return {"type": "array", "minItems": 1, "items": items}


_NOT_VALID = _object(
    {
        "errors": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {"name": _TEXTS, "base": _TEXTS},
        }
    }
)
"""What a record cannot be: its name `has already been taken`, and the like."""
_REFERRER = _object({"id": {"type": "string", "pattern": "^[0-9]+$"}, "name": {"type": "string"}})
_REFERENCED = _object(
    {
        "errors": _list_of(
            _object(
                {
                    "status": {"enum": [409]},
                    "code": {"type": "string"},
                    "title": {"type": "string"},
                    "detail": {"type": "string"},
                    "meta": {
                        "anyOf": [
                            _object({f"referencedBy{kind}": _list_of(_REFERRER)})
                            for kind in ("Segments", "PredictiveSegments", "Journeys")
                        ]
                    },
                }
            )
        )
    }
)
"""The delete of what is referred to, by segments or predictive segments."""
_NOT_IMPLEMENTED = _object({"code": {"enum": ["not_implemented"]}, "message": {"type": "string"}})
"""What the description has and the local API has not: its own choice."""
OBSERVED: dict[tuple[str, int], Any] = {
    ("/audiences", 400): _NOT_VALID,
    ("/entities", 400): _NOT_VALID,
    ("/audiences", 409): _REFERENCED,
    ("/entities", 409): _REFERENCED,
    ("/audiences", 501): _NOT_IMPLEMENTED,
    ("/entities", 501): _NOT_IMPLEMENTED,
}
"""Errors that real servers answer in other shapes than the described ones, by the side of the
API and the status; the described shapes are taken as well."""

ACCOUNT_REQUESTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("GET", "/v3/result/list"): (),
    ("GET", "/v3/connections/lookup"): ("name",),
    ("GET", "/v3/user/list"): (),
    ("POST", "/v3/connector_configs/validate_with_connection"): (),
}
"""Requests to the account's own API, documented but for the last (observed), and what their
queries name."""
ACCOUNT_ERROR = _object({"error": {"type": "string"}})
"""An error of the account's own API (observed in clients)."""

OBSERVED_ANSWERS: dict[tuple[str, str, int], Any] = {
    ("GET", "/entities/journeys/{journeyId}/statistics", 200): {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "null"}},
    }
}
"""Answers in other shapes than the described ones, which are taken as well: a journey that never
ran has no statistics."""

ERRORS: dict[str, dict[int, str]] = {
    "/audiences": {4: "ClientError", 5: "ServerError"},
    "/entities": {
        400: "JsonApiBadRequest",
        404: "JsonApiNotFoundRequest",
        409: "JsonApiConflictRequest",
        4: "NonJsonApiForbiddenRequest",
        5: "ServerError",
    },
}
"""Errors of endpoints whose own are not described (most under `/entities` have none), by the
side of the API and the status or its class: the responses that are described elsewhere."""


def shown_rule(rule: Any) -> Any:
    """A rule as the referee can judge it.

    The description has no place for an attribute of a customer group (see `contract`), nor
    for the deeper groups of older rules, which the API still takes (documented): of such a
    rule the conditions are shown, all in one rule set.
    """
    rule = contract._without_customer_groups(rule)
    if not any(_is_group(inner) for part in _parts(rule) for inner in _parts(part)):
        return rule
    flat = {"type": "And", "conditions": list(_leaves(rule))}
    others = {name: value for name, value in rule.items() if name == "limit"}
    return {"type": "And", "conditions": [flat], **others}


def _parts(of: Any) -> list[Any]:
    return of["conditions"] if _is_group(of) else []


def _is_group(of: Any) -> bool:
    return isinstance(of, dict) and isinstance(of.get("conditions"), list)


def _leaves(of: Any) -> Iterator[Any]:
    for part in _parts(of):
        if _is_group(part):
            yield from _leaves(part)
        else:
            yield part


def shown_request(sent: Any) -> Any:
    """A body as the referee can judge it.

    Activations of journeys are sent without what answers alone have: an id, and that among all
    activations (observed).
    """
    match sent:
        case {"rule": rule}:
            return {**sent, "rule": shown_rule(rule)}
        case {"type": "journeyActivationStep", "attributes": dict() as attributes}:
            return {"id": "1", **sent, "attributes": {"activationId": "1", **attributes}}
        case _:
            return sent


def shown_answer(answer: Any) -> Any:
    """An answer as the referee can judge it.

    A cell of a profile is described as exactly one of text, integer and number: read to the
    letter nothing that is whole fits, since an integer is a number too. They are shown as
    texts. Rules of segments are shown as those that are sent, with what real servers let them
    leave out; so is a resource of a segment that was asked for without its rule (observed).
    """
    match answer:
        case {"rows": list(rows)}:
            shown = [
                ["cell" if type(cell) in (int, float) else cell for cell in row]
                if isinstance(row, list)
                else row
                for row in rows
            ]
            return {**answer, "rows": shown}
        case {"rule": dict() as rule}:
            return {**answer, "rule": completed(shown_rule(_in_rule_sets(rule)))}
        case {"type": "journey", "attributes": {"journeyStages": _}}:
            return _shown_journey(answer)
        case {"journeys": list(journeys), "latestJourneyId": _}:
            return {**answer, "journeys": [shown_answer(each) for each in journeys]}
        case {"type": str() as kind, "attributes": dict() as attributes}:
            left_out = {"rule": None} if kind.startswith("segment-") else {}
            return {**answer, "attributes": shown_answer({**left_out, **attributes})}
        case {"data": data}:
            return {**answer, "data": shown_answer(data)}
        case list():
            return [shown_answer(each) for each in answer]
        case _:
            return answer


def _shown_journey(value: Any) -> Any:
    """A journey without the nulls of real servers that the description does not have (observed).

    That are descriptions of stages and criteria, first steps, and names of branches. The type of an
    A/B test is the described one.
    """
    if isinstance(value, list):
        return [_shown_journey(each) for each in value]
    if not isinstance(value, dict):
        return value
    shown = {key: _shown_journey(inner) for key, inner in value.items()}
    if "journeyStages" not in shown:
        for key in ("description", "rootStep", "next", "name"):
            if key in shown and shown[key] is None:
                del shown[key]
    if shown.get("type") == "ABTest":
        shown["type"] = "AbTest"
    return shown


_WITHOUT_NOT = ("TimeWithinPast", "TimeWithinNext", "TimeToday", "TimeThis", "TimeNext")


def _in_rule_sets(rule: Any) -> Any:
    """A rule whose bare conditions, which real servers take (observed), are in rule sets."""
    if not _is_group(rule):
        return rule
    sets = [
        part if _is_group(part) else {"type": "And", "conditions": [part]} for part in _parts(rule)
    ]
    return {**rule, "conditions": sets}


def completed(value: Any) -> Any:
    """A rule with all that real servers let it leave out, or write otherwise (observed)."""
    if isinstance(value, list):
        return [completed(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: completed(inner) for key, inner in value.items()}
    if "limit" in found and found["limit"] is None:
        del found["limit"]
    match found:
        case {"type": "Value", "operator": dict() as operator}:
            found = {"arrayMatching": None, "exclude": False, **found}
            found["operator"] = _completed_operator(operator)
            if "source" in found.get("leftValue", {}):
                found["leftValue"] = {"filter": None, **found["leftValue"]}
        case {"type": "Column", "operator": dict() as operator}:
            found = {"arrayMatching": None, **found, "operator": _completed_operator(operator)}
        case {"type": "Reference"}:
            found = {"exclude": found.get("include") is False, **found}
        case {"type": "Count"} if "number" not in found:
            found = {"groupingColumns": [], **found}
    return found


def _completed_operator(operator: dict[str, Any]) -> dict[str, Any]:
    if operator.get("type") not in _WITHOUT_NOT:
        return {"not": False, **operator}
    if isinstance(operator.get("value"), int | float):
        return {**operator, "value": str(operator["value"])}
    return operator


def in_one_document(one: Any) -> Any:
    """The schema of `{"data": [resource, …]}` (observed), from that of `{"data": resource}`."""
    many = {"type": "array", "items": one["properties"]["data"]}
    return {"type": "object", "required": ["data"], "properties": {"data": many}}
