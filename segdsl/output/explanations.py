"""Explanations of items, as texts and as the document of `explain`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal as OneOf
from typing import assert_never

from segdsl.analysis.explain import (
    explain,
    explain_activation,
    explain_funnel,
    explain_journey,
    explain_predictive,
    explain_template,
    render_outline,
)
from segdsl.analysis.explain.outline import Outline
from segdsl.analysis.explain.rule_tree import draw
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.journeys import Journey
from segdsl.language.predictive import PredictiveSegment
from segdsl.language.syntax.spelling import string
from segdsl.output import documents, models
from segdsl.output.segments import explained_segment, sentence
from segdsl.rules.lower import lower
from segdsl.schema.labels import Labels

GraphForm = OneOf["mermaid", "svg"]
_UNBROKEN = 100_000
_Kind = OneOf["funnel", "activation", "activation template", "predictive segment", "journey"]


class Explainer:
    """Collects the explanations of items, in lines of `width` cells; `texts` are all of them."""

    def __init__(self, width: int, labels: Labels, report: Report) -> None:
        self.texts: list[str] = []
        self._width = width
        self._labels = labels
        self._report = report
        self._segments: list[models.ExplainedSegment] = []
        self._others: list[models.ExplainedResource] = []

    def explain(
        self,
        segments: Iterable[c.Segment],
        funnels: Iterable[c.Funnel],
        templates: Iterable[a.ActivationTemplate],
        activations: Iterable[a.Activation],
        models: Iterable[PredictiveSegment] = (),
        journeys: Iterable[Journey[c.Segment]] = (),
    ) -> None:
        """Explains items in plain English."""
        for segment in segments:
            outline = explain(segment, self._labels)
            self.texts.append(render_outline(outline, self._width))
            text = render_outline(outline, _UNBROKEN)
            self._segments.append(explained_segment(segment, text, outline))
        for funnel in funnels:
            self._add("funnel", funnel, funnel.folder, explain_funnel(funnel, self._labels))
        for model in models:
            self._add(
                "predictive segment", model, model.folder, explain_predictive(model, self._labels)
            )
        for journey in journeys:
            self._add("journey", journey, journey.folder, explain_journey(journey, self._labels))
        for template in templates:
            outline = explain_template(template, self._labels)
            self._add("activation template", template, template.folder, outline)
        for activation in activations:
            outline = explain_activation(activation, self._labels)
            self._add("activation", activation, None, outline)

    def _add(
        self,
        kind: _Kind,
        item: c.Funnel
        | a.Activation
        | a.ActivationTemplate
        | PredictiveSegment
        | Journey[c.Segment],
        folder: str | None,
        outline: Outline,
    ) -> None:
        self.texts.append(render_outline(outline, self._width))
        self._others.append(
            models.ExplainedResource(
                kind=kind,
                name=item.name,
                folder=folder,
                file=item.span.file or None,
                text=render_outline(outline, _UNBROKEN),
                facts=outline.facts,
                opening=outline.opening,
                sentences=tuple(map(sentence, outline.items)),
                closing=outline.closing,
            )
        )

    def graph(self, journeys: Sequence[Journey[c.Segment]], form: GraphForm) -> None:
        """Draws journeys as one picture."""
        from segdsl.analysis.graph import mermaid, svg

        match form:
            case "mermaid":
                picture = mermaid
            case "svg":
                picture = svg
            case _:
                assert_never(form)
        self.texts.append(picture(journeys))
        self._others += [
            models.ExplainedResource(
                kind="journey",
                name=journey.name,
                folder=journey.folder,
                file=journey.span.file or None,
                text=picture([journey]),
                facts=(),
                opening="",
                sentences=(),
                closing=(),
            )
            for journey in journeys
        ]

    def draw(self, segments: Iterable[c.Segment], funnels: Iterable[c.Funnel]) -> None:
        """Draws the rules of segments, and of the stages of funnels, as trees."""
        for segment in segments:
            text = self._drawn(segment, f"Segment {string(segment.name)}")
            if text is not None:
                self.texts.append(text)
                self._segments.append(explained_segment(segment, text, None))
        for funnel in funnels:
            for stage in funnel.stages:
                if stage.segment is None:
                    continue
                title = f"Stage {string(stage.name)} of funnel {string(funnel.name)}"
                text = self._drawn(stage.segment, title)
                if text is not None:
                    self.texts.append(text)

    def _drawn(self, segment: c.Segment, title: str) -> str | None:
        rule = lower(segment, self._report, symbolic=True)
        if rule is None:
            return None
        return "".join(f"{line}\n" for line in (title, *draw(rule, self._width)))

    def output(self) -> documents.ExplainOutput:
        """The document of the command."""
        return documents.ExplainOutput(segments=tuple(self._segments), others=tuple(self._others))
