"""The items of a program, resolved; definitions that nothing uses are looked at too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, assert_never, cast

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
    from segdsl.language.journeys import Journey
    from segdsl.language.predictive import PredictiveSegment


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
    predictive_segments: tuple[PredictiveSegment, ...] = ()
    journeys: tuple[Journey[Segment], ...] = ()


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
    resolved: dict[type, list[Any]] = {}
    for item in main.items:
        found_item = _resolved(item, resolver, scope, names)
        # Mistakes of a mistaken item are reported already, and it is not what was meant.
        if found_item is not None and not main.is_mistaken(item):
            resolved.setdefault(type(item), []).append(found_item)
    _unused_definitions(program, found, resolver)
    _unused_imports(main, scope, report)
    kinds = (
        *(t.Segment, t.Funnel, t.Activation, t.ActivationTemplate),
        *(t.PredictiveSegment, t.Journey),
    )
    return Resolved(*(tuple(resolved.get(kind, ())) for kind in kinds))


def _resolved(
    item: t.Item, resolver: Resolver, scope: Scope, names: Names
) -> (
    Segment | Funnel | Activation | ActivationTemplate | PredictiveSegment | Journey[Segment] | None
):
    """An item of the main file; None after a report, and for definitions and imports."""
    match item:
        case t.Segment():
            return _segment(item, resolver, scope, names)
        case t.Funnel():
            from segdsl.language.resolve.funnels import resolve_funnel

            return resolve_funnel(item, resolver, scope, names)
        case t.Activation():
            from segdsl.language.resolve.activations import resolve_activation

            return resolve_activation(item, names)
        case t.ActivationTemplate():
            from segdsl.language.resolve.activations import resolve_template

            return resolve_template(item, names)
        case t.PredictiveSegment():
            from segdsl.language.resolve.predictive import resolve_predictive

            return resolve_predictive(item, names)
        case t.Journey():
            from segdsl.language.resolve.journeys import resolve_journey

            return resolve_journey(item, resolver, scope, names)
        case t.Let() | t.Param() | t.Import():
            return None
        case _:
            assert_never(item)


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
