"""The JSON documents of `--format json`: one shape for each command, as typed, frozen data.

Every document begins with the keys of `Output`; a command adds its own. Every key is always
there: what is not known is null, and what there is none of is an empty list. Keys are
snake_case. The exceptions are `request`, `rule` and the `segment` of `show`, which hold the
JSON of the Audience API as the API spells it.

Folders are paths with `/` (null: the root folder), ids are strings, lines and columns count
from 1, and an end is behind the last character. Which shapes the nested parts have is in
`segdsl.output.parts`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from segdsl.output.parts import (
    Conflict,
    CountedSegment,
    CreatedSegment,
    Diagnostic,
    DiagnosticCode,
    Error,
    ExplainedSegment,
    FixedFile,
    FormattedFile,
    ImportedFile,
    InitTable,
    ListedSegment,
    Outcome,
    ParentSegment,
    PlannedChange,
    PulledSegment,
    ReachedSegment,
    RenamedSegment,
    SchemaThing,
    SegmentQuery,
    SegmentRequest,
    SegmentWithId,
    UnreadableSegment,
    UntouchedSegment,
    WrittenFile,
    doc,
)


class Output(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="command",
    tag="segdsl",
    forbid_unknown_fields=True,
):
    """What every command writes; alone where the command line names no command."""

    ok: Annotated[bool, doc("Whether the exit code is 0, or 4 of `plan --exit-code`.")] = True
    exit_code: Annotated[int, doc("The exit code of the command.")] = 0
    diagnostics: Annotated[
        tuple[Diagnostic, ...], doc("What was found in the files, in their order.")
    ] = ()
    error: Annotated[Error | None, doc("Why the command could not do what was asked.")] = None
    notes: Annotated[
        tuple[str, ...], doc("Sentences for people, such as what of the data was left out.")
    ] = ()


# --- files ---------------------------------------------------------------------------


class CheckOutput(Output, frozen=True, kw_only=True, tag="check"):
    """Files that were checked; what was found is in `diagnostics`."""

    files: Annotated[int, doc("How many files were checked.")] = 0
    segments: Annotated[int, doc("How many segments are in them.")] = 0
    schema: Annotated[str | None, doc("The schema file that was used.")] = None
    fixed: Annotated[tuple[FixedFile, ...], doc("With `--fix`, the files that it is about.")] = ()


class FmtOutput(Output, frozen=True, kw_only=True, tag="fmt"):
    """Files that were formatted, or with `--check` or `--diff` would be."""

    files: tuple[FormattedFile, ...] = ()


class CompileOutput(Output, frozen=True, kw_only=True, tag="compile"):
    """Create requests or, with `--rule`, rules."""

    segments: tuple[SegmentRequest, ...] = ()
    output: Annotated[str | None, doc("The file of `-o`, which has the requests alone.")] = None


class DecompileOutput(Output, frozen=True, kw_only=True, tag="decompile"):
    """The JSON of the API as source."""

    source: str | None = None
    output: Annotated[str | None, doc("The file of `-o`.")] = None


class ExplainOutput(Output, frozen=True, kw_only=True, tag="explain"):
    """Segments in plain English."""

    segments: tuple[ExplainedSegment, ...] = ()


class ImportOutput(Output, frozen=True, kw_only=True, tag="import"):
    """YAML segments as `.seg` files."""

    files: Annotated[int, doc("How many YAML files were read.")] = 0
    segments: Annotated[tuple[ImportedFile, ...], doc("A `.seg` file for each segment.")] = ()


class RuleOutput(Output, frozen=True, kw_only=True, tag="rule"):
    """Codes of diagnostics, those that were named or all."""

    codes: tuple[DiagnosticCode, ...] = ()


class SqlOutput(Output, frozen=True, kw_only=True, tag="sql"):
    """The queries that select the profiles of segments."""

    dialect: Annotated[str | None, doc("Null with `--remote`.")] = None
    segments: tuple[SegmentQuery, ...] = ()
    output: Annotated[str | None, doc("The file of `-o`.")] = None


# --- the server ----------------------------------------------------------------------


class PreviewOutput(Output, frozen=True, kw_only=True, tag="preview"):
    """How many profiles segments select."""

    parent_segment: ParentSegment | None = None
    segments: tuple[CountedSegment, ...] = ()


class CreateOutput(Output, frozen=True, kw_only=True, tag="create"):
    """Segments created on the server."""

    segments: tuple[CreatedSegment, ...] = ()


class ListOutput(Output, frozen=True, kw_only=True, tag="list"):
    """The segments on the server, by folder and name."""

    segments: tuple[ListedSegment, ...] = ()
    unreadable: tuple[UnreadableSegment, ...] = ()


class ShowOutput(Output, frozen=True, kw_only=True, tag="show"):
    """One segment of the server."""

    id: str | None = None
    name: str | None = None
    folder: str | None = None
    source: Annotated[
        str | None, doc("As source; null where `diagnostics` say why there is none.")
    ] = None
    segment: Annotated[msgspec.Raw | None, doc("What the API answers, as it is.")] = None


class DeleteOutput(Output, frozen=True, kw_only=True, tag="delete"):
    """A segment deleted from the server."""

    id: str | None = None
    name: str | None = None
    folder: str | None = None
    deleted: bool = False


class SchemaPullOutput(Output, frozen=True, kw_only=True, tag="schema pull"):
    """The schema of a target, written to its file."""

    target: str | None = None
    file: str | None = None
    status: Annotated[
        Literal["written", "unchanged", "out_of_date"] | None,
        doc("`out_of_date` with `--check`, which writes nothing."),
    ] = None
    changes: Annotated[tuple[str, ...], doc("What is different from the file before.")] = ()
    left_out: Annotated[tuple[str, ...], doc("What could not be read, and why.")] = ()


class SchemaShowOutput(Output, frozen=True, kw_only=True, tag="schema show"):
    """What the schema has."""

    things: tuple[SchemaThing, ...] = ()


class ServeOutput(Output, frozen=True, kw_only=True, tag="serve"):
    """A local Audience API; written when it is ready to answer, and it goes on after that."""

    data: str | None = None
    url: str | None = None


# --- the workspace -------------------------------------------------------------------


class PlanOutput(Output, frozen=True, kw_only=True, tag="plan"):
    """What `segdsl apply` would do."""

    target: str | None = None
    parent_segment: Annotated[str | None, doc("Its id.")] = None
    changes: tuple[PlannedChange, ...] = ()
    reached: Annotated[
        tuple[ReachedSegment, ...],
        doc("With `--count`, segments in no change that refer to what changes."),
    ] = ()
    reached_uncounted: Annotated[int, doc("How many more there are.")] = 0
    conflicts: tuple[Conflict, ...] = ()
    renames: Annotated[
        tuple[RenamedSegment, ...], doc("To be settled before an apply: see `segdsl mv`.")
    ] = ()
    left: Annotated[
        tuple[SegmentWithId, ...], doc("On the server and in no file any more: see `--prune`.")
    ] = ()
    left_alone: Annotated[
        tuple[UntouchedSegment, ...], doc("On the server in a form that no file can hold.")
    ] = ()
    same: Annotated[int, doc("How many segments are up to date.")] = 0
    others: Annotated[int, doc("How many the workspace never had.")] = 0


class ApplyOutput(PlanOutput, frozen=True, kw_only=True, tag="apply"):
    """A plan, and what became of each of its changes."""

    outcomes: tuple[Outcome, ...] = ()


class PullOutput(Output, frozen=True, kw_only=True, tag="pull"):
    """The segments of the server as files."""

    segments: tuple[PulledSegment, ...] = ()
    removed: Annotated[tuple[str, ...], doc("Files that were removed.")] = ()
    conflicts: tuple[Conflict, ...] = ()


class MvOutput(Output, frozen=True, kw_only=True, tag="mv"):
    """A new name or folder of a segment, recorded in the lock."""

    id: str | None = None
    old_name: str | None = None
    old_folder: str | None = None
    name: str | None = None
    folder: str | None = None
    file: str | None = None
    moved: Annotated[bool, doc("False where the lock had it at that place before.")] = False
    displaced: Annotated[str | None, doc("The id of the segment that the lock had there.")] = None


class InitOutput(Output, frozen=True, kw_only=True, tag="init"):
    """A workspace in the current folder."""

    target: str | None = None
    files: tuple[WrittenFile, ...] = ()
    tables: Annotated[tuple[InitTable, ...], doc("With `--data`, the files of the folder.")] = ()
    next: Annotated[tuple[str, ...], doc("The commands to run next.")] = ()


def outputs() -> dict[str, type[Output]]:
    """The shape of each command by its name, `schema pull` for one of a group."""
    found: dict[str, type[Output]] = {}
    waiting: list[type[Output]] = [Output]
    while waiting:
        shape = waiting.pop(0)
        tag = shape.__struct_config__.tag
        assert isinstance(tag, str), "every shape has the name of its command"
        found[tag] = shape
        waiting.extend(shape.__subclasses__())
    return found
