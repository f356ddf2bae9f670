"""A simulated journey as text: tables of days, of steps, and of where profiles left; or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import zip_longest

import msgspec
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from segdsl.diagnostics.places import counted
from segdsl.language.condition.tree import Segment
from segdsl.language.journeys import Jump
from segdsl.simulation.counts import DayCounts, JourneyCounts, total
from segdsl.simulation.program import Stage
from segdsl.simulation.state import Event, EventKind
from segdsl.simulation.titles import END, event_title, step_title, way_title
from segdsl.terminal import visible
from segdsl.workspace.remote.preview import share
from segdsl.workspace.remote.preview_text import WIDE
from segdsl.workspace.simulating import ProfileDay, Simulated

CAME: tuple[EventKind, ...] = ("entered", "continued", "arrived", "moved")
"""What brings a profile into a stage."""


class Left(msgspec.Struct, frozen=True):
    """Profiles that left the journey, in the words of a reader, and how many."""

    why: str
    profiles: int


def rendered(simulated: Simulated, width: int | None) -> Iterator[RenderableType]:
    """The whole simulation, for `preview_text.text_of`."""
    yield Text(heading(simulated), style="bold")
    yield ""
    if simulated.profile is not None:
        yield from _followed(simulated)
        return
    yield _days(simulated, width or WIDE)
    yield ""
    yield _steps(simulated)
    if left := left_by(simulated):
        yield ""
        yield _left(left)
    if simulated.beside:
        yield ""
        names = ", ".join(f"“{visible(each)}”" for each in simulated.beside)
        yield Text(f"simulated with {names}, which jumps connect with it", style="dim")


def heading(simulated: Simulated) -> str:
    """The journey, the days and the population in one line."""
    days = simulated.days
    when = f"{days[0].date} to {days[-1].date}" if days else "no day"
    whole = counted(simulated.population, "profile")
    return (
        f"{visible(simulated.program.name)}: {when}, {whole} in “{visible(simulated.parent_name)}”"
    )


# --- days ----------------------------------------------------------------------------------


def _days(simulated: Simulated, width: int) -> Table:
    """A line for each day; stages have columns where there is room for all of them."""
    numbers = simulated.numbers()
    heads = ["Date", "In", "Entered", "Left", "Goal", "Sent"]
    names = [visible(stage.name) for stage in simulated.program.stages]
    needed = sum(max(len(name), 6) + 1 for name in [*heads, *names])
    shown = names if needed <= width else []
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for index, name in enumerate([*heads, *shown]):
        table.add_column(Text(name), justify="left" if index == 0 else "right", no_wrap=True)
    before = 0
    for day in numbers:
        (counts,) = day.journeys
        left = before + counts.entered - counts.size
        before = counts.size
        stages = [counts.in_stage(stage) for stage in range(len(shown))]
        cells = [counts.size, counts.entered, left]
        cells += [counts.happened("goal"), counts.happened("sent"), *stages]
        table.add_row(day.date, *(_number(each) for each in cells))
    return table


def _number(number: int) -> Text:
    return Text(f"{number:,}", style="dim" if number == 0 else "")


# --- steps ---------------------------------------------------------------------------------


def _steps(simulated: Simulated) -> Table:
    whole = total(simulated.numbers(), 0)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Step", overflow="fold")
    for name in ("Came", "Here", "Share"):
        table.add_column(name, justify="right", no_wrap=True)
    for number, stage in enumerate(simulated.program.stages):
        came, here = whole.happened(*CAME, stage=number), whole.in_stage(number)
        title = Text(visible(stage.name), style="bold")
        table.add_row(title, _number(came), _number(here), share(here, max(whole.size, 0)))
        for line in step_lines(number, stage, whole):
            cell = Padding(Text(visible(line.title)), (0, 0, 0, 2 * line.depth))
            resting = None if line.here is None else _number(line.here)
            table.add_row(cell, _number(line.came), resting or Text(""), Text(""))
    return table


class StepLine(msgspec.Struct, frozen=True):
    """A step, or one of its branches (`here` is None): who came there, and who rests there."""

    title: str
    depth: int
    came: int
    here: int | None


def step_lines(number: int, stage: Stage[Segment], whole: JourneyCounts) -> Iterator[StepLine]:
    """The steps of a stage as they are written, each branch before its steps.

    The end of the steps is left out where nobody came to it.
    """
    before: dict[int, list[StepLine]] = {}
    for step, node in enumerate(stage.nodes):
        yield from before.get(step, ())
        came = whole.happened("step", stage=number, step=step)
        here = whole.resting.get((number, step), 0)
        title = step_title(stage, step)
        if title != END or came:
            yield StepLine(title, 1 + 2 * node.depth, came, here)
        ways: dict[int, list[StepLine]] = {}
        following = node.next
        for choice in reversed(range(len(node.ways))):
            # A branch without steps stands before the next one that has some.
            following = node.ways[choice] if node.ways[choice] != node.next else following
            taken = whole.happened("branch", stage=number, step=step, choice=choice)
            line = StepLine(way_title(node, choice), 2 + 2 * node.depth, taken, None)
            ways.setdefault(following, []).insert(0, line)
        for at, lines in ways.items():
            before[at] = [*lines, *before.get(at, ())]


# --- where profiles left -----------------------------------------------------------------------


def left_by(simulated: Simulated) -> list[Left]:
    """Why, and from where, profiles left the journey: the most first."""
    program = simulated.program
    whole = total(simulated.numbers(), 0)
    found: dict[str, int] = {}
    for (kind, stage, step, choice), number in whole.events.items():
        event = Event(kind, 0, stage, step, choice)
        at = "" if stage is None or step is None else f", at: {_at(program.stages[stage], step)}"
        match kind:
            case "goal":
                why = f"goal{at}"
            case "exit" if stage is not None:
                exit = program.stages[stage].exits[choice or 0]
                if exit.target is not None and exit.target.journey == program.number:
                    continue
                why = f"exit “{exit.criterion.name}”{at}"
            case "jumped" if stage is not None and step is not None:
                node = program.stages[stage].nodes[step]
                is_within = node.target is not None and node.target.journey == program.number
                if not isinstance(node.step, Jump) or is_within:
                    continue
                why = f"jump{at}"
            case "dropped":
                why = event_title(program, event)
            case _:
                continue
        found[why] = found.get(why, 0) + number
    left = [Left(why, number) for why, number in found.items()]
    return sorted(left, key=lambda each: (-each.profiles, each.why))


def _at(stage: Stage[Segment], step: int) -> str:
    return f"{stage.name}, {step_title(stage, step)}"


def _left(left: Sequence[Left]) -> Table:
    whole = sum(each.profiles for each in left)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Left", overflow="fold")
    for name in ("Profiles", "Share"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in left:
        table.add_row(
            Text(visible(each.why)), Text(f"{each.profiles:,}"), share(each.profiles, whole)
        )
    return table


# --- one profile -------------------------------------------------------------------------------


def _followed(simulated: Simulated) -> Iterator[RenderableType]:
    """The days on which something happened to the profile, and where it is at the end."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Date", no_wrap=True)
    table.add_column(Text(f"Profile {visible(simulated.profile or '')}"), overflow="fold")
    for day in simulated.followed:
        shown = [
            event
            for event, following in zip_longest(day.events, day.events[1:])
            if not _is_told_by(event, following)
        ]
        for number, event in enumerate(shown):
            title = visible(event_title(simulated.program, event))
            table.add_row(day.date if number == 0 else "", Text(title))
    if not table.rows:
        table.add_row("", Text("nothing happened", style="dim"))
    yield table
    yield ""
    yield Text(f"at the end: {where(simulated)}", style="dim")


