"""Counts of funnels: all stages in one query, conversions, and how they are shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local_api import write_data
from segdsl.api import ApiKey, Client
from segdsl.diagnostics import Report
from segdsl.engine import Query, open_data
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import ByName, Number, Text
from segdsl.output.remote import preview_output
from segdsl.server import LOCAL_KEY, LocalTransport, application, open_store
from segdsl.workspace.remote.breakdown import CountRequest
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.counting import PreviewOptions, preview
from segdsl.workspace.remote.preview import Counted, Failed, FunnelQuestion, FunnelStage, Preview
from segdsl.workspace.remote.preview_text import rendered, text_of


class Silent:
    """A progress that shows nothing."""

    def begin(self, requests: int) -> None: ...
    def answered(self) -> None: ...
    def stopped(self, killed: int) -> None: ...


def stage(name: str, condition: c.Condition | None) -> c.Stage:
    if condition is None:
        return c.Stage(name)
    return c.Stage(name, c.Segment(name, condition, kind="funnel_stage"))


def older_than(age: int) -> c.Test:
    return c.Test(subject=c.Attribute("age"), predicate=p.Compare(">", Number(str(age))))


JAPAN = c.Test(subject=c.Attribute("country"), predicate=p.Compare("=", Text("JP")))
BUYERS = c.Test(
    subject=c.Aggregate("count", "behavior_purchases"), predicate=p.Compare(">=", Number("1"))
)
FUNNEL = c.Funnel(
    "Onboarding",
    (
        stage("Interest", c.Everyone()),
        stage("Trial", older_than(18)),
        stage("Undecided", None),
        stage("Paid", c.And(children=(older_than(18), BUYERS))),
        stage("Loyal", c.And(children=(BUYERS, older_than(100)))),
    ),
    folder="Lifecycle",
)


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[tuple[Connection, list[str]]]:
    """A connection to the local API over six customers, and the SQL of each query of its engine."""
    with open_data(write_data(folder)) as data, pytest.MonkeyPatch.context() as patch:
        log: list[str] = []
        start, kept = data.start, open_store(None)

        def noted(query: object) -> Query:
            log.append(query.sql("duckdb"))  # type: ignore[attr-defined]
            return start(query)  # type: ignore[arg-type]

        patch.setattr(data, "start", noted)
        app = application(data, kept)
        try:
            async with Client(
                "http://localhost", ApiKey(LOCAL_KEY), transport=LocalTransport(app)
            ) as client:
                parent = await client.parent_segment("7")
                yield Connection(client, parent, "local", True, 0), log
        finally:
            app.close()
            kept.close()


def counted(
    folder: Path,
    *funnels: c.Funnel,
    segments: Sequence[c.Segment] = (),
    beside: Sequence[c.Segment] = (),
) -> tuple[Preview, list[str], Report]:
    async def run() -> tuple[Preview, list[str], Report]:
        report = Report()
        async with watched(folder) as (connection, log):
            found = await preview(
                connection,
                segments,
                report,
                PreviewOptions(),
                Silent(),
                beside=beside,
                funnels=funnels,
            )
            return found, list(log), report

    return asyncio.run(run())


def counts(found: Preview, funnel: int = 0) -> list[int | None]:
    steps = found.steps(found.funnels[funnel])
    return [each.answer.count if isinstance(each.answer, Counted) else None for each in steps]


def test_all_stages_are_one_query(tmp_path: Path) -> None:
    found, log, report = counted(tmp_path, FUNNEL)
    assert not report.diagnostics
    assert counts(found) == [6, 4, None, 2, 0]
    assert len(log) == 1
    # Profiles and events are read once each.
    assert (log[0].count('FROM "customers"'), log[0].count('FROM "behavior_purchases"')) == (1, 1)


def test_funnels_and_segments_together_are_one_query(tmp_path: Path) -> None:
    other = c.Funnel("Other", tuple(stage(str(age), older_than(age)) for age in (20, 30, 40)))
    segments = (c.Segment("Japan", JAPAN),)
    found, log, _ = counted(tmp_path, FUNNEL, other, segments=segments)
    assert len(log) == 1
    assert counts(found, 1) == [4, 3, 2]
    japan = found.answers[found.requests[0].rule]
    assert isinstance(japan, Counted)
    assert japan.count == 3


def test_a_stage_that_is_a_segment_of_the_files(tmp_path: Path) -> None:
    payers = c.Segment("Payers", BUYERS)
    member = c.Membership(of="segment", target=ByName("Payers"))
    funnel = c.Funnel("F", (stage("All", c.Everyone()), stage("Paid", member)))
    found, log, report = counted(tmp_path, funnel, beside=(payers,))
    assert not report.diagnostics
    assert counts(found) == [6, 3]
    assert len(log) == 1


def test_a_stage_with_an_error_leaves_the_others(tmp_path: Path) -> None:
    member = c.Membership(of="segment", target=ByName("Nobody"))
    funnel = c.Funnel("F", (stage("All", c.Everyone()), stage("Paid", member)))
    found, _, report = counted(tmp_path, funnel)
    assert [each.code.name for each in report.diagnostics] == ["SEG304"]
    assert counts(found) == [6, None]


def test_conversions_are_from_step_to_step(tmp_path: Path) -> None:
    found, _, _ = counted(tmp_path, FUNNEL)
    steps = found.steps(found.funnels[0])
    # Nothing is known of the stage without a rule, nor of the step after it.
    assert [each.conversion for each in steps] == [None, 4 / 6, None, None, 0.0]


# --- how they are shown ----------------------------------------------------------------------


def made(*numbers: int | str | None) -> Preview:
    """A preview with the counts of one funnel: a text is a failure, None no rule."""
    stages, answers = [], {}
    for at, number in enumerate(numbers):
        own = stage(f"Stage {at}", None if number is None else c.Everyone())
        request = None
        if number is not None:
            assert own.segment is not None
            request = CountRequest(own.segment, str(at))
            answers[str(at)] = Failed(number) if isinstance(number, str) else Counted(number, 0.1)
        stages.append(FunnelStage(own, request))
    funnel = FunnelQuestion(c.Funnel("Ladder", tuple(each.stage for each in stages)), tuple(stages))
    return Preview("1", "Shop", 20_000, (), answers, funnels=(funnel,))


def shown(found: Preview, width: int | None) -> str:
    return text_of(rendered(found, width), color=False, width=width)


WIDE = """\
Ladder     Profiles  Share  Conversion
1 Stage 0    12,000  60.0%           –  ██████████████████████████████
2 Stage 1     3,000  15.0%       25.0%  ███████▌
3 Stage 2         1  <0.1%       <0.1%  ▏
4 Stage 3         0   0.0%        0.0%
0.0% from “Stage 0” to “Stage 3”

