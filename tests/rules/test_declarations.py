"""Funnels, activations and templates as text: compiled, decompiled, and the same again."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import strategies.activation_json as j
from contract import referee, rule_errors
from quick import tenth
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.resolve.segments import Resolved
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.rules.activations import normal_activation, normal_template
from segdsl.rules.activations.lift import lift_activation, lift_template
from segdsl.rules.decompile import decompile
from segdsl.rules.funnels import (
    encode_funnel,
    encode_stage,
    funnel_of,
    read_funnel,
    read_stage,
)
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower
from segdsl.rules.requests import Declaration, declarations
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.source import Source
from strategies.api_deliveries import activations, templates
from strategies.syntax import compilable_funnels

TIMES = tenth(2_000)
pytestmark = pytest.mark.many


def resolved(text: str) -> Resolved:
    report = Report()
    items = resolve_all(Program("x.seg", {"x.seg": parse(Source("x.seg", text), report)}), report)
    errors = [each.message for each in report.diagnostics if each.severity == "error"]
    assert not errors, (errors, text)
    return items


def compiled(items: Resolved, *, symbolic: bool = True) -> list[Declaration]:
    report = Report()
    every: list[c.Funnel | a.ActivationTemplate | a.Activation] = [
        *items.funnels,
        *items.templates,
        *items.activations,
    ]
    made = declarations(every, {}, report, symbolic=symbolic)
    assert not report.has_errors, messages(report)
    return [each for _, each in made]


def messages(report: Report) -> list[tuple[str | None, str]]:
    return [(each.path, each.message) for each in report.diagnostics]


def decompiled(text: str) -> str:
    report = Report()
    source = decompile(text, "x.json", report)
    assert source is not None, (messages(report), text)
    assert not report.has_errors, messages(report)
    return source


# --- activations and templates ----------------------------------------------------------


@given(activations)
@settings(max_examples=TIMES)
def test_an_activation_goes_through_text_json_and_back(activation: a.Activation) -> None:
    source = format_file(t.File((lift_activation(activation),)))
    [read] = resolved(source).activations
    wanted = normal_activation(activation)
    assert normal_activation(read) == wanted
    again = decompiled(encode(compiled(resolved(source))))
    [found] = resolved(again).activations
    assert found == wanted
    assert format_file(t.File((lift_activation(wanted),))) == again


@given(templates())
@settings(max_examples=TIMES)
def test_a_template_goes_through_text_json_and_back(template: a.ActivationTemplate) -> None:
    source = format_file(t.File((lift_template(template),)))
    wanted = normal_template(template)
    again = decompiled(encode(compiled(resolved(source))))
    [found] = resolved(again).templates
    assert normal_template(found) == wanted
    assert format_file(t.File((lift_template(wanted),))) == again


@given(j.answers(j.entities_attributes()), st.booleans())
@settings(max_examples=TIMES)
def test_what_the_api_answers_becomes_text_that_compiles_to_the_same(
    document: Any, in_list: bool
) -> None:
    text = json.dumps([document] if in_list else document)
    source = decompiled(text)
    # Compiled and decompiled, it is the same text: nothing is lost on the way.
    made = compiled(resolved(source))
    again = decompiled(encode(made))
    assert again == source
    resource = document.get("data", document)
    segment = resource["relationships"]["segment"]["data"]["id"]
    of = made[0].of
    assert of is not None
    assert of.segment == segment
    assert f"/segments/{segment}/" in made[0].requests[0].path


@given(j.legacy_bodies(), st.integers(1, 10**9).map(str))
@settings(max_examples=TIMES)
def test_a_legacy_activation_becomes_text_that_compiles_to_the_same(
    body: Any, segment_id: str
) -> None:
    source = decompiled(json.dumps({**body, "segmentId": segment_id}))
    assert decompiled(encode(compiled(resolved(source)))) == source


@given(j.template_attributes())
@settings(max_examples=TIMES)
def test_a_template_of_the_api_becomes_text_that_compiles_to_the_same(attributes: Any) -> None:
    document = {"type": "activation-template", "attributes": attributes}
    source = decompiled(json.dumps(document))
    assert decompiled(encode(compiled(resolved(source)))) == source


# --- funnels ----------------------------------------------------------------------------


def funnel_or_nothing(tree: t.Funnel) -> c.Funnel:
    """The funnel, if the language and the API's two levels can hold all its rules."""
    report = Report()
    items = resolve_all(Program("x.seg", {"x.seg": t.File((tree,))}), report)
    assume(len(items.funnels) == 1 and not report.has_errors)
    rules = [stage.segment for stage in items.funnels[0].stages if stage.segment is not None]
    assume(all(lower(each, Report(), symbolic=True) is not None for each in rules))
    return items.funnels[0]


