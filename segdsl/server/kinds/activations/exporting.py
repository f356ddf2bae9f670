"""What a run of an activation writes: the rows of its segment, in a file of the exports folder.

The name of a file is made of the activation's name and id, so that each run replaces the file of
the one before, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlglot import exp

from segdsl.diagnostics import Report
from segdsl.engine import ExportFormat
from segdsl.language.activations import Delivery, PlaceholderName
from segdsl.rules.activations import read_activation
from segdsl.rules.rule.document import load
from segdsl.server.errors import refuse
from segdsl.server.kinds.account import MAX_ACTIVATION_ROWS
from segdsl.server.kinds.activations.table import Activation
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.segments.table import Segment
from segdsl.server.kinds.stages.collection import Stages
from segdsl.server.queries.rules import Reading
from segdsl.server.service import Service

_SENT = ("allColumns", "columns", "syndicationBehavior", "syndicationBehaviors")
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60
"""Characters of the part of a file's name that is made of the activation's."""


class Prepared(msgspec.Struct, frozen=True):
    """The query of a run, the format and the name of its file, and what real servers do not do."""

    query: exp.Expr
    format: ExportFormat
    file: str
    notes: tuple[str, ...]


def prepare(service: Service, activation: Activation, segment: Segment, now: int) -> Prepared:
    """Raises ApiError (400) for an activation that cannot run."""
    reading = service[Segments].rules.of_stored(segment)
    return prepare_of(service, activation, reading, _placeholders(service, segment), now)


def prepare_of(
    service: Service,
    activation: Activation,
    reading: Reading,
    placeholders: Mapping[PlaceholderName, str],
    now: int,
    chosen: exp.Select | None = None,
) -> Prepared:
    """As `prepare`, for the profiles of a rule, or those whose ids `chosen` selects."""
    export = service[Segments].rules.export(
        reading,
        _delivery(activation),
        placeholders,
        now,
        most_events=MAX_ACTIVATION_ROWS,
    )
    format = _format(activation)
    query = export.query
    if chosen is not None:
        [population] = query.ctes
        population.set("this", chosen)
    if format == "csv":
        types = [column.type or "" for column in export.columns]
        query = _with_json_arrays(query, types)
    return Prepared(query, format, file_name(activation, format), export.notes)


def _delivery(activation: Activation) -> Delivery:
    """What the activation sends, as the language reads it; when it runs does not matter here."""
    report = Report()
    content: dict[str, Any] = {"name": activation.name}
    content |= {key: activation.content[key] for key in _SENT if key in activation.content}
    document = load(msgspec.json.encode(content).decode(), report)
    parts = read_activation(document, report)
    if parts is None or report.has_errors:
        errors = [each for each in report.diagnostics if each.severity == "error"]
        raise refuse(errors[0].message if errors else "it cannot be read", "$")
    return parts.delivery


def _placeholders(service: Service, segment: Segment) -> dict[PlaceholderName, str]:
    values: dict[PlaceholderName, str] = {
        "segment name": segment.name,
        "segment id": str(segment.id),
        "parent segment id": segment.audience,
    }
    if segment.stage is not None:
        stages = service[Stages]
        stage, funnel = stages.find(segment.stage), stages.funnel_of(segment.stage)
        if stage is not None and funnel is not None:
            values |= {"stage name": stage.name, "funnel name": funnel.name}
    return values


def _format(activation: Activation) -> ExportFormat:
    """Parquet where the connector's setting `format` says so, and CSV otherwise."""
    config = activation.content.get("connectorConfig", msgspec.Raw(b"null"))
    settings: Any = msgspec.json.decode(config)
    format = settings.get("format") if isinstance(settings, dict) else None
    return "parquet" if isinstance(format, str) and format.lower() == "parquet" else "csv"


def _with_json_arrays(query: exp.Select, types: Sequence[str]) -> exp.Select:
    """The query with arrays as JSON, as a CSV file of the data has them."""
    columns = [
        exp.alias_(exp.func("to_json", column.unalias()), column.alias, quoted=True)
        if type.endswith("_array")
        else column
        for column, type in zip(query.selects, types, strict=True)
    ]
    return query.select(*columns, append=False)


# --- files -------------------------------------------------------------------------------


def file_name(activation: Activation, format: ExportFormat) -> str:
    """The name of the file of an activation, which is safe in every folder."""
    words = _UNSAFE.sub("_", activation.name).strip("._-")[:_LONGEST_NAME].rstrip("._-")
    return f"{words or 'activation'}-{activation.id}.{format}"


def place(made: Path, folder: Path, name: str) -> None:
    """Puts a file that was made into the folder, whole or not at all; raises OSError.

    What is there under the name is replaced: a link too, and not what it leads to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        with made.open("rb") as source, temporary.open("xb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(folder / name)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
