"""What the local Audience API answers when it cannot do what was asked.

An `ApiError` is raised wherever something is found wrong; it is put into the shape of the
side that was asked:

- `/audiences`: `{"code", "message"}` (described); for what a record cannot be,
  `{"errors": {"name": […]}}` or `{"errors": {"base": […]}}` (observed);
- `/entities`: `{"errors": […]}` (described); for a name that is taken `{"errors": {"name": […]}}`
  (observed);
- both: for the delete of what is referred to, a list of errors with `meta.referencedBySegments`
  (observed); `{"status", "error", "details"}` for 5xx (described), but `{"code", "message"}` for
  501, what this server does not offer (our choice).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import msgspec

from segdsl.errors import SegdslError

UNIQUE = "VIOLATES_UNIQUENESS_CONSTRAINT"
BLANK = "CANNOT_BE_BLANK"
IMMUTABLE = "IS_IMMUTABLE"
ASSOCIATION = "INVALID_FORMAT_OR_ASSOCIATION"
EXPRESSION = "COMPOSITE_CONDITION_SYNTAX_ERROR"
ABOUT_THE_NAME = (UNIQUE, BLANK)
"""Their messages say what the name is: “has already been taken”, which clients look for."""

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "request_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    501: "not_implemented",
}
MOST_PROBLEMS = 100
"""Problems that one answer tells."""
LONGEST = 500
"""Characters of a problem that are told."""
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: `path` is its place in the body, such as `$.rule.type`.

    `code` is a validation code of the description; without one the body itself is no
    such body.
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
    """An answer other than 200: its status, what is wrong, and what else belongs to it.

    `conflicts` is the `errors` object of a 409 on the JSON:API side; `referenced_by` the
    ids and names of segments that refer to one that should be deleted.
    """

    def __init__(
        self,
        status: int,
        problems: Iterable[Problem],
        *,
        conflicts: Mapping[str, list[str]] | None = None,
        referenced_by: tuple[tuple[int, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        first = tuple(map(_shortened, islice(problems, MOST_PROBLEMS + 1)))
        more = first[MOST_PROBLEMS:] and (Problem("there are more problems than these"),)
        self.problems = (*first[:MOST_PROBLEMS], *more)
        self.conflicts = conflicts
        self.referenced_by = referenced_by
        self.headers = dict(headers or {})
        super().__init__("; ".join(each.text for each in self.problems))


def refuse(message: str, path: str | None = None, code: str | None = None) -> ApiError:
    """A 400 about one thing."""
    return ApiError(400, [Problem(message, path, code)])


def missing(what: str) -> ApiError:
    """A 404."""
    return ApiError(404, [Problem(what)])


def not_implemented(method: str, path: str) -> ApiError:
    """A 501: the API has this operation, and the local one has not."""
    return ApiError(501, [Problem(f"the local API has no {method} {path}")])


def plain_body(error: ApiError) -> dict[str, Any]:
    """The error as `/audiences` and `/master_segments` answer it."""
    if error.status >= 500:
        return _server_error(error)
    if error.referenced_by:
        return _referenced(error)
    if error.status == 400 and any(each.code is not None for each in error.problems):
        return {"errors": _by_attribute(error.problems)}
    return _coded(error)


def entities_body(error: ApiError) -> dict[str, Any]:
    """The error as `/entities` answers it."""
    if error.status >= 500:
        return _server_error(error)
    match error.status:
        case 400 if all(each.code == UNIQUE for each in error.problems):
            # Some clients read the first here too, others look for the second (observed).
            return {
                "errors": _by_attribute(error.problems),
                "message": f"Name {error.problems[0].message}",
            }
        case 400:
            return {"errors": [_bad(each) for each in error.problems]}
        case 404:
            code = {"code": "record-not-found-error", "status": "404", "detail": error.message}
            return {"errors": [code]}
        case 409 if error.referenced_by:
            return _referenced(error)
        case 409 if error.conflicts is not None:
            return {"errors": error.conflicts}
        case _:
            return {"errors": error.message}


def _coded(error: ApiError) -> dict[str, Any]:
    return {"code": _CODES.get(error.status, "client_error"), "message": error.message}


def _by_attribute(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """What is wrong with the name under `name`, everything else with its place under `base`."""
    found: dict[str, list[str]] = {}
    for each in problems:
        if each.code in ABOUT_THE_NAME:
            found.setdefault("name", []).append(each.message)
        else:
            found.setdefault("base", []).append(each.text)
    return found


def _referenced(error: ApiError) -> dict[str, Any]:
    segments = [{"id": str(id), "name": name} for id, name in error.referenced_by]
    return {
        "errors": [
            {
                "status": error.status,
                "code": "conflict",
                "title": "Conflict",
                "detail": error.message,
                "meta": {"referencedBySegments": segments, "referencedByPredictiveSegments": []},
            }
        ]
    }


def _server_error(error: ApiError) -> dict[str, Any]:
    if error.status == 501:
        return _coded(error)
    titles = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}
    title = titles.get(error.status, "Server Error")
    return {"status": error.status, "error": title, "details": error.message}


def _bad(of: Problem) -> dict[str, Any]:
    pointer = {"pointer": pointer_of(of.path)}
    if of.code is None:
        return {
            "code": "bad-parameter-error",
            "status": "400",
            "detail": of.message,
            "source": pointer,
            "meta": {"parameterCode": "INVALID_FORMAT"},
        }
    return {
        "code": "validation-error",
        "status": "400",
        "detail": f"Name {of.message}" if of.code in ABOUT_THE_NAME else of.message,
        "source": pointer,
        "meta": {"validationCode": of.code},
    }


def pointer_of(path: str | None) -> str:
    """`$.attributes.rule.conditions[0]` as the JSON pointer `/attributes/rule/conditions/0`."""
    steps = [key or index for key, index in _STEP.findall(path or "")]
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
