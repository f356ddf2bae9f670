"""The JSON document of a simulated journey."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from segdsl.output import documents, models
from segdsl.simulation.counts import JourneyCounts, total
from segdsl.simulation.titles import event_title, step_title
from segdsl.workspace.simulating import ProfileDay, Simulated
from segdsl.workspace.simulation_text import CAME, left_by, where


def simulate_output(simulated: Simulated) -> documents.SimulateOutput:
    """The document; stages, steps and choices count from 1."""
    whole = total(simulated.numbers(), 0)
    return documents.SimulateOutput(
        journey=simulated.program.name,
        beside=simulated.beside,
        parent_segment=simulated.parent_name,
        population=simulated.population,
        timezone=simulated.zone,
        stages=tuple(_stage(simulated, number, whole) for number in _stages(simulated)),
        left=tuple(
            models.SimulatedLeft(why=each.why, profiles=each.profiles)
            for each in left_by(simulated)
        ),
        days=tuple(_days(simulated)),
        profile=simulated.profile,
        followed=tuple(_followed(simulated, day) for day in simulated.followed),
    )


def _stages(simulated: Simulated) -> range:
    return range(len(simulated.program.stages))


def _stage(simulated: Simulated, number: int, whole: JourneyCounts) -> models.SimulatedStage:
    stage = simulated.program.stages[number]
    return models.SimulatedStage(
        number=number + 1,
        name=stage.name,
        came=whole.happened(*CAME, stage=number),
        here=whole.in_stage(number),
        milestone=whole.happened("milestone", stage=number),
        steps=tuple(
            models.SimulatedStep(
                number=step + 1,
                text=step_title(stage, step),
                depth=node.depth,
                came=whole.happened("step", stage=number, step=step),
                here=whole.resting.get((number, step), 0),
            )
            for step, node in enumerate(stage.nodes)
        ),
    )


def _days(simulated: Simulated) -> Iterator[models.SimulatedDay]:
    before = 0
    for day in simulated.numbers():
        (counts,) = day.journeys
        yield models.SimulatedDay(
            number=day.number,
            date=day.date,
            size=counts.size,
            underway=counts.underway,
            entered=counts.entered,
            left=before + counts.entered - counts.size,
            here=tuple(
                models.SimulatedPlace(stage=stage + 1, step=step + 1, profiles=number)
                for (stage, step), number in sorted(counts.resting.items())
            ),
            events=tuple(
                models.SimulatedCount(
                    kind=kind,
                    stage=_from_1(stage),
                    step=_from_1(step),
                    choice=_from_1(choice),
                    profiles=number,
                )
                for (kind, stage, step, choice), number in counts.events.items()
            ),
        )
        before = counts.size


def _followed(simulated: Simulated, day: ProfileDay) -> models.FollowedDay:
    place = day.place
    return models.FollowedDay(
        number=day.number,
        date=day.date,
        where=where(simulated, day),
        stage=None if place is None else place.stage + 1,
        step=None if place is None else place.step + 1,
        since=None if place is None else date.fromordinal(place.since).isoformat(),
        events=tuple(
            models.FollowedEvent(
                kind=each.kind,
                stage=_from_1(each.stage),
                step=_from_1(each.step),
                choice=_from_1(each.choice),
                text=event_title(simulated.program, each),
            )
            for each in day.events
        ),
    )


def _from_1(number: int | None) -> int | None:
    return None if number is None else number + 1
