"""Statistics of journeys as they are answered: what runs left, the oldest first.

`size` is where profiles are after the last run; who entered, achieved the goal and left is added
up since the launch (documented). `exitSizes` are added up too (assumed).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from segdsl.server.errors import refuse
from segdsl.server.http.responses import iso
from segdsl.server.kinds.journeys.model import Journey, Stage
from segdsl.server.kinds.journeys.run_table import HistoryRecord, StageRecord
from segdsl.server.service import Json

TYPE = "journeyStatistic"
MOST_DAYS = 90
"""Days between `from` and `to` (documented of the charts)."""
History = Sequence[tuple[int, HistoryRecord]]
_NOTHING = StageRecord(0, 0, 0, 0, 0, 0, 0, (), {}, {})


def in_range(history: History, first: str | None, last: str | None, zone: str) -> History:
    """The runs of the days from `first` to `last`, of 90 at most."""
    start, end = _date(first, "from", date.min), _date(last, "to", date.max)
    if first is not None and last is not None and end - start > timedelta(days=MOST_DAYS):
        raise refuse(f"`from` and `to` are at most {MOST_DAYS} days apart")
    place = ZoneInfo(zone)
    return [
        (at, record)
        for at, record in history
        if start <= datetime.fromtimestamp(at, UTC).astimezone(place).date() <= end
    ]


def _date(text: str | None, name: str, default: date) -> date:
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refuse(f"`{name}` must be a date such as 2024-01-31, not `{text}`") from None


def resource(journey: Journey, history: History) -> Json:
    """The statistics of a version; of one that never ran they are zeros."""
    records = [record for _, record in history]
    entered = sum(record.entered for record in records)
    goal = sum(record.goal for record in records)
    left = sum(record.exited + record.jumped for record in records)
    return {
        "id": str(journey.id),
        "type": TYPE,
        "attributes": {
            "size": records[-1].size if records else 0,
            "goalSize": goal,
            "enteredSize": entered,
            "completionRate": _rate(goal, entered),
            "exitOrJumpSize": left,
            "exitOrJumpRate": _rate(left, entered),
            "history": [
                {
                    "updatedAt": iso(at),
                    "size": record.size,
                    "entryInflux": record.entered,
                    "goalInflux": record.goal,
                    "exitInflux": record.exited,
                    "jumpInflux": record.jumped,
                }
                for at, record in history
            ],
            "journeyStageStatistics": [_stage(stage, history) for stage in journey.stages],
            "simulationLog": None,
        },
    }


def _stage(stage: Stage, history: History) -> Json:
    id = str(stage.id)
    records = [(at, record.stages.get(id, _NOTHING)) for at, record in history]
    entered = sum(record.entered for _, record in records)
    milestone = sum(record.milestone for _, record in records)
    left = sum(record.exited + record.jumped for _, record in records)
    last = records[-1][1] if records else _NOTHING
    zeros = dict.fromkeys(stage.content.steps, 0)
    return {
        "id": id,
        "size": last.size,
        "enteredSize": entered,
        "milestoneSize": milestone,
        "completeMilestoneRate": _rate(milestone, entered),
        "exitOrJumpSize": left,
        "exitOrJumpRate": _rate(left, entered),
        "history": [
            {
                "updatedAt": iso(at),
                "journeyStageId": id,
                "size": record.size,
                "exitSizes": _exit_sizes(stage, [each for _, each in records[: number + 1]]),
                "entryInflux": record.entered,
                "milestoneInflux": record.milestone,
                "exitInflux": record.exited,
                "jumpInflux": record.jumped,
            }
            for number, (at, record) in enumerate(records)
        ],
        "stepSizes": {**zeros, **last.step_sizes},
        "stepInfluxes": {**zeros, **last.step_influxes},
    }


def _exit_sizes(stage: Stage, records: Iterable[StageRecord]) -> list[int] | None:
    """Who left by each exit so far; None of a stage without exits."""
    sizes = [0] * len(stage.content.exit_criterias)
    for record in records:
        for at, number in enumerate(record.exits[: len(sizes)]):
            sizes[at] += number
    return sizes or None


def _rate(part: int, whole: int) -> float:
    """A percentage from 0 to 100."""
    return 0.0 if not whole else min(100.0, round(100 * part / whole, 2))
