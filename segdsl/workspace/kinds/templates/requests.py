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
from segdsl.language.condition.tree import folder_path
from segdsl.rules.activations import (
    ColumnIds,
    encode_template,
    normal_template,
    read_template,
)
from segdsl.rules.activations.template import IGNORED
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.deliveries.checks import check_settings
from segdsl.workspace.kinds.deliveries.documents import (
    SETTINGS,
    about_secrets,
    raw_document,
    secrets_in,
)
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.resource import (
    CANNOT_READ,
    NO_PLACE,
    Change,
    Server,
    ServerResource,
    Unmanaged,
)
from segdsl.workspace.kinds.state import State
from segdsl.workspace.kinds.templates.state import TemplateState, document_of
from segdsl.workspace.project.keys import TEMPLATE, Folder, Ref
from segdsl.workspace.remote.reading import UNREADABLE, ServerReading


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
    places = Counter((each.folder_id, each.name) for each in listed)
    resources: dict[Ref, ServerResource] = {}
    unmanaged = [
        Unmanaged(TEMPLATE, each.id, each.name, f"{CANNOT_READ}: {each.why}")
        for each in listed.unreadable
    ]
    for summary, answer in zip(listed, answers, strict=True):
        why = None
        path = snapshot.path_of(summary.folder_id)
        if isinstance(answer, ClientError):
            why = f"{CANNOT_READ}: {answer.message}"
        elif answer.kind not in (0, None):
            why = "it is a template of a journey's activations"
        elif path is None or folder_path("/".join(path)) != path:
            why = NO_PLACE
        elif not answer.name.strip():
            why = "its name is blank"
        elif places[summary.folder_id, summary.name] > 1:
            why = "another template of its folder has the same name"
        if why is not None or path is None or isinstance(answer, ClientError):
            unmanaged.append(Unmanaged(TEMPLATE, summary.id, summary.name, why or NO_PLACE))
            continue
        state = template_state(answer, path)
        resources[Ref(TEMPLATE, answer.id)] = ServerResource(answer.id, state, answer.folder_id)
    names = await reading.account_names()
    return Server(resources, tuple(unmanaged), dict(reading.unlisted), names)


async def _whole(
    reading: ServerReading, listed: ActivationTemplate
) -> ActivationTemplate | ClientError:
    if not listed.is_summary:
        return listed
    try:
        return await reading.client.template(listed.id)
    except UNREADABLE as error:
        return error


def template_state(answer: ActivationTemplate, folder: Folder) -> TemplateState:
    """The state of a template that the server answered, in that folder."""
    attributes = _attributes(answer)
    secrets = [*secrets_in(attributes.get(SETTINGS))]
    report = Report()
    parts = None
    if not secrets:
        parts = read_template(load(bytes(answer.document).decode(), report), report)
    if parts is not None:
        document = document_of(normal_template(parts.template), report)
        if document is not None:
            return TemplateState(folder, answer.name, document)
    problem = about_secrets(secrets)
    if not secrets:
        found = (f"{each.path}: {each.message}" for each in report.diagnostics)
        problem = "; ".join(dict.fromkeys(found)) or CANNOT_READ
    return TemplateState(folder, answer.name, raw_document(attributes, IGNORED), problem)


def _attributes(answer: ActivationTemplate) -> dict[str, Any]:
    """The fields of an answer, with numbers as they are spelled."""
    try:
        document = load(bytes(answer.document).decode(), Report())
    except UnreadableError:
        return {}
    if isinstance(document, dict) and isinstance(document.get("attributes"), dict):
        document = document["attributes"]
    return document if isinstance(document, dict) else {}


# --- what is sent ----------------------------------------------------------------------


class TemplateRequests(msgspec.Struct, frozen=True):
    """Requests for the activation templates of a parent segment."""

    client: Client
    parent_id: str

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[NewState]:
        assert change.after is not None, "only a deletion has no state to be"
        state = change.after.state
        before = None if change.before is None else change.before.state
        assert isinstance(state, TemplateState), "a template"
        assert before is None or isinstance(before, TemplateState), "a template"
        folder_id = change.parent_id
        if before is None or state.folder != before.folder or folder_id is None:
            folder_id = (await self.client.ensure_folder(self.parent_id, state.folder)).id
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
        listed = await self.client.templates(self.parent_id)
        return Answers(
            {each.id: each for each in listed}, frozenset(each.id for each in listed.unreadable)
        )

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
