"""The JSON documents of `--format json`: one type per command, as frozen data.

Every document begins with the keys of `Output`; a command adds its own. Every key is always
present: an unknown value is null, and an empty list means none. Keys are snake_case, except in
`request`, `rule` and the `segment` of `show`, which hold JSON of the Audience API.

Folders are paths with `/` (null: the root folder), ids are strings, lines and columns count from
1, and an end is one past the last character. Nested objects are in `segdsl.output.models`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from segdsl.output.models import (
    CompiledResource,
    Conflict,
    CountedFunnel,
    CountedSegment,
    CreatedSegment,
    Diagnostic,
    DiagnosticCode,
    Error,
    ExplainedResource,
    ExplainedSegment,
    FixedFile,
    FollowedDay,
    FollowingRun,
    FormattedFile,
    ImportedFile,
    InitTable,
    JourneyVersion,
    ListedResource,
    ListedSegment,
    MissingInTables,
    ModelFeature,
    Outcome,
    ParentChange,
    ParentExecution,
    ParentSegment,
    PlannedChange,
    PopulationAt,
    PulledResource,
    ReachedResource,
    RenamedResource,
    ResourceKind,
    ResourceWithId,
    SampledActivation,
    SchemaThing,
    ScoreCount,
    SegmentQuery,
    SegmentRequest,
    SimulatedDay,
    SimulatedLeft,
    SimulatedStage,
    TableMeasure,
    UnreadableSegment,
    UntouchedResource,
    VanishingField,
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
    """The keys of every command; alone if the command line names no command."""

    ok: Annotated[bool, doc("Whether the exit code is 0, or 4 of `plan --exit-code`.")] = True
    exit_code: Annotated[int, doc("The exit code of the command.")] = 0
    diagnostics: Annotated[
        tuple[Diagnostic, ...], doc("Errors and warnings in files, in their order.")
    ] = ()
    error: Annotated[Error | None, doc("Why the command failed.")] = None
    notes: Annotated[tuple[str, ...], doc("Notes for people, such as which data was skipped.")] = ()


# --- files ---------------------------------------------------------------------------


class CheckOutput(Output, frozen=True, kw_only=True, tag="check"):
    """Checked files; errors and warnings are in `diagnostics`."""

    files: Annotated[int, doc("The number of files.")] = 0
    segments: Annotated[int, doc("The number of segments in them.")] = 0
    funnels: Annotated[int, doc("The number of funnels in them.")] = 0
    activations: Annotated[int, doc("The number of activations in them.")] = 0
    templates: Annotated[int, doc("The number of activation templates in them.")] = 0
    predictive_segments: Annotated[int, doc("The number of predictive segments in them.")] = 0
    journeys: Annotated[int, doc("The number of journeys in them.")] = 0
    schema: Annotated[str | None, doc("The schema file they were checked with.")] = None
    fixed: Annotated[
        tuple[FixedFile, ...], doc("With `--fix`, the files with something to fix.")
    ] = ()


class FmtOutput(Output, frozen=True, kw_only=True, tag="fmt"):
    """Files that were formatted or, with `--check` or `--diff`, would be."""

    files: tuple[FormattedFile, ...] = ()


class CompileOutput(Output, frozen=True, kw_only=True, tag="compile"):
    """Create requests or, with `--rule`, rules."""

    segments: tuple[SegmentRequest, ...] = ()
    resources: Annotated[
        tuple[CompiledResource, ...], doc("Funnels, templates and activations.")
    ] = ()
    output: Annotated[str | None, doc("The file of `-o`, which contains only the requests.")] = None


class DecompileOutput(Output, frozen=True, kw_only=True, tag="decompile"):
    """The JSON of the API as source."""

    source: str | None = None
    output: Annotated[str | None, doc("The file of `-o`.")] = None


class ExplainOutput(Output, frozen=True, kw_only=True, tag="explain"):
    """Segments, funnels and activations in plain English."""

    segments: tuple[ExplainedSegment, ...] = ()
    others: Annotated[
        tuple[ExplainedResource, ...],
        doc("Funnels, activation templates and activations; empty with `--tree`."),
    ] = ()


class ImportOutput(Output, frozen=True, kw_only=True, tag="import"):
    """YAML files converted to `.seg` files and `parent_segment.toml`."""

    files: Annotated[int, doc("The number of YAML files.")] = 0
    segments: Annotated[tuple[ImportedFile, ...], doc("The `.seg` file of each segment.")] = ()
    journeys: Annotated[tuple[ImportedFile, ...], doc("The `.seg` file of each journey.")] = ()
    parent_segments: Annotated[
        tuple[ImportedFile, ...], doc("The `parent_segment.toml` of the parent segment.")
    ] = ()


class RuleOutput(Output, frozen=True, kw_only=True, tag="rule"):
    """Diagnostic codes: those named on the command line, or all."""

    codes: tuple[DiagnosticCode, ...] = ()


class SqlOutput(Output, frozen=True, kw_only=True, tag="sql"):
    """The queries that select the profiles of segments."""

    dialect: Annotated[str | None, doc("Null with `--remote`.")] = None
    segments: tuple[SegmentQuery, ...] = ()
    output: Annotated[str | None, doc("The file of `-o`.")] = None


class ParentValidateOutput(Output, frozen=True, kw_only=True, tag="parent validate"):
    """What was measured of the raw tables of a parent segment."""

    missing: Annotated[tuple[MissingInTables, ...], doc("Empty with `--sql`.")] = ()
    measures: Annotated[tuple[TableMeasure, ...], doc("Empty with `--sql`.")] = ()
    dialect: Annotated[str | None, doc("With `--sql`.")] = None
    sql: Annotated[str | None, doc("With `--sql`, the queries that measure.")] = None


# --- the server ----------------------------------------------------------------------


class PreviewOutput(Output, frozen=True, kw_only=True, tag="preview"):
    """Counts of segments and of the stages of funnels, and the first rows of activations."""

    parent_segment: ParentSegment | None = None
    segments: tuple[CountedSegment, ...] = ()
    funnels: tuple[CountedFunnel, ...] = ()
    activations: tuple[SampledActivation, ...] = ()


class CreateOutput(Output, frozen=True, kw_only=True, tag="create"):
    """Segments created on the server."""

    segments: tuple[CreatedSegment, ...] = ()


class ListOutput(Output, frozen=True, kw_only=True, tag="list"):
    """The segments on the server, or its resources of another kind, by folder and name."""

    kind: Annotated[
        ResourceKind, doc("The kind that is listed: segments in `segments`, others in `resources`.")
    ] = "segment"
    segments: tuple[ListedSegment, ...] = ()
    resources: tuple[ListedResource, ...] = ()
    unreadable: tuple[UnreadableSegment, ...] = ()


class ShowOutput(Output, frozen=True, kw_only=True, tag="show"):
    """One segment on the server, or a resource of another kind."""

    kind: ResourceKind = "segment"
    id: str | None = None
    name: str | None = None
    folder: str | None = None
    source: Annotated[
        str | None, doc("The source; null if there is none, as `diagnostics` explain.")
    ] = None
    graph: Annotated[str | None, doc("The picture of a journey, with `--graph`.")] = None
    segment: Annotated[msgspec.Raw | None, doc("The segment as the API returns it.")] = None
    resource: Annotated[
        msgspec.Raw | None, doc("A resource of another kind as the API returns it.")
    ] = None


class DeleteOutput(Output, frozen=True, kw_only=True, tag="delete"):
    """A segment deleted from the server."""

    id: str | None = None
    name: str | None = None
    folder: str | None = None
    deleted: bool = False


class SimulateOutput(Output, frozen=True, kw_only=True, tag="simulate"):
    """A journey simulated over the data of a local target."""

    journey: str | None = None
    beside: Annotated[
        tuple[str, ...], doc("The journeys that jumps connect with it, simulated with it.")
    ] = ()
    parent_segment: Annotated[str | None, doc("Its name.")] = None
    population: int | None = None
    timezone: str | None = None
    stages: tuple[SimulatedStage, ...] = ()
    left: Annotated[tuple[SimulatedLeft, ...], doc("Where profiles left, the most first.")] = ()
    days: tuple[SimulatedDay, ...] = ()
    profile: Annotated[str | None, doc("The id of `--profile`.")] = None
    followed: Annotated[tuple[FollowedDay, ...], doc("With `--profile`, each day of it.")] = ()


class JourneyLaunchOutput(Output, frozen=True, kw_only=True, tag="journey launch"):
    """A journey launched."""

    versions: tuple[JourneyVersion, ...] = ()


class JourneyPauseOutput(Output, frozen=True, kw_only=True, tag="journey pause"):
    """A journey paused."""

    versions: tuple[JourneyVersion, ...] = ()


class JourneyResumeOutput(Output, frozen=True, kw_only=True, tag="journey resume"):
    """A journey resumed."""

    versions: tuple[JourneyVersion, ...] = ()


class RunOutput(Output, frozen=True, kw_only=True, tag="run"):
    """A name that nothing was run by: nothing has it, or several have it.

    What is run by its name alone has the document of its kind.
    """


class RunActivationOutput(Output, frozen=True, kw_only=True, tag="run activation"):
    """A run of an activation."""

    id: Annotated[str | None, doc("The id of the activation.")] = None
    name: str | None = None
    folder: Annotated[str | None, doc("The path of its segment or stage.")] = None
    run: Annotated[str | None, doc("The id of the run, if the API answers it.")] = None
    status: Annotated[str | None, doc("`success`, `error`, `canceled`, `running`, …")] = None
    ended: bool = False
    created_at: str | None = None
    finished_at: str | None = None
    rows: Annotated[int | None, doc("How many rows it sent, if that is known.")] = None


class RunPredictiveSegmentOutput(Output, frozen=True, kw_only=True, tag="run predictive-segment"):
    """A training of a predictive segment."""

    id: Annotated[str | None, doc("The id of the predictive segment.")] = None
    name: str | None = None
    folder: str | None = None
    run: Annotated[str | None, doc("The id of the training, if the API answers it.")] = None
    status: Annotated[str | None, doc("`success`, `error`, `canceled`, `running`, …")] = None
    ended: bool = False
    created_at: str | None = None
    finished_at: str | None = None
    accuracy: Annotated[float | None, doc("In percent, of profiles that are held out.")] = None
    auc: Annotated[float | None, doc("The area under the ROC curve, from 0 to 1.")] = None
    features: Annotated[
        tuple[ModelFeature, ...], doc("Those that weigh most, the first of them first.")
    ] = ()
    scores: Annotated[tuple[ScoreCount, ...], doc("All ranges, the lowest first.")] = ()


class SchemaPullOutput(Output, frozen=True, kw_only=True, tag="schema pull"):
    """The schema of a target, written to its file."""

    target: str | None = None
    file: str | None = None
    status: Annotated[
        Literal["written", "unchanged", "out_of_date"] | None,
        doc("`out_of_date` with `--check`, which writes nothing."),
    ] = None
    changes: Annotated[tuple[str, ...], doc("The differences from the previous file.")] = ()
    left_out: Annotated[tuple[str, ...], doc("What could not be read, and why.")] = ()


class SchemaShowOutput(Output, frozen=True, kw_only=True, tag="schema show"):
    """The contents of the schema."""

    things: tuple[SchemaThing, ...] = ()


class ServeOutput(Output, frozen=True, kw_only=True, tag="serve"):
    """A local Audience API; written when it is ready, while it keeps running."""

    data: str | None = None
    url: str | None = None


# --- the workspace -------------------------------------------------------------------


class PlanOutput(Output, frozen=True, kw_only=True, tag="plan"):
    """What `segdsl apply` would do."""

    target: str | None = None
    parent_segment: Annotated[str | None, doc("Its id.")] = None
    changes: tuple[PlannedChange, ...] = ()
    reached: Annotated[
        tuple[ReachedResource, ...],
        doc("With `--count`, unchanged resources that refer to changed ones."),
    ] = ()
    reached_uncounted: Annotated[int, doc("How many more there are, which were not counted.")] = 0
    conflicts: tuple[Conflict, ...] = ()
    renames: Annotated[
        tuple[RenamedResource, ...], doc("To be resolved before an apply: see `segdsl mv`.")
    ] = ()
    left: Annotated[
        tuple[ResourceWithId, ...], doc("On the server, but no longer in a file: see `--prune`.")
    ] = ()
    left_alone: Annotated[
        tuple[UntouchedResource, ...],
        doc("On the server, and the language cannot express it."),
    ] = ()
    same: Annotated[int, doc("The number of resources that are up to date.")] = 0
    others: Annotated[int, doc("The number of resources that were never in the workspace.")] = 0


class ApplyOutput(PlanOutput, frozen=True, kw_only=True, tag="apply"):
    """A plan, and the outcome of each change."""

    outcomes: tuple[Outcome, ...] = ()


class PullOutput(Output, frozen=True, kw_only=True, tag="pull"):
    """The resources on the server as files."""

    segments: Annotated[tuple[PulledResource, ...], doc("Resources of every kind.")] = ()
    removed: Annotated[tuple[str, ...], doc("Removed files.")] = ()
    conflicts: tuple[Conflict, ...] = ()


class MvOutput(Output, frozen=True, kw_only=True, tag="mv"):
    """A new name or folder of a resource, recorded in the lock."""

    kind: Annotated[str | None, doc("What it is: `segment`, `funnel`, `activation`, …")] = None
    id: str | None = None
    old_name: str | None = None
    old_folder: str | None = None
    name: str | None = None
    folder: str | None = None
    file: str | None = None
    moved: Annotated[bool, doc("False if the lock had it under the new name already.")] = False
    displaced: Annotated[
        str | None, doc("The id of the resource that the lock had under the new name.")
    ] = None


class InitOutput(Output, frozen=True, kw_only=True, tag="init"):
    """A workspace in the current folder."""

    target: str | None = None
    files: tuple[WrittenFile, ...] = ()
    tables: Annotated[tuple[InitTable, ...], doc("With `--data`, the files of the folder.")] = ()
    next: Annotated[tuple[str, ...], doc("The commands to run next.")] = ()
    guesses: Annotated[tuple[str, ...], doc("What was guessed of raw tables.")] = ()


# --- parent segments -----------------------------------------------------------------


class ParentInitOutput(Output, frozen=True, kw_only=True, tag="parent init"):
    """A new `parent_segment.toml`."""

    file: str | None = None
    status: Literal["created", "changed"] | None = None


class ParentPullOutput(Output, frozen=True, kw_only=True, tag="parent pull"):
    """The parent segment of the server, written to its file."""

    file: str | None = None
    id: str | None = None
    name: str | None = None
    status: Annotated[
        Literal["created", "changed", "unchanged", "kept", "conflict"] | None,
        doc("`conflict`: it was changed on both sides, and nothing was written."),
    ] = None
    changes: Annotated[
        tuple[ParentChange, ...], doc("What is different on the server from the file before.")
    ] = ()


class ParentPlanOutput(Output, frozen=True, kw_only=True, tag="parent plan"):
    """What an apply would change of the parent segment."""

    target: str | None = None
    file: str | None = None
    id: Annotated[str | None, doc("Null for one that is to be created.")] = None
    name: str | None = None
    action: Annotated[
        Literal["none", "create", "settings", "replace"] | None,
        doc("`replace` takes `--replace`: all attributes, behaviors and filters are sent."),
    ] = None
    changes: tuple[ParentChange, ...] = ()
    vanishing: Annotated[
        tuple[VanishingField, ...], doc("What disappears for segments and activations.")
    ] = ()
    unread: Annotated[
        tuple[str, ...], doc("What cannot be read, and may use what disappears, too.")
    ] = ()
    conflict: Annotated[str | None, doc("Why nothing can be applied.")] = None
    server_changes: Annotated[
        tuple[ParentChange, ...], doc("Of a conflict: what was changed on the server.")
    ] = ()


class ParentApplyOutput(ParentPlanOutput, frozen=True, kw_only=True, tag="parent apply"):
    """A plan that was applied."""

    done: Literal["created", "updated", "there_already", "nothing"] | None = None


class ParentRunOutput(Output, frozen=True, kw_only=True, tag="parent run"):
    """A run that builds the parent segment."""

    id: str | None = None
    name: str | None = None
    run: Annotated[str | None, doc("The id of the run, if the API answers it.")] = None
    status: Annotated[str | None, doc("`success`, `error`, `canceled`, `running`, …")] = None
    ended: bool = False
    created_at: str | None = None
    finished_at: str | None = None
    population: Annotated[int | None, doc("The population after a success.")] = None
    journeys: Annotated[
        tuple[FollowingRun, ...],
        doc("The runs of launched journeys that followed, on a local API in the process."),
    ] = ()


class ParentStatusOutput(Output, frozen=True, kw_only=True, tag="parent status"):
    """The schedule, the last runs and the population of the parent segment."""

    id: str | None = None
    name: str | None = None
    schedule: Annotated[str | None, doc("In words.")] = None
    timezone: str | None = None
    population: int | None = None
    matrix_updated_at: Annotated[str | None, doc("When its tables were built.")] = None
    runs: Annotated[
        tuple[ParentExecution, ...] | None,
        doc("The latest first; null if the server does not list them."),
    ] = None
    populations: Annotated[
        tuple[PopulationAt, ...] | None,
        doc("Day by day, oldest first; null if the server does not have them."),
    ] = None


def outputs() -> dict[str, type[Output]]:
    """The document type of each command by its name, such as `schema pull`."""
    types: dict[str, type[Output]] = {}
    waiting: list[type[Output]] = [Output]
    while waiting:
        document = waiting.pop(0)
        tag = document.__struct_config__.tag
        assert isinstance(tag, str), "every document has the name of its command"
        types[tag] = document
        waiting.extend(document.__subclasses__())
    return types
