"""JSON text to canonical source: what the API answers, what it is sent, or a list of these."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, assert_never

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.format import format_file
from segdsl.language.references.symbolic_ids import reference_of
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import predictive_item
from segdsl.language.values import ById, Number
from segdsl.rules.activations import read_activation, read_template
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.activations.lift import lift_activation, lift_template
from segdsl.rules.activations.resources import path_of_fields
from segdsl.rules.decompile.compiled import read_compiled
from segdsl.rules.decompile.journeys import JourneyDocuments
from segdsl.rules.decompile.kinds import inside, kind_of
from segdsl.rules.decompile.secrets import without_secrets
from segdsl.rules.decompile.segments import UNNAMED, SegmentReader, is_whole, read_segment
from segdsl.rules.funnels.lift import lift_funnel
from segdsl.rules.funnels.reading import (
    FunnelParts,
    StageSegment,
    is_stage_document,
    read_funnel,
    read_stage,
)
from segdsl.rules.predictive import read_predictive
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.growth import Growth
from segdsl.source import Span
from segdsl.terminal import visible


def decompile(text: str, name: str, report: Report) -> str | None:
    """The source of what the document `name` holds; None after a report.

    Takes a bare rule (named `Untitled`), a segment, a funnel, an activation or a template under
    either media type, a predictive segment, a journey, what `segdsl compile` writes, and a list of
    these. A funnel needs the segments of its stages beside it, in one list, and a journey those of
    its criteria and its activations. Of a list, what cannot be read is reported by its
    name and left out, and the rest is written. Settings that look like secrets are left out with
    a warning.
    """
    found = Report()
    items: Sequence[t.Item] = ()
    with suppress(UnreadableError):
        items = _items(load(text, found), found)
    start = Span(name, 0, 0)
    for each in found.diagnostics:
        report.add(each.code, start, each.message, help=each.help, path=each.path)
    if found.has_errors and not items:
        return None
    return format_file(t.File(tuple(items)))


class _Element(NamedTuple):
    """A document of a list, or the only one, where the findings about it go, and its name."""

    document: Any
    path: str
    report: Report
    unnamed: str


def _items(document: Any, report: Report, path: str = "$") -> list[t.Item]:
    while isinstance(document, dict) and isinstance(document.get("data"), (dict, list)):
        document, path = document["data"], f"{path}.data"
    if not isinstance(document, list):
        return _Documents([_Element(document, path, report, UNNAMED)], in_list=False).items()
    # Rules without a name are told apart by their place in the list.
    names = [UNNAMED, *(f"{UNNAMED} {place}" for place in range(2, len(document) + 1))]
    elements = [
        _Element(each, f"{path}[{index}]", Report(), names[index])
        for index, each in enumerate(document)
    ]
    items = _Documents(elements, in_list=True).items()
    for element in elements:
        label = _label(element.document)
        for found in element.report.diagnostics:
            is_error = found.severity == "error"
            said = f"{label} is left out: " if is_error else f"{label}: "
            message = said + found.message if label else found.message
            report.add(found.code, None, message, help=found.help, path=found.path)
    return items


class _Documents:
    """The documents of a list; the rules of a funnel's stages belong to the funnel.

    All rules grow into one bound.
    """

    def __init__(self, elements: Sequence[_Element], *, in_list: bool) -> None:
        self._elements = elements
        self._in_list = in_list
        self._growth = Growth()
        self._funnels: dict[str, FunnelParts | None] = {
            each.path: read_funnel(each.document, each.report, each.path)
            for each in elements
            if kind_of(each.document) == "funnel"
        }
        stages = [stage for funnel in self._funnels.values() if funnel for stage in funnel.stages]
        self._stage_ids = {
            stage.segment_id: stage.id for stage in stages if stage.segment_id is not None
        }
        self._rules: dict[str, StageSegment] = {}
        self._journeys = JourneyDocuments(
            [(each.document, each.path, each.report) for each in elements], self._growth
        )

    def items(self) -> list[t.Item]:
        others = [
            each
            for each in self._elements
            if not self._takes_as_rule(each) and not self._journeys.takes(each.path)
        ]
        made: list[t.Item] = []
        for each in others:
            with suppress(UnreadableError):
                made += self._item(each)
        return made

    def _takes_as_rule(self, element: _Element) -> bool:
        """Whether a document is the rule of a stage, which is kept then."""
        if not self._stage_ids or not is_stage_document(element.document):
            return False
        id = inside(element.document).get("id")
        id = id.text if isinstance(id, Number) else id
        if not isinstance(id, str) or id not in self._stage_ids:
            return False
        rule = read_stage(element.document, element.report, element.path, self._growth)
        if rule is not None:
            self._rules[id] = rule
        return True

    def _item(self, element: _Element) -> tuple[t.Item, ...]:
        document, _, _, _ = element
        if kind_of(document) == "compiled":
            return read_compiled(
                inside(document), element.path, FieldReader(element.report), self._growth
            )
        item = self._one(element)
        return () if item is None else (item,)

    def _one(self, element: _Element) -> t.Item | None:
        document, path, report, unnamed = element
        reader = FieldReader(report)
        match kind_of(document):
            case "segment":
                of_segment = SegmentReader(report, self._growth)
                return read_segment(document, path, unnamed, of_segment, in_list=self._in_list)
            case "funnel":
                funnel = self._funnels[path]
                if funnel is None:
                    return None
                at = path_of_fields(document, path)
                return lift_funnel(funnel, self._rules, reader, path=at)
            case "activation":
                parts = read_activation(document, report, path)
                if parts is None:
                    return None
                at = path_of_fields(document, path)
                activation = parts.activation(self._target(parts.segment_id, at, reader))
                delivery = without_secrets(activation.delivery, at, report)
                return lift_activation(msgspec.structs.replace(activation, delivery=delivery))
            case "template":
                of_template = read_template(document, report, path)
                if of_template is None:
                    return None
                template = of_template.template
                at = path_of_fields(document, path)
                delivery = without_secrets(template.delivery, at, report)
                return lift_template(msgspec.structs.replace(template, delivery=delivery))
            case "predictive segment":
                predictive = read_predictive(document, report, path)
                return None if predictive is None else predictive_item(predictive.segment)
            case "journey":
                return self._journeys.item(path, report)
            case "journey activation":
                of_journey = self._journeys.activation(path, report)
                if of_journey is None:
                    return None
                at = f"{path_of_fields(document, path)}.activationParams"
                delivery = without_secrets(of_journey.delivery, at, report)
                return lift_activation(msgspec.structs.replace(of_journey, delivery=delivery))
            case "compiled":
                raise AssertionError("it may have several items")
            case other:
                assert_never(other)

    def _target(self, segment_id: str | None, path: str, reader: FieldReader) -> a.Target:
        """The segment, or the stage whose segment it is."""
        if segment_id is None:
            reader.fail(
                path,
                "nothing names the segment of this activation",
                "pass what the API answers, or add `segmentId`",
            )
        stage_id = self._stage_ids.get(segment_id)
        if stage_id is not None:
            return a.Target("stage", ById(stage_id))
        return a.Target("segment", reference_of("segment", segment_id))


def _label(document: Any) -> str:
    """What a document of a list is called: its name, its id, or both."""
    value = document if kind_of(document) == "segment" else inside(document)
    if not is_whole(value):
        return ""
    attributes = value.get("attributes")
    name = (attributes if isinstance(attributes, dict) else value).get("name")
    id = value.get("id")
    if isinstance(id, Number):
        id = id.text
    shown = [f"“{visible(name)}”"] if isinstance(name, str) and name else []
    if isinstance(id, str) and id:
        shown.append(f"(#{id})" if shown else f"#{id}")
    return " ".join(shown)
