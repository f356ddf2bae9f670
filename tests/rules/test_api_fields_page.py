"""The page of the API's fields: complete against the description, and true of the code.

Each row names a field, some of its values, and what happens to them. The description says which
rows there must be, where it is at hand; what a row says is tried always.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contract import referee
from segdsl import compile_text
from segdsl.diagnostics import Code, Report
from segdsl.language.activations import Activation
from segdsl.language.condition.tree import Funnel
from segdsl.language.journeys import Journey
from segdsl.language.predictive import PredictiveSegment
from segdsl.rules.activations import encode_activation
from segdsl.rules.decompile import decompile
from segdsl.rules.funnels import encode_funnel
from segdsl.rules.journeys import encode_draft
from segdsl.rules.predictive import encode_predictive
from segdsl.rules.rule.model import encode

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "api-fields.md").read_text()
ANY = ""
"""In place of a value: any."""


class Row(NamedTuple):
    section: str
    field: str
    values: tuple[str, ...]
    what: str


def _cells(line: str) -> list[str]:
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _rows() -> Iterator[Row]:
    for part in PAGE.split("\n## ")[1:]:
        section = part.partition("\n")[0]
        for table in part.split("\n\n"):
            lines = [line for line in table.splitlines() if line.startswith("|")]
            if not lines:
                continue
            head = _cells(lines[0])[0]
            for line in lines[2:]:
                cells = _cells(line)
                if head == "Of":
                    yield Row(f"answer of a {cells[0]}", _word(cells[1]), (), cells[2])
                else:
                    name = "Clones" if head == "Field of a clone" else section
                    yield Row(name, _word(cells[0]), tuple(_words(cells[1])), cells[2])


def _words(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


def _word(cell: str) -> str:
    [word] = _words(cell)
    return word


ROWS = list(_rows())
WORDS = ("written", "read", "ignored", "refused", "unused")


def test_every_row_says_one_of_the_words() -> None:
    assert len(ROWS) > 150
    assert {row.what for row in ROWS} == set(WORDS)
    pairs = [(row.section, row.field, value) for row in ROWS for value in row.values or (ANY,)]
    assert len(set(pairs)) == len(pairs)


# --- complete ----------------------------------------------------------------------------

Fields = dict[str, set[str]]


class Description:
    """The fields of schemas with their values, as `a.b`, `a[].b`; stops at fields `apart`."""

    def __init__(self, schemas: dict[str, Any], apart: dict[str, str]) -> None:
        self.schemas = schemas
        self.apart = apart

    def fields(self, *names: str) -> Fields:
        found: Fields = defaultdict(set)
        for name in names:
            self._walk(self.schemas[name], "", found)
        return dict(found)

    def _walk(self, schema: dict[str, Any], path: str, found: Fields) -> None:
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        for key in ("allOf", "anyOf", "oneOf"):
            for choice in schema.get(key, ()):
                self._walk(choice, path, found)
        if path:
            found[path].update(map(str, schema.get("enum", ())))
        if "items" in schema:
            items = schema["items"]
            is_plain = (
                "$ref" not in items and items.get("type") != "object" and "oneOf" not in items
            )
            self._walk(items, path if is_plain else f"{path}[]", found)
        for name, inner in schema.get("properties", {}).items():
            at = f"{path}.{name}" if path else name
            if self.apart.get(name) is not None:
                found[at].update(())
            else:
                self._walk(inner, at, found)


APART = {"columns": "Columns", "syndicationBehavior": "Behaviors", "syndicationBehaviors": ""}


def _described() -> dict[str, Fields]:
    """What the description has for each section of the page."""
    schemas = referee()._raw["components"]["schemas"]
    shallow = Description(schemas, APART)
    activation = shallow.fields("SyndicationParameters", "SyndicationJsonApiParameters")
    holder = {**schemas, "Holder": {"properties": {"x": schemas["Columns"]}}}
    of_columns = Description(holder, {}).fields("Holder")
    of_behaviors = shallow.fields("SyndicationBehavior")
    deep = Description(schemas, {"columns": ""})
    template = shallow.fields("ActivationTemplateJsonApiParameters")
    template |= {
        path: values
        for path, values in deep.fields("ActivationTemplateJsonApiParameters").items()
        if path.startswith("fieldProperties.")
    }
    creating = schemas["EntitiesFunnelCreateRepresentation"]["properties"]
    bodies = {"A": creating["attributes"], "B": creating["relationships"], **schemas}
    funnel = Description(bodies, {"parentFolder": ""}).fields("FunnelParameters", "A", "B")
    return {
        "Activations": activation,
        "Columns": {
            path.removeprefix("x[]."): values
            for path, values in of_columns.items()
            if path.startswith("x[].")
        },
        "Behaviors": of_behaviors,
        "Templates": template,
        "Funnels": funnel,
        "Clones": shallow.fields("FunnelCloneParameters"),
        **_of_models(schemas),
    }


def _of_models(schemas: dict[str, Any]) -> dict[str, Fields]:
    """The sections of predictive segments and journeys."""

    def of_request(name: str, apart: dict[str, str]) -> Fields:
        properties = schemas[name]["properties"]
        bodies = {"A": properties["attributes"], "B": properties["relationships"], **schemas}
        return Description(bodies, {**apart, "parentFolder": ""}).fields("A", "B")

    apart = dict.fromkeys(("goal", "entryCriteria", "milestone", "exitCriterias", "steps"), "")
    steps = schemas["JourneyStep"]["properties"]["uuid"]["oneOf"]
    return {
        "Predictive segments": of_request(
            "EntitiesPredictiveSegmentUpdateRepresentation", {"functions": ""}
        ),
        "Journeys": of_request("EntitiesJourneyCreateRepresentation", apart),
        "Criteria of journeys": Description(schemas, {}).fields("JourneyCriteria"),
        "Steps of journeys": Description(schemas, {}).fields(
            *(each["$ref"].rsplit("/", 1)[1] for each in steps)
        ),
    }


def _without_lists(fields: Fields) -> Fields:
    """Without the elements of lists as fields of their own."""
    return {path: values for path, values in fields.items() if not path.endswith("[]")}


def test_the_page_has_every_field_and_value_of_the_description_and_no_other() -> None:
    for section, fields in _described().items():
        on_page: Fields = defaultdict(set)
        for row in ROWS:
            if row.section == section:
                on_page[row.field].update(row.values)
        described = _without_lists(fields)
        if section == "Templates":
            # Its values are in a text of the description alone.
            assert on_page.pop("kind") == {"0", "1"}
            del described["kind"]
        assert dict(on_page) == described, section


def test_the_page_has_every_field_that_only_answers_have() -> None:
    schemas = referee()._raw["components"]["schemas"]
    requests = _described()
    for kind, section, names in (
        ("activation", "Activations", ("Syndication", "SyndicationJsonApiResource")),
        (
            "template",
            "Templates",
            ("ActivationTemplateJsonApiResource", "ActivationTemplateIndexJsonApiResponse"),
        ),
        ("funnel", "Funnels", ("Funnel", "FunnelJsonApiResource")),
        (
            "predictive segment",
            "Predictive segments",
            ("PredictiveSegment", "PredictiveSegmentJsonApiResource"),
        ),
        ("journey", "Journeys", ("JourneyJsonApiResource",)),
    ):
        found: set[str] = set()
        for name in names:
            properties = schemas[name]["properties"]
            if "attributes" in properties:
                found |= {*properties["relationships"]["properties"]}
                attributes = properties["attributes"]
                if "$ref" in attributes:
                    attributes = schemas[attributes["$ref"].rsplit("/", 1)[1]]
                properties = attributes["properties"]
            found |= {*properties}
            stages = properties.get("stages", {}).get("items", {}).get("properties", {})
            found |= {f"stages[].{stage}" for stage in stages}
        listed = {row.field for row in ROWS if row.section == f"answer of a {kind}"}
        assert listed == found - {*requests[section]}, kind


# --- true --------------------------------------------------------------------------------


def _paths(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a document with its value, as the page has it; columns apart."""
    match value:
        case dict():
            for key, inner in value.items():
                at = f"{path}.{key}" if path else key
                yield at, ANY
                if not at.endswith(("connectorConfig", "locked.columns")):
                    yield from _paths(inner, at)
        case list():
            for each in value:
                if isinstance(each, dict):
                    yield from _paths(each, f"{path}[]")
                else:
                    yield path, str(each)
        case _:
            yield path, str(value)


