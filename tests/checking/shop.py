"""The schema of a shop, and what it adds to a segment, for tests of checks.

The behavior `each` has a column of each type, named as the attribute of that type is.
"""

from __future__ import annotations

from segdsl.analysis.checking import check_names, check_segments
from segdsl.analysis.checking.targets import check_models, check_stages
from segdsl.diagnostics import Report
from segdsl.language.references.facts import Facts
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.schema.model import (
    Behavior,
    Column,
    CustomerGroup,
    Funnel,
    Model,
    Schema,
    Segment,
    Stage,
    Variant,
)
from segdsl.source import Source

ALL_TYPES = (
    Column("text", "string"),
    Column("num", "number"),
    Column("time", "timestamp"),
    Column("day", "date"),
    Column("flag", "boolean"),
    Column("texts", "string_array"),
    Column("nums", "number_array"),
)
LABELLED = (
    Column("ltv", "number", label="Lifetime Value"),
    Column("payload", None, label="Raw payload", unknown_type="json"),
)
SCHEMA = Schema(
    "1",
    "Shop",
    "Asia/Tokyo",
    (*ALL_TYPES, *LABELLED),
    (
        Behavior("behavior_each", (*ALL_TYPES, Column("timestamp", "timestamp"))),
        Behavior(
            "behavior_buys",
            (
                Column("amount", "number"),
                Column("kind", "string"),
                Column("timestamp", "timestamp"),
                Column("gift", "boolean"),
                Column("tags", "string_array"),
                Column("meth", "string", label="Payment Method"),
            ),
            "Online Orders",
        ),
        Behavior("raw_events", (Column("page", "string"),), "Clicks"),
    ),
    (CustomerGroup("home", (Column("size", "number"),)),),
    segments=(Segment("7", "There"), Segment("8", "Twice"), Segment("9", "Twice", ("F",))),
    funnels=(Funnel("1", "Onboarding", (Stage("41", "Interest"),)),),
    models=(Model("16", "Churn"), Model("8", "Values", "rfm")),
    variants=(Variant("1", "A", "Mail"),),
)


def found(text: str, **more: str) -> list[str]:
    """The codes that a schema adds to a segment whose `where` is `text`."""
    return [of.code.name for of in report_of(text, **more).diagnostics]


def report_of(text: str, *, head: str = "", others: str = "") -> Report:
    report = Report()
    source = Source("x.seg", f'segment "x" {head} where {text}\n{others}')
    program = Program("x.seg", {"x.seg": parse(source, report)})
    segments = resolve(program, report, owners=SCHEMA.owners)
    check_segments(segments, SCHEMA, report)
    check_stages(segments, Facts(), SCHEMA, report)
    check_models(segments, Facts(), SCHEMA, report)
    check_names(segments, SCHEMA, report, among=[each.place for each in segments])
    return report
