"""The journeys of a list of documents, their activations, and the segments of their criteria."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.rules.activations import ActivationParts, read_journey_activation
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.decompile.kinds import inside, kind_of
from segdsl.rules.journeys import (
    JourneyDocument,
    activation_ids,
    is_criteria_document,
    parts_of,
    read_criteria,
    read_document,
    segment_ids,
)
from segdsl.rules.journeys.lift import lift_journey
from segdsl.rules.json_values import id_of
from segdsl.rules.rule.growth import Growth
from segdsl.rules.rule.model import Rule

Element = tuple[Any, str, Report]
"""A document, its path, and where what is found about it goes."""


class JourneyDocuments:
    """Journeys by their paths; activations and segments of criteria belong to them."""

    def __init__(self, elements: Iterable[Element], growth: Growth) -> None:
        listed = list(elements)
        self._journeys: dict[str, JourneyDocument | None] = {
            path: read_document(document, report, path)
            for document, path, report in listed
            if kind_of(document) == "journey"
        }
        self._activations: dict[str, ActivationParts | None] = {
            path: read_journey_activation(document, report, path)
            for document, path, report in listed
            if kind_of(document) == "journey activation"
        }
        self._rules: dict[str, Rule] = {}
        self._taken: set[str] = set()
        known = [each.journey for each in self._journeys.values() if each is not None]
        named = {id for journey in known for id in segment_ids(journey)}
        for document, path, report in listed if named else ():
            self._take(document, path, report, named, growth)

    def _take(
        self, document: Any, path: str, report: Report, named: set[str], growth: Growth
    ) -> None:
        """Keeps the rule of a segment that a journey names."""
        if path in self._journeys or path in self._activations:
            return
        value = inside(document)
        id = id_of(_plain(value.get("id"))) if isinstance(value, dict) else None
        if id in named and id is not None and is_criteria_document(document):
            self._taken.add(path)
            criteria = read_criteria(document, report, path, growth)
            if criteria is not None:
                self._rules[id] = criteria.rule

    def takes(self, path: str) -> bool:
        """Whether a document is the segment of a criterion."""
        return path in self._taken

    def item(self, path: str, report: Report) -> t.Journey | None:
        """The journey at a path; None after a report, raises UnreadableError after one as well."""
        document = self._journeys[path]
        if document is None:
            return None
        names = {
            each.id: each.name
            for each in self._activations.values()
            if each is not None and each.id is not None
        }
        parts = parts_of(document, names, report)
        if parts is None:
            return None
        return lift_journey(parts, self._rules, FieldReader(report), path=document.path)

    def activation(self, path: str, report: Report) -> a.Activation | None:
        """The activation at a path, of the journey whose steps name it, or of the only one."""
        parts = self._activations[path]
        if parts is None:
            return None
        known = [each for each in self._journeys.values() if each is not None]
        users = [each for each in known if parts.id in activation_ids(each.journey)]
        found = users or known
        if not found or (len(known) > 1 and not users):
            FieldReader(report).fail(
                path,
                "nothing names the journey of this activation",
                "pass it together with the journey, in one list",
            )
        name = found[0].bundle or found[0].journey.name
        return parts.activation(a.Target("journey", ByName(name)))


def _plain(id: Any) -> Any:
    """An id as a client has it."""
    text = getattr(id, "text", None)
    return id if text is None else text
