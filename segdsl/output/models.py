"""The objects in the JSON documents of `segdsl.output.documents`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec


def doc(text: str) -> msgspec.Meta:
    """The description of a key, for the reference."""
    return msgspec.Meta(description=text)


CreatedStatus = Literal["created", "there_already", "failed", "not_tried"]
OutcomeStatus = Literal["created", "updated", "deleted", "there_already", "failed", "not_tried"]
PulledStatus = Literal[
    "new",
    "changed",
    "the_same",
    "respelled",
    "changed_here",
    "deleted_here",
    "gone",
    "kept",
    "noted",
    "left_alone",
]
ResourceKind = Literal[
    "segment", "funnel", "predictive-segment", "journey", "activation", "template"
]
ImportedStatus = Literal["new", "changed", "the_same", "in_the_way"]
IMPORTED: dict[str, ImportedStatus] = {
    "new": "new",
    "changed": "changed",
    "the same": "the_same",
    "in the way": "in_the_way",
}
FormattedStatus = Literal["reformatted", "would_reformat", "unchanged", "skipped"]
What = Literal[
    "attribute",
    "behavior",
    "column",
    "group_attribute",
    "segment",
    "stage",
    "journey",
    "journey_stage",
    "model",
    "variant",
    "template",
    "connection",
    "user",
]


class _Object(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


# --- what went wrong -----------------------------------------------------------------


class Error(_Object, frozen=True, kw_only=True):
    """Why something failed."""

    kind: Annotated[
        Literal["usage", "api", "interrupted"],
        doc(
            "`usage`: the command line, a file or the project cannot be used; `api`: the API could "
            "not be reached, or returned an error; `interrupted`: by Ctrl-C."
        ),
    ]
    message: str
    help: Annotated[str | None, doc("What to do.")] = None


class DiagnosticCode(_Object, frozen=True, kw_only=True):
    """A diagnostic code and its meaning."""

    code: str
    severity: Literal["error", "warning"]
    title: str
    group: Annotated[str, doc("Its section in the reference.")]
    meaning: Annotated[str, doc("What it means and how to fix it, in Markdown.")]
    form: Annotated[
        Literal["seg", "json", "sh"],
        doc("The language of the example: source, a rule, or commands."),
    ]
    example: Annotated[str, doc("An example that produces it.")]


class Location(_Object, frozen=True, kw_only=True):
    """A range in a file; the numbers are null if the file is not text with lines."""

    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None


class Note(Location, frozen=True, kw_only=True):
    """Another location that a diagnostic refers to."""

    message: str


class Diagnostic(Location, frozen=True, kw_only=True):
    """An error or a warning; see the reference of diagnostics for the codes."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    help: Annotated[str | None, doc("How to fix it.")]
    path: Annotated[str | None, doc("The path in a JSON or YAML document: `$.conditions[0]`.")]
    notes: tuple[Note, ...]


# --- segments ------------------------------------------------------------------------


class _Segment(_Object, frozen=True, kw_only=True):
    name: str
    folder: str | None


class _SegmentOfFile(_Segment, frozen=True, kw_only=True):
    file: Annotated[str | None, doc("Null for a segment on the server.")]


class SegmentWithId(_Segment, frozen=True, kw_only=True):
    """A segment on the server."""

    id: str


class SegmentRequest(_SegmentOfFile, frozen=True, kw_only=True):
    """A compiled segment; one of `request` and `rule` is null."""

    request: Annotated[msgspec.Raw | None, doc("The body of the request that creates it.")]
    rule: Annotated[msgspec.Raw | None, doc("With `--rule`, only the rule.")]


class ApiRequest(_Object, frozen=True, kw_only=True):
    """A request of the API."""

    method: Literal["GET", "POST", "PATCH"]
    path: Annotated[str, doc("With `{…}` in place of ids that only a server knows.")]
    body: Annotated[msgspec.Raw, doc("Null for a request without a body.")]


class CompiledResource(_Object, frozen=True, kw_only=True):
    """A compiled item other than a segment."""

    kind: Literal["funnel", "activation", "activation template", "predictive segment", "journey"]
    name: str
    folder: Annotated[str | None, doc("Null for an activation.")]
    file: str | None
    of_segment: Annotated[
        str | None, doc("The segment that an activation sends: an id, or a marked name.")
    ]
    of_stage: Annotated[
        str | None, doc("The stage that an activation sends: an id, or a marked name.")
    ]
    of_journey: Annotated[
        str | None, doc("The journey that an activation is of: an id, or a marked name.")
    ]
    requests: Annotated[tuple[ApiRequest, ...], doc("Those that create it, in their order.")]