def _written() -> dict[str, set[tuple[str, str]]]:
    """What the file at the end of the page compiles to, by section."""
    [text] = re.findall(r'```seg title="everything.seg"\n(.*?)```', PAGE, re.DOTALL)
    compiled = compile_text(text, symbolic=True, check=True)
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def keep(section: str, value: Any) -> None:
        for path, shown in _paths(value):
            found[section].add((path, shown))
            # Columns and behaviors have tables of their own.
            for inner, other in (
                ("columns[].", "Columns"),
                ("syndicationBehaviors[].", "Behaviors"),
                ("syndicationBehavior.", "Behaviors"),
            ):
                if path.startswith(inner):
                    found[other].add((path.removeprefix(inner), shown))

    for resource in compiled.resources:
        bodies = [request["body"] for request in resource.requests]
        match resource.item:
            case Activation() as activation:
                for each in bodies:
                    keep("Activations", each.get("attributes", each))
                legacy = encode_activation(activation, {}, Report(), "legacy", symbolic=True)
                keep("Activations", json.loads(encode(legacy)))
            case Funnel() as funnel:
                ids = {stage.name: "7" for stage in funnel.stages}
                for family in ("entities", "legacy"):
                    made = encode_funnel(funnel, family, stage_ids=ids, folder_id="3")
                    body = json.loads(encode(made))
                    keep("Funnels", body.get("attributes", body))
                    keep("Funnels", body.get("relationships", {}))
            case PredictiveSegment() as model:
                keep("Predictive segments", bodies[0]["attributes"])
                placed = encode_predictive(
                    model, {}, Report(), "entities", symbolic=True, folder_id="3"
                )
                assert placed is not None
                keep("Predictive segments", placed["relationships"])
            case Journey() as journey:
                attributes = bodies[-1]["attributes"]
                keep("Journeys", attributes)
                keep("Journeys", encode_draft(journey, folder_id="3")["relationships"])
                criteria = [attributes["goal"]]
                for stage in attributes["journeyStages"]:
                    criteria += [stage["entryCriteria"], stage["milestone"]]
                    criteria += stage["exitCriterias"]
                    for step in stage["steps"].values():
                        keep("Steps of journeys", step)
                for each in criteria:
                    keep("Criteria of journeys", each)
            case _:
                keep("Templates", bodies[0]["attributes"])
    return found


