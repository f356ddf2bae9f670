"""Segments: lists, reads, creates, replaces and deletes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from segdsl.api import errors as e
from segdsl.api import reading as r
from segdsl.api import responses as a
from segdsl.api.bodies import decoded
from segdsl.api.funnels import Funnels
from segdsl.api.queries import path_id
from segdsl.api.rule_equality import same_rule
from segdsl.api.writing import (
    Creation,
    Replacement,
    check_id,
    json_id,
    no_lookup,
    not_confirmed,
)
from segdsl.language.values import KIND_NUMBERS


class Segments(Funnels):
    """The methods for segments; see `segdsl.api.client.Client`."""

    async def segments(self, parent_id: str) -> a.Listed[a.Segment]:
        """The segments as listed; the rule of some may be None."""
        return r.segments(await self._get_list(f"/audiences/{path_id(parent_id)}/segments"))

    async def segment(self, parent_id: str, id: str) -> a.Segment:
        """A segment with its rule, which is `null` if it has none."""
        found = r.segment(await self._segment_body(parent_id, id))
        check_id(found.id, id)
        return found

    async def segment_or_none(self, parent_id: str, id: str) -> a.Segment | None:
        """A segment with its rule; None if it does not exist.

        That takes a 404 of the API itself and a list without it (`segdsl.api.provenance`).
        """
        try:
            return await self.segment(parent_id, id)
        except e.NotFoundError:
            listed = await self.segments(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise not_confirmed("segment", id)
        return None

    async def segment_json(self, parent_id: str, id: str) -> str:
        """A segment as the API returns it, as indented JSON."""
        body = await self._segment_body(parent_id, id)
        decoded(body, dict[str, msgspec.Raw])
        return msgspec.json.format(body, indent=2).decode()

    async def _segment_body(self, parent_id: str, id: str) -> bytes:
        return await self._get(f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}")

    async def find_segment(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.Segment | None:
        """The segment of that name in a folder (default: the root folder), with its rule."""
        folder = folder_id or await self._root(parent_id)
        try:
            path = f"/audiences/{path_id(parent_id)}/folders/{path_id(folder)}/segments"
            segments = r.segments(await self._get_list(path))
        except (e.NotFoundError, e.NotSupportedError, e.ForeignResponseError):
            segments = await self.segments(parent_id)
        for segment in segments:
            if segment.name == name and segment.folder_id in (folder, None):
                return (
                    segment
                    if segment.rule is not None
                    else await self.segment(parent_id, segment.id)
                )
        return None

    async def stage_segment(self, parent_id: str, stage: a.StageOf) -> a.Segment | None:
        """The segment with the rule of a funnel's stage; None if the stage has no rule.

        Raises NotFoundError if the funnel or the stage does not exist.
        """
        funnel = await self.funnel(parent_id, stage.funnel_id)
        for each in funnel.stages:
            if each.id == stage.stage_id:
                return (
                    None if not each.segment_id else await self.segment(parent_id, each.segment_id)
                )
        raise e.NotFoundError(
            f"funnel #{stage.funnel_id} has no stage #{stage.stage_id}",
            "somebody may have changed the funnel: make a new plan",
        )

    async def stage_segments(
        self, parent_id: str, funnel: a.Funnel
    ) -> tuple[a.Segment | None, ...]:
        """The rules of a funnel's stages, in their order; None for a stage without one."""

        async def rule_of(stage: a.Stage) -> a.Segment | None:
            return None if not stage.segment_id else await self.segment(parent_id, stage.segment_id)

        return tuple(await asyncio.gather(*map(rule_of, funnel.stages)))

    async def create_segment(self, parent_id: str, new: a.NewSegment) -> a.Segment:
        """Creates a segment once; raises AlreadyExistsError if one of that name existed before.

        After a lost response, a segment with the same name, rule and kind counts as this one. If
        the response is incomplete, the created segment is looked up. The rule of a funnel's stage
        is looked for in the stage, which has one segment at most. That of a journey cannot be
        looked for: a request that is repeated may leave one that nothing refers to.
        """
        path = f"/audiences/{path_id(parent_id)}/segments"
        folder = new.folder_id or await self._root(parent_id)
        body = _body(parent_id, new, folder)

        async def find() -> a.Segment | None:
            if new.stage is not None:
                return await self.stage_segment(parent_id, new.stage)
            if new.kind == "journey":
                # No list has them, and their names need not be unique.
                return None
            return await self.find_segment(parent_id, new.name, folder)

        return await self._create(
            Creation(
                "segment",
                find,
                lambda: self._transport.send("POST", path, body=body),
                # What cannot be looked for is known by the id alone.
                r.named_segment if new.kind == "journey" else r.answered_segment,
                lambda existing: _matches(existing, new),
                "a segment with this name already exists"
                if new.stage is None
                else "this stage has a rule already",
            )
        )

    async def update_segment(
        self,
        parent_id: str,
        id: str,
        new: a.NewSegment,
        look: Callable[[], Awaitable[a.Segment | None]] = no_lookup,
    ) -> a.Segment:
        """Replaces all of a segment (PUT); idempotent.

        A real server loses what the body omits (observed of the rule), so the body is complete,
        except for an unknown folder, which must not become the root. `look` runs before each try;
        a segment that it returns is the result. If the response is empty or incomplete, the
        segment is read again.
        """
        path = f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}"
        body = _body(parent_id, new, new.folder_id)
        return await self._replace(
            Replacement(
                "segment",
                id,
                lambda: self._transport.send("PUT", path, body=body),
                r.answered_segment,
                lambda: self.segment(parent_id, id),
                lambda segment: (
                    segment.name == new.name
                    and segment.rule is not None
                    and same_rule(segment.rule, new.rule)
                ),
                look,
            )
        )

    async def delete_segment(
        self, id: str, look: Callable[[], Awaitable[object | None]] = no_lookup
    ) -> bool:
        """Deletes a segment; raises ConflictError if others refer to it.

        `look` runs before each try; if it returns a reason, nothing is sent. Returns False if no
        response confirms the deletion: `look` returned a reason, or the API reports the segment as
        not found after a lost response.
        """
        return await self._delete("segment", id, f"/entities/segments/{path_id(id)}", look)


def _body(parent_id: str, new: a.NewSegment, folder: str | None) -> dict[str, object]:
    """The body of a create or an update (described)."""
    body: dict[str, object] = {
        "audienceId": json_id(parent_id),
        "name": new.name,
        "kind": KIND_NUMBERS[new.kind],
        "description": new.description or "",
        "rule": new.rule,
    }
    if folder is not None:
        body["segmentFolderId"] = json_id(folder)
    if new.count_population is not None:
        body["countPopulation"] = new.count_population
    if new.is_visible is not None:
        body["isVisible"] = new.is_visible
    if new.stage is not None:
        body["funnel_stage"] = {
            "funnel_id": json_id(new.stage.funnel_id),
            "stage_id": json_id(new.stage.stage_id),
        }
    return body


def _matches(segment: a.Segment, new: a.NewSegment) -> bool:
    """Whether an existing segment equals the one to create."""
    return (
        segment.kind == new.kind
        and segment.rule is not None
        and new.is_visible in (None, segment.is_visible)
        and (segment.description or "") == (new.description or "")
        and same_rule(segment.rule, new.rule)
    )