of 20,000 profiles in “Shop”
"""


@pytest.mark.parametrize("width", [None, 120, 80])
def test_a_table_with_bars(width: int | None) -> None:
    assert shown(made(12_000, 3_000, 1, 0), width) == WIDE


def test_a_narrow_terminal_has_no_bars() -> None:
    text = shown(made(12_000, 3_000, 1), 50)
    assert "█" not in text
    assert "12,000  60.0%" in text
    assert max(map(len, text.splitlines())) <= 50


def test_what_could_not_be_counted() -> None:
    assert shown(made(10, "timeout", None, 20), None).splitlines()[1:5] == [
        "1 Stage 0        10   0.1%           –  ███████████████",
        "2 Stage 1    failed      –           –",
        "3 Stage 2   no rule      –           –",
        "4 Stage 3        20   0.1%           –  ██████████████████████████████",
    ]
    assert made(10, "timeout").failures == [("Ladder: Stage 1", Failed("timeout"))]


def test_a_funnel_that_widens() -> None:
    lines = shown(made(10, 20, 20), None).splitlines()
    assert [line.split()[5] for line in lines[1:4]] == ["–", "200.0%", "100.0%"]


def test_names_are_escaped() -> None:
    funnel = FunnelQuestion(
        c.Funnel("a\x1b[31m", (c.Stage("b\x07"),)), (FunnelStage(c.Stage("b\x07")),)
    )
    text = shown(Preview("1", "S", 1, (), {}, funnels=(funnel,)), None)
    assert "\x1b" not in text
    assert "\x07" not in text


def test_the_document(tmp_path: Path) -> None:
    found, _, _ = counted(tmp_path, FUNNEL)
    (funnel,) = preview_output(found).funnels
    assert (funnel.name, funnel.folder, funnel.file) == ("Onboarding", "Lifecycle", None)
    assert [(each.name, each.count, each.conversion) for each in funnel.stages] == [
        ("Interest", 6, None),
        ("Trial", 4, 4 / 6),
        ("Undecided", None, None),
        ("Paid", 2, None),
        ("Loyal", 0, 0.0),
    ]
    assert funnel.stages[1].share == 4 / 6
    assert funnel.stages[2].seconds is None
