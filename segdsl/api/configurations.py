"""Configurations of parent segments: reads, creates, updates and deletes them, and runs one.

What a configuration says is kept as JSON: `segdsl.parent_segment` makes and reads it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from segdsl.api import activation_reading as r
from segdsl.api import errors as e
from segdsl.api.activation_records import Execution
from segdsl.api.bodies import decoded, items, need_id, need_name, refuse
from segdsl.api.executions import Executions
from segdsl.api.parent_segments import ParentSegments
from segdsl.api.queries import path_id
from segdsl.api.transport import JSON
from segdsl.api.writing import Creation, Replacement, check_id, no_lookup, not_confirmed
from segdsl.rules.json_values import ValueFormError, text_or_none, whole_number


class ParentSegmentRecord(msgspec.Struct, frozen=True, gc=False):
    """A parent segment with its configuration; `document` is its JSON, attributes and behaviors
    in it. Times are as the API sends them; `matrix_updated_at` is None before the first run."""

    id: str
    name: str
    document: msgspec.Raw
    population: int | None = None
    matrix_updated_at: str | None = None
    updated_at: str | None = None

    def decoded(self) -> dict[str, Any]:
        """The document as plain values."""
        value: dict[str, Any] = msgspec.json.decode(self.document)
        return value


class NewParentSegment(msgspec.Struct, frozen=True):
    """A parent segment to create, or an update of one: a body of POST or PUT.

    `is_confirmed` says whether a record has all that the body says.
    """

    name: str
    body: dict[str, Any]
    is_confirmed: Callable[[dict[str, Any]], bool]


class Population(msgspec.Struct, frozen=True):
    """The population at a time, in Unix seconds; `is_run` is false for one that is imputed."""

    time: int
    population: int | None
    is_run: bool | None = None


class Configurations(ParentSegments, Executions):
    """The methods for configurations of parent segments; see `segdsl.api.client.Client`."""

    async def configuration(self, id: str) -> ParentSegmentRecord:
        """A parent segment with its attributes and behaviors, which the record may leave out
        (observed); then they are read by themselves."""
        body = await self._get_list(f"/audiences/{path_id(id)}")
        document = decoded(body, dict[str, msgspec.Raw])
        for key in ("attributes", "behaviors"):
            if key not in document:
                listed = items(await self._get_list(f"/audiences/{path_id(id)}/{key}"))
                document[key] = msgspec.Raw(msgspec.json.encode(listed))
        record = _record(msgspec.json.encode(document))
        check_id(record.id, id)
        return record

    async def configuration_or_none(self, id: str) -> ParentSegmentRecord | None:
        """The same; None if it does not exist: a 404 of the API itself and a list without it."""
        try:
            return await self.configuration(id)
        except e.NotFoundError:
            listed = await self.parent_segments()
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise not_confirmed("parent segment", id)
        return None

    async def find_configuration(self, name: str) -> ParentSegmentRecord | None:
        """The first parent segment of that name, whole."""
        for each in await self.parent_segments():
            if each.name == name:
                return await self.configuration(each.id)
        return None

    async def create_parent_segment(self, new: NewParentSegment) -> ParentSegmentRecord:
        """Creates a parent segment once; raises AlreadyExistsError if one of that name existed.

        After a lost response, one with that name and all that was sent counts as this one.
        """
        return await self._create(
            Creation(
                "parent segment",
                lambda: self.find_configuration(new.name),
                lambda: self._transport.send("POST", "/audiences", body=new.body),
                _answered,
                lambda existing: new.is_confirmed(existing.decoded()),
                "a parent segment with this name already exists",
                "another name",
            )
        )

    async def update_parent_segment(
        self,
        id: str,
        new: NewParentSegment,
        look: Callable[[], Awaitable[ParentSegmentRecord | None]] = no_lookup,
    ) -> ParentSegmentRecord:
        """Sends an update; idempotent. With `master` in its body it replaces all attributes,
        behaviors and filters, and what is not in it is deleted (described).

        `look` runs before each try; a record that it returns is the result. The result is always
        read again: responses are not described.
        """
        return await self._replace(
            Replacement(
                "parent segment",
                id,
                lambda: self._transport.send("PUT", f"/audiences/{path_id(id)}", body=new.body),
                lambda body: None,
                lambda: self.configuration(id),
                lambda found: new.is_confirmed(found.decoded()),
                look,
            )
        )

    async def delete_parent_segment(
        self, id: str, look: Callable[[], Awaitable[object | None]] = no_lookup
    ) -> bool:
        """Deletes a parent segment with all that belongs to it, as `delete_segment` a segment."""
        return await self._delete("parent segment", id, f"/audiences/{path_id(id)}", look)

    # --- running -----------------------------------------------------------------------

    async def parent_executions(self, id: str) -> tuple[Execution, ...]:
        """The runs of the workflow that builds a parent segment, as listed."""
        return r.executions(await self._get_list(f"/audiences/{path_id(id)}/executions"))

    async def run_parent_segment(self, id: str) -> Execution:
        """Builds a parent segment, at most once; see `_run_once`."""
        path = f"/audiences/{path_id(id)}/run"
        return await self._run_once(
            "parent segment", path, lambda: self.parent_executions(id), JSON
        )

    async def wait_for_parent_run(
        self,
        id: str,
        execution: Execution,
        *,
        on_status: Callable[[Execution], None] = lambda execution: None,
    ) -> Execution:
        """Waits until a run has ended, whatever came of it; see `_wait_for_run`."""
        return await self._wait_for_run(execution, lambda: self.parent_executions(id), on_status)

    async def populations(
        self, id: str, start: str | None = None, end: str | None = None
    ) -> tuple[Population, ...]:
        """The population day by day, from one date to another (`2025-04-01`), in order."""
        query: dict[str, str | int] = {}
        if start is not None:
            query["from"] = start
        if end is not None:
            query["to"] = end
        body = await self._get_list(f"/audiences/{path_id(id)}/statistics", JSON, **query)
        found = [_population(each) for each in decoded(body, list[list[Any]])]
        return tuple(each for each in found if each is not None)


def _record(body: bytes) -> ParentSegmentRecord:
    document = decoded(body, dict[str, Any])
    try:
        return ParentSegmentRecord(
            need_id(document.get("id")),
            need_name(document.get("name")),
            msgspec.Raw(body),
            whole_number(document.get("population")),
            text_or_none(document.get("matrixUpdatedAt")) or None,
            text_or_none(document.get("updatedAt")),
        )
    except ValueFormError as problem:
        refuse(str(problem))


def _answered(body: bytes) -> ParentSegmentRecord | None:
    """The record in the response of a creation; None if it is absent or leaves out parts."""
    try:
        record = _record(body)
    except e.InvalidResponseError:
        return None
    document = record.decoded()
    return record if {"master", "attributes", "behaviors"} <= document.keys() else None


def _population(value: list[Any]) -> Population | None:
    time = whole_number(value[0]) if value else None
    if time is None:
        return None
    is_run = value[2] if len(value) > 2 and isinstance(value[2], bool) else None
    return Population(time, whole_number(value[1]) if len(value) > 1 else None, is_run)
