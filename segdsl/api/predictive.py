"""Predictive segments: lists, reads, creates, replaces, deletes and trains them.

Each request goes to the JSON:API side (`/entities`), and to the legacy one (`/audiences`) if a
server does not have the first; the list of a parent segment and the runs are described whole only
on the legacy side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from segdsl.api import errors as e
from segdsl.api import predictive_reading as p
from segdsl.api.activation_reading import executions
from segdsl.api.activation_records import Execution
from segdsl.api.executions import Executions
from segdsl.api.folders import Folders
from segdsl.api.predictive_records import (
    FeatureWeight,
    Guess,
    Histogram,
    NewPredictiveSegment,
    PredictiveSegment,
)
from segdsl.api.queries import path_id
from segdsl.api.responses import Listed
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

_WHAT = "predictive segment"
_NOT_OFFERED = (e.NotSupportedError, e.ForeignResponseError)
"""Errors of a side of the API that a server does not have: nothing was done."""


class PredictiveSegments(Folders, Executions):
    """The methods for predictive segments; see `segdsl.api.client.Client`."""

    # --- reading -----------------------------------------------------------------------

    async def predictive_segments(self, parent_id: str) -> Listed[PredictiveSegment]:
        """The predictive segments of a parent segment, with their folders where those are said.

        The list by folder says them; where a server has no such list, the legacy one counts.
        """
        try:
            return p.predictive_segments_in_folder(
                await self._by_folder(await self._root(parent_id))
            )
        except FALLBACK_ERRORS:
            return p.predictive_segments(await self._get_list(_legacy(parent_id)))

    async def predictive_segment(self, parent_id: str, id: str) -> PredictiveSegment:
        """A predictive segment, read by itself."""
        try:
            body = await self._get(_path(id), JSON_API)
        except _NOT_OFFERED:
            body = await self._get(_legacy(parent_id, id))
        found = p.predictive_segment(_with_id(body, id))
        check_id(found.id, id)
        return found

    async def predictive_segment_or_none(self, parent_id: str, id: str) -> PredictiveSegment | None:
        """A predictive segment, read by itself; None if it does not exist.

        That takes a 404 of the API itself and a list without it (`segdsl.api.provenance`).
        """
        try:
            return await self.predictive_segment(parent_id, id)
        except e.NotFoundError:
            listed = await self.predictive_segments(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise not_confirmed(_WHAT, id)
        return None

    async def find_predictive_segment(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> PredictiveSegment | None:
        """The one of that name in a folder (default: the root folder), read by itself."""
        folder = folder_id or await self._root(parent_id)
        for each in await self.predictive_segments(parent_id):
            if each.name == name and each.folder_id in (folder, None):
                whole = await self.predictive_segment(parent_id, each.id)
                if whole.folder_id in (folder, None):
                    return whole
        return None

    # --- writing -----------------------------------------------------------------------

    async def create_predictive_segment(
        self, parent_id: str, new: NewPredictiveSegment
    ) -> PredictiveSegment:
        """Creates a predictive segment once; raises AlreadyExistsError if the folder had one of
        that name before. It is not trained yet.

        After a lost response, one with that name and all values that were sent counts as this one.
        """
        folder = new.folder_id or await self._root(parent_id)

        async def send() -> bytes:
            body = _body(new, folder)
            try:
                path = "/entities/predictive_segments"
                return await self._transport.send("POST", path, body=body, media=JSON_API)
            except e.NotSupportedError:
                attributes = {**body["attributes"], "segmentFolderId": folder}
                return await self._transport.send("POST", _legacy(parent_id), body=attributes)

        return await self._create(
            Creation(
                _WHAT,
                lambda: self.find_predictive_segment(parent_id, new.name, folder),
                send,
                p.answered,
                lambda existing: _matches(existing, new, folder),
                "a predictive segment with this name already exists",
            )
        )

    async def update_predictive_segment(
        self,
        parent_id: str,
        id: str,
        new: NewPredictiveSegment,
        look: Callable[[], Awaitable[PredictiveSegment | None]] = no_lookup,
    ) -> PredictiveSegment:
        """Replaces what the body says, and the folder; idempotent. A trained model stays.

        `look` runs before each try; one that it returns is the result.
        """
        folder = new.folder_id or await self._root(parent_id)

        async def send() -> bytes:
            body = _body(new, folder)
            try:
                return await self._transport.send("PATCH", _path(id), body=body, media=JSON_API)
            except e.NotSupportedError:
                attributes = {**body["attributes"], "segmentFolderId": folder}
                return await self._transport.send("PATCH", _legacy(parent_id, id), body=attributes)

        return await self._replace(
            Replacement(
                _WHAT,
                id,
                send,
                p.answered,
                lambda: self.predictive_segment(parent_id, id),
                lambda found: _matches(found, new, folder),
                look,
            )
        )

    async def delete_predictive_segment(
        self,
        parent_id: str,
        id: str,
        look: Callable[[], Awaitable[object | None]] = no_lookup,
    ) -> bool:
        """Deletes one with its model; raises ConflictError if rules refer to its scores.

        As `delete_segment` does.
        """
        try:
            return await self._delete(_WHAT, id, _path(id), look)
        except e.NotSupportedError:
            return await self._delete(_WHAT, id, _legacy(parent_id, id), look)

    # --- trainings ---------------------------------------------------------------------

    async def predictive_executions(self, parent_id: str, id: str) -> tuple[Execution, ...]:
        """The trainings of a predictive segment.

        The list is described on the legacy side; the other may have the last one alone.
        """
        try:
            return executions(await self._get_list(f"{_legacy(parent_id, id)}/executions"))
        except _NOT_OFFERED:
            return executions(await self._get_list(f"{_path(id)}/executions", JSON_API))

    async def run_predictive_segment(self, parent_id: str, id: str) -> Execution:
        """Trains a predictive segment, at most once; see `_run_once`."""

        async def runs() -> tuple[Execution, ...]:
            return await self.predictive_executions(parent_id, id)

        try:
            return await self._run_once(_WHAT, f"{_path(id)}/run", runs)
        except e.NotSupportedError:
            return await self._run_once(_WHAT, f"{_legacy(parent_id, id)}/run", runs, JSON)

    async def wait_for_training(
        self,
        parent_id: str,
        id: str,
        execution: Execution,
        *,
        on_status: Callable[[Execution], None] = lambda execution: None,
    ) -> Execution:
        """Waits until a training has ended; see `_wait_for_run`."""

        async def runs() -> tuple[Execution, ...]:
            return await self.predictive_executions(parent_id, id)

        return await self._wait_for_run(execution, runs, on_status)

    # --- models ------------------------------------------------------------------------

    async def model_features(
        self, parent_id: str, id: str, limit: int | None = None
    ) -> tuple[FeatureWeight, ...]:
        """What the features of a trained model weigh; with `limit` the heaviest of them."""
        return p.features(await self._model(parent_id, id, "model/features", limit))

    async def model_columns(
        self, parent_id: str, id: str, limit: int | None = None
    ) -> tuple[tuple[str, ...], ...]:
        """The columns that a trained model was made of."""
        return p.columns(await self._model(parent_id, id, "model/columns", limit))

    async def model_scores(self, parent_id: str, id: str) -> Histogram:
        """The scores that a trained model gave."""
        try:
            body = await self._get(f"{_path(id)}/model/score", JSON_API)
        except _NOT_OFFERED:
            path = f"{_legacy(parent_id, id)}/score_histogram"
            body = await self._get_list(path, with_positive_train="true")
        return p.histogram(body)

    async def _model(self, parent_id: str, id: str, what: str, limit: int | None) -> bytes:
        suffix = what if limit is None else f"{what}?limit={limit}"
        try:
            return await self._get_list(f"{_path(id)}/{suffix}", JSON_API)
        except _NOT_OFFERED:
            return await self._get_list(f"{_legacy(parent_id, id)}/{suffix}")

    async def guess_features(self, parent_id: str, segment_id: str) -> Guess:
        """Asks for features of a model of who is in a segment; the first time it only starts."""
        segment = path_id(segment_id)
        try:
            path = f"/entities/segments/{segment}/predictive_segments/guess_rule_async"
            return p.guess(await self._get(path, JSON_API))
        except _NOT_OFFERED:
            path = f"{_legacy(parent_id)}/guess_rule_async"
            return p.guess(await self._get_list(path, segmentId=segment))

    async def guessed_features(self, parent_id: str, segment_id: str) -> msgspec.Raw:
        """Waits for guessed features: the JSON of a rule with the API's lists of features.

        Raises QueryFailedError if it takes longer than `RetryPolicy.run_timeout`.
        """
        policy = self._retry_policy
        pause = policy.first_poll
        waited = 0.0
        while True:
            guess = await self.guess_features(parent_id, segment_id)
            if guess.rule is not None:
                return guess.rule
            if waited > policy.run_timeout:
                raise e.QueryFailedError(
                    f"features were not guessed within {policy.run_timeout:g} seconds"
                )
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * 1.5, policy.max_run_poll)


def _path(id: str) -> str:
    return f"/entities/predictive_segments/{path_id(id)}"


def _legacy(parent_id: str, id: str | None = None) -> str:
    path = f"/audiences/{path_id(parent_id)}/predictive_segments"
    return path if id is None else f"{path}/{path_id(id)}"


def _body(new: NewPredictiveSegment, folder: str) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(new.body)
    parent = {"data": {"id": folder, "type": "folder-segment"}}
    return {**body, "relationships": {"parentFolder": parent}}


def _matches(found: PredictiveSegment, new: NewPredictiveSegment, folder: str) -> bool:
    """Whether a predictive segment of the API is what was sent.

    Answers are not described with `preprocess`: without it they say nothing of it.
    """
    sent: dict[str, Any] = msgspec.json.decode(new.body)["attributes"]
    decoded = found.decoded()
    values = decoded.get("attributes", decoded)
    compared = {
        key: value for key, value in sent.items() if key != "preprocess" or "preprocess" in values
    }
    return (
        found.name == new.name
        and found.folder_id in (folder, None)
        and has_sent_values(compared, values)
    )


def _with_id(body: bytes, id: str) -> bytes:
    """An answer whose `data` are the attributes alone (described), as a resource of that id."""
    try:
        value: Any = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        data: Any = msgspec.json.decode(value["data"], type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return body
    if "attributes" in data or "id" in data:
        return body
    resource = {"id": id, "type": "predictive-segment", "attributes": value["data"]}
    return msgspec.json.encode({"data": resource})