WRITTEN = _written()


def _cases(*words: str) -> list[tuple[Row, str]]:
    return [(row, value) for row in ROWS if row.what in words for value in row.values or (ANY,)]


def _id(case: Any) -> str:
    return f"{case.section}-{case.field}" if isinstance(case, Row) else str(case)


@pytest.mark.parametrize(("row", "value"), _cases("written"), ids=_id)
def test_what_is_written_is_in_what_the_file_compiles_to(row: Row, value: str) -> None:
    assert (row.field, value) in WRITTEN[row.section]


_ACTIVATION: dict[str, Any] = {
    "name": "x",
    "segmentId": "7",
    "connectionId": 3,
    "connectorConfig": {},
    "allColumns": True,
    # Answers have details, else they are summaries.
    "startAt": None,
}
_DOCUMENTS: dict[str, Any] = {
    "activation": {"type": "syndication", "attributes": _ACTIVATION},
    "template": {
        "type": "activation-template",
        "attributes": {"name": "x", "connectionId": 3, "state": "draft"},
    },
    "funnel": {
        "type": "funnel",
        "attributes": {"name": "x", "stages": [{"name": "a", "id": "1"}]},
    },
    "predictive segment": {
        "type": "predictive-segment",
        "attributes": {"name": "x", "segmentId": "7"},
    },
    "journey": {"type": "journey", "attributes": {"name": "x", "journeyStages": []}},
}
_KINDS = {
    "Activations": "activation",
    "Columns": "activation",
    "Behaviors": "activation",
    "Templates": "template",
    "Funnels": "funnel",
    "answer of a activation": "activation",
    "answer of a template": "template",
    "answer of a funnel": "funnel",
    "Predictive segments": "predictive segment",
    "answer of a predictive segment": "predictive segment",
    "Journeys": "journey",
    "answer of a journey": "journey",
}
_USER = {"data": {"id": "9", "type": "user"}}
_SAMPLES: dict[str, Any] = {
    "syndicationBehavior": {"behaviorTableName": "behavior_visits"},
    "runAt": "03:00:00",
    "segmentId": "8",
    "segment": {"data": {"id": "8", "type": "segment-batch"}},
    "parentFolder": {"data": {"id": "8", "type": "folder-segment"}},
    "valid": True,
    "runStatus": "success",
    "executions": [{"status": "success"}],
    "createdBy": _USER,
    "updatedBy": _USER,
    "createdAt": "2025-04-01T03:00:00.000Z",
    "updatedAt": "2025-04-01T03:00:00.000Z",
    "population": 12,
    "numSyndications": 2,
    "activationCount": 2,
    "journeyBundleName": "bundle",
    "journeyCount": 2,
}
"""A value of a field that has no listed values; true for flags, and an id for the others."""
_BESIDE: dict[str, dict[str, Any]] = {"runAt": {"scheduleType": "daily"}}
_IDS = ("id", "audienceId", "funnelId", "segmentFolderId", "journeyBundleId")


