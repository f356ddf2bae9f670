"""What `segdsl check` would report of the segments that a plan changes.

What is the same on the server is not checked: its parent segment may have lost a column, which
does not concern the plan. Pure, but for the schema's file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.language.condition import tree as c
from segdsl.loading import Loaded
from segdsl.source import Span, SpanKey
from segdsl.workspace.check.check_runner import Basis, OtherFiles, check_loaded, combine, keys_of
from segdsl.workspace.check.lookups import score_references, stage_references, targets
from segdsl.workspace.project.config import Project
from segdsl.workspace.project.schema import load_schema, schema_path
from segdsl.workspace.sync.plan import Plan
from segdsl.workspace.sync.workspace import Workspace

_SETTLED_ELSEWHERE = (Code.SEG304, Code.SEG305, Code.SEG306)
"""What a plan knows better: names are looked up on the server."""


def check_plan(
    project: Project,
    target: str,
    workspace: Workspace,
    plan: Plan | None,
    report: Report,
    *,
    use_schema: bool = True,
    allowed: Sequence[str] = (),
    now: int | None = None,
) -> str | None:
    """Adds to a report what `segdsl check` finds in the segments that a plan changes or disputes.

    `report` has what was found when the workspace was read and the plan made; without a plan, and
    in files with errors, all segments are checked. Warnings that are allowed, or in files that
    the plan is not about, are taken out. Schedules are compared with `now`, in Unix
    seconds, by default the time of a local target or else the current one. Returns the name of
    the schema's file, where it contradicts a segment. Raises SchemaError.
    """
    schema = load_schema(project, target)
    segments = list(workspace.loaded.segments)
    chosen = segments if plan is None else _chosen(workspace, plan, report)
    settled = [] if plan is None else _settled(workspace, plan, report)
    codes = (*allowed, *project.allow)
    owners = None if schema is None else schema.owners
    if now is None:
        clock = project.fixed_now(target) or datetime.now(UTC)
    else:
        clock = datetime.fromtimestamp(now, UTC)
    basis = Basis({}, schema if use_schema else None, codes, owners, clock)
    known = list(report.diagnostics)
    here = check_loaded(workspace.loaded, chosen, workspace.files, basis, report)
    whole = len(chosen) == len(segments)
    found = combine(
        [here.part],
        workspace.files if whole else _whole_files(workspace, chosen),
        basis,
        lambda: here.part.used or (),
        # All files of the project were read.
        lambda: OtherFiles(frozenset(), frozenset(), True, here.part.imported),
        whole=whole,
    )
    files = {each.span.file for each in chosen}
    if plan is not None:
        _drop_lookups(found, workspace.loaded)
        files |= {key[0] for key in _concerned(workspace, plan, report)[0]}
    places = None if plan is not None else {_place(each) for each in known}
    report.diagnostics[:] = [
        each
        for each in _without_repeated(found.diagnostics)
        if each in known or not (_is_inside(each, settled) or _is_settled_elsewhere(each, places))
        if each.severity == "error" or whole or each.span is None or each.span.file in files
    ]
    contradicted = any(_is_contradiction(each) for each in report.diagnostics)
    return schema_path(project, target).name if contradicted else None


def _without_repeated(diagnostics: Collection[Diagnostic]) -> list[Diagnostic]:
    """The findings, without those on a name without an id that the schema speaks of as well.

    What the schema says of such a name is all that there is to say.
    """
    contradictions = {
        (code, _place(each)[1])
        for each in diagnostics
        if _is_contradiction(each)
        for code in (Code.SEG303, Code.SEG304)
    }
    return [each for each in diagnostics if _place(each) not in contradictions]


def _is_settled_elsewhere(
    diagnostic: Diagnostic, places: Collection[tuple[object, ...]] | None
) -> bool:
    """Whether a plan (`places` is None) knows better, or there is a finding at that place."""
    return diagnostic.code in _SETTLED_ELSEWHERE and (
        places is None or _place(diagnostic) in places
    )


def _drop_lookups(report: Report, loaded: Loaded) -> None:
    """Takes out what a schema says of stages, models, targets, templates and the account's names.

    The plan has looked them up on the server, and has reported what is not there.
    """
    named, sent = stage_references(loaded) | score_references(loaded), targets(loaded)

    def is_lookup(each: Diagnostic) -> bool:
        at = None if each.span is None else each.span.key
        match each.code:
            case Code.SEG513:
                return True
            case Code.SEG510:
                return at in named
            case Code.SEG511:
                return at in sent
            case _:
                return False

    report.diagnostics[:] = [each for each in report.diagnostics if not is_lookup(each)]


def _is_contradiction(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity == "error" and diagnostic.code.name[3] == "5"


def _place(diagnostic: Diagnostic) -> tuple[object, ...]:
    return (diagnostic.code, None if diagnostic.span is None else diagnostic.span.key)


def _is_inside(diagnostic: Diagnostic, places: Sequence[Span]) -> bool:
    span = diagnostic.span
    return span is not None and any(
        place.file == span.file and place.start <= span.start and span.end <= place.end
        for place in places
    )


def _settled(workspace: Workspace, plan: Plan, report: Report) -> list[Span]:
    """The texts of what is no segment, and neither changed nor in conflict nor in a file with
    errors."""
    spans, files = _concerned(workspace, plan, report)
    items = {each.span.key for each in workspace.loaded.segments}
    return [
        each.place
        for each in workspace.resources
        if each.span.key not in spans and each.span.key not in items
        if each.span.file not in files
    ]


def _chosen(workspace: Workspace, plan: Plan, report: Report) -> list[c.Segment]:
    """The segments that are changed or in conflict, and those of files with errors."""
    spans, files = _concerned(workspace, plan, report)
    segments = workspace.loaded.segments
    return [each for each in segments if each.span.key in spans or each.span.file in files]


def _concerned(workspace: Workspace, plan: Plan, report: Report) -> tuple[set[SpanKey], set[str]]:
    """Where what is changed or in conflict is, and the files that have errors."""
    keys = {change.state.key for change in plan.changes if change.after is not None}
    keys |= {conflict.key for conflict in plan.conflicts}
    # The folder of what belongs to another resource is not known from its text alone.
    owned = {(key.kind, key.name) for key in keys}
    spans = {
        each.span.key
        for each in workspace.resources
        if each.key in keys or (each.owner is not None and (each.key.kind, each.key.name) in owned)
    }
    errors = [each for each in report.diagnostics if each.severity == "error"]
    files = {each.span.file for each in errors if each.span is not None}
    files |= {note.span.file for each in errors for note in each.notes}
    return spans, files


def _whole_files(workspace: Workspace, chosen: Collection[c.Segment]) -> list[str]:
    """The files of which all segments are chosen."""
    keys = {each.span.key for each in chosen}
    others = {each.span.file for each in workspace.loaded.segments if each.span.key not in keys}
    mine = {each.span.file for each in chosen} - others
    return [
        file
        for file, key in zip(workspace.files, keys_of(workspace.files), strict=True)
        if key in mine
    ]
