"""Error answers of the local Audience API.

An `ApiError` is raised wherever a problem is found. It is answered in the shape of the family of
the path:

- `/audiences`: `{"code", "message"}` (described); for invalid values of a record
  `{"errors": {"name": […]}}` or `{"errors": {"base": […]}}` (observed);
- `/entities`: `{"errors": […]}` (described); for a name that is taken `{"errors": {"name": […]}}`
  (observed);
- `/v3`: `{"error": …}` (observed in clients);
- both of the first: for deleting something that others refer to, a list of errors with
  `meta.referencedBySegments` (observed); `{"status", "error", "details"}` for 5xx (described), but
  `{"code", "message"}` for 501, what this server does not offer (our choice).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, TypeVar

import msgspec

from segdsl.errors import SegdslError

T = TypeVar("T")

UNIQUE = "VIOLATES_UNIQUENESS_CONSTRAINT"
BLANK = "CANNOT_BE_BLANK"
TOO_SHORT = "IS_TOO_SHORT"
TOO_LONG = "IS_TOO_LONG"
IMMUTABLE = "IS_IMMUTABLE"
ASSOCIATION = "INVALID_FORMAT_OR_ASSOCIATION"
EXPRESSION = "COMPOSITE_CONDITION_SYNTAX_ERROR"
ABOUT_THE_NAME = (UNIQUE, BLANK)
"""Codes whose messages continue “Name …”, such as “has already been taken”: clients look for it."""

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "request_too_large",
    415: "unsupported_media_type",
    422: "unprocessable_content",
    429: "too_many_requests",
    501: "not_implemented",
}
MOST_PROBLEMS = 100
"""Problems in one answer."""
LONGEST = 500
"""Characters of a problem in an answer."""
_ALWAYS_LISTED = ("segments", "predictive_segments")
"""Kinds that the list of referrers names even if there are none (observed)."""
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class Problem(msgspec.Struct, frozen=True):
    """One problem; `path` is its place in the body, such as `$.rule.type`.

    `code` is a validation code of the description; without one the body has another shape than
    described.
    """

    message: str
    path: str | None = None
    code: str | None = None

    @property
    def text(self) -> str:
        return self.message if self.path is None else f"{self.path}: {self.message}"


def _shortened(problem: Problem) -> Problem:
    if len(problem.message) <= LONGEST and len(problem.path or "") <= LONGEST:
        return problem
    path = problem.path and problem.path[:LONGEST]
    return Problem(f"{problem.message[:LONGEST]}…", path, problem.code)


class ApiError(SegdslError):
    """An answer other than 200: its status and problems, and what else the answer contains.

    `conflicts` is the `errors` object of a 409 under `/entities`. `referenced_by` are the ids and
    names of what refers to something that should be deleted, by the plural of their kind.
    """

    def __init__(
        self,
        status: int,
        problems: Iterable[Problem],
        *,
        conflicts: Mapping[str, list[str]] | None = None,
        referenced_by: Mapping[str, Iterable[tuple[int, str]]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        first = tuple(map(_shortened, islice(problems, MOST_PROBLEMS + 1)))
        more = first[MOST_PROBLEMS:] and (Problem("there are more problems than these"),)
        self.problems = (*first[:MOST_PROBLEMS], *more)
        self.conflicts = conflicts
        self.referenced_by = referenced_by
        self.headers = dict(headers or {})
        super().__init__("; ".join(problem.text for problem in self.problems))


def refuse(message: str, path: str | None = None, code: str | None = None) -> ApiError:
    """A 400 with one problem."""
    return ApiError(400, [Problem(message, path, code)])


def missing(message: str) -> ApiError:
    """A 404."""
    return ApiError(404, [Problem(message)])


def no_such(what: str, id: int | str) -> ApiError:
    """A 404 for a thing that does not exist; `what` is its noun."""
    return missing(f"there is no {what} with the id `{id}`")


def existing(thing: T | None, what: str, id: int | str) -> T:
    """A thing that was looked up; raises ApiError (404) for None."""
    if thing is None:
        raise no_such(what, id)
    return thing


def not_implemented(method: str, path: str) -> ApiError:
    """A 501 for an operation that the API has and the local API does not."""
    return ApiError(501, [Problem(f"the local API has no {method} {path}")])


def plain_body(error: ApiError) -> dict[str, Any]:
    """The error as `/audiences` and `/master_segments` answer it."""
    if error.status >= 500:
        return _server_error(error)
    if error.referenced_by is not None:
        return _referenced(error, error.referenced_by)
    if error.status == 400 and any(problem.code is not None for problem in error.problems):
        return {"errors": _by_attribute(error.problems)}
    return _coded(error)


def entities_body(error: ApiError) -> dict[str, Any]:
    """The error as `/entities` answers it."""
    if error.status >= 500:
        return _server_error(error)
    match error.status:
        case 400 if all(problem.code == UNIQUE for problem in error.problems):
            # Some clients read `errors` here too, others look for `message` (observed).
            return {
                "errors": _by_attribute(error.problems),
                "message": f"Name {error.problems[0].message}",
            }
        case 400:
            return {"errors": [_entity_error(problem) for problem in error.problems]}
        case 404:
            code = {"code": "record-not-found-error", "status": "404", "detail": error.message}
            return {"errors": [code]}
        case 409 if error.referenced_by is not None:
            return _referenced(error, error.referenced_by)
        case 409 if error.conflicts is not None:
            return {"errors": error.conflicts}
        case 409 | 422 if all(problem.code is not None for problem in error.problems):
            return {"errors": [_run_error(error.status, each) for each in error.problems]}
        case _:
            return {"errors": error.message}


def account_body(error: ApiError) -> dict[str, Any]:
    """The error as the account's own API answers it under `/v3` (observed in clients)."""
    return {"error": error.message, "severity": "error"}


