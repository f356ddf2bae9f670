"""What a segment is, wherever it was seen: in a workspace, on a server, or in a lock.

Two states are equal when nothing that carries a meaning differs: folder, name, kind,
description, and the rule in the compiler's normal form. Nothing is read or written here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from segdsl.api.responses import Segment as ApiSegment
from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Report
from segdsl.language.values import ByName, SegmentKind
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.rules.rule.references import segment_references
from segdsl.workspace.remote.source import source_of

Folder = tuple[str, ...]
Key = tuple[Folder, str]
"""Where a segment is: the API keeps names unique within a folder."""


class State(msgspec.Struct, frozen=True, dict=True):
    """What is compared; `rule` is the canonical JSON of it (`canonical_rule`).

    `kind` is None for a kind that is not known, which no source can hold.
    """

    folder: Folder
    name: str
    kind: SegmentKind | None
    description: str
    rule: str
    hidden: bool = False

    @property
    def key(self) -> Key:
        return (self.folder, self.name)

    @cached_property
    def digest(self) -> str:
        """A fingerprint: equal for equal states, and practically for no others."""
        parts: list[object] = [self.folder, self.name, self.kind, self.description, self.rule]
        # What is not hidden has the digest that locks of older versions keep.
        text = json.dumps([*parts, "hidden"] if self.hidden else parts)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def source(self, names: Mapping[str, ByName], report: Report | None = None) -> str | None:
        """Canonical source, with `names` in the place of ids; None where the language has none.

        A `report` gets what it has no words for, by its JSON path.
        """
        segment = ApiSegment(
            "",
            self.name,
            self.kind,
            msgspec.Raw(self.rule.encode()),
            self.description,
            is_visible=not self.hidden,
        )
        return source_of(self.folder, segment, names, report or Report())

    @property
    def without_words(self) -> str | None:
        """What the language has no words for, by its JSON path; None where it has source."""
        report = Report()
        if self.source({}, report) is not None:
            return None
        return "; ".join(
            dict.fromkeys(f"{each.path}: {each.message}" for each in report.diagnostics)
        )

    @cached_property
    def refers_to(self) -> frozenset[str]:
        """The ids, or the symbolic ids, of the segments that the rule refers to."""
        return frozenset(_references(json.loads(self.rule)))

    def with_ids(self, ids: Mapping[str, str]) -> State:
        """The state with ids in the place of others, or of symbolic ids."""
        return msgspec.structs.replace(self, rule=with_ids(self.rule, ids))


def state_of(folder: Folder, segment: ApiSegment) -> State:
    """The state of a segment that a server answered, which has its rule."""
    assert segment.rule is not None, "what a list left out is read from the segment itself"
    return State(
        folder,
        segment.name,
        segment.kind,
        segment.description or "",
        canonical_rule(bytes(segment.rule)),
        not segment.is_visible,
    )


def with_ids(rule: str, ids: Mapping[str, str]) -> str:
    """A rule's JSON with other ids in its references to segments; its numbers keep their text."""
    if not ids:
        return rule
    document = load(rule, Report())
    for reference in segment_references(document):
        reference["id"] = ids.get(str(reference["id"]), reference["id"])
    return encode(document, pretty=False)


def _references(document: Any) -> Iterable[str]:
    return (str(each["id"]) for each in segment_references(document))
