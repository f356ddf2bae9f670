"""The activations of a workspace's files: read, compiled, and the names in their texts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ById, ByName, Reference
from segdsl.loading import Loaded
from segdsl.source import Source
from segdsl.workspace.kinds.activations.state import ActivationState, document_of, with_references
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import about_secrets, secret_settings
from segdsl.workspace.kinds.resource import LocalResource, Owner, Use, Wanted, WorkspaceFiles
from segdsl.workspace.kinds.segments.sources import says_more
from segdsl.workspace.project.keys import ACTIVATION, TEMPLATE, Folder, Key, Ref


def activation_of(local: LocalResource) -> a.Activation:
    """The activation of a file."""
    assert isinstance(local.item, a.Activation), "an activation"
    return local.item


def read_activations(files: WorkspaceFiles) -> Iterator[LocalResource]:
    """The activations of the `.seg` files. That two of one target have one name is found later."""
    places = _places(files.loaded)
    for activation in files.loaded.activations:
        tree = files.loaded.trees[activation.span.file]
        items = {item.span.start: item for item in tree.items if isinstance(item, t.Activation)}
        target = activation.target
        yield LocalResource(
            Key(ACTIVATION, _place(target, places), activation.name),
            files.paths[activation.span.file],
            activation.span,
            activation.name_span,
            says_more(items[activation.span.start], tree),
            activation,
            Owner(target.kind, target.reference, target.span),
        )


_Places = dict[tuple[str, ByName], list[Folder]]


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


def uses(local: LocalResource) -> list[Use]:
    """The names of its target, its template, its connection and its recipients."""
    activation = activation_of(local)
    target, template = activation.target, activation.template
    found = [*r.use(target.kind, target.reference, target.span)]
    if template is not None:
        found += r.use(TEMPLATE, template, activation.template_span)
    return [*found, *r.uses_of(activation.delivery)]


def compile_activation(local: LocalResource, ids: Ids, report: Report) -> Wanted | None:
    """The state of an activation; None after a report."""
    activation = activation_of(local)
    known = with_references(activation, r.with_ids(ids))
    secrets = [*secret_settings(activation.delivery.settings)]
    if secrets:
        report.add(
            Code.SEG313,
            local.span,
            f"this activation cannot be in a workspace: {about_secrets(secrets)}",
            help="keep what is secret in the connection, or the activation in the console",
        )
        return None
    document = document_of(known, report)
    if document is None:
        return None
    target = known.target.reference
    assert isinstance(target, ById), "every name that it uses has an id"
    of = Ref(known.target.kind, target.id)
    return Wanted(None, ActivationState(local.key.folder, activation.name, of, document))


def compiles_to(source: str, state: ActivationState, ids: Ids) -> bool:
    """Whether a source of one activation has the content of a state."""
    activation = _only_activation(source)
    if activation is None:
        return False
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


def source_fingerprint(source: str) -> object | None:
    """The same of canonical source."""
    activation = _only_activation(source)
    return None if activation is None else fingerprint(activation)


def _only_activation(source: str) -> a.Activation | None:
    """The activation of a source that has one, and nothing wrong."""
    report = Report()
    tree = parse(Source("source", source), report)
    found = resolve_all(Program("source", {"source": tree}), report).activations
    return None if report.has_errors or len(found) != 1 else found[0]