def _is_told_by(event: Event, following: Event | None) -> bool:
    """Whether the next event says that the profile came to the step, too."""
    return (
        event.kind == "step"
        and following is not None
        and following.kind in ("sent", "repeated", "branch", "capped")
        and (following.stage, following.step) == (event.stage, event.step)
    )


def where(simulated: Simulated, day: ProfileDay | None = None) -> str:
    """Where the profile is after a day, by default the last."""
    last = day or (simulated.followed[-1] if simulated.followed else None)
    if last is None or (last.place is None and not last.is_underway):
        return "outside"
    if last.place is None:
        return "on its way to another stage"
    stage = simulated.program.stages[last.place.stage]
    return f"in “{visible(stage.name)}”, {visible(step_title(stage, last.place.step))}"


# --- CSV ----------------------------------------------------------------------------------------

CSV_COLUMNS = ("date", "what", "stage", "step", "choice", "profiles")


def csv_of(simulated: Simulated) -> str:
    """A row for each number of each day; stages, steps and choices count from 1."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for day in simulated.numbers():
        writer.writerows(_rows(day))
    return text.getvalue()


def _rows(day: DayCounts) -> Iterator[tuple[object, ...]]:
    (counts,) = day.journeys
    yield day.date, "size", "", "", "", counts.size
    yield day.date, "underway", "", "", "", counts.underway
    for (stage, step), number in sorted(counts.resting.items()):
        yield day.date, "here", stage + 1, step + 1, "", number
    for (kind, *at), number in counts.events.items():
        places = ("" if each is None else each + 1 for each in at)
        yield day.date, kind, *places, number