@given(compilable_funnels)
@settings(max_examples=TIMES)
def test_a_funnel_goes_through_text_json_and_back(tree: t.Funnel) -> None:
    funnel = funnel_or_nothing(tree)
    source = format_file(t.File((tree,)))
    made = compiled(resolved(source))
    again = decompiled(encode(made))
    assert encode(compiled(resolved(again))) == encode(without_empty_descriptions(made))
    assert format_file(parse(Source("x.seg", again), Report())) == again
    assert decompiled(encode(compiled(resolved(again)))) == again
    [found] = resolved(again).funnels
    assert [each.name for each in found.stages] == [each.name for each in funnel.stages]
    assert c.folder_path(found.folder) == c.folder_path(funnel.folder)


def without_empty_descriptions(made: list[Declaration]) -> Any:
    def clean(value: Any) -> Any:
        match value:
            case {"attributes": dict() as attributes, **others}:
                kept = {
                    key: inner
                    for key, inner in attributes.items()
                    if (key, inner) != ("description", "")
                }
                return {**others, "attributes": kept}
            case _:
                return value

    return [
        msgspec.structs.replace(
            each,
            folder=each.folder or None,
            requests=tuple(
                msgspec.structs.replace(request, body=clean(request.body))
                for request in each.requests
            ),
        )
        for each in made
    ]


@given(compilable_funnels, st.sampled_from(["entities", "legacy"]), st.booleans())
@settings(max_examples=TIMES)
def test_a_funnel_is_read_from_what_either_family_answers(
    tree: t.Funnel, family: Any, is_whole: bool
) -> None:
    funnel = funnel_or_nothing(tree)
    ids = {stage.name: str(number) for number, stage in enumerate(funnel.stages, 11)}
    body = encode_funnel(funnel, family, is_whole=is_whole, stage_ids=ids, folder_id="3")
    of_stages: list[Any] = []
    answers: list[str] = []
    for number, stage in enumerate(funnel.stages, 101):
        entry = {"id": ids[stage.name], "name": stage.name, "numSyndications": 0}
        of_stages.append(entry | {"segmentId": None if stage.segment is None else str(number)})
        if stage.segment is None:
            continue
        rule = lower(stage.segment, Report(), symbolic=True)
        assert rule is not None
        of_segment = encode_stage(
            stage.segment, rule, family, funnel_id="5", stage_id=ids[stage.name], folder_id="3"
        )
        answers.append(encode({"id": str(number), **of_segment}))
    fields = body if family == "legacy" else body["attributes"]
    fields |= {"stages": of_stages, "audienceId": "1", "population": None, "numSyndications": 0}
    document = encode({"id": "5", **body})
    report = Report()
    parts = read_funnel(load(document, report), report)
    segments = [read_stage(load(each, report), report) for each in answers]
    assert parts is not None, messages(report)
    assert (parts.id, parts.folder_id) == ("5", "3")
    by_id = {each.id: each for each in segments if each is not None and each.id is not None}
    found = funnel_of(parts, by_id, report, folder=funnel.folder)
    assert found is not None, messages(report)
    assert found.description == (funnel.description or None)
    for now, before in zip(found.stages, funnel.stages, strict=True):
        assert now.name == before.name
        assert (now.segment is None) == (before.segment is None)
        if now.segment is None or before.segment is None:
            continue
        assert now.segment.kind == "funnel_stage"
        old, new = (lower(each, Report(), symbolic=True) for each in (before.segment, now.segment))
        assert old is not None
        assert new is not None
        assert encode(normalise(new)) == encode(normalise(old))
    # And as one list, as text.
    source = decompiled(f"[{','.join([*answers, document])}]")
    [whole] = resolved(source).funnels
    assert [each.name for each in whole.stages] == [each.name for each in found.stages]


@given(compilable_funnels, st.sampled_from(["entities", "legacy"]))
@settings(max_examples=tenth(300))
def test_every_body_of_a_funnel_passes_the_referee(tree: t.Funnel, family: Any) -> None:
    contract = referee()
    funnel = funnel_or_nothing(tree)
    while len(funnel.stages) < 3:
        stage = c.Stage(f"more {len(funnel.stages)}")
        funnel = msgspec.structs.replace(funnel, stages=(*funnel.stages, stage))
    for ids in ({}, {stage.name: "7" for stage in funnel.stages}):
        body = json.loads(encode(encode_funnel(funnel, family, stage_ids=ids, folder_id="3")))
        path = "/entities/funnels" if family == "entities" else "/audiences/{audienceId}/funnels"
        assert contract.request("POST", path, body) == []
    for stage in funnel.stages:
        if stage.segment is None:
            continue
        rule = lower(stage.segment, Report(), symbolic=True)
        assert rule is not None
        body = encode_stage(stage.segment, rule, family, funnel_id="5", stage_id="7", folder_id="3")
        shown = json.loads(encode(body))
        fields = shown if family == "legacy" else shown["attributes"]
        assert rule_errors(fields.pop("rule")) == []
        path = "/entities/segments" if family == "entities" else "/audiences/{audienceId}/segments"
        assert contract.request("POST", path, shown) == []
