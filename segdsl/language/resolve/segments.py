"""The items of a program, resolved; definitions that nothing uses are looked at too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never, cast

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition.tree import Everyone, Funnel, Segment
from segdsl.language.resolve.names import Names
from segdsl.language.resolve.program import Program, Scope, param_value, scopes
from segdsl.language.resolve.resolver import Resolver
from segdsl.language.resolve.sizes import Room, uses
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import name
from segdsl.language.values import Literal, Owner, SegmentKind

if TYPE_CHECKING:
    from segdsl.language.activations import Activation, ActivationTemplate


def resolve(
    program: Program,
    report: Report,
    settings: Mapping[str, str] | None = None,
    owners: Mapping[str, Owner] | None = None,
    room: Room | None = None,
) -> tuple[Segment, ...]:
    """The segments of the main file, in order; those with mistakes are left out.

    The arguments are those of `resolve_all`.
    """
    return resolve_all(program, report, settings, owners, room).segments


class Resolved(msgspec.Struct, frozen=True):
    """What the main file of a program says, each kind in the order written."""

    segments: tuple[Segment, ...]
    funnels: tuple[Funnel, ...] = ()
    activations: tuple[Activation, ...] = ()
    templates: tuple[ActivationTemplate, ...] = ()


def resolve_all(
    program: Program,
    report: Report,
    settings: Mapping[str, str] | None = None,
    owners: Mapping[str, Owner] | None = None,
    room: Room | None = None,
) -> Resolved:
    """The items of the main file; those with mistakes are left out.

    `settings` gives params their values, as texts, by name. `owners` says what dotted
    names begin with, where a schema does: `household.size` is an attribute of a customer group.
    `room` is that of the run, where it is of several programs: what definitions may grow to.
    """
    found = scopes(program, report)
    params: dict[tuple[str, str], Literal | None] = {
        (key, item.name): param_value(item, settings or {}, report)
        for key, file in program.files.items()
        for item in file.items
        if isinstance(item, t.Param)
    }
    resolver = Resolver(found, params, report, owners, room)
    main = program.files[program.main]
    scope = found[program.main]
    names = Names(report)
    segments: list[Segment] = []
    funnels: list[Funnel] = []
    activations: list[Activation] = []
    templates: list[ActivationTemplate] = []
    for item in main.items:
        # Mistakes of a mistaken item are reported already, and it is not what was meant.
        is_kept = not main.is_mistaken(item)
        match item:
            case t.Segment():
                segment = _segment(item, resolver, scope, names)
                if segment is not None and is_kept:
                    segments.append(segment)
            case t.Funnel():
                from segdsl.language.resolve.funnels import resolve_funnel

                funnel = resolve_funnel(item, resolver, scope, names)
                if funnel is not None and is_kept:
                    funnels.append(funnel)
            case t.Activation():
                from segdsl.language.resolve.activations import resolve_activation

                activation = resolve_activation(item, names)
                if activation is not None and is_kept:
                    activations.append(activation)
            case t.ActivationTemplate():
                from segdsl.language.resolve.activations import resolve_template

                template = resolve_template(item, names)
                if template is not None and is_kept:
                    templates.append(template)
            case t.Let() | t.Param() | t.Import():
                pass
            case _:
                assert_never(item)
    _unused_definitions(program, found, resolver)
    _unused_imports(main, scope, report)
    return Resolved(tuple(segments), tuple(funnels), tuple(activations), tuple(templates))


def _segment(item: t.Segment, resolver: Resolver, scope: Scope, names: Names) -> Segment | None:
    folder = item.clause("folder")
    is_named = names.take(
        "segment", item.name, folder, item.name_span, "another segment of this file is"
    )
    condition = (
        Everyone(span=item.where_span)
        if item.where is None
        else resolver.segment(item.where, scope)
    )
    limit = resolver.limit(item.limit, scope)
    if not is_named or condition is None or (limit is None) != (item.limit is None):
        return None
    return Segment(
        item.name,
        condition,
        item.clause("description"),
        folder,
        cast(SegmentKind, item.clause("kind") or "batch"),
        limit,
        item.span,
        item.clause("hidden") is not None,
    )


def _unused_definitions(program: Program, known: Mapping[str, Scope], resolver: Resolver) -> None:
    """Looks at definitions that no segment uses: those first that no other definition uses.

    With them go those that they use; what is left is used by itself alone.
    """
    lets = [
        (item, known[key])
        for key, file in program.files.items()
        for item in file.items
        if isinstance(item, t.Let)
    ]
    named = {(scope.file, use.name) for let, scope in lets for use in uses(let.body)}
    first = [each for each in lets if (each[1].file, each[0].name) not in named]
    done: set[int] = set()
    for let, scope in (*first, *lets):
        if let.name not in scope.used and id(let) not in done:
            done.add(id(let))
            resolver.definition(let, scope)


def _unused_imports(main: t.File, scope: Scope, report: Report) -> None:
    for item in main.items:
        if isinstance(item, t.Import):
            for imported in item.names:
                if imported not in scope.used and imported not in scope.missing:
                    report.add(
                        Code.SEG112,
                        item.span,
                        f"`{name(imported)}` is imported but never used",
                        help="remove it from the import",
                    )
