"""A counted funnel as text: a table of its stages, with bars and the conversion between them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from segdsl.terminal import visible
from segdsl.workspace.remote.preview import (
    Counted,
    Failed,
    FunnelQuestion,
    Preview,
    Step,
    bar,
    share,
)

_BAR = 30
_LEAST_FOR_BARS = 70


def funnel_table(funnel: FunnelQuestion, preview: Preview, width: int) -> RenderableType:
    """The stages of a funnel, one a line; a narrow terminal has no room for bars.

    The whole width of the bars is the largest stage.
    """
    steps = preview.steps(funnel)
    bars = _BAR if width >= _LEAST_FOR_BARS else 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(visible(funnel.funnel.name)), overflow="fold")
    for name in ("Profiles", "Share", "Conversion"):
        table.add_column(name, justify="right", no_wrap=True)
    if bars:
        table.add_column("", width=bars, no_wrap=True)
    largest = max((_count(step) or 0 for step in steps), default=0)
    for number, step in enumerate(steps, start=1):
        row = [Text(f"{number} {visible(step.stage.name)}"), *_numbers(step, preview.population)]
        if bars:
            row.append(Text(bar(_count(step) or 0, largest, bars), style="cyan"))
        table.add_row(*row)
    overall = _overall(steps)
    return table if overall is None else Group(table, Text(overall, style="dim"))


def _count(step: Step) -> int | None:
    return step.answer.count if isinstance(step.answer, Counted) else None


def _numbers(step: Step, population: int) -> tuple[Text, Text, Text]:
    """The number, the share of the parent segment, and the conversion from the stage before."""
    match step.answer:
        case Counted(count):
            style = "yellow" if count == 0 else ""
            return (
                Text(f"{count:,}", style=style),
                Text(share(count, population), style=style),
                _conversion(step.conversion),
            )
        case Failed():
            return Text("failed", style="red"), Text("–"), Text("–")
        case None if step.stage.segment is None:
            return Text("no rule", style="dim"), Text("–"), Text("–")
        case None:
            # Its errors are reported.
            return Text("error", style="red"), Text("–"), Text("–")


def _conversion(conversion: float | None) -> Text:
    if conversion is None:
        return Text("–")
    # A stage that is larger than the one before is no step of a funnel.
    style = "yellow" if conversion > 1 else ""
    return Text(percent(conversion), style=style)


def percent(ratio: float) -> str:
    """A ratio in percent: never rounded to none, or to all, where it is not."""
    if 0 < ratio < 0.0005:
        return "<0.1%"
    if 0.9995 <= ratio < 1:
        return ">99.9%"
    return ">100.0%" if 1 < ratio < 1.0005 else f"{100 * ratio:.1f}%"


def _overall(steps: Sequence[Step]) -> str | None:
    """The conversion from the first stage to the last, where both are known."""
    if len(steps) < 3:
        return None
    first, last = _count(steps[0]), _count(steps[-1])
    if not first or last is None:
        return None
    whole = percent(last / first)
    names = [visible(each.stage.name) for each in (steps[0], steps[-1])]
    return f"{whole} from “{names[0]}” to “{names[1]}”"
