"""Funnels with their stages: lists, reads, creates, replaces and deletes them.

Each request goes to the JSON:API side (`/entities`), and to the legacy one (`/audiences`) if a
server does not have the first. The rules of stages are segments (`segdsl.api.segments`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from segdsl.api import errors as e
from segdsl.api import funnel_reading as r
from segdsl.api import responses as a
from segdsl.api.folders import Folders
from segdsl.api.queries import path_id
from segdsl.api.transport import JSON_API
from segdsl.api.writing import (
    FALLBACK_ERRORS,
    Creation,
    Replacement,
    check_id,
    json_id,
    no_lookup,
    not_confirmed,
)

_NOT_OFFERED = (e.NotSupportedError, e.ForeignResponseError)
"""Errors of a side of the API that a server does not have: nothing was done."""


class Funnels(Folders):
    """The methods for funnels; see `segdsl.api.client.Client`."""

    async def funnels(self, parent_id: str) -> a.Listed[a.Funnel]:
        """The funnels with their stages; one that the list has no stages of is read by itself."""
        parent = path_id(parent_id)
        try:
            path = f"/entities/parent_segments/{parent}/funnels"
            listed = r.funnels(await self._get_list(path, JSON_API))
        except FALLBACK_ERRORS:
            listed = r.funnels(await self._get_list(f"/audiences/{parent}/funnels"))

        async def whole(funnel: a.Funnel) -> a.Funnel | a.Unreadable:
            if funnel.stages or "stages" not in funnel.left_out:
                return funnel
            try:
                return await self.funnel(parent_id, funnel.id)
            except FALLBACK_ERRORS as error:
                return a.Unreadable(funnel.id, funnel.name, error.message)

        found = await asyncio.gather(*map(whole, listed))
        unreadable = (each for each in found if isinstance(each, a.Unreadable))
        return a.Listed(
            (each for each in found if isinstance(each, a.Funnel)),
            (*listed.unreadable, *unreadable),
        )

    async def funnel(self, parent_id: str, id: str) -> a.Funnel:
        """A funnel, read by itself."""
        funnel = r.funnel(await self._funnel_body(parent_id, id))
        check_id(funnel.id, id)
        return funnel

    async def funnel_json(self, parent_id: str, id: str) -> str:
        """A funnel as the API returns it, as indented JSON."""
        body = await self._funnel_body(parent_id, id)
        r.funnel(body)
        return msgspec.json.format(body, indent=2).decode()

    async def _funnel_body(self, parent_id: str, id: str) -> bytes:
        try:
            return await self._get(f"/entities/funnels/{path_id(id)}", JSON_API)
        except _NOT_OFFERED:
            return await self._get(_legacy(parent_id, id))

    async def funnel_or_none(self, parent_id: str, id: str) -> a.Funnel | None:
        """A funnel, read by itself; None if it does not exist.

        That takes a 404 of the API itself and a list without it (`segdsl.api.provenance`).
        """
        try:
            return await self.funnel(parent_id, id)
        except e.NotFoundError:
            listed = await self.funnels(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise not_confirmed("funnel", id)
        return None

    async def find_funnel(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.Funnel | None:
        """The funnel of that name in a folder (default: the root folder), read by itself."""
        folder = folder_id or await self._root(parent_id)
        for each in await self.funnels(parent_id):
            if each.name == name and each.folder_id in (folder, None):
                whole = await self.funnel(parent_id, each.id)
                if whole.folder_id in (folder, None):
                    return whole
        return None

    async def create_funnel(self, parent_id: str, new: a.NewFunnel) -> a.Funnel:
        """Creates a funnel once; raises AlreadyExistsError if one of that name existed before.

        After a lost response, a funnel with the same name, stages and description counts as this
        one. Its stages have no rules yet.
        """
        folder = new.folder_id or await self._root(parent_id)

        async def send() -> bytes:
            try:
                body = _body(new, folder)
                return await self._transport.send(
                    "POST", "/entities/funnels", body=body, media=JSON_API
                )
            except e.NotSupportedError:
                legacy = f"/audiences/{path_id(parent_id)}/funnels"
                return await self._transport.send("POST", legacy, body=_legacy_body(new, folder))

        return await self._create(
            Creation(
                "funnel",
                lambda: self.find_funnel(parent_id, new.name, folder),
                send,
                r.answered_funnel,
                lambda existing: _matches(existing, new),
                "a funnel with this name already exists",
            )
        )

    async def update_funnel(
        self,
        parent_id: str,
        id: str,
        new: a.NewFunnel,
        look: Callable[[], Awaitable[a.Funnel | None]] = no_lookup,
    ) -> a.Funnel:
        """Replaces a funnel: its name, description, folder and stages; idempotent.

        A stage with an id keeps its rule, and may get another name or place. `look` runs before
        each try; a funnel that it returns is the result. Each try reads the funnel first: a stage
        without an id that an earlier try created is not created again.
        """
        folder = new.folder_id or await self._root(parent_id)
        tried = False

        async def send() -> bytes:
            nonlocal tried
            now = await self._with_ids(parent_id, id, new) if tried else new
            tried = True
            try:
                return await self._transport.send(
                    "PATCH",
                    f"/entities/funnels/{path_id(id)}",
                    body=_body(now, folder),
                    media=JSON_API,
                )
            except e.NotSupportedError:
                body = _legacy_body(now, folder)
                return await self._transport.send("PUT", _legacy(parent_id, id), body=body)

        return await self._replace(
            Replacement(
                "funnel",
                id,
                send,
                r.answered_funnel,
                lambda: self.funnel(parent_id, id),
                lambda funnel: _matches(funnel, new),
                look,
            )
        )

    async def _with_ids(self, parent_id: str, id: str, new: a.NewFunnel) -> a.NewFunnel:
        """The same with the ids of new stages that an earlier try may have created, by name."""
        known = {each.id for each in new.stages if each.id is not None}
        made = {
            each.name: each.id
            for each in (await self.funnel(parent_id, id)).stages
            if each.id not in known
        }
        stages = tuple(a.NewStage(each.name, each.id or made.get(each.name)) for each in new.stages)
        return a.NewFunnel(new.name, stages, new.description, new.folder_id)

    async def delete_funnel(
        self,
        parent_id: str,
        id: str,
        look: Callable[[], Awaitable[object | None]] = no_lookup,
    ) -> bool:
        """Deletes a funnel with its stages; raises ConflictError if others refer to it.

        As `delete_segment` does.
        """
        try:
            return await self._delete("funnel", id, f"/entities/funnels/{path_id(id)}", look)
        except e.NotSupportedError:
            return await self._delete("funnel", id, _legacy(parent_id, id), look)


def _legacy(parent_id: str, id: str) -> str:
    return f"/audiences/{path_id(parent_id)}/funnels/{path_id(id)}"


def _body(new: a.NewFunnel, folder: str) -> dict[str, object]:
    """The JSON:API body of a create or an update (described); ids are strings there."""
    stages = [
        {"name": each.name} if each.id is None else {"id": each.id, "name": each.name}
        for each in new.stages
    ]
    return {
        "type": "funnel",
        "attributes": {
            "name": new.name,
            "description": new.description or "",
            "stages": stages,
        },
        "relationships": {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}},
    }


def _legacy_body(new: a.NewFunnel, folder: str) -> dict[str, object]:
    """The legacy body of a create or an update (described); ids are numbers there."""
    stages = [
        {"name": each.name} if each.id is None else {"id": json_id(each.id), "name": each.name}
        for each in new.stages
    ]
    return {
        "name": new.name,
        "description": new.description or "",
        "segmentFolderId": json_id(folder),
        "stages": stages,
    }


def _matches(funnel: a.Funnel, new: a.NewFunnel) -> bool:
    """Whether a funnel of the API is what was sent."""
    return (
        funnel.name == new.name
        and "stages" not in funnel.left_out
        and tuple(each.name for each in funnel.stages) == tuple(each.name for each in new.stages)
        and all(
            sent.id in (None, stage.id)
            for sent, stage in zip(new.stages, funnel.stages, strict=True)
        )
        and (funnel.description or "") == (new.description or "")
        and (new.folder_id is None or funnel.folder_id in (new.folder_id, None))
    )
