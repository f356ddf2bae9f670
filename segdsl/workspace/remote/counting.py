"""Counts the profiles that rules select on an Audience API, many rules at a time.

Queries that still run when the user interrupts are killed on the server before this ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Protocol

import msgspec

from segdsl.api import Client, ClientError
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.references.ids import Ids
from segdsl.language.references.inline import Inliner
from segdsl.language.references.memberships import named_segments, named_stages, names_model
from segdsl.language.references.order import in_dependency_order
from segdsl.language.references.segment_names import SegmentNames, ids_by_name, segment_ids
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import TIME_TYPES, ByName
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import EVERYONE, encode
from segdsl.schema.model import PERSONAL
from segdsl.source import Span
from segdsl.sql.catalog import PROFILE_ID
from segdsl.workspace.remote.breakdown import CountRequest, Rule, count_request
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.preview import (
    Answer,
    Counted,
    Failed,
    FunnelQuestion,
    FunnelStage,
    Preview,
    Sample,
)
from segdsl.workspace.remote.snapshot import read_snapshot

AT_ONCE = 16
"""Queries that run at the same time on a server that others use as well."""
AT_ONCE_HERE = 100
"""The same on a local server, which counts rules in batches."""
FIRST = 5
"""The number of attributes in a sample where none are named."""


class Progress(Protocol):
    """Shows how far the counting is."""

    def begin(self, requests: int) -> None:
        """Called before the first rule is counted, with the number of rules."""

    def answered(self) -> None:
        """Called after each rule."""

    def stopped(self, killed: int) -> None:
        """Called after an interruption, with the number of queries killed on the server."""


ALL = ("all",)
"""The columns of a sample that stand for all of them."""


class PreviewOptions(msgspec.Struct, frozen=True):
    """What to show: `sample` profiles of each segment, with these `columns` or the first ones.

    `columns` may be `ALL`. Values of columns with personal data are shown with `reveal` alone.
    """

    breakdown: bool = False
    sample: int = 0
    columns: tuple[str, ...] = ()
    layout: Layout = "v5"
    reveal: bool = False


def _sample_columns(
    columns: tuple[str, ...], known: Sequence[str], exported: Collection[str]
) -> tuple[str, ...]:
    """The columns of a sample: those that were named, but for exported ones of no profile; else
    all, or the first, of the attributes that are `known`."""
    if not columns or columns == ALL:
        return tuple(known[: len(known) if columns else FIRST])
    own = {PROFILE_ID, *known}
    return tuple(each for each in columns if each in own or each not in exported)


async def preview(
    connection: Connection,
    segments: Sequence[c.Segment],
    report: Report,
    options: PreviewOptions,
    progress: Progress,
    *,
    beside: Sequence[c.Segment] = (),
    funnels: Sequence[c.Funnel] = (),
    exported: Collection[str] = (),
) -> Preview:
    """Counts each segment, and each stage of funnels, that compiles; what does not is reported.

    `beside` are other segments that these may refer to; they are not counted themselves. A column
    that no profile has and that is one of `exported`, which activations beside these export, is
    not asked for.
    A segment that another refers to by name and that the server does not have is counted as the
    files define it.
    """
    client, parent = connection.client, connection.parent
    stages = [stage.segment for funnel in funnels for stage in funnel.stages if stage.segment]
    asked = await questions_of(
        connection, (*segments, *stages), (*segments, *beside), report, options
    )
    requests = [each for each in asked[: len(segments)] if each is not None]
    shown = _with_questions(funnels, iter(asked[len(segments) :]))
    known = await client.attributes(parent.id) if options.sample else []
    options = msgspec.structs.replace(
        options, columns=_sample_columns(options.columns, [each.name for each in known], exported)
    )
    hidden = frozenset(
        each.name for each in known if each.visibility in PERSONAL and not options.reveal
    )
    counted = [*requests, *(each for each in asked[len(segments) :] if each is not None)]
    rules = list(dict.fromkeys(rule for each in counted for rule in each.rules()))
    everyone = encode(EVERYONE, pretty=False)
    if parent.population is None:
        rules.append(everyone)
    progress.begin(len(rules) + (len(requests) if options.sample else 0))
    answers, samples = await _asked(connection, rules, requests, options, progress)
    samples = {rule: _without(hidden, each) for rule, each in samples.items()}
    population = parent.population
    if population is None:
        whole = answers[everyone]
        population = whole.count if isinstance(whole, Counted) else 0
    times = frozenset(each.name for each in known if each.type in TIME_TYPES)
    return Preview(
        parent.id,
        parent.name,
        population,
        requests,
        answers,
        samples,
        parent.timezone,
        times,
        shown,
        masked=hidden,
    )


def _without(hidden: frozenset[str], sample: Sample | Failed) -> Sample | Failed:
    """A sample with null for the values of hidden columns."""
    if isinstance(sample, Failed) or not hidden.intersection(sample.names):
        return sample
    shown = [name not in hidden for name in sample.names]
    rows = (
        tuple(value if is_shown else None for value, is_shown in zip(row, shown, strict=True))
        for row in sample.rows
    )
    return Sample(sample.names, tuple(rows))


def _with_questions(
    funnels: Iterable[c.Funnel], asked: Iterator[CountRequest | None]
) -> tuple[FunnelQuestion, ...]:
    """The funnels with what to count; `asked` is in the order of the stages with a rule."""
    return tuple(
        FunnelQuestion(
            funnel,
            tuple(
                FunnelStage(each, next(asked) if each.segment else None) for each in funnel.stages
            ),
        )
        for funnel in funnels
    )


async def questions_of(
    connection: Connection,
    segments: Sequence[c.Segment],
    every: Sequence[c.Segment],
    report: Report,
    options: PreviewOptions,
) -> list[CountRequest | None]:
    """What to count for each segment, None for one that is in the report.

    `every` are the segments that these may refer to by name, besides those of the server.
    """
    known: SegmentNames = {}
    if any(named_segments(each.condition) for each in segments):
        server = await read_snapshot(connection.client, connection.parent.id, rules=False)
        known = server.existing_ids_with(every)
        in_dependency_order(every, report)
    found: list[CountRequest | None] = []
    stages: SegmentNames = {}
    # Stages may be named in what is inlined as well.
    if any(named_stages(each.condition) for each in (*segments, *every)):
        stages = await _stages_on_server(connection)
    models: SegmentNames = {}
    if any(names_model(each.condition) for each in (*segments, *every)):
        models = await _models_on_server(connection)
    inliner = Inliner(every, known)
    for segment in segments:
        own = Report()
        placed = inliner.inlined(segment, own)
        asked = None
        if not own.has_errors:
            ids = {
                **segment_ids([placed], known, own),
                **_stage_ids(placed, stages, own),
                **_model_ids(placed, models, own),
            }
            asked = None if own.has_errors else _count_request(placed, segment, ids, own, options)
        # An error in a segment is the same wherever it is inlined, and reported once.
        for diagnostic in own.diagnostics:
            report.put(diagnostic)
        found.append(asked)
    return found


async def _stages_on_server(connection: Connection) -> dict[ByName, list[str]]:
    """The ids of the server's stages by name."""
    found: dict[ByName, list[str]] = {}
    for funnel in await connection.client.funnels(connection.parent.id):
        for stage in funnel.stages:
            found.setdefault(ByName(stage.name, funnel.name), []).append(stage.id)
    return found


