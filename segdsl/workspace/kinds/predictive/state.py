"""The state of a predictive segment, wherever it is: in a workspace, on a server, or in a plan.

It is what its body says, as one canonical JSON text, with the ids of the segments that it names.
What a training makes of it, as scores and accuracy, is no part of it. Nothing is read or written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import predictive as p
from segdsl.language.condition.tree import folder_text
from segdsl.language.format import format_file
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import predictive_item
from segdsl.language.values import ById, ByName, Reference
from segdsl.rules.predictive import encode_predictive, normal_predictive, read_predictive
from segdsl.rules.rule.document import load
from segdsl.workspace.kinds.deliveries.documents import canonical
from segdsl.workspace.kinds.predictive.words import creation, sentences
from segdsl.workspace.kinds.state import State, StateMeta, different_fields, digest_of, true_words
from segdsl.workspace.project.keys import PREDICTIVE, SEGMENT, Folder, Ref


class PredictiveState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    tag_field="resource",
    tag=PREDICTIVE,
):
    """What is compared: the folder, and the document (`canonical`).

    `guessed` is that of one to be created with the features that the server proposes; its document
    has none. `problem` is why no source can hold it; the document is then what the server answered.
    """

    folder: Folder
    name: str
    document: str
    guessed: bool = False
    problem: str = ""

    @property
    def resource(self) -> str:
        return PREDICTIVE

    @cached_property
    def digest(self) -> str:
        return digest_of([self.folder, self.name, self.document, self.guessed, self.problem])

    @cached_property
    def segment(self) -> p.PredictiveSegment | None:
        """What it says, with ids; None where no source can say it."""
        if self.problem or not self.document:
            return None
        report = Report()
        parts = read_predictive(load(self.document, report), report)
        if parts is None:
            return None
        folder = folder_text(self.folder) if self.folder else None
        features = p.Features(guessed=True) if self.guessed else parts.segment.features
        segment = with_segments(parts.segment, _by_id)
        return msgspec.structs.replace(segment, folder=folder, features=features)

    @cached_property
    def refers_to(self) -> frozenset[Ref]:
        """The segments of those who have converted, of those to learn from, and to score."""
        return frozenset(
            Ref(SEGMENT, use.target.id)
            for use in (() if self.segment is None else uses_of(self.segment))
            if isinstance(use.target, ById)
        )

    def source(self, names: Mapping[Ref, ByName]) -> str | None:
        if self.segment is None:
            return None

        def named(target: Reference) -> Reference:
            return (
                names.get(Ref(SEGMENT, target.id), target) if isinstance(target, ById) else target
            )

        return format_file(t.File((predictive_item(with_segments(self.segment, named)),)))

    @property
    def inexpressible(self) -> str | None:
        return self.problem or None

    def with_ids(self, ids: Mapping[Ref, str]) -> PredictiveState:
        if self.segment is None or self.refers_to.isdisjoint(ids):
            return self

        def other(target: Reference) -> Reference:
            assert isinstance(target, ById), "a state has ids"
            return ById(ids.get(Ref(SEGMENT, target.id), target.id))

        document = document_of(with_segments(self.segment, other), Report())
        return msgspec.structs.replace(self, document=document or self.document)

    def changes_from(self, old: State) -> Sequence[str]:
        """`description`, `predicts`, `among`, `scores`, `grades` and `features`; `content` where
        that cannot be told."""
        assert isinstance(old, PredictiveState), "of one kind"
        before, after = old.segment, self.segment
        if before is None or after is None:
            return ("content",) if old.document != self.document else ()
        names = ("description", "predicts", "among", "scores", "grades", "features")
        return true_words({name: getattr(before, name) != getattr(after, name) for name in names})

    def changes_in_words(self, old: State, names: Mapping[Ref, ByName]) -> Sequence[str]:
        assert isinstance(old, PredictiveState), "of one kind"
        if old.segment is None or self.segment is None:
            return ()
        return sentences(old.segment, self.segment, names)

    def creation_in_words(self, names: Mapping[Ref, ByName]) -> Sequence[str]:
        return () if self.segment is None else creation(self.segment, names)

    def differences(self, server: State) -> Sequence[str]:
        assert isinstance(server, PredictiveState), "of one kind"
        here, there = json.loads(self.document or "{}"), json.loads(server.document or "{}")
        fields = different_fields(self, server, ("folder", "name"))
        fields += [key for key in sorted({*here, *there}) if here.get(key) != there.get(key)]
        return fields or ["the spelling of its JSON"]


def _by_id(target: Reference) -> Reference:
    """A segment by its id, or by the symbolic id that was read as a name."""
    return ById(symbolic_id(SEGMENT, target)) if isinstance(target, ByName) else target


def uses_of(segment: p.PredictiveSegment) -> list[p.SegmentUse]:
    """The segments that it names, each as often as it names them."""
    uses = (segment.predicts, segment.among, segment.scores)
    return [use for use in uses if use is not None]


def with_segments(
    segment: p.PredictiveSegment, replace: Callable[[Reference], Reference]
) -> p.PredictiveSegment:
    """The same with other references to its segments."""

    def placed(use: p.SegmentUse) -> p.SegmentUse:
        return p.SegmentUse(replace(use.target), use.span)

    return msgspec.structs.replace(
        segment,
        predicts=placed(segment.predicts),
        among=None if segment.among is None else placed(segment.among),
        scores=None if segment.scores is None else placed(segment.scores),
    )


def document_of(segment: p.PredictiveSegment, report: Report) -> str | None:
    """The canonical document of a predictive segment with ids; None after a report."""
    body = encode_predictive(normal_predictive(segment), {}, report, "legacy", symbolic=True)
    return None if body is None else canonical(body)