def _part_of_journey(row: Row, value: str, *, with_field: bool) -> str:
    """A journey with a criterion or a step that has the field of the row, or has it not."""
    target: dict[str, Any] = {"journeyId": "8", "journeyStageId": "9"}
    criteria: dict[str, Any] = {"name": "g", "segmentId": "7"}
    test: dict[str, Any] = {"type": "ABTest", "name": "t", "variants": []}
    step: dict[str, Any] = {"type": "End"}
    within = criteria if row.section == "Criteria of journeys" else step
    if row.field.startswith("target."):
        step = {"type": "Jump", "target": target}
        criteria["target"] = target
        within = target
    elif row.field == "winnerVariantId":
        within = step = test
    if with_field:
        name = row.field.rsplit(".", 1)[-1]
        within |= {**test, "type": value} if value else {name: "some text"}
    stage = {"name": "a", "rootStep": "s", "steps": {"s": step}}
    attributes = {"name": "x", "goal": criteria, "journeyStages": [stage]}
    segment = {"id": "7", "name": "n", "kind": 3, "rule": {"type": "And", "conditions": []}}
    return json.dumps([{"type": "journey", "attributes": attributes}, segment])


def _document(row: Row, value: str, *, with_field: bool) -> str:
    """A small document, with the field of the row or without."""
    if row.section in ("Criteria of journeys", "Steps of journeys"):
        return _part_of_journey(row, value, with_field=with_field)
    document = json.loads(json.dumps(_DOCUMENTS[_KINDS[row.section]]))
    attributes = document["attributes"]
    attributes |= _BESIDE.get(row.field, {})
    name = row.field.rsplit(".", 1)[-1]
    sample: Any = value or _SAMPLES.get(name, "8" if name in _IDS else True)
    if row.section == "Columns":
        function: dict[str, Any] = {
            "function": "if",
            "op": value if with_field else "is",
            "right_value": None,
        }
        function |= {"then": 1, "else": 0}
        source = {"column": "a", "functions": [function]}
        attributes |= {"allColumns": False, "columns": [{"column": "a", "source": source}]}
    elif not with_field:
        pass
    elif row.field.startswith("stages[]."):
        attributes["stages"][0][name] = sample
    elif name in ("segment", "parentFolder") or sample is _USER:
        document["relationships"] = {name: sample}
    elif name == "id":
        document["id"] = sample
    else:
        attributes[name] = int(sample) if sample in ("0", "1") else sample
        if name == "scheduleType" and sample == "minutes_interval":
            attributes["scheduleOption"] = "15"
    return json.dumps(document)


@pytest.mark.parametrize(("row", "value"), _cases("read"), ids=_id)
def test_what_is_read_changes_the_file(row: Row, value: str) -> None:
    if row.field == "stages[].segmentId":
        report = Report()
        assert decompile(_document(row, value, with_field=True), "x.json", report) is None
        [found] = report.diagnostics
        assert found.path == "$.attributes.stages[0].segmentId"
        assert "the segment #8, which is not here" in found.message
        return
    with_field = _source(_document(row, value, with_field=True))
    plain = _source(_document(row, value, with_field=False))
    # By hand is what is read where nothing is scheduled.
    is_default = (row.section, value) == ("Activations", "none")
    assert (with_field == plain) == is_default


def _source(document: str) -> str:
    report = Report()
    source = decompile(document, "x.json", report)
    assert source is not None, [(of.path, of.message) for of in report.diagnostics]
    warned = {(of.code, (of.path or "").rsplit(".", 1)[-1]) for of in report.diagnostics}
    assert warned <= {(Code.SEG408, "description")}
    return source


@pytest.mark.parametrize(("row", "value"), _cases("ignored"), ids=_id)
def test_what_is_ignored_changes_nothing(row: Row, value: str) -> None:
    with_field = _document(row, value, with_field=True)
    plain = _document(row, value, with_field=False)
    assert with_field != plain
    assert _source(with_field) == _source(plain)


@pytest.mark.parametrize(("row", "value"), _cases("refused"), ids=_id)
def test_what_is_refused_is_reported_with_its_path(row: Row, value: str) -> None:
    report = Report()
    assert decompile(_document(row, value, with_field=True), "x.json", report) is None
    [found] = report.diagnostics
    assert (found.code, found.path) == (Code.SEG407, f"$.attributes.{row.field}")


@pytest.mark.parametrize("kind", list(_DOCUMENTS))
@pytest.mark.parametrize("value", [True, 1, "x", [1], {"a": 1}])
def test_a_field_that_is_not_on_the_page_is_reported_unless_it_is_empty(
    kind: str, value: Any
) -> None:
    empties: list[Any] = [None, "", False, [], {}]
    for empty in empties:
        document = json.loads(json.dumps(_DOCUMENTS[kind]))
        document["attributes"]["brandNew"] = empty
        assert _source(json.dumps(document)) == _source(json.dumps(_DOCUMENTS[kind]))
    document["attributes"]["brandNew"] = value
    report = Report()
    assert decompile(json.dumps(document), "x.json", report) is None
    [found] = report.diagnostics
    assert (found.code, found.path) == (Code.SEG407, "$.attributes.brandNew")
