"""The Sankey charts of journeys: one of the stages, and one of the activations of each stage.

Each run has a chart, with what happened since the launch (assumed). `conversionRate` is the part of
those who came to the source, in percent (assumed).
"""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.server.http.responses import iso
from segdsl.server.kinds.journeys.model import Journey, Stage
from segdsl.server.kinds.journeys.programs import LoopError, step_order
from segdsl.server.kinds.journeys.run_table import HistoryRecord, StageRecord
from segdsl.server.kinds.journeys.statistics import History
from segdsl.server.service import Json

_GOAL = "goal"


def conversion(journey: Journey, history: History) -> list[Json]:
    """A chart of the whole journey for each run."""
    records = [record for _, record in history]
    return [
        _chart(at, None, journey.name, *_conversion(journey, records[: number + 1]))
        for number, (at, _) in enumerate(history)
    ]


def activation(journey: Journey, history: History) -> list[Json]:
    """A chart of the activations of each stage for each run."""
    records = [record for _, record in history]
    return [
        _chart(at, str(stage.id), stage.name, *_activation(stage, records[: number + 1]))
        for number, (at, _) in enumerate(history)
        for stage in journey.stages
    ]


def _chart(at: int, stage: str | None, title: str, nodes: list[Json], links: list[Json]) -> Json:
    return {
        "attributes": {
            "updatedAt": iso(at),
            "journeyStageId": stage,
            "chart": {
                "title": title,
                "chartType": "sankey",
                "data": nodes,
                "metaData": {"links": links},
            },
        }
    }


def _node(id: str, type: str, label: str) -> Json:
    return {"label": label, "value": {"id": id, "type": type}}


def _link(source: str, target: str, value: int, whole: int) -> Json:
    rate = 0.0 if not whole else min(100.0, round(100 * value / whole, 2))
    return {"source": source, "target": target, "value": value, "conversionRate": rate}


def _of_stage(stage: Stage, records: Sequence[HistoryRecord]) -> list[StageRecord]:
    id = str(stage.id)
    return [record.stages[id] for record in records if id in record.stages]


def _conversion(
    journey: Journey, records: Sequence[HistoryRecord]
) -> tuple[list[Json], list[Json]]:
    nodes: list[Json] = []
    links: list[Json] = []
    for at, stage in enumerate(journey.stages):
        id, found = str(stage.id), _of_stage(stage, records)
        entered = sum(record.entered for record in found)
        nodes.append(_node(id, "stage", stage.name))
        following = journey.stages[at + 1] if at + 1 < len(journey.stages) else None
        ways = [
            (f"{id}-milestone", "milestone", _label(stage), sum(r.milestone for r in found)),
            (f"{id}-exit", "exit", "Exit", sum(record.exited for record in found)),
            (f"{id}-jump", "jump", "Jump", sum(record.jumped for record in found)),
        ]
        for target, type, label, value in ways:
            if value:
                nodes.append(_node(target, type, label))
                links.append(_link(id, target, value, entered))
        goal = sum(record.goal for record in found)
        if goal:
            links.append(_link(id, _GOAL, goal, entered))
        advanced = sum(record.advanced for record in found)
        if following is not None and advanced:
            milestone = sum(record.milestone for record in found)
            links.append(_link(f"{id}-milestone", str(following.id), advanced, milestone))
    if journey.content.goal is not None:
        nodes.append(_node(_GOAL, _GOAL, journey.content.goal.name or "Goal"))
    return nodes, links


def _label(stage: Stage) -> str:
    milestone = stage.content.milestone
    return (None if milestone is None else milestone.name) or "Milestone"


def _activation(stage: Stage, records: Sequence[HistoryRecord]) -> tuple[list[Json], list[Json]]:
    """The stage with its activations in the order of steps, and who came to each of them."""
    id, found = str(stage.id), _of_stage(stage, records)
    entered = sum(record.entered for record in found)
    nodes, links = [_node(id, "stage", stage.name)], []
    try:
        order = step_order(stage.content)
    except LoopError:
        order = tuple(stage.content.steps)
    for step in order:
        written = stage.content.steps[step]
        if written.type == "Activation":
            value = sum(record.step_influxes.get(step, 0) for record in found)
            nodes.append(_node(step, "activation", written.name or "Activation"))
            links.append(_link(id, step, value, entered))
    return nodes, links
