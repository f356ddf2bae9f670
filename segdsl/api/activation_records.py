"""Typed, frozen records of activations, their templates and their runs.

The API has activations in two forms: JSON:API (`/entities/segments/…/syndications`) and the legacy
one (`/audiences/…/syndications`). What an activation says is kept as the raw JSON of either, since
`segdsl.rules.activations` reads it; ids are strings.
"""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

Form = OneOf["entities", "legacy"]
"""Which side of the API a document is from: a JSON:API resource, or a legacy object."""

_ENDS = frozenset(("success", "error", "canceled", "cancelled", "failed", "killed"))
_GOING_ON = frozenset(("queued", "running", "blocked", "canceling", "waiting", "scheduled", ""))


class Execution(msgspec.Struct, frozen=True):
    """A run of an activation; `attempt_id` is its id, "" if the response has none.

    `status` is the response's word, in lower case: `queued`, `running`, `blocked`, `canceling`,
    `success`, `error`, `canceled` (described), or another one. Times are as the API sends them;
    `finished_at` is None while it runs. `message` says why it failed, which only a local API does.
    """

    attempt_id: str
    status: str
    session_id: str = ""
    workflow_id: str = ""
    created_at: str | None = None
    finished_at: str | None = None
    message: str | None = None

    @property
    def is_ended(self) -> bool:
        """Whether it has ended; a run with an unknown status has once it has a time of its end."""
        if self.status in _ENDS:
            return True
        return self.status not in _GOING_ON and self.finished_at is not None


class Activation(msgspec.Struct, frozen=True, gc=False):
    """An activation; `document` is the JSON of the whole, in the form `form`.

    `is_summary` is true in the list of a parent segment, which leaves out the schedule, the
    notifications and the executions (described): such a document is never written back.
    `segment_id` is the segment's, of a funnel's stage that of the stage's segment. `recipients` are
    ids of users of the account. `run_status` is the response's word, if any.
    """

    id: str
    name: str
    segment_id: str | None
    document: msgspec.Raw
    form: Form = "entities"
    is_summary: bool = False
    template_id: str | None = None
    connection_id: str | None = None
    is_valid: bool | None = None
    run_status: str | None = None
    recipients: tuple[str, ...] = ()
    executions: tuple[Execution, ...] = ()
    created_at: str | None = None
    updated_at: str | None = None

    def decoded(self) -> dict[str, Any]:
        """The document as plain values."""
        value: dict[str, Any] = msgspec.json.decode(self.document)
        return value


class NewActivation(msgspec.Struct, frozen=True):
    """An activation to create, or the new state of an existing one: a body for either side.

    `entities` is the body of `/entities/segments/{id}/syndications`, `{"type": "syndication",
    "attributes": {…}}`, and `legacy` that of `/audiences/{id}/segments/{id}/syndications`; a body
    is None where `segdsl.rules.activations.family_of` does not ask for it. With both the legacy
    one, which has the workflow and `lockEnabled`, is sent first, then the other, which has
    `endOn`; all else is the same in both.
    """

    name: str
    entities: msgspec.Raw | None = None
    legacy: msgspec.Raw | None = None

    def __post_init__(self) -> None:
        if self.entities is None and self.legacy is None:
            raise ValueError("an activation needs a body for one side of the API")


class ActivationOverview(msgspec.Struct, frozen=True):
    """An activation in the list of a folder; `record_count` is that of its last run, if known."""

    id: str
    name: str
    segment_id: str | None = None
    segment_name: str | None = None
    run_status: str | None = None
    last_execution: Execution | None = None
    record_count: int | None = None


class ActivationTemplate(msgspec.Struct, frozen=True, gc=False):
    """A template of activations; `document` is its JSON:API resource.

    `folder_id` is None if the response has no folder, and `kind` 0 for activations of segments, 1
    for those of journeys (described); None if it is not said. `is_available` is false if it has
    columns that nobody may export (described). `is_summary` is true if the document leaves out
    what a template sends.
    """

    id: str
    name: str
    document: msgspec.Raw
    folder_id: str | None = None
    state: str | None = None
    kind: int | None = None
    connection_id: str | None = None
    activation_count: int | None = None
    is_available: bool | None = None
    recipients: tuple[str, ...] = ()
    is_summary: bool = False
    created_at: str | None = None
    updated_at: str | None = None

    def decoded(self) -> dict[str, Any]:
        """The document as plain values."""
        value: dict[str, Any] = msgspec.json.decode(self.document)
        return value


class NewTemplate(msgspec.Struct, frozen=True):
    """A template to create, or the new state of one: `body` is `{"type": "activation-template",
    "attributes": {…}}`; the client adds the folder, which the root is without one."""

    name: str
    body: msgspec.Raw
    folder_id: str | None = None


class WorkflowProject(msgspec.Struct, frozen=True):
    """A project of workflows that an activation can run."""

    id: str
    name: str
