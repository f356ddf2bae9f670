"""From what a command has to its JSON document. Plans and pulls are in `segdsl.output.plans`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec

from segdsl.analysis.explain.outline import Item, Outline
from segdsl.diagnostics.manual import Entry
from segdsl.language.condition import tree as c
from segdsl.output import parts, shapes
from segdsl.rules.rule.model import encode


def _place(of: c.Segment) -> dict[str, Any]:
    return {"name": of.name, "folder": of.folder, "file": of.span.file or None}


def folder_of(path: Iterable[str] | None) -> str | None:
    """A folder's path as one text; None for the root folder, and where it is not known."""
    return "/".join(path or ()) or None


def compile_output(
    segments: Sequence[c.Segment], made: Sequence[object], output: str | None, *, rules: bool
) -> shapes.CompileOutput:
    """Compiled segments, each with its rule, or else its create request."""
    raw = [msgspec.Raw(encode(each).encode()) for each in made]
    return shapes.CompileOutput(
        segments=tuple(
            parts.SegmentRequest(
                **_place(segment), request=None if rules else each, rule=each if rules else None
            )
            for segment, each in zip(segments, raw, strict=True)
        ),
        output=output,
    )


def sql_output(
    segments: Sequence[c.Segment], queries: Sequence[str], dialect: str | None, output: str | None
) -> shapes.SqlOutput:
    """The query of each segment; no dialect where the API wrote them."""
    return shapes.SqlOutput(
        dialect=dialect,
        segments=tuple(
            parts.SegmentQuery(**_place(segment), sql=query)
            for segment, query in zip(segments, queries, strict=True)
        ),
        output=output,
    )


def explained(segment: c.Segment, text: str, outline: Outline | None) -> parts.ExplainedSegment:
    """One segment in words, or with no outline its drawing."""
    if outline is None:
        return parts.ExplainedSegment(**_place(segment), text=text)
    return parts.ExplainedSegment(
        **_place(segment),
        text=text,
        facts=outline.facts,
        opening=outline.opening,
        conditions=tuple(map(_sentence, outline.items)),
        closing=outline.closing,
    )


def _sentence(of: Item) -> parts.Sentence:
    return parts.Sentence(text=of.text, conditions=tuple(map(_sentence, of.items)), notes=of.notes)


def rule_output(entries: Sequence[Entry]) -> shapes.RuleOutput:
    """Codes of diagnostics with what the reference has of them."""
    return shapes.RuleOutput(
        codes=tuple(
            parts.DiagnosticCode(
                code=each.code.name,
                severity=each.severity,
                title=each.code.value,
                group=each.group,
                meaning=each.meaning,
                form=cast(Any, each.form),
                example=each.example,
            )
            for each in entries
        )
    )
