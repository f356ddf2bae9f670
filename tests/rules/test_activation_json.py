"""Activations and templates: to the API's JSON and back, by properties, with the referee."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import strategies.activation_json as j
from contract import referee
from quick import tenth
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.values import ById
from segdsl.rules.activations import (
    ActivationParts,
    Family,
    TemplateParts,
    encode_activation,
    encode_template,
    family_of,
    normal_activation,
    normal_template,
    read_activation,
    read_template,
)
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from strategies.api_deliveries import activations, templates

_SYNDICATIONS = "/entities/segments/{segmentId}/syndications"
_LEGACY = "/audiences/{audienceId}/segments/{segmentId}/syndications"
_TEMPLATES = "/entities/activation_templates"
TIMES = tenth(2_000)
pytestmark = pytest.mark.many
TARGET = a.Target("segment", ById("7"))


def body_of(activation: a.Activation, family: Family, *, is_whole: bool = False) -> str:
    report = Report()
    body = encode_activation(activation, {}, report, family, symbolic=True, is_whole=is_whole)
    assert body is not None, messages(report)
    return encode(body)


def messages(report: Report) -> list[tuple[str | None, str]]:
    return [(each.path, each.message) for each in report.diagnostics]


def read(text: str) -> ActivationParts:
    report = Report()
    parts = read_activation(load(text, report), report)
    assert parts is not None, messages(report)
    return parts


def read_as_template(text: str) -> TemplateParts:
    report = Report()
    parts = read_template(load(text, report), report)
    assert parts is not None, messages(report)
    return parts


def without_names(activation: Any) -> Any:
    """The same with an id in place of each name: what a real body has."""

    def by_id(reference: Any) -> Any:
        return reference if isinstance(reference, ById) else ById("99")

    delivery = activation.delivery
    notification = delivery.notification
    if notification is not None:
        recipients = tuple(a.Recipient(by_id(each.user)) for each in notification.recipients)
        notification = a.Notification(recipients, notification.outcomes)
    connection = a.Connection(by_id(delivery.connection.target))
    delivery = msgspec.structs.replace(delivery, connection=connection, notification=notification)
    changes: dict[str, Any] = {"delivery": delivery}
    if isinstance(activation, a.Activation) and activation.template is not None:
        changes["template"] = by_id(activation.template)
    return msgspec.structs.replace(activation, **changes)


def fitting(activation: a.Activation, family: Family) -> a.Activation:
    """The activation without what the family has no field for."""
    delivery = activation.delivery
    if family == "entities":
        delivery = msgspec.structs.replace(delivery, workflow=None, in_sequence=False)
    elif isinstance(delivery.schedule, a.Repeat):
        schedule = msgspec.structs.replace(delivery.schedule, end=None)
        delivery = msgspec.structs.replace(delivery, schedule=schedule)
    return msgspec.structs.replace(activation, delivery=delivery)


families: st.SearchStrategy[Family] = st.sampled_from(["entities", "legacy"])


@given(activations, families, st.booleans())
@settings(max_examples=TIMES)
def test_an_activation_comes_back_from_its_body(
    activation: a.Activation, family: Family, is_whole: bool
) -> None:
    text = body_of(activation, family, is_whole=is_whole)
    wanted = normal_activation(fitting(activation, family))
    found = read(text).activation(activation.target)
    if is_whole and wanted.delivery.schedule is None:
        # An update that clears the schedule says so.
        delivery = msgspec.structs.replace(wanted.delivery, schedule=a.ByHand())
        wanted = msgspec.structs.replace(wanted, delivery=delivery)
    assert found == wanted
    assert body_of(found, family) == body_of(wanted, family)


@given(activations)
@settings(max_examples=tenth(500))
def test_the_bodies_of_an_activation_together_say_all_of_it(activation: a.Activation) -> None:
    needed = family_of(activation)
    wanted = normal_activation(activation)
    if needed != "both":
        assert normal_activation(fitting(activation, needed)) == wanted
        return
    legacy, entities = (fitting(activation, family) for family in ("legacy", "entities"))
    assert legacy.delivery.workflow == wanted.delivery.workflow
    assert legacy.delivery.in_sequence == wanted.delivery.in_sequence
    whole = msgspec.structs.replace(
        entities.delivery,
        workflow=legacy.delivery.workflow,
        in_sequence=legacy.delivery.in_sequence,
    )
    assert normal_activation(msgspec.structs.replace(entities, delivery=whole)) == wanted


@given(templates())
@settings(max_examples=TIMES)
def test_a_template_comes_back_from_its_body(template: a.ActivationTemplate) -> None:
    report = Report()
    body = encode_template(template, {}, report, symbolic=True)
    assert body is not None, messages(report)
    parts = read_as_template(encode(body))
    wanted = msgspec.structs.replace(normal_template(template), folder=None)
    assert parts.template == wanted
    again, first = (
        encode_template(each, {}, Report(), symbolic=True, column_ids=parts.column_ids)
        for each in (parts.template, wanted)
    )
    assert encode(again) == encode(first)


@given(activations, families, st.booleans())
@settings(max_examples=tenth(500))
def test_every_body_of_an_activation_passes_the_referee(
    activation: a.Activation, family: Family, is_whole: bool
) -> None:
    contract = referee()
    text = body_of(without_names(activation), family, is_whole=is_whole)
    assume("1e400" not in text)
    path = _SYNDICATIONS if family == "entities" else _LEGACY
    assert contract.request("POST", path, json.loads(text)) == []


@given(templates(), st.booleans())
@settings(max_examples=tenth(500))
def test_every_body_of_a_template_passes_the_referee(
    template: a.ActivationTemplate, is_whole: bool
) -> None:
    contract = referee()
    report = Report()
    body = encode_template(without_names(template), {}, report, is_whole=is_whole, folder_id="3")
    assert body is not None, messages(report)
    text = encode(body)
    assume("1e400" not in text)
    assert contract.request("POST", _TEMPLATES, json.loads(text)) == []


# --- from the other side: JSON that the compiler did not write ----------------------------


@given(j.entities_attributes() | j.legacy_bodies() | j.answers(j.entities_attributes()))
@settings(max_examples=TIMES)
def test_any_activation_is_read_and_means_the_same_when_written(document: Any) -> None:
    parts = read(json.dumps(document))
    activation = parts.activation(TARGET)
    assert normal_activation(activation) == activation
    resource = document.get("data", document)
    attributes = resource.get("attributes", resource)
    assert parts.name == attributes["name"]
    kept = parts.column_ids.columns
    assert kept == {
        column["column"]: column["id"] for column in attributes.get("columns", ()) if "id" in column
    }
    for family in cast(tuple[Family, ...], ("entities", "legacy")):
        fits = normal_activation(fitting(activation, family))
        assert read(body_of(activation, family)).activation(TARGET) == fits


@given(j.entities_attributes(), j.legacy_bodies(), j.template_attributes())
@settings(max_examples=tenth(300))
def test_what_is_generated_is_what_the_description_has(
    entities: Any, legacy: Any, template: Any
) -> None:
    contract = referee()
    assert contract.schema("SyndicationJsonApiParameters", entities) == []
    assert contract.schema("SyndicationParameters", legacy) == []
    assert contract.schema("ActivationTemplateJsonApiParameters", template) == []


@given(j.template_attributes())
@settings(max_examples=TIMES)
def test_any_template_is_read_and_means_the_same_when_written(document: Any) -> None:
    parts = read_as_template(json.dumps(document))
    report = Report()
    body = encode_template(parts.template, {}, report, column_ids=parts.column_ids)
    assert body is not None, messages(report)
    again = read_as_template(encode(body))
    assert again.template == parts.template
    assert normal_template(parts.template) == parts.template


def _ordered(value: Any) -> Any:
    """With the order of keys as data."""
    match value:
        case dict():
            return [(key, _ordered(inner)) for key, inner in value.items()]
        case list():
            return [_ordered(each) for each in value]
        case _:
            return value


@given(j.configs)
@settings(max_examples=TIMES)
def test_settings_come_back_exactly(config: Any) -> None:
    document = json.dumps({"name": "x", "connectionId": 1, "connectorConfig": config})
    text = body_of(read(document).activation(TARGET), "legacy")
    compare = {"parse_int": str, "parse_float": str}
    wanted = json.loads(document, **cast(Any, compare))["connectorConfig"]
    assert _ordered(json.loads(text, **cast(Any, compare))["connectorConfig"]) == _ordered(wanted)