def _stage_ids(segment: c.Segment, known: SegmentNames, report: Report) -> Ids:
    """The ids of the stages that are referred to by name; what the server lacks is reported."""
    uses = [(name, node.span, node.via) for name, node in named_stages(segment.condition)]
    for name, span, via in uses:
        if not known.get(name):
            report.add(
                Code.SEG304,
                span,
                f"no stage on the server is named {reference(name, 'stage')}",
                help=report.did_you_mean(
                    name.name,
                    [each.name for each in known if each.parent == name.parent],
                    "apply its funnel first: only the server knows who is in a stage",
                ),
                via=via,
            )
    return ids_by_name("stage", [each for each in uses if known.get(each[0])], known, report)


async def _models_on_server(connection: Connection) -> dict[ByName, list[str]]:
    """The ids of the server's predictive segments by name."""
    found: dict[ByName, list[str]] = {}
    for model in await connection.client.predictive_models(connection.parent.id):
        found.setdefault(ByName(model.name), []).append(model.id)
    return found


def _model_ids(segment: c.Segment, known: SegmentNames, report: Report) -> Ids:
    """The ids of the predictive segments that are named; what the server lacks is reported."""
    uses: list[tuple[ByName, Span, tuple[Span, ...]]] = []
    for node in walk(segment.condition):
        if not isinstance(node, c.Score) or not isinstance(node.model, ByName):
            continue
        name = node.model
        if known.get(name):
            uses.append((name, node.span, node.via))
            continue
        report.add(
            Code.SEG304,
            node.span,
            f"no predictive segment on the server is named {reference(name)}",
            help=report.did_you_mean(
                name.name,
                [each.name for each in known],
                "apply and train it first: only the server has its scores",
            ),
            via=node.via,
        )
    return ids_by_name("predictive model", uses, known, report)


