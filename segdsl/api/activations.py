"""Activations: lists, reads, creates, replaces and deletes them, and runs one.

Activations are read from the JSON:API side, which says everything. They are written there, on the
legacy side, or on both, since each can say what the other cannot (`NewActivation`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from segdsl.api import activation_reading as r
from segdsl.api import activation_records as a
from segdsl.api import errors as e
from segdsl.api.executions import Executions
from segdsl.api.folders import Folders
from segdsl.api.queries import path_id
from segdsl.api.responses import Listed, Unreadable
from segdsl.api.sent_values import has_sent_values
from segdsl.api.transport import JSON, JSON_API
from segdsl.api.writing import (
    FALLBACK_ERRORS,
    Creation,
    Replacement,
    check_id,
    no_lookup,
    not_confirmed,
)

_MAX_PAGES = 1_000


class Activations(Folders, Executions):
    """The methods for activations; see `segdsl.api.client.Client`."""

    # --- reading -----------------------------------------------------------------------

    async def activations(self, parent_id: str) -> Listed[a.Activation]:
        """Summaries of all activations of a parent segment, of its stages' segments, too."""
        parent = path_id(parent_id)
        try:
            body = await self._get_list(
                f"/entities/parent_segments/{parent}/syndications", JSON_API
            )
        except FALLBACK_ERRORS:
            body = await self._get_list(f"/audiences/{parent}/syndications")
        return r.activations(body, is_summary=True)

    async def notified_users(self, parent_id: str) -> frozenset[str]:
        """The ids of the users whom the activations of a parent segment notify.

        Only the legacy list has them (described).
        """
        listed = await self._get_list(
            f"/audiences/{path_id(parent_id)}/syndications", without_detail="true"
        )
        return frozenset(
            id for each in r.activations(listed, is_summary=True) for id in each.recipients
        )

    async def activations_of(self, parent_id: str, segment_id: str) -> Listed[a.Activation]:
        """The activations of a segment, as listed."""
        segment = path_id(segment_id)
        try:
            body = await self._get_list(f"/entities/segments/{segment}/syndications", JSON_API)
        except (e.NotSupportedError, e.ForeignResponseError):
            path = f"/audiences/{path_id(parent_id)}/segments/{segment}/syndications"
            body = await self._get_list(path)
        return r.activations(body, is_summary=True, segment_id=segment_id)

    async def activation(self, segment_id: str, id: str) -> a.Activation:
        """An activation, whole, with its runs."""
        body = await self._get(_path(segment_id, id), JSON_API)
        activation = r.activation(body, segment_id)
        check_id(activation.id, id)
        return activation

    async def activation_or_none(
        self, parent_id: str, segment_id: str, id: str
    ) -> a.Activation | None:
        """An activation, whole; None if it does not exist.

        That takes a 404 of the API itself and a list of the parent segment without it.
        """
        try:
            return await self.activation(segment_id, id)
        except e.NotFoundError:
            listed = await self.activations(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise not_confirmed("activation", id)
        return None

    async def find_activation(
        self, parent_id: str, segment_id: str, name: str
    ) -> a.Activation | None:
        """The activation of a segment with that name, whole."""
        for each in await self.activations_of(parent_id, segment_id):
            if each.name == name:
                return await self.activation(segment_id, each.id)
        return None

    async def activation_overviews(
        self, parent_id: str, folder_id: str | None = None, name: str | None = None
    ) -> Listed[a.ActivationOverview]:
        """The activations of all segments under a folder (default: the root folder), with the
        number of rows of their last runs; with `name` those whose name contains it."""
        folder = folder_id or await self._root(parent_id)
        path = f"/audiences/{path_id(parent_id)}/folders/{path_id(folder)}/syndications"
        query: dict[str, str | int] = {} if name is None else {"name_include": name}
        items: list[a.ActivationOverview] = []
        unreadable: list[Unreadable] = []
        cursor: str | None = None
        cursors: set[str] = set()
        for _ in range(_MAX_PAGES):
            page, cursor = r.overviews(await self._get_list(path, JSON, **query))
            items.extend(page)
            unreadable.extend(page.unreadable)
            if cursor is None or cursor in cursors:
                break
            cursors.add(cursor)
            query["page[after]"] = cursor
        return Listed(items, unreadable)

    async def record_count(self, parent_id: str, activation: a.Activation) -> int | None:
        """The number of rows that the last run of an activation sent; None if it is not known."""
        overviews = await self.activation_overviews(parent_id, name=activation.name)
        return next((each.record_count for each in overviews if each.id == activation.id), None)

    # --- writing -----------------------------------------------------------------------

    async def create_activation(
        self, parent_id: str, segment_id: str, new: a.NewActivation
    ) -> a.Activation:
        """Creates an activation once; raises AlreadyExistsError if the segment had one of that
        name before.

        After a lost response, one with that name and all values that were sent counts as this one.
        What both sides are needed for is created on the legacy side and then updated on the other.
        """
        segment, parent = path_id(segment_id), path_id(parent_id)

        async def send() -> bytes:
            if new.legacy is not None:
                path = f"/audiences/{parent}/segments/{segment}/syndications"
                return await self._transport.send("POST", path, body=new.legacy)
            path = f"/entities/segments/{segment}/syndications"
            return await self._transport.send("POST", path, body=new.entities, media=JSON_API)

        created = await self._create(
            Creation(
                "activation",
                lambda: self.find_activation(parent_id, segment_id, new.name),
                send,
                lambda body: r.answered_activation(body, segment_id),
                lambda existing: _matches(existing, new.name, new.legacy or new.entities),
                "an activation with this name already exists",
                "another name or segment",
            )
        )
        if new.entities is None or new.legacy is None:
            return created
        return await self._complete(segment_id, created.id, new)

    async def update_activation(
        self,
        parent_id: str,
        segment_id: str,
        id: str,
        new: a.NewActivation,
        look: Callable[[], Awaitable[a.Activation | None]] = no_lookup,
    ) -> a.Activation:
        """Replaces an activation; idempotent.

        `look` runs before each try; an activation that it returns is the result. With both bodies
        the second is sent only over what the first one made.
        """
        if new.legacy is None:
            return await self._patch(segment_id, id, new, look)
        updated = await self._put(parent_id, segment_id, id, new, look)
        if new.entities is None or not _matches(updated, new.name, new.legacy):
            # Without the second body, or superseded by what `look` found.
            return updated
        return await self._complete(segment_id, id, new)

    async def _complete(self, segment_id: str, id: str, new: a.NewActivation) -> a.Activation:
        """Sends the JSON:API body after the legacy one.

        The other order is not safe: the legacy side replaces the whole, and has no `endOn`
        (described); and what is created without its workflow may run without it. Nothing is sent
        over what somebody else wrote meanwhile.
        """

        async def look() -> a.Activation | None:
            """What is there, unless it has only what the legacy body says."""
            found = await self.activation(segment_id, id)
            is_half = _matches(found, new.name, new.legacy) and not _matches(
                found, new.name, new.entities
            )
            return None if is_half else found

        updated = await self._patch(segment_id, id, new, look)
        if _matches(updated, new.name, new.entities) and not _matches(
            updated, new.name, new.legacy
        ):
            raise e.InvalidResponseError(
                f"the update of activation #{id} took back its workflow or its sequence",
                "the API cannot keep them together with an end: leave out one of them",
            )
        return updated

    async def _patch(
        self,
        segment_id: str,
        id: str,
        new: a.NewActivation,
        look: Callable[[], Awaitable[a.Activation | None]],
    ) -> a.Activation:
        path = _path(segment_id, id)
        return await self._replace(
            Replacement(
                "activation",
                id,
                lambda: self._transport.send("PATCH", path, body=new.entities, media=JSON_API),
                lambda body: r.answered_activation(body, segment_id),
                lambda: self.activation(segment_id, id),
                lambda found: _matches(found, new.name, new.entities),
                look,
            )
        )

    async def _put(
        self,
        parent_id: str,
        segment_id: str,
        id: str,
        new: a.NewActivation,
        look: Callable[[], Awaitable[a.Activation | None]],
    ) -> a.Activation:
        path = (
            f"/audiences/{path_id(parent_id)}/segments/{path_id(segment_id)}"
            f"/syndications/{path_id(id)}"
        )
        return await self._replace(
            Replacement(
                "activation",
                id,
                lambda: self._transport.send("PUT", path, body=new.legacy),
                # The legacy response does not say everything, so the activation is read again.
                lambda body: None,
                lambda: self.activation(segment_id, id),
                lambda found: _matches(found, new.name, new.legacy),
                look,
            )
        )

    async def delete_activation(
        self,
        segment_id: str,
        id: str,
        look: Callable[[], Awaitable[object | None]] = no_lookup,
    ) -> bool:
        """Deletes an activation, as `delete_segment` does a segment."""
        return await self._delete("activation", id, _path(segment_id, id), look)

    # --- running -----------------------------------------------------------------------

    async def run_activation(self, segment_id: str, id: str) -> a.Execution:
        """Runs an activation, at most once: after a lost response the run is looked for.

        A run that began meanwhile counts as this one. Raises InvalidResponseError if there is
        none: the request is not sent again, since it may have been accepted.
        """

        async def runs() -> tuple[a.Execution, ...]:
            return (await self.activation(segment_id, id)).executions

        return await self._run_once("activation", f"{_path(segment_id, id)}/run", runs)

    async def wait_for_execution(
        self,
        segment_id: str,
        id: str,
        execution: a.Execution,
        *,
        on_status: Callable[[a.Execution], None] = lambda execution: None,
    ) -> a.Execution:
        """Waits until a run has ended, whatever came of it, and returns it.

        `on_status` is called with each new status. Raises QueryFailedError if it takes longer than
        `RetryPolicy.run_timeout`; the run goes on.
        """

        async def runs() -> tuple[a.Execution, ...]:
            return (await self.activation(segment_id, id)).executions

        return await self._wait_for_run(execution, runs, on_status)

    # --- workflows ---------------------------------------------------------------------

    async def workflow_projects(
        self, parent_id: str, pattern: str | None = None
    ) -> Listed[a.WorkflowProject]:
        """The projects of workflows that activations can run; with `pattern` those of its names."""
        path = f"/entities/parent_segments/{path_id(parent_id)}/user_defined_workflow_projects"
        query: dict[str, str | int] = {} if pattern is None else {"namePattern": pattern}
        items: list[a.WorkflowProject] = []
        unreadable: list[Unreadable] = []
        ids: set[str] = set()
        for _ in range(_MAX_PAGES):
            page, has_next = r.workflow_projects(await self._get_list(path, JSON, **query))
            new = [each for each in page if each.id not in ids]
            items.extend(new)
            unreadable.extend(page.unreadable)
            ids.update(each.id for each in new)
            if not has_next or not new:
                break
            # The description pages by the last id; what `nextPage` says beyond that is unknown.
            query["lastId"] = new[-1].id
        return Listed(items, unreadable)

    async def workflows(self, parent_id: str, project: str) -> Listed[a.WorkflowProject]:
        """The workflows of a project, by its name."""
        path = f"/entities/parent_segments/{path_id(parent_id)}/user_defined_workflows"
        body = await self._get_list(path, workflowProjectName=project)
        return r.workflow_projects(body)[0]


def _path(segment_id: str, id: str) -> str:
    return f"/entities/segments/{path_id(segment_id)}/syndications/{path_id(id)}"


def _matches(activation: a.Activation, name: str, sent: msgspec.Raw | None) -> bool:
    """Whether an activation of the API has all values of a body that was sent, of either side."""
    assert sent is not None, "a body that was sent"
    document, body = activation.decoded(), msgspec.json.decode(sent)
    return activation.name == name and has_sent_values(
        body.get("attributes", body),
        document["attributes"] if activation.form == "entities" else document,
    )
