"""What was measured as a table to be read, and as a record for programs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from machine import Machine
from measures import Failure, Row

Outcome = Row | Failure


def table(outcomes: Sequence[Outcome], machine: Machine) -> RenderableType:
    """A line for each row; under it, why some have no figure, and what they were measured on."""
    shown = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    shown.add_column("What", ratio=5, overflow="fold")
    shown.add_column("Against", ratio=4, overflow="fold")
    for heading in ("Median", "Quartiles", "Target", "Met"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for each in outcomes:
        shown.add_row(*(_cells(each)))
    failures = [each for each in outcomes if isinstance(each, Failure)]
    why = [Text(f"error: {each.what}, {each.against}: {each.why}") for each in failures]
    return Group(shown, *why, Text(tally(outcomes)), Padding(Text(str(machine)), (1, 0, 0, 0)))


def _cells(of: Outcome) -> tuple[str | Text, ...]:
    if isinstance(of, Failure):
        return (of.what, of.against, "–", "–", "–", Text("error", style="red"))
    met = Text("yes", style="green") if of.met else Text("no", style="red")
    bound = "≤" if of.sense == "at most" else "≥"
    return (
        of.what,
        of.against,
        f"{_number(of.median)}{of.unit}",
        f"{_number(of.low)}–{_number(of.high)}",
        f"{bound} {of.target:g}{of.unit}",
        met,
    )


def _number(of: float) -> str:
    """To three digits, as far as they say something."""
    return f"{of:.0f}" if of >= 100 else f"{of:.1f}" if of >= 10 else f"{of:.2f}"


def tally(outcomes: Sequence[Outcome]) -> str:
    measured = [each for each in outcomes if isinstance(each, Row)]
    met = sum(each.met for each in measured)
    said = f"{met} of {len(outcomes)} targets met"
    errors = len(outcomes) - len(measured)
    return f"{said}, {errors} without a figure" if errors else said


def all_met(outcomes: Sequence[Outcome]) -> bool:
    return all(isinstance(each, Row) and each.met for each in outcomes)


def show(outcomes: Sequence[Outcome], machine: Machine, *, error: bool = False) -> None:
    """Prints the table: as wide as the terminal, or 80 columns into a pipe."""
    console = Console(stderr=error, highlight=False, markup=False)
    console.print(table(outcomes, machine))


def record(outcomes: Sequence[Outcome], machine: Machine) -> str:
    """All of it as JSON; times are in seconds."""
    rows = [
        {**msgspec.structs.asdict(each), "met": each.met}
        for each in outcomes
        if isinstance(each, Row)
    ]
    failures = [each for each in outcomes if isinstance(each, Failure)]
    made = {"machine": machine, "rows": rows, "failures": failures}
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
