"""Steps in their order: those that no profile reaches, and activations without a wait behind them.

Blocks meet behind the step that they belong to, so what follows the last step of a block is what
follows that step.
"""

from __future__ import annotations

from typing import assert_never

from segdsl.diagnostics import Code, Note, Report
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import string

Step = j.Step[c.Segment]
Block = j.Block[c.Segment]
_WAITS = (j.WaitFor, j.WaitUntilDate, j.WaitUntilDays, j.WaitForCondition)


def goes_on(step: Step) -> bool:
    """Whether a profile may come to what is behind a step."""
    match step:
        case j.End() | j.Jump():
            return False
        case j.Split():
            # A full variant sends those who would take it to the control variant.
            shared = [each for each in step.variants if each.percentage.value > 0 or each.control]
            return not shared or any(block_goes_on(each.steps) for each in shared)
        case j.Decide() | j.WaitForCondition():
            inner = j.blocks(step)
            return not inner or any(map(block_goes_on, inner))
        case j.Activate() | j.WaitFor() | j.WaitUntilDate() | j.WaitUntilDays():
            return True
        case _:
            assert_never(step)


def block_goes_on(block: Block) -> bool:
    """Whether a profile may come to what is behind a block."""
    return all(map(goes_on, block))


def check_ends(block: Block, report: Report) -> None:
    """Reports in each block the first step that no profile reaches, and shares of nobody."""
    for number, step in enumerate(block):
        if isinstance(step, j.Split):
            _check_nobody(step, report)
        for inner in j.blocks(step):
            check_ends(inner, report)
        if not goes_on(step):
            if number + 1 < len(block):
                report.add(
                    Code.SEG630,
                    block[number + 1].span,
                    "no profile reaches this step",
                    help="remove it and what follows in this block, or move it before "
                    f"{_ending(step)}",
                    notes=(Note("profiles do not go on behind this", step.span),),
                )
            break


def _ending(step: Step) -> str:
    match step:
        case j.End():
            return "`end`"
        case j.Jump():
            return "`jump`"
        case _:
            return "the step whose ways all end"


def _check_nobody(step: j.Split[c.Segment], report: Report) -> None:
    has_caps = any(each.cap is not None for each in step.variants)
    for each in step.variants:
        if each.percentage.value == 0 and each.steps and not (each.control and has_caps):
            report.add(
                Code.SEG631,
                each.span,
                f"no profile gets the variant {string(each.name)}, as its share is 0%",
                help="give it a share, or remove it",
            )


def check_waits(block: Block, report: Report, following: Step | None = None) -> None:
    """Reports activations that no wait follows; `following` is what comes behind the block."""
    for number, step in enumerate(block):
        after = block[number + 1] if number + 1 < len(block) else following
        for inner in j.blocks(step):
            check_waits(inner, report, after)
        if isinstance(step, j.Activate) and not isinstance(after, _WAITS):
            report.add(
                Code.SEG629,
                step.span,
                f"no wait follows the activation {string(step.activation)}",
                help="the vendor's tool refuses that, though launched journeys have it: add a "
                "wait, such as `wait 1 day`",
            )
        if not goes_on(step):
            # What is behind it is reported as unreachable.
            break