class Sentence(_Object, frozen=True, kw_only=True):
    """A condition in words, with its inner conditions."""

    text: str
    conditions: tuple[Sentence, ...]
    notes: tuple[str, ...]


class ExplainedSegment(_SegmentOfFile, frozen=True, kw_only=True):
    """A segment in words; with `--tree`, only `text` is filled."""

    text: Annotated[str, doc("The whole explanation in lines.")]
    facts: tuple[str, ...] = ()
    opening: str | None = None
    conditions: tuple[Sentence, ...] = ()
    closing: tuple[str, ...] = ()


class ExplainedResource(_Object, frozen=True, kw_only=True):
    """A funnel, a predictive segment, a journey, an activation or a template in words."""

    kind: Literal["funnel", "activation", "activation template", "predictive segment", "journey"]
    name: str
    folder: Annotated[str | None, doc("Null for an activation.")]
    file: str | None
    text: Annotated[str, doc("The whole explanation in lines.")]
    facts: tuple[str, ...]
    opening: str
    sentences: Annotated[
        tuple[Sentence, ...], doc("The stages of a funnel or a journey, or what another item does.")
    ]
    closing: tuple[str, ...]


class SegmentQuery(_SegmentOfFile, frozen=True, kw_only=True):
    """The query of a segment."""

    sql: str


class ParentSegment(_Object, frozen=True, kw_only=True):
    """A parent segment."""

    id: str
    name: str
    population: Annotated[int, doc("The number of its profiles.")]


class CountedCondition(_Object, frozen=True, kw_only=True):
    """A condition in a breakdown."""

    condition: str
    count: int | None
    share: float | None
    left: Annotated[int | None, doc("Under `all of`, the profiles left after this condition.")]
    children: tuple[CountedCondition, ...]
    error: Error | None


class Sample(_Object, frozen=True, kw_only=True):
    """Some profiles of a segment, one row of values each. Times are Unix seconds."""

    columns: tuple[str, ...]
    masked: Annotated[
        tuple[str, ...], doc("Columns whose values are hidden and null here; see `--reveal`.")
    ]
    rows: tuple[tuple[Any, ...], ...]
    error: Error | None


class CountedSegment(_SegmentOfFile, frozen=True, kw_only=True):
    """A segment with its count, which is null if there is an `error`."""

    count: int | None
    share: Annotated[float | None, doc("The share of the parent segment, from 0 to 1.")]
    seconds: Annotated[float | None, doc("The time from the request to the result.")]
    error: Error | None
    breakdown: Annotated[CountedCondition | None, doc("With `--breakdown`.")]
    sample: Annotated[Sample | None, doc("With `--sample`.")]


class CountedStage(_Object, frozen=True, kw_only=True):
    """A stage of a funnel with its count, null if it has no rule or there is an `error`."""

    name: str
    count: int | None
    share: Annotated[float | None, doc("The share of the parent segment, from 0 to 1.")]
    conversion: Annotated[
        float | None,
        doc("Its count divided by that of the stage before; null for the first stage."),
    ]
    seconds: Annotated[float | None, doc("The time from the request to the result.")]
    error: Error | None


class CountedFunnel(_Object, frozen=True, kw_only=True):
    """A funnel with the counts of its stages, in their order."""

    name: str
    folder: str | None
    file: str | None
    stages: tuple[CountedStage, ...]


class ExportedColumn(_Object, frozen=True, kw_only=True):
    """A column of an export."""

    name: str
    type: Annotated[str | None, doc("Null if it is not known.")]
    masked: Annotated[bool, doc("Whether its values are hidden and null here; see `--reveal`.")]