def _count_request(
    placed: c.Segment, segment: c.Segment, ids: Ids, report: Report, options: PreviewOptions
) -> CountRequest | None:
    """What to count for a segment; one with others put in place may be of any depth."""
    tried = Report()
    asked = count_request(placed, ids, tried, layout=options.layout, breakdown=options.breakdown)
    if asked is None and placed != segment:
        return count_request(placed, ids, report, layout="nested", breakdown=options.breakdown)
    report.diagnostics.extend(tried.diagnostics)
    return asked


async def _asked(
    connection: Connection,
    rules: Sequence[Rule],
    requests: Iterable[CountRequest],
    options: PreviewOptions,
    progress: Progress,
) -> tuple[dict[Rule, Answer], dict[Rule, Sample | Failed]]:
    answers: dict[Rule, Answer] = {}
    samples: dict[Rule, Sample | Failed] = {}
    killed: list[str] = []
    client, parent_id = connection.client, connection.parent.id
    room = asyncio.Semaphore(AT_ONCE_HERE if connection.is_local else AT_ONCE)
    # A local API counts all of them in one query.
    announced = min(len(rules), AT_ONCE_HERE) if connection.is_local else 1

    async def count(rule: Rule) -> None:
        async with room:
            answers[rule] = await _counted(client, parent_id, rule, announced, killed)
        progress.answered()

    async def sample(rule: Rule) -> None:
        async with room:
            samples[rule] = await _sampled(client, parent_id, rule, options, killed)
        progress.answered()

    try:
        async with asyncio.TaskGroup() as group:
            for rule in rules:
                group.create_task(count(rule))
            if options.sample:
                for rule in dict.fromkeys(each.rule for each in requests):
                    group.create_task(sample(rule))
    except asyncio.CancelledError:
        progress.stopped(len(killed))
        raise
    return answers, samples


async def _counted(
    client: Client, parent_id: str, rule: Rule, announced: int, killed: list[str]
) -> Answer:
    begin = perf_counter()
    try:
        count = await client.count(
            parent_id,
            msgspec.Raw(rule.encode()),
            announced=announced,
            on_killed=killed.append,
        )
    except ClientError as error:
        return Failed(error.message, error.help)
    return Counted(count, perf_counter() - begin)


async def _sampled(
    client: Client, parent_id: str, rule: Rule, options: PreviewOptions, killed: list[str]
) -> Sample | Failed:
    try:
        found = await client.profiles(
            parent_id,
            msgspec.Raw(rule.encode()),
            options.columns,
            options.sample,
            on_killed=killed.append,
        )
    except ClientError as error:
        return Failed(error.message, error.help)
    return Sample(found.names, found.rows)
