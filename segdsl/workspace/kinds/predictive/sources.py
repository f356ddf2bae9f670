"""What a predictive segment of a file compiles to, what it names, and what it is compared by.

Pure.
"""

from __future__ import annotations

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import predictive as p
from segdsl.language.condition.tree import folder_path
from segdsl.language.references.ids import Ids
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.values import ById, ByName, Reference
from segdsl.workspace.kinds.deliveries.references import use
from segdsl.workspace.kinds.predictive.state import (
    PredictiveState,
    document_of,
    uses_of,
    with_segments,
)
from segdsl.workspace.kinds.resource import Seen, Use, Wanted
from segdsl.workspace.project.keys import SEGMENT


def uses(segment: p.PredictiveSegment) -> list[Use]:
    """The segments that it names."""
    return [found for each in uses_of(segment) for found in use(SEGMENT, each.target, each.span)]


def _known(segment: p.PredictiveSegment, ids: Ids) -> p.PredictiveSegment:
    def with_id(target: Reference) -> Reference:
        if isinstance(target, ByName) and (SEGMENT, target) in ids:
            return ById(ids[SEGMENT, target])
        return target

    return with_segments(segment, with_id)


def compile_predictive(
    segment: p.PredictiveSegment, ids: Ids, seen: Seen, report: Report
) -> Wanted | None:
    """The state of a predictive segment; None after a report.

    `features guessed` are those that the server has already: it proposes them once, for a creation.
    Grades that are not written are those of the server.
    """
    known = _known(segment, ids)
    folder = folder_path(segment.folder)
    guessed = segment.features is not None and segment.features.guessed
    server = seen.server
    assert server is None or isinstance(server, PredictiveState), "a predictive segment"
    there = None if server is None else server.segment
    if there is not None:
        known = msgspec.structs.replace(
            known,
            features=there.features if guessed else known.features,
            grades=there.grades if known.grades is None else known.grades,
        )
    document = document_of(known, report)
    if document is None:
        return None
    state = PredictiveState(folder, segment.name, document, guessed and there is None)
    return Wanted(None, state, is_filled=guessed and there is not None)


def matches(segment: p.PredictiveSegment, state: PredictiveState, ids: Ids) -> bool:
    """Whether a predictive segment has the content of a state."""
    guessed = segment.features is not None and segment.features.guessed
    document = document_of(_known(segment, ids), Report())
    return (document, guessed) == (state.document, state.guessed)


def fingerprint(segment: p.PredictiveSegment) -> object | None:
    """What it says, with the names of others in the place of ids, and no name of its own."""

    def symbolic(target: Reference) -> Reference:
        return ById(symbolic_id(SEGMENT, target)) if isinstance(target, ByName) else target

    nameless = msgspec.structs.replace(with_segments(segment, symbolic), name="", folder=None)
    guessed = segment.features is not None and segment.features.guessed
    return document_of(nameless, Report()), guessed
