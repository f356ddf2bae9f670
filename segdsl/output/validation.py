"""The document of `segdsl parent validate`."""

from __future__ import annotations

from segdsl.engine.build.validation import Validation, problem_of
from segdsl.output.documents import ParentValidateOutput
from segdsl.output.models import MissingInTables, TableMeasure


def validation_output(
    found: Validation | None, dialect: str | None, sql: str | None
) -> ParentValidateOutput:
    """What was measured, or the queries that measure it."""
    if found is None:
        return ParentValidateOutput(dialect=dialect, sql=sql)
    return ParentValidateOutput(
        missing=tuple(
            MissingInTables(table=str(each.table), column=each.column, message=each.message)
            for each in found.missing
        ),
        measures=tuple(
            TableMeasure(
                kind=each.measure.kind,
                table=str(each.measure.table),
                column=each.measure.column,
                other=None if each.measure.of is None else str(each.measure.of),
                type=each.measure.type,
                value=each.value,
                total=each.total,
                severity=each.severity,
                message=problem_of(each),
            )
            for each in found.measured
        ),
    )
