"""Diagnostics for programs: as data, as SARIF 2.1.0, and as GitHub workflow commands.

In all three, columns count characters from 1, and an end is one past the last character. SARIF is
plain ASCII, so that every stream passes it unchanged.
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
from segdsl.output import models
from segdsl.source import Span

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


# --- data ----------------------------------------------------------------------------


def diagnostics_output(
    diagnostics: Iterable[Diagnostic], sources: Sources
) -> tuple[models.Diagnostic, ...]:
    """Diagnostics in the order of their places, as in every JSON document."""
    return tuple(
        models.Diagnostic(
            code=diagnostic.code.name,
            severity=diagnostic.severity,
            message=diagnostic.message,
            help=diagnostic.help,
            path=diagnostic.path,
            notes=tuple(
                models.Note(
                    message=note.message,
                    **_location(note.span.file, place_of(note.span, sources)),
                )
                for note in diagnostic.notes
            ),
            **_location(file_of(diagnostic), place_in_text(diagnostic, sources)),
        )
        for diagnostic in in_order(diagnostics, sources)
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
    """A SARIF log of one run; `version` is that of segdsl."""
    ordered = in_order(diagnostics, sources)
    codes = sorted({diagnostic.code for diagnostic in ordered}, key=lambda code: code.name)
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
                "results": [
                    _sarif_result(diagnostic, codes.index(diagnostic.code), sources)
                    for diagnostic in ordered
                ],
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


def _sarif_result(diagnostic: Diagnostic, index: int, sources: Sources) -> dict[str, object]:
    text = (
        diagnostic.message
        if diagnostic.help is None
        else f"{diagnostic.message}\nhelp: {diagnostic.help}"
    )
    result: dict[str, object] = {
        "ruleId": diagnostic.code.name,
        "ruleIndex": index,
        "level": diagnostic.severity,
        "message": {"text": text},
    }
    location = _sarif_location(file_of(diagnostic), place_in_text(diagnostic, sources))
    if diagnostic.path is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": diagnostic.path}]
    if location:
        result["locations"] = [location]
    if diagnostic.notes:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": note.message},
                **_sarif_location(note.span.file, place_of(note.span, sources)),
            }
            for number, note in enumerate(diagnostic.notes, 1)
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
    """A file name as a URI: a relative name as it is, an absolute one with `file://`."""
    path = quote(file.encode(errors="surrogateescape"), safe="/~")
    return f"file://{path}" if posixpath.isabs(file) else path


# --- GitHub --------------------------------------------------------------------------


def render_github(diagnostics: Iterable[Diagnostic], sources: Sources) -> str:
    """One workflow command per line, which GitHub shows beside the source."""
    return "".join(
        _github(diagnostic, sources) + "\n" for diagnostic in in_order(diagnostics, sources)
    )


def _github(diagnostic: Diagnostic, sources: Sources) -> str:
    place = place_in_text(diagnostic, sources)
    properties: dict[str, object] = {}
    file = file_of(diagnostic)
    if file is not None:
        properties["file"] = file
    if place is not None:
        properties["line"] = place.line
        properties["endLine"] = place.end_line
        # GitHub drops annotations with columns on several lines.
        if place.line == place.end_line:
            properties["col"] = place.column
            properties["endColumn"] = place.end_column
    properties["title"] = diagnostic.code.name
    text = [
        diagnostic.message
        if diagnostic.path is None
        else f"{diagnostic.path}: {diagnostic.message}"
    ]
    if diagnostic.help is not None:
        text.append(f"help: {diagnostic.help}")
    text.extend(
        f"note: {note.message} ({_short(place_of(note.span, sources), note.span)})"
        for note in diagnostic.notes
    )
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{diagnostic.severity} {listed}::{_data(chr(10).join(text))}"


def _short(place: Place | None, span: Span) -> str:
    return span.file if place is None else f"{place.file}:{place.line}:{place.column}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
