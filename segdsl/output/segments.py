"""The JSON documents of `compile`, `sql`, `explain` and `rule`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from segdsl.analysis.explain.outline import Item, Outline
from segdsl.diagnostics.manual import Entry
from segdsl.language.condition import tree as c
from segdsl.output import documents, models
from segdsl.rules.rule.model import encode
from segdsl.source import Span

if TYPE_CHECKING:
    from segdsl.rules.requests import Declaration


def _location(segment: c.Segment) -> dict[str, Any]:
    return {"name": segment.name, "folder": segment.folder, "file": segment.span.file or None}


def folder_of(path: Iterable[str] | None) -> str | None:
    """A folder's path as one string; None for the root folder, and for an unknown one."""
    return "/".join(path or ()) or None


def compile_output(
    segments: Sequence[c.Segment],
    bodies: Sequence[object],
    output: str | None,
    *,
    rules: bool,
    declarations: Sequence[tuple[Span, Declaration]] = (),
) -> documents.CompileOutput:
    """Compiled segments, each with its rule, or else its create request; then what is none."""
    raw = [msgspec.Raw(encode(body).encode()) for body in bodies]
    return documents.CompileOutput(
        segments=tuple(
            models.SegmentRequest(
                **_location(segment), request=None if rules else body, rule=body if rules else None
            )
            for segment, body in zip(segments, raw, strict=True)
        ),
        resources=tuple(_resource(span, each) for span, each in declarations),
        output=output,
    )


def _resource(span: Span, declaration: Declaration) -> models.CompiledResource:
    of = declaration.of
    return models.CompiledResource(
        kind=declaration.kind,
        name=declaration.name,
        folder=declaration.folder,
        file=span.file or None,
        of_segment=None if of is None else of.segment,
        of_stage=None if of is None else of.stage,
        of_journey=None if of is None else of.journey,
        requests=tuple(
            models.ApiRequest(
                method=each.method,
                path=each.path,
                body=msgspec.Raw(encode(each.body).encode()),
            )
            for each in declaration.requests
        ),
    )


def sql_output(
    segments: Sequence[c.Segment], queries: Sequence[str], dialect: str | None, output: str | None
) -> documents.SqlOutput:
    """The query of each segment; no dialect if the API generated them."""
    return documents.SqlOutput(
        dialect=dialect,
        segments=tuple(
            models.SegmentQuery(**_location(segment), sql=query)
            for segment, query in zip(segments, queries, strict=True)
        ),
        output=output,
    )


def explained_segment(
    segment: c.Segment, text: str, outline: Outline | None
) -> models.ExplainedSegment:
    """One segment in words, or, without an outline, as a tree."""
    if outline is None:
        return models.ExplainedSegment(**_location(segment), text=text)
    return models.ExplainedSegment(
        **_location(segment),
        text=text,
        facts=outline.facts,
        opening=outline.opening,
        conditions=tuple(map(sentence, outline.items)),
        closing=outline.closing,
    )


def sentence(item: Item) -> models.Sentence:
    """A sentence with those under it."""
    conditions = tuple(map(sentence, item.items))
    return models.Sentence(text=item.text, conditions=conditions, notes=item.notes)


def rule_output(entries: Sequence[Entry]) -> documents.RuleOutput:
    """Diagnostic codes with their entries in the reference."""
    return documents.RuleOutput(
        codes=tuple(
            models.DiagnosticCode(
                code=entry.code.name,
                severity=entry.severity,
                title=entry.code.value,
                group=entry.group,
                meaning=entry.meaning,
                form=cast(Any, entry.form),
                example=entry.example,
            )
            for entry in entries
        )
    )
