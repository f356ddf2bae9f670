"""What no body of the API can hold is an error at its place, and says what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segdsl.diagnostics import Report
from segdsl.language.references.ids import Ids
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ByName
from segdsl.rules.activations import ColumnIds, encode_template, family_of
from segdsl.rules.requests import Declaration, declarations
from segdsl.rules.rule.model import encode
from segdsl.source import Source


def compiled(text: str, ids: Ids | None = None) -> tuple[list[Declaration], Report, list[Any]]:
    """The declarations of a text, what is reported, and its items; no other check is run."""
    report = Report()
    file = parse(Source("x.seg", text), report)
    items = resolve_all(Program("x.seg", {"x.seg": file}), report)
    assert not report.diagnostics
    every: list[Any] = [*items.funnels, *items.templates, *items.activations]
    return [each for _, each in declarations(every, ids or {}, report)], report, every


HEAD = 'activation "x" of segment #7\n  to connection #3\n'
TEMPLATE = 'activation template "x"\n  to connection #3\n'


@pytest.mark.parametrize(
    ("text", "underlined", "message"),
    [
        ('activation "x" of segment #7\n', '"x"', "this activation has no connection"),
        ('activation template "x"\n', '"x"', "this template has no connection"),
        (
            'activation "x" of segment #7\n  to connection #"s3"\n',
            'to connection #"s3"',
            "the id of a connection is a number",
        ),
        (
            f'{HEAD}  notify #"me" on success\n',
            '#"me"',
            "the id of a user is a number",
        ),
        (
            f"{TEMPLATE}  behavior a all columns (b)\n  behavior c all columns (b)\n",
            "behavior c all columns (b)",
            "this template has 2 behaviors, and the API takes one",
        ),
        (f"{TEMPLATE}  columns all\n  locked (columns)\n", '"x"', "locks its columns, and has"),
        (f"{TEMPLATE}  locked (settings)\n", '"x"', "locks its settings, and has none"),
        (f"{TEMPLATE}  locked (behaviors)\n", '"x"', "locks its behaviors, and has none"),
        (
            f"{TEMPLATE}  columns (email)\n  locked (changing columns (age))\n",
            "changing columns (age)",
            "locks the column `age`, and has none of this name",
        ),
        (
            f"{TEMPLATE}  with (a = 1)\n  locked (settings (a, `b c`))\n",
            "settings (a, `b c`)",
            "locks the setting `b c`, and has none of this name",
        ),
    ],
)
def test_what_the_api_does_not_take(text: str, underlined: str, message: str) -> None:
    made, report, _ = compiled(text)
    [found] = report.diagnostics
    assert found.code.name == "SEG313"
    assert message in found.message
    assert found.help
    assert found.span is not None
    assert text[found.span.start : found.span.end] == underlined
    assert made == []


def test_each_name_without_an_id_is_reported_where_it_stands() -> None:
    text = (
        'activation "x" of segment "S"\n  from template "T"\n  to connection "C"\n'
        '  notify "a@example.com", "b@example.com" on failure\n'
    )
    _, report, _ = compiled(text)
    assert [each.code.name for each in report.diagnostics] == ["SEG303"] * 4
    ids = {
        ("connection", "C"): "3",
        ("activation template", "T"): "4",
        ("user", "a@example.com"): "5",
        ("user", "b@example.com"): "6",
    }
    known = {(kind, ByName(name)): id for (kind, name), id in ids.items()}
    [declaration], _, _ = compiled(text, known)
    attributes = json.loads(encode(declaration.requests[0].body))["attributes"]
    assert attributes["connectionId"] == 3
    assert attributes["activationTemplateId"] == "4"
    assert attributes["emailRecipients"] == [5, 6]


@pytest.mark.parametrize(
    ("clauses", "family"),
    [
        ("  every day\n", "entities"),
        ("  every day until 2025-12-31\n", "entities"),
        ('  then run workflow "w" of project "p"\n', "legacy"),
        ("  in sequence\n", "legacy"),
        ("  every day until 2025-12-31\n  in sequence\n", "both"),
        ("  every day\n  in sequence\n", "legacy"),
    ],
)
def test_the_family_that_has_the_fields(clauses: str, family: str) -> None:
    [declaration], _, [activation] = compiled(HEAD + clauses)
    assert family_of(activation) == family
    paths = [request.path for request in declaration.requests]
    assert [path.startswith("/audiences/") for path in paths] == {
        "entities": [False],
        "legacy": [True],
        "both": [True, False],
    }[family]


def test_ids_of_columns_that_the_server_has_stay() -> None:
    text = f"{TEMPLATE}  columns (email, age)\n  locked (columns)\n"
    [declaration], _, [template] = compiled(text)
    assert encode(compiled(text)[0]) == encode([declaration])
    known = ColumnIds({"email": "of the server"})
    body = encode_template(template, {}, Report(), column_ids=known)
    assert body is not None
    email, age = body["attributes"]["columns"]
    assert email["id"] == "of the server"
    made = declaration.requests[0].body["attributes"]["columns"]
    assert age["id"] == made[1]["id"] != made[0]["id"]
    locked = body["attributes"]["fieldProperties"]["locked"]["columns"]
    assert list(locked) == [email["id"], age["id"]]
