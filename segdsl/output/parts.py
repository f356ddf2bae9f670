"""The parts of the JSON documents in `segdsl.output.shapes`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec


def doc(text: str) -> msgspec.Meta:
    """What a key holds, for the reference."""
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
    "model",
    "variant",
]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


# --- what went wrong -----------------------------------------------------------------


class Error(_Part, frozen=True, kw_only=True):
    """Why something could not be done."""

    kind: Annotated[
        Literal["usage", "api", "interrupted"],
        doc(
            "`usage`: the command line, a file or the project cannot be used as asked; `api`: the "
            "API could not be reached or did not do what was asked; `interrupted`: by a person."
        ),
    ]
    message: str
    help: Annotated[str | None, doc("What to do.")] = None


class DiagnosticCode(_Part, frozen=True, kw_only=True):
    """What the code of a diagnostic means."""

    code: str
    severity: Literal["error", "warning"]
    title: str
    group: Annotated[str, doc("The heading of the reference that it stands under.")]
    meaning: Annotated[str, doc("What it means and what to do, in markdown.")]
    form: Annotated[
        Literal["seg", "json", "sh"],
        doc("What the example is: source, a rule, or commands."),
    ]
    example: Annotated[str, doc("An example that produces it.")]


class Location(_Part, frozen=True, kw_only=True):
    """A range in a file; the numbers are null where the file is not text with lines."""

    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None


class Note(Location, frozen=True, kw_only=True):
    """Another place that belongs to a diagnostic."""

    message: str


class Diagnostic(Location, frozen=True, kw_only=True):
    """One finding; see the page of diagnostics for the codes."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    help: Annotated[str | None, doc("What to write instead, or what to do.")]
    path: Annotated[str | None, doc("The place in a JSON or YAML document: `$.conditions[0]`.")]
    notes: tuple[Note, ...]


# --- segments ------------------------------------------------------------------------


class _Segment(_Part, frozen=True, kw_only=True):
    name: str
    folder: str | None


class _SegmentOfFile(_Segment, frozen=True, kw_only=True):
    file: Annotated[str | None, doc("Null for a segment of the server.")]


class SegmentWithId(_Segment, frozen=True, kw_only=True):
    """A segment on the server."""

    id: str


class RenamedSegment(_SegmentOfFile, frozen=True, kw_only=True):
    """A new segment that looks like one that no file has any more."""

    id: Annotated[str, doc("That of the segment that it may be.")]
    old_name: str
    old_folder: str | None
    why: Annotated[tuple[str, ...], doc("What is alike.")]


class UntouchedSegment(_Segment, frozen=True, kw_only=True):
    """A segment on the server that no file can hold."""

    id: str | None
    why: str


class SegmentRequest(_SegmentOfFile, frozen=True, kw_only=True):
    """A compiled segment; one of `request` and `rule` is null."""

    request: Annotated[msgspec.Raw | None, doc("The body that creates it, as the API spells it.")]
    rule: Annotated[msgspec.Raw | None, doc("With `--rule`, the rule alone.")]


class Sentence(_Part, frozen=True, kw_only=True):
    """A condition in words, with those that belong under it."""

    text: str
    conditions: tuple[Sentence, ...]
    notes: tuple[str, ...]


class ExplainedSegment(_SegmentOfFile, frozen=True, kw_only=True):
    """A segment in words; with `--tree` only `text` says something."""

    text: Annotated[str, doc("The whole explanation in lines.")]
    facts: tuple[str, ...] = ()
    opening: str | None = None
    conditions: tuple[Sentence, ...] = ()
    closing: tuple[str, ...] = ()


class SegmentQuery(_SegmentOfFile, frozen=True, kw_only=True):
    """The query of a segment."""

    sql: str


class ParentSegment(_Part, frozen=True, kw_only=True):
    """A parent segment."""

    id: str
    name: str
    population: Annotated[int, doc("How many profiles it has.")]


class CountedCondition(_Part, frozen=True, kw_only=True):
    """A condition of a breakdown."""

    condition: str
    count: int | None
    share: float | None
    left: Annotated[int | None, doc("Under `all of`, the profiles left down to here.")]
    children: tuple[CountedCondition, ...]
    error: Error | None


