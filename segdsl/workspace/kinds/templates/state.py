"""The state of an activation template, wherever it is: in a workspace, on a server, or in a plan.

It is what its body says, as one canonical JSON text. Nothing is read or written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition.tree import folder_text
from segdsl.language.format import format_file
from segdsl.language.format.delivery_text import lock as lock_text
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.rules.activations import encode_template, read_template
from segdsl.rules.activations.lift import lift_template
from segdsl.rules.rule.document import load
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import canonical
from segdsl.workspace.kinds.deliveries.words import changed_fields, sentences
from segdsl.workspace.kinds.state import State, StateMeta, different_fields, digest_of, true_words
from segdsl.workspace.project.keys import TEMPLATE, Folder, Ref


class TemplateState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    tag_field="resource",
    tag=TEMPLATE,
):
    """What is compared: the folder, and the document (`canonical`).

    `problem` is why no source can hold it; the document is then what the server answered.
    """

    folder: Folder
    name: str
    document: str
    problem: str = ""

    @property
    def resource(self) -> str:
        return TEMPLATE

    @cached_property
    def digest(self) -> str:
        return digest_of([self.folder, self.name, self.document, self.problem])

    @cached_property
    def template(self) -> a.ActivationTemplate | None:
        """What it says, with ids; None where no source can say it."""
        if self.problem or not self.document:
            return None
        report = Report()
        parts = read_template(load(self.document, report), report)
        if parts is None:
            return None
        folder = folder_text(self.folder) if self.folder else None
        return msgspec.structs.replace(parts.template, folder=folder)

    @cached_property
    def refers_to(self) -> frozenset[Ref]:
        """Its connection and recipients."""
        return frozenset(() if self.template is None else r.refs_of(self.template.delivery))

    def source(self, names: Mapping[Ref, ByName]) -> str | None:
        if self.template is None:
            return None
        delivery = r.replaced(self.template.delivery, r.with_names(names))
        named = msgspec.structs.replace(self.template, delivery=delivery)
        return format_file(t.File((lift_template(named),)))

    @property
    def inexpressible(self) -> str | None:
        return self.problem or None

    def with_ids(self, ids: Mapping[Ref, str]) -> TemplateState:
        """Nothing that it refers to is created by a plan."""
        return self

    def changes_from(self, old: State) -> Sequence[str]:
        """`description`, `state`, `locks` and the parts of its delivery; `content` where that
        cannot be told."""
        assert isinstance(old, TemplateState), "of one kind"
        before, after = old.template, self.template
        if before is None or after is None:
            return ("content",) if old.document != self.document else ()
        words = {
            "description": before.description != after.description,
            "state": before.state != after.state,
            "locks": before.locks != after.locks,
        }
        changed = changed_fields(before.delivery, after.delivery)
        return (*true_words(words), *changed)

    def changes_in_words(self, old: State, names: Mapping[Ref, ByName]) -> Sequence[str]:
        assert isinstance(old, TemplateState), "of one kind"
        before, after = old.template, self.template
        if before is None or after is None:
            return ()
        found = sentences(before.delivery, after.delivery, names)
        found += _locks_in_words(before.locks, after.locks)
        if before.state != after.state:
            found.append(f"{after.state} now")
        elif after.state == "published" and after.locks and before.delivery != after.delivery:
            found.append("what it locks changes in every activation that is made from it")
        return found

    def differences(self, server: State) -> Sequence[str]:
        assert isinstance(server, TemplateState), "of one kind"
        here, there = json.loads(self.document or "{}"), json.loads(server.document or "{}")
        fields = different_fields(self, server, ("folder", "name"))
        fields += [key for key in sorted({*here, *there}) if here.get(key) != there.get(key)]
        return fields or ["the spelling of its JSON"]


def _locks_in_words(before: Sequence[a.Lock], after: Sequence[a.Lock]) -> list[str]:
    """Which locks are new, which are gone, and which are for others of the columns or settings."""
    old, new = ({lock.kind: lock for lock in locks} for locks in (before, after))
    both = [kind for kind in a.LOCKS if kind in old and kind in new and old[kind] != new[kind]]
    # Where one is for all there is, the other says which: those are named whole.
    listed = [kind for kind in both if old[kind].names and new[kind].names]

    def text(here: Mapping[a.LockKind, a.Lock], there: Mapping[a.LockKind, a.Lock]) -> str:
        locks = [here[kind] for kind in a.LOCKS if kind in here and kind not in there]
        for kind in listed:
            names = tuple(name for name in here[kind].names if name not in there[kind].names)
            locks += [a.Lock(kind, names)] if names else []
        locks.sort(key=lambda each: a.LOCKS.index(each.kind))
        return ", ".join(map(lock_text, locks))

    words = {
        "now locks": text(new, old),
        "no longer locks": text(old, new),
        "now only locks": ", ".join(lock_text(new[kind]) for kind in both if not old[kind].names),
        "now locks all": ", ".join(kind for kind in both if not new[kind].names),
    }
    return [f"{said} {locks}" for said, locks in words.items() if locks]


def document_of(template: a.ActivationTemplate, report: Report) -> str | None:
    """The canonical document of a template with ids; None after a report.

    The ids of its columns, which its locks name, are those that are made of the names. No schedule
    is `by hand`, which is what a server answers then.
    """
    if template.delivery.schedule is None:
        delivery = msgspec.structs.replace(template.delivery, schedule=a.ByHand())
        template = msgspec.structs.replace(template, delivery=delivery)
    body = encode_template(template, {}, report, symbolic=True)
    return None if body is None else canonical(body["attributes"])
