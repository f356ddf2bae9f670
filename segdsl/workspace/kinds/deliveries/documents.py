"""What an activation or a template says, as one JSON text: the same for equal ones.

It is the body of the API with both sides' fields. Keys are sorted, numbers have one spelling, and
of a setting that looks like a secret there is a fingerprint alone. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.values import Number, Text
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import encode
from segdsl.secrets import is_hidden
from segdsl.source import Span
from segdsl.workspace.kinds.resource import CANNOT_READ
from segdsl.workspace.kinds.state import report_in_words

Json = Mapping[str, Any]
SETTINGS = "connectorConfig"


def canonical(body: Json) -> str:
    """A body as canonical JSON text, with the fingerprints of secrets in their place."""
    hidden = {**body, SETTINGS: _without_secrets(body[SETTINGS])} if SETTINGS in body else body
    return encode(_sorted(hidden), pretty=False)


def raw_document(attributes: Json, ignored: Collection[str]) -> str:
    """The same of what a server answered, with all that has a value and is not to be ignored."""
    return canonical(
        {
            key: value
            for key, value in attributes.items()
            if key not in ignored and value is not None
        }
    )


def is_document(text: str) -> bool:
    """Whether a text is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


class Content(NamedTuple):
    """The canonical document of an answer; with a `problem`, why no source can say it, what the
    server answered."""

    document: str
    problem: str = ""


def content_of(
    answer: bytes, document: Callable[[Any, Report], str | None], ignored: Collection[str]
) -> Content:
    """What a server answered of an activation or a template; `document` makes the canonical
    document of its JSON, or reports why it cannot. `ignored` are fields that say nothing."""
    attributes = _attributes(answer)
    secrets = [*secrets_in(attributes.get(SETTINGS))]
    if secrets:
        return Content(raw_document(attributes, ignored), about_secrets(secrets))
    report = Report()
    made = document(load(answer.decode(), report), report)
    if made is not None:
        return Content(made)
    return Content(raw_document(attributes, ignored), report_in_words(report) or CANNOT_READ)


def _attributes(answer: bytes) -> dict[str, Any]:
    """The fields of what a server answered, of either side, with numbers as they are spelled."""
    try:
        document = load(answer.decode(), Report())
    except UnreadableError:
        return {}
    if isinstance(document, dict) and isinstance(document.get("attributes"), dict):
        document = document["attributes"]
    return document if isinstance(document, dict) else {}


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return {key: _sorted(value[key]) for key in sorted(value)}
        case list() | tuple():
            return [_sorted(each) for each in value]
        case Number() if value.is_bounded:
            return Number(_plain(value.value))
        case _:
            return value


def _plain(number: Decimal) -> str:
    """A number in one spelling: `1.50`, `15e-1` and `1.5` are the same."""
    short = number.normalize()
    _, _, exponent = short.as_tuple()
    is_short = isinstance(exponent, int) and -30 < exponent < 30
    return f"{short:f}" if is_short else str(short).lower().replace("e+", "e")


def _without_secrets(value: Any, name: str = "") -> Any:
    match value:
        case dict():
            return {key: _without_secrets(each, f"{name}.{key}") for key, each in value.items()}
        case list():
            return [_without_secrets(each, name) for each in value]
        case str() if is_hidden(name, value):
            return "sha256:" + hashlib.sha256(value.encode()).hexdigest()
        case _:
            return value


def secret_settings(setting: a.Setting | None, name: str = "") -> Iterator[str]:
    """The names of the settings whose values look like secrets."""
    match setting:
        case a.MapSetting(entries):
            for entry in entries:
                yield from secret_settings(entry.value, f"{name}.{entry.name}".lstrip("."))
        case a.ListSetting(items):
            for item in items:
                yield from secret_settings(item, name)
        case Text(value) if is_hidden(name, value):
            yield name
        case _:
            return


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """The same in the JSON of settings."""
    match value:
        case dict():
            for key, each in value.items():
                yield from secrets_in(each, f"{name}.{key}".lstrip("."))
        case list():
            for each in value:
                yield from secrets_in(each, name)
        case str() if is_hidden(name, value):
            yield name
        case _:
            return


def about_secrets(names: Collection[str]) -> str:
    """Why no file may hold these settings."""
    listed = [f"`{name}`" for name in dict.fromkeys(names)]
    if len(listed) == 1:
        return f"its setting {listed[0]} looks like a secret, which no file may hold"
    return f"its settings {', '.join(listed)} look like secrets, which no file may hold"


def report_secrets(delivery: a.Delivery, noun: str, span: Span, report: Report) -> bool:
    """Reports what no file may hold of an activation or a template; whether there is any."""
    secrets = [*secret_settings(delivery.settings)]
    if secrets:
        report.add(
            Code.SEG313,
            span,
            f"this {noun} cannot be in a workspace: {about_secrets(secrets)}",
            help=f"keep what is secret in the connection, or the {noun} in the console",
        )
    return bool(secrets)
