"""The state of an activation, wherever it is: in a workspace, on a server, or in a plan.

It is what its bodies say, as one canonical JSON text. What it belongs to, its segment or stage, is
known by id: the name of that changes nothing here. Nothing is read or written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.values import ById, ByName
from segdsl.rules.activations import encode_activation, normal_activation, read_activation
from segdsl.rules.activations.lift import lift_activation
from segdsl.rules.rule.document import load
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import SETTINGS, canonical
from segdsl.workspace.kinds.deliveries.words import changed_fields, creation, named, sentences
from segdsl.workspace.kinds.state import State, StateMeta, digest_of, piece_of, true_words
from segdsl.workspace.project.keys import ACTIVATION, STAGE, TEMPLATE, Folder, Ref

_END = "endOn"
"""The field that only one side of the API has."""
_TEMPLATE = "activationTemplateId"
_LOCKABLE = {
    "all columns": ("allColumns",),
    "columns": ("columns",),
    "connection": ("connectionId",),
    "behaviors": ("syndicationBehavior", "syndicationBehaviors"),
    "schedule": (
        *("scheduleType", "scheduleOption", "runAt", "cron", "timezone", "startAt"),
        *("repeatUnit", "repeatFrequency", "repeatSubFrequency"),
    ),
    "notification": ("notifyOn", "emailRecipients"),
    "workflow": ("nestedWorkflowProjectName", "nestedWorkflowName"),
    "sequence": ("lockEnabled",),
}
"""What a template can lock as a whole, and the fields that have it."""


class ActivationState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    eq=False,
    tag_field="resource",
    tag=ACTIVATION,
):
    """What is compared: the target and the document (`canonical`), without the folder.

    `problem` is why no source can hold it; the document is then what the server answered. A
    summary has no document: it says only that there is such an activation.
    """

    folder: Folder
    name: str
    of: Ref
    document: str
    problem: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActivationState) and other.digest == self.digest

    def __ne__(self, other: object) -> bool:
        # A struct has one of its own, which is not made of `__eq__`.
        return not self == other

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def resource(self) -> str:
        return ACTIVATION

    @cached_property
    def digest(self) -> str:
        return digest_of([self.of, self.name, self.document, self.problem])

    @property
    def owner(self) -> Ref:
        return Ref(*self.of)

    @cached_property
    def activation(self) -> a.Activation | None:
        """What it says, with ids; None where no source can say it."""
        if self.problem or not self.document:
            return None
        report = Report()
        parts = read_activation(load(self.document, report), report)
        kind, id = self.of
        target = a.Target("stage" if kind == "stage" else "segment", ById(id))
        return None if parts is None else parts.activation(target)

    @cached_property
    def refers_to(self) -> frozenset[Ref]:
        """Its target, template, connection and recipients."""
        found = {self.owner}
        if self.activation is not None:
            found.update(r.refs_of(self.activation.delivery))
            if isinstance(self.activation.template, ById):
                found.add(Ref(TEMPLATE, self.activation.template.id))
        return frozenset(found)

    @cached_property
    def pieces(self) -> Mapping[str, str]:
        """All but the end of the schedule, and that end: it may take a request of its own.

        An edit of a published template changes what it locks of its activations, on the server:
        of those, each part that it can change is a piece. Which settings there are is one, too.
        """
        if self.problem or not self.document:
            return {}
        body = json.loads(self.document)
        end = body.pop(_END, None)
        pieces: dict[str, object] = {}
        if _TEMPLATE in body:
            for piece, keys in _LOCKABLE.items():
                pieces[piece] = {key: body.pop(key) for key in keys if key in body}
            settings = body.pop(SETTINGS, None) or {}
            pieces["settings"] = sorted(settings)
            pieces |= {f"setting {key}": value for key, value in settings.items()}
        pieces["body"] = [self.name, body]
        return {piece: piece_of(said) for piece, said in pieces.items()} | {"end": end or ""}

    @property
    def clearable(self) -> frozenset[str]:
        return frozenset({"end"})

    def source(self, names: Mapping[Ref, ByName]) -> str | None:
        if self.activation is None:
            return None
        named = with_references(self.activation, r.with_names(names))
        return format_file(t.File((lift_activation(named),)))

    @property
    def inexpressible(self) -> str | None:
        return self.problem or None

    def with_ids(self, ids: Mapping[Ref, str]) -> ActivationState:
        kind, id = self.of
        of = Ref(kind, ids.get(self.owner, id))
        document = None
        if self.activation is not None and not self.refers_to.isdisjoint(ids):
            document = document_of(with_references(self.activation, r.other_ids(ids)), Report())
        return msgspec.structs.replace(self, of=of, document=document or self.document)

    def changes_from(self, old: State) -> Sequence[str]:
        """`description`, `template` and the parts of its delivery; `content` where that cannot be
        told."""
        assert isinstance(old, ActivationState), "of one kind"
        before, after = old.activation, self.activation
        if before is None or after is None:
            return ("content",) if old != self else ()
        words = {
            "description": before.description != after.description,
            "template": before.template != after.template,
        }
        changed = changed_fields(before.delivery, after.delivery)
        return (*true_words(words), *changed)

    def changes_in_words(self, old: State, names: Mapping[Ref, ByName]) -> Sequence[str]:
        assert isinstance(old, ActivationState), "of one kind"
        before, after = old.activation, self.activation
        if before is None or after is None:
            return ()
        found = sentences(before.delivery, after.delivery, names)
        if before.template == after.template:
            return found
        if after.template is None:
            return ["no longer made from a template", *found]
        shown = named(TEMPLATE, after.template, names)
        return [f"made from the template {shown} now", *found]

    def creation_in_words(self, names: Mapping[Ref, ByName]) -> Sequence[str]:
        """`will export “email” and 3 more columns of the segment “Buyers” to “s3”, daily`."""
        activation = self.activation
        if activation is None:
            return ()
        name = names.get(self.owner, ByName(self.folder[-1] if self.folder else f"#{self.of[1]}"))
        target = f"the {self.owner.kind} “{name.name}”"
        if self.owner.kind == STAGE and name.parent is not None:
            target += f" of the funnel “{name.parent}”"
        template = None
        if activation.template is not None:
            template = named(TEMPLATE, activation.template, names)
        return (creation(activation.delivery, target, template, names),)

    def differences(self, server: State) -> Sequence[str]:
        assert isinstance(server, ActivationState), "of one kind"
        fields = [] if self.name == server.name else ["name"]
        here, there = _fields(self), _fields(server)
        fields += [key for key in sorted({*here, *there}) if here.get(key) != there.get(key)]
        return fields or ["the spelling of its JSON"]


def _fields(state: ActivationState) -> dict[str, object]:
    fields: dict[str, object] = json.loads(state.document or "{}")
    return fields


def with_references(activation: a.Activation, replace: r.Replace) -> a.Activation:
    """An activation with other references, that of its target too."""
    target, template = activation.target, activation.template
    return msgspec.structs.replace(
        activation,
        target=msgspec.structs.replace(target, reference=replace(target.kind, target.reference)),
        template=None if template is None else replace(TEMPLATE, template),
        delivery=r.replaced(activation.delivery, replace),
    )


def document_of(written: a.Activation, report: Report) -> str | None:
    """The canonical document of an activation with ids; None after a report.

    Of one with a template it says nothing of the schedule where it is run by hand: what a server
    answers of one that leaves the schedule to its template is the same.
    """
    activation = normal_activation(written)
    if activation.template is not None and isinstance(activation.delivery.schedule, a.ByHand):
        delivery = msgspec.structs.replace(activation.delivery, schedule=None)
        activation = msgspec.structs.replace(activation, delivery=delivery)
    bodies = [
        encode_activation(activation, {}, report, family, symbolic=True)
        for family in ("entities", "legacy")
    ]
    entities, legacy = bodies
    if entities is None or legacy is None:
        return None
    return canonical({**entities["attributes"], **legacy})
