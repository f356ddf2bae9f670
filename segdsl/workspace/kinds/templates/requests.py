"""The requests for activation templates: what the server has, and what is sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from segdsl.api import AlreadyExistsError, Client, ClientError
from segdsl.api.activation_records import ActivationTemplate, NewTemplate
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.rules.activations import ColumnIds, encode_template, normal_template, read_template
from segdsl.rules.activations.template import IGNORED
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.deliveries.checks import check_settings
from segdsl.workspace.kinds.deliveries.documents import content_of
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.listings import (
    Listing,
    answers_of,
    folder_id_of,
    is_nameable,
    server_of_listings,
    states_of,
    unreadable_why,
    whole_or_error,
)
from segdsl.workspace.kinds.resource import NO_PLACE, Change, Server
from segdsl.workspace.kinds.state import State
from segdsl.workspace.kinds.templates.state import TemplateState, document_of
from segdsl.workspace.project.keys import TEMPLATE, Folder, Ref
from segdsl.workspace.remote.reading import ServerReading


class NewState(msgspec.Struct, frozen=True):
    """What is sent: a template as it is to be, and the id of its folder."""

    state: TemplateState
    folder_id: str | None


# --- what the server has ---------------------------------------------------------------


async def read_templates(reading: ServerReading) -> Server:
    """The templates of a server, each with its state; see `Server.unreadable` where it has none.

    Not managed are those of journeys, those whose place no `folder` clause can name, whose name is
    blank or that of another in the same folder, and those that cannot be read.
    """
    listed = await reading.templates()
    if isinstance(listed, ClientError):
        return Server(unreadable={TEMPLATE: listed})
    snapshot = await reading.snapshot()
    answers = await asyncio.gather(*(_whole(reading, each) for each in listed))
    times = Counter((each.folder_id, each.name) for each in listed)
    listings = [
        _listing(
            summary,
            answer,
            snapshot.path_of(summary.folder_id),
            is_ambiguous=times[summary.folder_id, summary.name] > 1,
        )
        for summary, answer in zip(listed, answers, strict=True)
    ]
    names = await reading.account_names()
    return server_of_listings(
        TEMPLATE, listed.unreadable, listings, unreadable_kinds=reading.unlisted, outside=names
    )


def _listing(
    summary: ActivationTemplate,
    answer: ActivationTemplate | ClientError,
    path: Folder | None,
    *,
    is_ambiguous: bool,
) -> Listing:
    """A template of the list, with the whole of it or why it cannot be read."""
    if isinstance(answer, ClientError):
        why = unreadable_why(answer)
    elif answer.kind not in (0, None):
        why = "it is a template of a journey's activations"
    elif not is_nameable(path):
        why = NO_PLACE
    elif not answer.name.strip():
        why = "its name is blank"
    elif is_ambiguous:
        why = "another template of its folder has the same name"
    else:
        return Listing(answer.id, answer.name, template_state(answer, path), answer.folder_id)
    return Listing(summary.id, summary.name, None, why=why)


async def _whole(
    reading: ServerReading, listed: ActivationTemplate
) -> ActivationTemplate | ClientError:
    if not listed.is_summary:
        return listed
    return await whole_or_error(reading.client.template(listed.id))


def template_state(answer: ActivationTemplate, folder: Folder) -> TemplateState:
    """The state of a template that the server answered, in that folder."""

    def document(body: Any, report: Report) -> str | None:
        parts = read_template(body, report)
        return None if parts is None else document_of(normal_template(parts.template), report)

    content = content_of(bytes(answer.document), document, IGNORED)
    return TemplateState(folder, answer.name, content.document, content.problem)


# --- what is sent ----------------------------------------------------------------------


class TemplateRequests(msgspec.Struct, frozen=True):
    """Requests for the activation templates of a parent segment."""

    client: Client
    parent_id: str

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewState]:
        state, before = states_of(change, ids, TemplateState)
        folder_id = await folder_id_of(self.client, self.parent_id, change)
        await check_settings(
            self.client, _delivery(state), None if before is None else _delivery(before)
        )
        return Prepared(NewState(state, folder_id), state, folder_id)

    async def create(self, new: NewState) -> Created[ActivationTemplate]:
        body = _new(new, ColumnIds(), is_whole=False)
        try:
            return Created(await self.client.create_template(self.parent_id, body))
        except AlreadyExistsError as error:
            return Created(await self.client.template(error.existing.id), error)

    async def update(
        self,
        id: str,
        new: NewState,
        look: Callable[[], Awaitable[ActivationTemplate | None]],
    ) -> ActivationTemplate:
        there = await look()
        if there is not None:
            return there
        now = await self.client.template(id)
        report = Report()
        parts = read_template(load(bytes(now.document).decode(), report), report)
        columns = ColumnIds() if parts is None else parts.column_ids
        body = _new(new, columns, is_whole=True)
        return await self.client.update_template(self.parent_id, id, body, look)

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        return await self.client.delete_template(id, look)

    async def get(self, id: str, parent_id: str | None) -> ActivationTemplate:
        return await self.client.template(id)

    async def get_or_none(self, id: str, parent_id: str | None) -> ActivationTemplate | None:
        return await self.client.template_or_none(self.parent_id, id)

    async def all(self) -> Answers[ActivationTemplate]:
        return answers_of(await self.client.templates(self.parent_id))

    def id_of(self, answer: ActivationTemplate) -> str:
        return answer.id

    def is_whole(self, answer: ActivationTemplate) -> bool:
        return not answer.is_summary

    def state_of(self, answer: ActivationTemplate, expected: State) -> TemplateState:
        assert isinstance(expected, TemplateState), "a template"
        return template_state(answer, expected.folder)

    def parent_of(self, answer: ActivationTemplate) -> str | None:
        return answer.folder_id


def _delivery(state: TemplateState) -> a.Delivery:
    return a.Delivery() if state.template is None else state.template.delivery


def _new(new: NewState, columns: ColumnIds, *, is_whole: bool) -> NewTemplate:
    template = new.state.template
    assert template is not None, "what a workspace says can be read back"
    body = encode_template(
        template, {}, Report(), is_whole=is_whole, column_ids=columns, folder_id=new.folder_id
    )
    assert body is not None, "it was compiled"
    raw = msgspec.Raw(encode(body, pretty=False).encode())
    return NewTemplate(new.state.name, raw, new.folder_id)