class SampledActivation(_Object, frozen=True, kw_only=True):
    """The first rows of an activation, as they would be exported. Times are Unix seconds."""

    name: str
    file: str | None
    columns: tuple[ExportedColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: Annotated[tuple[str, ...], doc("What is not shown, and why.")]
    error: Error | None


class SimulatedStep(_Object, frozen=True, kw_only=True):
    """A step of a stage; the last one is the end of the steps."""

    number: Annotated[int, doc("Steps count from 1 as they are written, those in blocks too.")]
    text: str
    depth: Annotated[int, doc("How many blocks it is in.")]
    came: Annotated[int, doc("How often a profile came to it.")]
    here: Annotated[int, doc("How many profiles are at it after the last evaluation.")]


class SimulatedStage(_Object, frozen=True, kw_only=True):
    """A stage of a simulated journey, with the numbers of all days together."""

    number: int
    name: str
    came: int
    here: int
    milestone: Annotated[int, doc("How often its milestone was reached.")]
    steps: tuple[SimulatedStep, ...]


class SimulatedLeft(_Object, frozen=True, kw_only=True):
    """Profiles that left the journey."""

    why: Annotated[str, doc("The reason, and the place.")]
    profiles: int


class SimulatedPlace(_Object, frozen=True, kw_only=True):
    """How many profiles are at a step."""

    stage: int
    step: int
    profiles: int


class SimulatedCount(_Object, frozen=True, kw_only=True):
    """To how many profiles something happened at an evaluation."""

    kind: Annotated[str, doc("`entered`, `step`, `sent`, `exit`, `goal`, …")]
    stage: int | None
    step: int | None
    choice: Annotated[int | None, doc("Which exit, branch or variant; from 1.")]
    profiles: int


class SimulatedDay(_Object, frozen=True, kw_only=True):
    """A journey after one evaluation, and what happened in it."""

    number: int
    date: str
    size: Annotated[int, doc("How many profiles are in the journey.")]
    underway: Annotated[int, doc("How many of them are on their way by a jump.")]
    entered: int
    left: int
    here: tuple[SimulatedPlace, ...]
    events: tuple[SimulatedCount, ...]


class FollowedEvent(_Object, frozen=True, kw_only=True):
    """What happened to the profile that is followed."""

    kind: str
    stage: int | None
    step: int | None
    choice: int | None
    text: str


class FollowedDay(_Object, frozen=True, kw_only=True):
    """The profile that is followed, at one evaluation."""

    number: int
    date: str
    where: str
    stage: int | None
    step: int | None
    since: Annotated[str | None, doc("The day on which it came to the step.")]
    events: tuple[FollowedEvent, ...]


class CreatedSegment(_SegmentOfFile, frozen=True, kw_only=True):
    """The outcome of creating a segment."""

    status: CreatedStatus
    id: str | None
    count: Annotated[int | None, doc("With `--count`, the number of its profiles.")]
    error: Error | None


class ListedSegment(SegmentWithId, frozen=True, kw_only=True):
    """A segment on the server, without its rule."""

    kind: Annotated[str | None, doc("Null if the kind is unknown.")]
    raw_kind: Annotated[Any, doc("The kind as the API returns it.")]
    is_visible: bool
    description: str | None
    population: int | None
    updated_at: str | None


class ListedResource(_Object, frozen=True, kw_only=True):
    """A resource on the server that is not a segment, as its list has it.

    What the list leaves out, or a kind does not have, is null.
    """

    id: str
    name: str
    folder: Annotated[
        str | None, doc("The folder; of an activation, the path of its segment or stage.")
    ]
    owner: Annotated[str | None, doc("The id of the segment of an activation.")]
    journey_bundle: Annotated[str | None, doc("What the versions of one journey share.")]
    version: int | None
    state: Annotated[
        str | None,
        doc(
            "`draft`, `launched` or `published` as the API says it; of a predictive segment "
            "whether it is trained; of an activation how its last run ended."
        ),
    ]
    paused: bool | None
    stages: tuple[str, ...] | None
    accuracy: Annotated[float | None, doc("In percent.")]
    last_run_at: Annotated[str | None, doc("When it was last trained or run.")]
    updated_at: str | None


class UnreadableSegment(_Object, frozen=True, kw_only=True):
    """A segment on the server, or a resource of another kind, that cannot be read."""

    id: str | None
    name: str | None
    why: str


# --- files ---------------------------------------------------------------------------


class FixedFile(_Object, frozen=True, kw_only=True):
    """A file of `check --fix`."""

    file: str
    fixed: Annotated[
        int, doc("The number of problems that were fixed or, with `--diff`, would be.")
    ]
    kept_for_comments: Annotated[
        int, doc("The number of problems not fixed, because a comment would be lost.")
    ]
    diff: Annotated[str | None, doc("With `--diff`.")]
    source: Annotated[str | None, doc("The fixed source of standard input.")]


class FormattedFile(_Object, frozen=True, kw_only=True):
    """A file of `fmt`; a file with errors is `skipped`."""

    file: str
    status: FormattedStatus
    diff: Annotated[str | None, doc("With `--diff`.")]
    source: Annotated[str | None, doc("The formatted source of standard input.")]


class ImportedFile(_Object, frozen=True, kw_only=True):
    """A file that `import` makes; with `--dry-run` it is not written."""

    file: str
    status: ImportedStatus


class WrittenFile(_Object, frozen=True, kw_only=True):
    """A file of the workspace."""

    file: str
    status: Literal["created", "changed", "unchanged"]


class InitTable(_Object, frozen=True, kw_only=True):
    """A file of a folder of tables."""

    file: str
    is_used: bool
    holds: Annotated[str | None, doc("Its contents, in words; null if it is not used.")]
    why: Annotated[str | None, doc("Why it is not used.")]


# --- schema --------------------------------------------------------------------------


class MissingInTables(_Object, frozen=True, kw_only=True):
    """A raw table, or a column of one, that is configured and not there."""

    table: str
    column: Annotated[str | None, doc("Null for a table.")]
    message: str


class TableMeasure(_Object, frozen=True, kw_only=True):
    """A measure of raw tables: `value` of `total` rows or values."""

    kind: Literal["filter", "null keys", "duplicate keys", "match", "misfits"]
    table: str
    column: str
    other: Annotated[str | None, doc("Of a match, the table in which rows are looked for.")]
    type: Annotated[str | None, doc("Of misfits, the type that values do not fit.")]
    value: int
    total: int
    severity: Annotated[Literal["error", "warning"] | None, doc("Null if nothing is wrong.")]
    message: Annotated[str | None, doc("What is wrong.")]


class SchemaThing(_Object, frozen=True, kw_only=True):
    """Something that a segment can refer to."""

    what: What
    name: str
    of: Annotated[str | None, doc("The behavior, group, folder, funnel or test it is in.")]
    spelling: Annotated[str, doc("How to write it in a `.seg` file.")]
    more: Annotated[str, doc("Its type or id.")]
    label: Annotated[str | None, doc("The name in the console, if it is different.")]
    values: Annotated[
        tuple[Any, ...] | None, doc("With `--sample`, frequent values; times are Unix seconds.")
    ]


# --- plans ---------------------------------------------------------------------------


class Effect(_Object, frozen=True, kw_only=True):
    """How a change affects the profiles of a segment."""

    before: int | None
    after: int | None
    joins: int | None
    leaves: int | None
    error: Error | None


class PartEffect(_Object, frozen=True, kw_only=True):
    """The same of a stage of a funnel."""

    name: str
    effect: Effect


class _Resource(_Object, frozen=True, kw_only=True):
    kind: Annotated[str, doc("What it is: `segment`, `funnel`, `activation`, …")]
    name: str
    folder: Annotated[str | None, doc("Of what belongs to another, that one's path.")]


class ResourceWithId(_Resource, frozen=True, kw_only=True):
    """A resource on the server."""

    id: str


class RenamedResource(_Resource, frozen=True, kw_only=True):
    """A new resource that looks like one that is no longer in a file."""

    id: Annotated[str, doc("The id of the resource that it may be.")]
    old_name: str
    old_folder: str | None
    file: str
    why: Annotated[tuple[str, ...], doc("What the two have in common.")]


class UntouchedResource(_Resource, frozen=True, kw_only=True):
    """A resource on the server that the language cannot express."""

    id: str | None
    why: str


class PlannedChange(_Resource, frozen=True, kw_only=True):
    """A resource to create, to update or to delete."""

    action: Literal["create", "update", "delete"]
    id: str | None
    file: str | None
    what: Annotated[tuple[str, ...], doc("The differences: `rule`, `moved`, `renamed`, …")]
    notes: Annotated[tuple[str, ...], doc("What a creation or an update means, in sentences.")]
    forced: Annotated[bool, doc("Whether it overwrites a change on the server.")]
    before: Annotated[str | None, doc("The source of the resource on the server.")]
    after: Annotated[str | None, doc("The source of the resource after the change.")]
    effect: Annotated[Effect | None, doc("With `--count`.")]
    stages: Annotated[
        tuple[PartEffect, ...], doc("With `--count`: the stages of a funnel that change.")
    ]


class ReachedResource(ResourceWithId, frozen=True, kw_only=True):
    """An unchanged resource that refers to a changed one."""

    effect: Effect | None


class Conflict(_Resource, frozen=True, kw_only=True):
    """A resource that both sides, or the server, changed since it was last seen."""

    why: Annotated[str, doc("The kind of conflict, in words.")]
    id: str | None
    file: str | None
    last_seen: Annotated[str | None, doc("The source when it was last seen.")]
    here: Annotated[str | None, doc("The source in the workspace.")]
    server: Annotated[str | None, doc("The source of the resource on the server.")]
    notes: tuple[str, ...]


class Outcome(_Resource, frozen=True, kw_only=True):
    """The outcome of a change."""

    status: OutcomeStatus
    id: str | None
    error: Error | None


class PulledResource(_Resource, frozen=True, kw_only=True):
    """The outcome of pulling a resource."""

    status: PulledStatus
    file: str | None
    why: Annotated[str | None, doc("Why it is skipped.")]


# --- parent segments -----------------------------------------------------------------


class ParentChange(_Object, frozen=True, kw_only=True):
    """A change of a parent segment."""

    action: Literal["add", "remove", "change"]
    part: Literal["setting", "master", "filter", "attribute", "behavior", "customer_group"]
    name: Annotated[str, doc("Of a setting its key in the file.")]
    before: Annotated[str | None, doc("In words; null where it is new.")] = None
    after: Annotated[str | None, doc("In words; null where it is removed.")] = None


class FieldUser(_Object, frozen=True, kw_only=True):
    """What uses an attribute or a behavior: of the server with its id, or of a file."""

    kind: Literal["segment", "stage", "activation", "template", "predictive_segment", "journey"]
    path: Annotated[
        str, doc("With its name behind; of a journey with the stage and what uses it in there.")
    ]
    id: str | None = None
    file: str | None = None
    line: int | None = None


class VanishingField(_Object, frozen=True, kw_only=True):
    """An attribute, a behavior or a column that disappears, and everything that uses it."""

    kind: Literal["attribute", "behavior", "column", "group_attribute"]
    name: Annotated[str | None, doc("Null for a behavior.")] = None
    owner: Annotated[str | None, doc("The behavior's matrix table, or the customer group.")] = None
    users: tuple[FieldUser, ...] = ()


class ParentExecution(_Object, frozen=True, kw_only=True):
    """A run of the workflow that builds a parent segment."""

    run: Annotated[str | None, doc("The id of the run.")] = None
    status: str | None = None
    ended: bool = False
    created_at: str | None = None
    finished_at: str | None = None
    message: Annotated[str | None, doc("Why it failed, or what it left out; of a local API.")] = (
        None
    )


class FollowingRun(_Object, frozen=True, kw_only=True):
    """A run of a launched journey behind that of its parent segment."""

    id: Annotated[str, doc("Of the version of the journey.")]
    name: str
    status: str | None = None


class JourneyVersion(_Object, frozen=True, kw_only=True):
    """A version of a journey, which is called by the name of all its versions together."""

    id: str
    name: str
    folder: str | None = None
    version: int | None = None
    state: Annotated[str | None, doc("`draft`, `simulation`, `launched`, …")] = None
    paused: bool | None = None


class ModelFeature(_Object, frozen=True, kw_only=True):
    """A feature of a trained model; the further from 0 it weighs, the more it counts."""

    feature: Annotated[str, doc("`column`, or `column#category`.")]
    weight: float


class ScoreCount(_Object, frozen=True, kw_only=True):
    """How many profiles have a score from `low` on and below `high`; 100 is in the last range."""

    low: int
    high: int
    converted: Annotated[int, doc("Of those who have converted.")]
    others: int


class PopulationAt(_Object, frozen=True, kw_only=True):
    """A population; `time` is in Unix seconds."""

    time: int
    population: int | None = None
    is_run: Annotated[bool | None, doc("False for a value that is imputed.")] = None
