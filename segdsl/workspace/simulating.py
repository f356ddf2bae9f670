"""Simulates a journey of a project's files over the data of a local target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

import msgspec

from segdsl.diagnostics import Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.values import ByName, Reference
from segdsl.loading import Loaded, load_files
from segdsl.server import LocalTables, open_tables
from segdsl.simulation import Day, Event, Program, SimulationError, daily, programs, simulate
from segdsl.simulation.bits import contains
from segdsl.simulation.counts import DayCounts, counts_of
from segdsl.simulation.over_data import RulesOverData
from segdsl.simulation.state import Place
from segdsl.sql.past import timeless
from segdsl.workspace.check.inputs import input_files
from segdsl.workspace.project.config import LocalTarget, Project, ProjectError
from segdsl.workspace.remote.connect import store_path

Journey = j.Journey[c.Segment]


class SimulationOptions(msgspec.Struct, frozen=True):
    """What to simulate: a journey by its name, from a local time on, for some days.

    `profile` is the id of a profile to follow.
    """

    journey: str
    start: datetime
    days: int
    profile: str | None = None


class ProfileDay(msgspec.Struct, frozen=True):
    """What happened to a profile in a journey at one evaluation, and where it is after it.

    `is_underway`: it is on its way by a jump within the journey.
    """

    number: int
    date: str
    events: tuple[Event, ...]
    place: Place | None
    is_underway: bool


class Simulated(msgspec.Struct, frozen=True):
    """A simulated journey: its numbers day by day, and those of a profile that was followed.

    `beside` are the names of the journeys that were simulated with it, as jumps connect them.
    """

    program: Program[c.Segment]
    days: tuple[DayCounts, ...]
    population: int
    parent_name: str
    zone: str
    beside: tuple[str, ...] = ()
    profile: str | None = None
    followed: tuple[ProfileDay, ...] = ()
    notes: tuple[str, ...] = ()

    def numbers(self) -> list[DayCounts]:
        """The days with the numbers of this journey alone."""
        at = self.program.number
        return [msgspec.structs.replace(day, journeys=(day.journeys[at],)) for day in self.days]


class Loading(msgspec.Struct, frozen=True):
    """The journeys and segments of the project's files."""

    journeys: tuple[Journey, ...]
    segments: Mapping[Reference, c.Segment]


def load_journeys(files: Sequence[str], settings: Mapping[str, str], target: str | None) -> Loading:
    """The journeys of files (none: all of the project's) and of the other files of the project.

    What is wrong with them is not reported here, and leaves them out. Names of the named files come
    first.
    """
    what = input_files(files, target)
    parts: list[Loaded] = [load_files(what.files, settings, Report())]
    if what.rest:
        parts.append(load_files(what.rest, settings, Report()))
    segments: dict[Reference, c.Segment] = {}
    for part in parts:
        for each in part.segments:
            for spelling in c.spellings(*each.place):
                segments.setdefault(spelling, each)
    return Loading(tuple(each for part in parts for each in part.journeys), segments)


def simulate_project(
    project: Project,
    target: str | None,
    loading: Loading,
    options: SimulationOptions,
    on_day: Callable[[int], None] = lambda number: None,
) -> Simulated:
    """The journey over the data of a local target; `on_day` is called after each evaluation.

    Raises ProjectError for a target without data here, SimulationError for what cannot be
    simulated, and the engine's errors.
    """
    first = _named(loading.journeys, options.journey)
    chosen = _connected(loading.journeys, first)
    with _opened(project, target) as tables:
        data = tables.data
        rules = RulesOverData(data, loading.segments, tables.ids)
        index = None
        if options.profile is not None:
            index = rules.profiles.index(options.profile)
            if index is None:
                raise SimulationError(
                    f"the data has no profile `{options.profile}`: give a cdp_customer_id of it"
                )
        compiled = programs(chosen)
        at = chosen.index(first)
        days: list[DayCounts] = []
        followed: list[ProfileDay] = []
        evaluations = daily(options.start, options.days, rules.zone)
        for day in simulate(chosen, rules.members, evaluations, rules.profiles):
            days.append(counts_of(day))
            if index is not None:
                followed.append(_followed(day, at, index))
            on_day(day.evaluation.number)
        unseen = timeless(data.catalog)
        return Simulated(
            compiled[at],
            tuple(days),
            data.population(),
            data.parent.name,
            rules.zone,
            tuple(each.name for each in chosen if each is not first),
            options.profile,
            tuple(followed),
            tuple(f"events of {name} have no time: all of them are seen" for name in unseen),
        )


@contextmanager
def _opened(project: Project, target: str | None) -> Iterator[LocalTables]:
    name, chosen = project.target(target)
    if not isinstance(chosen, LocalTarget) or chosen.data is None:
        raise ProjectError(
            f"the target `{name}` has no data here: a journey is simulated over the tables of a "
            "local target with `data`; name one with --target"
        )
    parent = None if chosen.parent_segment is None else str(chosen.parent_segment)
    with ExitStack() as opened:
        try:
            store = store_path(project, name, chosen)
            tables = opened.enter_context(open_tables(project.path(chosen.data), store, parent))
        except RuntimeError as error:
            # DuckDB's word for an interrupt that comes while it works in the main thread.
            if "interrupted" not in str(error):
                raise
            raise KeyboardInterrupt from None
        yield tables


def _named(journeys: Sequence[Journey], name: str) -> Journey:
    """The journey of a name, or of a path of its folder with its name."""
    for each in journeys:
        path = "/".join((*c.folder_path(each.folder), each.name))
        if name in (each.name, path):
            return each
    names = sorted({each.name for each in journeys})
    listed = ", ".join(f"`{each}`" for each in names) or "none"
    help = did_you_mean(name, names) or f"the journeys are: {listed}"
    raise SimulationError(f"these files have no journey `{name}`; {help}")


def _connected(journeys: Sequence[Journey], first: Journey) -> list[Journey]:
    """The journeys that jumps connect with one, in either direction, in the order of the files."""
    targets = {index: _targets(each) for index, each in enumerate(journeys)}
    found = {next(index for index, each in enumerate(journeys) if each is first)}
    while True:
        names = {journeys[index].name for index in found}
        reached = {
            index
            for index, each in enumerate(journeys)
            if targets[index] & names or any(each.name in targets[other] for other in found)
        }
        if reached <= found:
            break
        found |= reached
    return [journeys[index] for index in sorted(found)]


def _targets(journey: Journey) -> set[str]:
    """The names of the journeys that a journey jumps to."""
    jumps = [] if journey.goal is None else [journey.goal.jump]
    for stage in journey.stages:
        jumps += [exit.jump for exit in stage.exits]
        jumps += [step.target for step in j.walk_steps(stage.steps) if isinstance(step, j.Jump)]
    return {
        jump.journey.name for jump in jumps if jump is not None and isinstance(jump.journey, ByName)
    }


def _followed(day: Day, journey: int, index: int) -> ProfileDay:
    outcome = day.outcomes[journey]
    return ProfileDay(
        day.evaluation.number,
        day.evaluation.date().isoformat(),
        tuple(each for each in outcome.events if contains(each.profiles, index)),
        outcome.state.place(index),
        contains(outcome.state.underway, index),
    )