class Sample(_Part, frozen=True, kw_only=True):
    """Some profiles of a segment: a row of values for each. Times are Unix seconds."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    error: Error | None


class CountedSegment(_SegmentOfFile, frozen=True, kw_only=True):
    """A segment with its count; `count` is null where `error` says why."""

    count: int | None
    share: Annotated[float | None, doc("The part of the parent segment, from 0 to 1.")]
    seconds: Annotated[float | None, doc("From asking to the answer.")]
    error: Error | None
    breakdown: Annotated[CountedCondition | None, doc("With `--breakdown`.")]
    sample: Annotated[Sample | None, doc("With `--sample`.")]


class CreatedSegment(_SegmentOfFile, frozen=True, kw_only=True):
    """What became of a segment."""

    status: CreatedStatus
    id: str | None
    count: Annotated[int | None, doc("With `--count`, its profiles.")]
    error: Error | None


class ListedSegment(SegmentWithId, frozen=True, kw_only=True):
    """A segment on the server, without its rule."""

    kind: Annotated[str | None, doc("Null where the kind is not known.")]
    raw_kind: Annotated[Any, doc("The kind as the API answers it.")]
    is_visible: bool
    description: str | None
    population: int | None
    updated_at: str | None


class UnreadableSegment(_Part, frozen=True, kw_only=True):
    """A segment on the server that cannot be read."""

    id: str | None
    name: str | None
    why: str


# --- files ---------------------------------------------------------------------------


class FixedFile(_Part, frozen=True, kw_only=True):
    """A file of `check --fix`."""

    file: str
    fixed: Annotated[int, doc("How much was fixed, or with `--diff` would be.")]
    kept_for_comments: Annotated[int, doc("How much was not, because a comment stands there.")]
    diff: Annotated[str | None, doc("With `--diff`.")]
    source: Annotated[str | None, doc("Of standard input, the fixed text.")]


class FormattedFile(_Part, frozen=True, kw_only=True):
    """A file of `fmt`; a file with errors is `skipped`."""

    file: str
    status: FormattedStatus
    diff: Annotated[str | None, doc("With `--diff`.")]
    source: Annotated[str | None, doc("Of standard input, the formatted text.")]


class ImportedFile(_Part, frozen=True, kw_only=True):
    """A `.seg` file of `import`; with `--dry-run` it is not written."""

    file: str
    status: ImportedStatus


class WrittenFile(_Part, frozen=True, kw_only=True):
    """A file of the workspace."""

    file: str
    status: Literal["created", "changed", "unchanged"]


class InitTable(_Part, frozen=True, kw_only=True):
    """A file of a folder of tables."""

    file: str
    is_used: bool
    holds: Annotated[str | None, doc("What is in it, in words; null where it is not used.")]
    why: Annotated[str | None, doc("Why it is not used.")]


# --- schema --------------------------------------------------------------------------


class SchemaThing(_Part, frozen=True, kw_only=True):
    """Something that a segment can name."""

    what: What
    name: str
    of: Annotated[str | None, doc("The behavior, group, folder, funnel or test it is in.")]
    spelling: Annotated[str, doc("How it is written in a `.seg` file.")]
    more: Annotated[str, doc("Its type or id.")]
    label: Annotated[str | None, doc("What the console shows, where that is another name.")]
    values: Annotated[
        tuple[Any, ...] | None, doc("With `--sample`, frequent values; times are Unix seconds.")
    ]


# --- plans ---------------------------------------------------------------------------


class Effect(_Part, frozen=True, kw_only=True):
    """What a change does to who is in a segment."""

    before: int | None
    after: int | None
    joins: int | None
    leaves: int | None
    error: Error | None


class PlannedChange(_Segment, frozen=True, kw_only=True):
    """A segment to create, to update or to delete."""

    action: Literal["create", "update", "delete"]
    id: str | None
    file: str | None
    what: Annotated[tuple[str, ...], doc("What is different: `rule`, `moved`, `renamed`, …")]
    forced: Annotated[bool, doc("Whether it overwrites what was changed on the server.")]
    before: Annotated[str | None, doc("The source of what is on the server.")]
    after: Annotated[str | None, doc("The source of what is to be there.")]
    effect: Annotated[Effect | None, doc("With `--count`.")]


class ReachedSegment(SegmentWithId, frozen=True, kw_only=True):
    """A segment that stays as it is but refers to what changes."""

    effect: Effect | None


class Conflict(_Segment, frozen=True, kw_only=True):
    """A segment that is not touched, because both sides or the server changed it."""

    why: Annotated[str, doc("What kind of conflict it is, in words.")]
    id: str | None
    file: str | None
    last_seen: Annotated[str | None, doc("The source that both sides had.")]
    here: Annotated[str | None, doc("The source in the workspace.")]
    server: Annotated[str | None, doc("The source of what is on the server.")]
    notes: tuple[str, ...]


class Outcome(_Segment, frozen=True, kw_only=True):
    """What became of a change."""

    status: OutcomeStatus
    id: str | None
    error: Error | None


class PulledSegment(_Segment, frozen=True, kw_only=True):
    """What a pull did with a segment."""

    status: PulledStatus
    file: str | None
    why: Annotated[str | None, doc("Why it is left alone.")]
