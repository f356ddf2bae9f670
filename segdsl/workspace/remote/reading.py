"""What a server has, read once for all kinds of resources, so that they see the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from segdsl.api import Client, ClientError
from segdsl.api.activation_records import Activation, ActivationTemplate
from segdsl.api.errors import (
    ForbiddenError,
    ForeignResponseError,
    InvalidResponseError,
    NotFoundError,
    NotSupportedError,
)
from segdsl.api.journey_records import Journey
from segdsl.api.predictive_records import PredictiveSegment
from segdsl.api.responses import Funnel, Listed
from segdsl.language.values import ByName
from segdsl.workspace.project.keys import (
    ACTIVATION,
    CONNECTION,
    JOURNEY,
    TEMPLATE,
    USER,
    Folder,
    Ref,
)
from segdsl.workspace.remote.snapshot import Snapshot, read_snapshot

_T = TypeVar("_T")

UNREADABLE = (InvalidResponseError, NotFoundError, ForbiddenError)
"""Errors that say that one record cannot be read; others may pass, and end the reading."""
KNOWN_ATTEMPTS = 4
"""Tries of a request for names that a schema file has as well: about two seconds."""
NOT_OFFERED = (NotSupportedError, NotFoundError, ForbiddenError, ForeignResponseError)
"""Errors of a part of the API that a server, or a key, does not have."""


class ServerReading:
    """What a parent segment has, from segments to journeys, each list read when first needed.

    `wanted` are the kinds that are compared; None is all. `known` are names of connections and
    users that a schema file has.

    Its methods raise ClientError. What is in one list and was created after another was read, is
    read by itself by the kind that needs it.
    """

    def __init__(
        self,
        client: Client,
        parent_id: str,
        wanted: frozenset[str] | None = None,
        known: Mapping[Ref, ByName] | None = None,
    ) -> None:
        self.client = client
        self.parent_id = parent_id
        self.wanted = wanted
        self.known = known or {}
        self.unlisted: dict[str, ClientError] = {}
        """The kinds of the account's names that could not be asked for, each with the error."""
        self.notes: list[str] = []
        """What to tell the user about the names that are used instead."""
        self._snapshot: Snapshot | None = None
        self._funnels: Listed[Funnel] | ClientError | None = None
        self._activations: Listed[Activation] | ClientError | None = None
        self._predictive: Listed[PredictiveSegment] | ClientError | None = None
        self._journeys: Listed[Journey] | ClientError | None = None
        self._templates: Listed[ActivationTemplate] | ClientError | None = None
        self._names: dict[Ref, ByName] | None = None

    def is_wanted(self, kind: str) -> bool:
        """Whether what resources of a kind say is needed, and not only which there are."""
        return self.wanted is None or kind in self.wanted

    async def snapshot(self) -> Snapshot:
        """The segments with their rules, those of stages too, and the folders."""
        if self._snapshot is None:
            rules = self.wanted is None or bool(self.wanted)
            self._snapshot = await read_snapshot(self.client, self.parent_id, rules=rules)
        return self._snapshot

    async def funnels(self) -> Listed[Funnel] | ClientError:
        """The funnels; the error, where the server does not offer them."""
        if self._funnels is None:
            await self.snapshot()  # First: a stage of a funnel that is read has its segment then.
            self._funnels = await _offered(self.client.funnels(self.parent_id))
        return self._funnels

    async def activations(self) -> Listed[Activation] | ClientError:
        """Summaries of the activations of all segments and stages; the error as above."""
        if self._activations is None:
            self._activations = await _offered(self.client.activations(self.parent_id))
        return self._activations

    async def predictive_segments(self) -> Listed[PredictiveSegment] | ClientError:
        """The predictive segments; the error as above."""
        if self._predictive is None:
            self._predictive = await _offered(self.client.predictive_segments(self.parent_id))
        return self._predictive

    async def journeys(self) -> Listed[Journey] | ClientError:
        """All versions of all journeys; the error as above."""
        if self._journeys is None:
            self._journeys = await _offered(self.client.journeys(self.parent_id))
        return self._journeys

    async def templates(self) -> Listed[ActivationTemplate] | ClientError:
        """The activation templates; the error as above."""
        if self._templates is None:
            self._templates = await _offered(self.client.templates(self.parent_id))
        return self._templates

    async def account_names(self) -> dict[Ref, ByName]:
        """The names of the account's connections and users, where anything needs them.

        Those that are known already where the key may not ask, or the account's API fails.
        """
        if not any(map(self.is_wanted, (ACTIVATION, TEMPLATE, JOURNEY))):
            return {}
        if self._names is None:
            self._names = {}
            connections = await self._of_account(CONNECTION, self.client.account.connections)
            users = await self._of_account(USER, self.client.account.users)
            if isinstance(connections, ClientError):
                self._keep_known(CONNECTION, connections)
            else:
                for each in connections:
                    if each.id is not None:
                        self._names[Ref(CONNECTION, each.id)] = ByName(each.name)
            if isinstance(users, ClientError):
                self._keep_known(USER, users)
            else:
                self._names |= {Ref(USER, each.id): ByName(each.email) for each in users}
        return self._names

    async def _of_account(self, kind: str, read: Callable[..., Awaitable[_T]]) -> _T | ClientError:
        """A list of the account. An error that may pass is raised, but where names are known."""
        if not self._known(kind):
            return await _offered(read())
        try:
            return await read(attempts=KNOWN_ATTEMPTS)
        except ClientError as error:
            if isinstance(error, NOT_OFFERED) or error.retryable:
                return error
            raise

    def _known(self, kind: str) -> dict[Ref, ByName]:
        return {ref: name for ref, name in self.known.items() if ref.kind == kind}

    def _keep_known(self, kind: str, error: ClientError) -> None:
        self.unlisted[kind] = error
        names = self._known(kind)
        if names:
            self.notes.append(f"the names of {kind}s are those of the schema file: {error.message}")
        self._names = {**(self._names or {}), **names}

    async def places(self) -> dict[str, Folder]:
        """The path of each segment by id; of a segment that is the rule of a stage, the stage's."""
        snapshot, funnels = await self.snapshot(), await self.funnels()
        found = {segment.id: (*(path or ()), segment.name) for path, segment in snapshot.segments}
        for funnel in () if isinstance(funnels, ClientError) else funnels:
            path = snapshot.path_of(funnel.folder_id) or ()
            for stage in funnel.stages:
                if stage.segment_id is not None:
                    found[stage.segment_id] = (*path, funnel.name, stage.name)
        return found

    async def stage_segments(self) -> frozenset[str]:
        """The ids of the segments that are the rules of stages."""
        funnels = await self.funnels()
        if isinstance(funnels, ClientError):
            return frozenset()
        return frozenset(
            stage.segment_id
            for funnel in funnels
            for stage in funnel.stages
            if stage.segment_id is not None
        )


async def _offered(request: Awaitable[_T]) -> _T | ClientError:
    try:
        return await request
    except NOT_OFFERED as error:
        return error
