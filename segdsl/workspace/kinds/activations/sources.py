"""What an activation of a file compiles to, what it names, and what it is compared by. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.values import ById, ByName, Reference
from segdsl.loading import Loaded
from segdsl.workspace.kinds.activations.state import ActivationState, document_of, with_references
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import report_secrets
from segdsl.workspace.kinds.resource import LocalResource, Use, Wanted
from segdsl.workspace.project.keys import ACTIVATION, TEMPLATE, Folder, Key, Ref

_Places = dict[tuple[str, ByName], list[Folder]]


def of_segments(activations: Iterable[a.Activation]) -> list[a.Activation]:
    """Those of segments and stages: an activation of a journey is a part of the journey."""
    return [each for each in activations if each.target.kind != "journey"]


def keys(loaded: Loaded) -> list[Key]:
    """The keys of activations: the place of the target, and the own name."""
    places = _places(loaded)
    listed = of_segments(loaded.activations)
    return [Key(ACTIVATION, _place(of.target, places), of.name) for of in listed]


def _places(loaded: Loaded) -> _Places:
    """Where the segments and stages of the workspace are, by the ways to name them."""
    found: _Places = {}
    for segment in loaded.segments:
        for name in c.spellings(*segment.place):
            folder, own = segment.place
            found.setdefault(("segment", name), []).append((*folder, own))
    for funnel in loaded.funnels:
        folder, own = funnel.place
        for stage in funnel.stages:
            place = (*folder, own, stage.name)
            found.setdefault(("stage", ByName(stage.name, own)), []).append(place)
    return found


def _place(target: a.Target, places: _Places) -> Folder:
    """The place of a target, or how it is called, where another than the workspace has it."""
    match target.reference:
        case ById(id):
            return (f"#{id}",)
        case ByName(name, parent) as reference:
            found = places.get((target.kind, reference), [])
            if len(found) == 1:
                return found[0]
            above = c.folder_path(parent) if target.kind == "segment" else (parent or "",)
            return (*above, name)


def uses_of(activation: a.Activation) -> list[Use]:
    """The names of its target, its template, its connection and its recipients."""
    target, template = activation.target, activation.template
    found = [*r.use(target.kind, target.reference, target.span)]
    if template is not None:
        found += r.use(TEMPLATE, template, activation.template_span)
    return [*found, *r.uses_of(activation.delivery)]


def compile_activation(
    activation: a.Activation, local: LocalResource, ids: Ids, report: Report
) -> Wanted | None:
    """The state of an activation, which is the item of `local`; None after a report."""
    known = with_references(activation, r.with_ids(ids))
    if report_secrets(activation.delivery, "activation", local.span, report):
        return None
    document = document_of(known, report)
    if document is None:
        return None
    target = known.target.reference
    assert isinstance(target, ById), "every name that it uses has an id"
    of = Ref(known.target.kind, target.id)
    return Wanted(None, ActivationState(local.key.folder, activation.name, of, document))


def matches(activation: a.Activation, state: ActivationState, ids: Ids) -> bool:
    """Whether an activation has the content of a state."""
    known = with_references(activation, r.with_ids(ids))
    target = known.target.reference
    of = Ref(known.target.kind, target.id) if isinstance(target, ById) else None
    return (of, document_of(known, Report())) == (state.owner, state.document)


def fingerprint(activation: a.Activation) -> object | None:
    """What it says, with the names of others in the place of ids, and no name of its own."""
    nameless = msgspec.structs.replace(
        activation, name="", target=a.Target(activation.target.kind, ById(""))
    )
    return document_of(with_references(nameless, _symbolic), Report())


def _symbolic(kind: str, target: Reference) -> Reference:
    return ById(symbolic_id(kind, target)) if isinstance(target, ByName) else target
