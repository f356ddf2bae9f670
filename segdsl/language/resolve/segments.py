"""All segments of a program, resolved; definitions that nothing uses are looked at too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition.tree import Everyone, Segment
from segdsl.language.resolve.program import Program, Scope, param_value, scopes
from segdsl.language.resolve.resolver import Resolver
from segdsl.language.resolve.sizes import Room, uses
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import name, string
from segdsl.language.values import Literal, Owner, SegmentKind
from segdsl.source import Span


def resolve(
    program: Program,
    report: Report,
    settings: Mapping[str, str] | None = None,
    owners: Mapping[str, Owner] | None = None,
    room: Room | None = None,
) -> tuple[Segment, ...]:
    """The segments of the main file, in order; those with mistakes are left out.

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
    segments: list[Segment] = []
    seen: dict[tuple[str | None, str], Span] = {}
    for item in main.items:
        if not isinstance(item, t.Segment):
            continue
        folder = item.clause("folder")
        before = seen.get((folder, item.name))
        if before is None:
            seen[folder, item.name] = item.name_span
        else:
            report.add(
                Code.SEG111,
                item.name_span,
                f"another segment of this file is named {string(item.name)} too",
                help="the API keeps names unique within a folder: give it another name or folder",
                notes=(Note("the first one", before),),
            )
        is_named = bool(item.name.strip())
        if not is_named:
            report.add(
                Code.SEG114,
                item.name_span,
                "a segment cannot have a blank name",
                help="describe in a few words who is in it",
            )
        condition = (
            Everyone(span=item.where_span)
            if item.where is None
            else resolver.segment(item.where, scope)
        )
        limit = resolver.limit(item.limit, scope)
        if not is_named or condition is None or (limit is None) != (item.limit is None):
            continue
        if before is not None or main.is_mistaken(item):
            # It is told already, and is not what was meant.
            continue
        segments.append(
            Segment(
                item.name,
                condition,
                item.clause("description"),
                folder,
                cast(SegmentKind, item.clause("kind") or "batch"),
                limit,
                item.span,
                item.clause("hidden") is not None,
            )
        )
    _unused_definitions(program, found, resolver)
    _unused_imports(main, scope, report)
    return tuple(segments)


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
