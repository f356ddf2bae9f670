"""The state of a segment, wherever it is: in a workspace, on a server, or in a plan.

Two states are equal when nothing that carries a meaning differs: folder, name, kind,
description, and the rule in the compiler's normal form. Nothing is read or written here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec

from segdsl.api.responses import Segment as ApiSegment
from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Report
from segdsl.language.values import ByName, SegmentKind
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import encode
from segdsl.rules.rule.references import references
from segdsl.workspace.kinds.state import (
    State,
    StateMeta,
    different_fields,
    digest_of,
    report_in_words,
    true_words,
)
from segdsl.workspace.project.keys import SEGMENT, Folder, Ref
from segdsl.workspace.remote.source import source_of

MOST_DIFFERENCES = 3
"""Places of a rule's JSON that are named."""
_LONGEST = 60


class SegmentState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    tag_field="resource",
    tag=SEGMENT,
):
    """What is compared; `rule` is its canonical JSON (`canonical_rule`).

    `kind` is None for a kind that is not known, which no source can hold.
    """

    folder: Folder
    name: str
    kind: SegmentKind | None
    description: str
    rule: str
    hidden: bool = False

    @property
    def resource(self) -> str:
        return SEGMENT

    @cached_property
    def digest(self) -> str:
        parts: list[object] = [self.folder, self.name, self.kind, self.description, self.rule]
        # What is not hidden has the digest that locks of older versions keep.
        return digest_of([*parts, "hidden"] if self.hidden else parts)

    @cached_property
    def segment_ids(self) -> frozenset[str]:
        """The ids, or the symbolic ids, of the segments that the rule refers to."""
        return frozenset(ref.id for ref in self.refers_to if ref.kind == SEGMENT)

    @cached_property
    def refers_to(self) -> frozenset[Ref]:
        return rule_refs(self.rule)

    def source(self, names: Mapping[Ref, ByName], report: Report | None = None) -> str | None:
        """A `report` gets what cannot be expressed, by its JSON path."""
        segment = ApiSegment(
            "",
            self.name,
            self.kind,
            msgspec.Raw(self.rule.encode()),
            self.description,
            is_visible=not self.hidden,
        )
        used = {ref: names[ref] for ref in self.refers_to if ref in names}
        return source_of(self.folder, segment, used, report or Report())

    @property
    def inexpressible(self) -> str | None:
        report = Report()
        if self.source({}, report) is not None:
            return None
        return report_in_words(report)

    def with_ids(self, ids: Mapping[Ref, str]) -> SegmentState:
        return msgspec.structs.replace(self, rule=with_ids(self.rule, ids))

    def changes_from(self, old: State) -> Sequence[str]:
        """`rule`, `description`, `kind`, and whether it is `hidden` from now on, or `shown`."""
        assert isinstance(old, SegmentState), "of one kind"
        words = {
            "rule": old.rule != self.rule,
            "description": old.description != self.description,
            "kind": old.kind != self.kind,
            "hidden" if self.hidden else "shown": old.hidden != self.hidden,
        }
        return true_words(words)

    def differences(self, server: State) -> Sequence[str]:
        """The fields, and of the rule the first places in its JSON."""
        assert isinstance(server, SegmentState), "of one kind"
        names = ("folder", "name", "kind", "description", "hidden")
        fields = different_fields(self, server, names)
        places = islice(
            _places(json.loads(self.rule), json.loads(server.rule), "$"), MOST_DIFFERENCES
        )
        return [*fields, *places] or ["the spelling of the rule's JSON"]


def state_of(folder: Folder, segment: ApiSegment) -> SegmentState:
    """The state of a segment that a server answered, which has its rule."""
    return SegmentState(
        folder,
        segment.name,
        segment.kind,
        segment.description or "",
        canonical_rule_of(segment),
        not segment.is_visible,
    )


def canonical_rule_of(segment: ApiSegment) -> str:
    """The rule of a segment that a server answered with its rule, in normal form."""
    assert segment.rule is not None, "what a list left out is read from the segment itself"
    return canonical_rule(bytes(segment.rule))


def with_ids(rule: str, ids: Mapping[Ref, str]) -> str:
    """A rule's JSON with other ids in its references; its numbers keep their text."""
    if not ids:
        return rule
    document = load(rule, Report())
    for kind, node in references(document):
        node["id"] = ids.get(Ref(kind, str(node["id"])), node["id"])
    return encode(document, pretty=False)


def is_rule(text: str) -> bool:
    """Whether a text is a JSON object, as each rule is."""
    try:
        return isinstance(load(text, Report()), dict)
    except UnreadableError:
        return False


def rule_refs(rule: str) -> frozenset[Ref]:
    """What a rule's JSON refers to, by ids and symbolic ids."""
    return frozenset(Ref(kind, str(node["id"])) for kind, node in references(json.loads(rule)))


def _places(here: Any, there: Any, path: str) -> Iterator[str]:
    """The places in which two documents differ."""
    match here, there:
        case dict(), dict():
            for key in sorted({*here, *there}):
                yield from _places(here.get(key), there.get(key), f"{path}.{key}")
        case list(), list() if len(here) == len(there):
            for index, (one, other) in enumerate(zip(here, there, strict=True)):
                yield from _places(one, other, f"{path}[{index}]")
        case _ if here != there:
            yield f"{path}: {_short(here)} here, {_short(there)} on the server"
        case _:
            pass


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
