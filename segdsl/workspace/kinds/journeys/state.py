"""The state of a journey, wherever it is: in a workspace, on a server, or in a plan.

A server has several things for it: a version of the journey, segments with the rules of its
criteria, and its activations. Here they are one. What is compared is what the newest version says,
and not the ids of its parts, which each version has of its own. Nothing is read or written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language.condition.tree import folder_text
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item
from segdsl.language.values import ById, ByName
from segdsl.rules.activations import normal_activation, read_journey_activation
from segdsl.rules.activations.activation import encode_activation
from segdsl.rules.activations.lift import lift_activation
from segdsl.rules.lift.segments import lift_rule
from segdsl.rules.rule.document import load
from segdsl.rules.rule.reader import read_rule
from segdsl.workspace.kinds.activations.state import with_references
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import canonical
from segdsl.workspace.kinds.journeys import words
from segdsl.workspace.kinds.journeys.documents import (
    Content,
    Place,
    Target,
    attribute_of,
    read_content,
    stages_of,
    targets_of,
    with_targets,
)
from segdsl.workspace.kinds.segments.state import rule_refs, with_ids
from segdsl.workspace.kinds.state import (
    State,
    StateMeta,
    different_fields,
    digest_of,
    piece_of,
    report_in_words,
    true_words,
)
from segdsl.workspace.project.keys import (
    JOURNEY,
    JOURNEY_ACTIVATION,
    JOURNEY_STAGE,
    JOURNEY_STEP,
    TEMPLATE,
    Folder,
    Part,
    Ref,
)
from segdsl.workspace.remote.source import with_names

_TARGET = a.Target("journey", ById("0"))
"""The journey of an activation in its document, which says nothing of it."""


class RuleState(msgspec.Struct, frozen=True):
    """The rule of a criterion or a branch as canonical JSON, by its path."""

    place: Place
    rule: str


class ActivationPart(msgspec.Struct, frozen=True, dict=True):
    """An activation that a step activates: its id or symbolic id, and its canonical document."""

    id: str
    name: str
    document: str

    @cached_property
    def activation(self) -> a.Activation | None:
        """What it says, with ids; None where that cannot be read."""
        report = Report()
        body = {"activationParams": load(self.document, report)}
        parts = read_journey_activation(body, report)
        return None if parts is None else parts.activation(_TARGET)


class JourneyState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    eq=False,
    tag_field="resource",
    tag=JOURNEY,
):
    """What is compared of a journey: all but `stages`, `steps`, `version`, `versions` and
    `launched`, and but for the ids of activations.

    `document` is that of `documents`, and `steps` the ids of its steps. The id of a stage is that
    of the oldest version with a stage of its name. `version` is the newest of its `versions`, and
    `launched` whether that one is. `problem` is why no source can hold it.
    """

    folder: Folder
    name: str
    description: str
    document: str
    rules: tuple[RuleState, ...] = ()
    activations: tuple[ActivationPart, ...] = ()
    stages: tuple[tuple[str, str], ...] = ()
    """The id or symbolic id of each stage, and its name."""
    steps: dict[Place, str] = {}
    problem: str = ""
    launched: bool = False
    version: int = 0
    versions: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JourneyState) and other.digest == self.digest

    def __ne__(self, other: object) -> bool:
        # A struct has one of its own, which is not made of `__eq__`.
        return not self == other

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def resource(self) -> str:
        return JOURNEY

    @cached_property
    def digest(self) -> str:
        rules = [[each.place, each.rule] for each in self.rules]
        activations = [[each.name, each.document] for each in self.activations]
        head = [self.folder, self.name, self.description, self.problem]
        return digest_of([*head, self.document, rules, activations])

    @property
    def content_digest(self) -> str:
        """A fingerprint of all that a launched version does not let anybody change."""
        return digest_of([self.document, [[each.place, each.rule] for each in self.rules]])

    @cached_property
    def content(self) -> Content | None:
        """What the document says; None where no source can say it."""
        return None if self.problem or not self.document else read_content(self.document)

    @cached_property
    def refers_to(self) -> frozenset[Ref]:
        found = {ref for each in self.rules for ref in rule_refs(each.rule)}
        for part in self.activations:
            activation = part.activation
            if activation is not None:
                found.update(r.refs_of(activation.delivery))
                if isinstance(activation.template, ById):
                    found.add(Ref(TEMPLATE, activation.template.id))
        return frozenset(found) | self.late_refs

    @cached_property
    def late_refs(self) -> frozenset[Ref]:
        """The stages of other journeys that it leads to, which may lead here as well."""
        return frozenset(
            ref
            for target in targets_of(self.document)
            for ref in (Ref(JOURNEY, target.journey), Ref(JOURNEY_STAGE, target.stage))
        )

    @property
    def parts(self) -> Sequence[Part]:
        return (
            *(Part(JOURNEY_STAGE, name, id) for id, name in self.stages),
            *(Part(JOURNEY_ACTIVATION, each.name, each.id) for each in self.activations),
            *(Part(JOURNEY_STEP, place, id) for place, id in self.steps.items()),
        )

    @cached_property
    def pieces(self) -> Mapping[str, str]:
        """What is in the head, each stage with its steps, each rule, and each activation.

        A version that was begun has its stages by name, and nothing of them.
        """
        if self.problem or not self.document:
            return {}
        stages = stages_of(self.document)
        goal = attribute_of(self.document, "goal")
        pieces: dict[str, str] = {
            "name": piece_of(self.name),
            "folder": piece_of(self.folder),
            "description": piece_of(self.description) if self.description else "",
            "reentry": piece_of(attribute_of(self.document, "reentryMode")),
            "stages": piece_of([*stages]),
            "goal": "" if goal is None else piece_of(goal),
        }
        pieces |= {f"stage {name}": piece_of(said) if said else "" for name, said in stages.items()}
        pieces |= {f"rule {each.place}": piece_of(each.rule) for each in self.rules}
        pieces |= {f"activation {each.name}": piece_of(each.document) for each in self.activations}
        return pieces

    @property
    def clearable(self) -> frozenset[str]:
        stages = (f"stage {name}" for name in stages_of(self.document))
        return frozenset({"goal", "description", *stages})

    def source(self, names: Mapping[Ref, ByName], report: Report | None = None) -> str | None:
        """A `report` gets what cannot be expressed."""
        if self.content is None:
            return None
        report = Report() if report is None else report
        rules = {each.place: _rule(each, names, report) for each in self.rules}
        journey = j.map_rules(self.content.journey, lambda place: rules.get(place, t.StageRule()))
        journey = j.map_targets(journey, lambda target: _named(target, names))
        journey = msgspec.structs.replace(
            journey,
            name=self.name,
            description=self.description or None,
            folder=folder_text(self.folder) if self.folder else None,
        )
        items: list[t.Item] = [journey_item(journey)]
        for part in self.activations:
            if part.activation is None:
                return None
            placed = with_references(part.activation, r.with_names(names))
            target = a.Target("journey", ByName(self.name))
            items.append(lift_activation(msgspec.structs.replace(placed, target=target)))
        return None if report.has_errors else format_file(t.File(tuple(items)))

    @property
    def inexpressible(self) -> str | None:
        if self.problem:
            return self.problem
        report = Report()
        return None if self.source({}, report) is not None else report_in_words(report)

    def with_ids(self, ids: Mapping[Ref, str]) -> JourneyState:
        def other(target: Target) -> Target:
            return Target(
                ids.get(Ref(JOURNEY, target.journey), target.journey),
                ids.get(Ref(JOURNEY_STAGE, target.stage), target.stage),
            )

        leads = not self.late_refs.isdisjoint(ids)
        return msgspec.structs.replace(
            self,
            document=with_targets(self.document, other) if leads else self.document,
            rules=tuple(RuleState(each.place, with_ids(each.rule, ids)) for each in self.rules),
            activations=tuple(_with_ids(each, ids) for each in self.activations),
            stages=tuple((ids.get(Ref(JOURNEY_STAGE, id), id), name) for id, name in self.stages),
        )

    def changes_from(self, old: State) -> Sequence[str]:
        """`description`, `reentry`, `goal`, `stages`, `steps`, `rule` and `activations`; `content`
        where that cannot be told."""
        assert isinstance(old, JourneyState), "of one kind"
        if self.problem or old.problem:
            return ("content",) if old != self else ()
        before, after = stages_of(old.document), stages_of(self.document)
        goal, reentry = (
            attribute_of(old.document, key) != attribute_of(self.document, key)
            for key in ("goal", "reentryMode")
        )
        rules = {each.place: each.rule for each in old.rules}
        words = {
            "description": old.description != self.description,
            "reentry": reentry,
            "goal": goal,
            "stages": [*before] != [*after],
            "steps": any(before[name] != said for name, said in after.items() if name in before),
            "rule": any(rules.get(each.place, each.rule) != each.rule for each in self.rules),
            "activations": _documents(old) != _documents(self),
        }
        return true_words(words)

    def changes_in_words(self, old: State, names: Mapping[Ref, ByName]) -> Sequence[str]:
        """Which version the change is made in, and what becomes of the stages."""
        assert isinstance(old, JourneyState), "of one kind"
        is_same = old.content_digest == self.content_digest
        activations = words.changed_parts("activation", _documents(old), _documents(self))
        return [
            *words.version(old.launched, old.version, is_same=is_same),
            *words.stages([name for _, name in old.stages], [name for _, name in self.stages]),
            *activations,
        ]

    def creation_in_words(self, names: Mapping[Ref, ByName]) -> Sequence[str]:
        return words.creation(self.name, len(self.stages), len(self.activations))

    def differences(self, server: State) -> Sequence[str]:
        assert isinstance(server, JourneyState), "of one kind"
        fields = different_fields(self, server, ("folder", "name", "description"))
        for key, word in (("reentryMode", "whether profiles enter again"), ("goal", "the goal")):
            if attribute_of(self.document, key) != attribute_of(server.document, key):
                fields.append(word)
        here, there = stages_of(self.document), stages_of(server.document)
        if [*here] != [*there]:
            fields.append("the names of its stages")
        fields += [
            f"the stage “{name}”" for name, said in here.items() if there.get(name, said) != said
        ]
        theirs = {each.place: each.rule for each in server.rules}
        fields += [
            f"the rule “{each.place}”"
            for each in self.rules
            if theirs.get(each.place, each.rule) != each.rule
        ]
        documents = _documents(server)
        fields += [
            f"the activation “{name}”"
            for name, document in _documents(self).items()
            if documents.get(name) != document
        ]
        return fields or ["the spelling of its JSON"]


def _documents(state: JourneyState) -> dict[str, str]:
    return {each.name: each.document for each in state.activations}


def _rule(rule: RuleState, names: Mapping[Ref, ByName], report: Report) -> t.StageRule:
    read = read_rule(load(rule.rule, report), f"$.{rule.place}.rule", report)
    if read is None:
        return t.StageRule()
    lifted = lift_rule(read, rule.place)
    where = None if lifted.where is None else with_names(lifted.where, names)
    return t.StageRule(where, lifted.limit)


def _named(target: j.JourneyStageRef, names: Mapping[Ref, ByName]) -> j.JourneyStageRef:
    """A stage of another journey by names, where both have one."""
    journey, stage = target.journey, target.stage
    if not isinstance(journey, ById) or not isinstance(stage, ById):
        return target
    name = names.get(Ref(JOURNEY_STAGE, stage.id))
    if name is None or name.parent is None:
        return target
    return j.JourneyStageRef(ByName(name.name), ByName(name.parent))


def _with_ids(part: ActivationPart, ids: Mapping[Ref, str]) -> ActivationPart:
    id = ids.get(Ref(JOURNEY_ACTIVATION, part.id), part.id)
    document = part.document
    if part.activation is not None:
        placed = with_references(part.activation, r.other_ids(ids))
        document = activation_document(placed, Report()) or document
    return ActivationPart(id, part.name, document)


def activation_document(written: a.Activation, report: Report) -> str | None:
    """The canonical document of an activation of a journey with ids; None after a report.

    Of one with a template it says nothing of the schedule where it is run by hand: what a server
    answers of one that leaves the schedule to its template is the same.
    """
    activation = normal_activation(written)
    if activation.template is not None and isinstance(activation.delivery.schedule, a.ByHand):
        delivery = msgspec.structs.replace(activation.delivery, schedule=None)
        activation = msgspec.structs.replace(activation, delivery=delivery)
    body = encode_activation(activation, {}, report, "journey", symbolic=True)
    return None if body is None else canonical(body["attributes"]["activationParams"])