def _coded(error: ApiError) -> dict[str, Any]:
    return {"code": _CODES.get(error.status, "client_error"), "message": error.message}


def _by_attribute(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """Problems of the name under `name`, all others with their places under `base`."""
    messages: dict[str, list[str]] = {}
    for problem in problems:
        if problem.code in ABOUT_THE_NAME:
            messages.setdefault("name", []).append(problem.message)
        else:
            messages.setdefault("base", []).append(problem.text)
    return messages


def _referenced(
    error: ApiError, referrers: Mapping[str, Iterable[tuple[int, str]]]
) -> dict[str, Any]:
    listed = {**dict.fromkeys(_ALWAYS_LISTED, ()), **referrers}
    meta = {
        f"referencedBy{kind.title().replace('_', '')}": [
            {"id": str(id), "name": name} for id, name in rows
        ]
        for kind, rows in listed.items()
    }
    return {
        "errors": [
            {
                "status": error.status,
                "code": "conflict",
                "title": "Conflict",
                "detail": error.message,
                "meta": meta,
            }
        ]
    }


def _server_error(error: ApiError) -> dict[str, Any]:
    if error.status == 501:
        return _coded(error)
    titles = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}
    title = titles.get(error.status, "Server Error")
    return {"status": error.status, "error": title, "details": error.message}


def _entity_error(problem: Problem) -> dict[str, Any]:
    message = problem.message
    pointer = {"pointer": pointer_of(problem.path)}
    if problem.code is None:
        return {
            "code": "bad-parameter-error",
            "status": "400",
            "detail": message,
            "source": pointer,
            "meta": {"parameterCode": "INVALID_FORMAT"},
        }
    return {
        "code": "validation-error",
        "status": "400",
        "detail": f"Name {message}" if problem.code in ABOUT_THE_NAME else message,
        "source": pointer,
        "meta": {"validationCode": problem.code},
    }


def _run_error(status: int, problem: Problem) -> dict[str, Any]:
    """Why a run cannot start (described of journeys)."""
    meta = {"validationCode": problem.code}
    return {"status": str(status), "detail": problem.message, "meta": meta}


def pointer_of(path: str | None) -> str:
    """`$.attributes.rule.conditions[0]` as the JSON pointer `/attributes/rule/conditions/0`."""
    steps = [key or index for key, index in _STEP.findall(path or "")]
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
