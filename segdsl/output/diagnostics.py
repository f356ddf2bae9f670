"""Diagnostics for programs: as data, as SARIF 2.1.0, and as GitHub's workflow commands.

Columns count characters from 1 and an end is behind the last one, in all three. SARIF is plain
ASCII, so that it passes any stream unharmed.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from segdsl.diagnostics.codes import Code, severity_of
from segdsl.diagnostics.places import (
    Place,
    Sources,
    file_of,
    in_order,
    place_in_text,
    place_of,
)
from segdsl.diagnostics.report import Diagnostic
from segdsl.output import parts
from segdsl.source import Span

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


# --- data ----------------------------------------------------------------------------


def findings(diagnostics: Iterable[Diagnostic], sources: Sources) -> tuple[parts.Diagnostic, ...]:
    """Diagnostics in their order, as they are in every JSON document."""
    return tuple(
        parts.Diagnostic(
            code=of.code.name,
            severity=of.severity,
            message=of.message,
            help=of.help,
            path=of.path,
            notes=tuple(
                parts.Note(
                    message=note.message,
                    **_location(note.span.file, place_of(note.span, sources)),
                )
                for note in of.notes
            ),
            **_location(file_of(of), place_in_text(of, sources)),
        )
        for of in in_order(diagnostics, sources)
    )


def _location(file: str | None, place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"file": file, "line": None, "column": None, "end_line": None, "end_column": None}
    return {
        "file": file,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }


# --- SARIF ---------------------------------------------------------------------------


def render_sarif(diagnostics: Iterable[Diagnostic], sources: Sources, version: str) -> str:
    """A SARIF log of one run; `version` is the tool's own."""
    ordered = in_order(diagnostics, sources)
    codes = sorted({of.code for of in ordered}, key=lambda code: code.name)
    log = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "segdsl",
                        "semanticVersion": version,
                        "rules": [_sarif_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(of, codes.index(of.code), sources) for of in ordered],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _sarif_rule(code: Code) -> dict[str, object]:
    return {
        "id": code.name,
        "shortDescription": {"text": code.value},
        "defaultConfiguration": {"level": severity_of(code)},
    }


def _sarif_result(of: Diagnostic, index: int, sources: Sources) -> dict[str, object]:
    text = of.message if of.help is None else f"{of.message}\nhelp: {of.help}"
    result: dict[str, object] = {
        "ruleId": of.code.name,
        "ruleIndex": index,
        "level": of.severity,
        "message": {"text": text},
    }
    location = _sarif_location(file_of(of), place_in_text(of, sources))
    if of.path is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": of.path}]
    if location:
        result["locations"] = [location]
    if of.notes:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": note.message},
                **_sarif_location(note.span.file, place_of(note.span, sources)),
            }
            for number, note in enumerate(of.notes, 1)
        ]
    return result


def _sarif_location(file: str | None, place: Place | None) -> dict[str, object]:
    if file is None:
        return {}
    physical: dict[str, object] = {"artifactLocation": {"uri": uri_of(file)}}
    if place is not None:
        physical["region"] = {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        }
    return {"physicalLocation": physical}


def uri_of(file: str) -> str:
    """A file's name as a URI: relative as it was given, or `file://` for an absolute one."""
    path = quote(file.encode(errors="surrogateescape"), safe="/~")
    return f"file://{path}" if posixpath.isabs(file) else path


# --- GitHub --------------------------------------------------------------------------


def render_github(diagnostics: Iterable[Diagnostic], sources: Sources) -> str:
    """One workflow command a line, which GitHub shows beside the source."""
    return "".join(_github(of, sources) + "\n" for of in in_order(diagnostics, sources))


def _github(of: Diagnostic, sources: Sources) -> str:
    place = place_in_text(of, sources)
    properties: dict[str, object] = {}
    file = file_of(of)
    if file is not None:
        properties["file"] = file
    if place is not None:
        properties["line"] = place.line
        properties["endLine"] = place.end_line
        # Columns over several lines make GitHub drop the annotation.
        if place.line == place.end_line:
            properties["col"] = place.column
            properties["endColumn"] = place.end_column
    properties["title"] = of.code.name
    text = [of.message if of.path is None else f"{of.path}: {of.message}"]
    if of.help is not None:
        text.append(f"help: {of.help}")
    text.extend(
        f"note: {note.message} ({_short(place_of(note.span, sources), note.span)})"
        for note in of.notes
    )
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{of.severity} {listed}::{_data(chr(10).join(text))}"


def _short(place: Place | None, span: Span) -> str:
    return span.file if place is None else f"{place.file}:{place.line}:{place.column}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
