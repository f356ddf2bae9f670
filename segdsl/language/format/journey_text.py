"""What predictive segments and journeys say, each part on one line, without layout."""

from __future__ import annotations

from typing import assert_never

from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.format.delivery_text import function, zone
from segdsl.language.syntax import model_items as m
from segdsl.language.syntax import predictive_tree as pt
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.syntax.spelling import name, reference, string
from segdsl.language.values import Number

PlainStep = j.Activate | j.WaitFor | j.WaitUntilDate | j.WaitUntilDays | j.Jump | j.End
"""A step without blocks in it."""

# --- predictive segments -----------------------------------------------------------------


def predictive_clause(node: pt.PredictiveClause) -> str:
    """A whole clause."""
    match node:
        case Described() | InFolder():
            return line(node)
        case pt.UsesSegment(word, segment):
            return f"{word} segment {reference(segment.target, 'segment')}"
        case pt.Grades(grades):
            return f"grades {', '.join(grade.text for grade in grades)}"
        case p.Features(items, guessed):
            return "features guessed" if guessed else f"features ({', '.join(map(feature, items))})"
        case _:
            assert_never(node)


def line(node: Described | InFolder) -> str:
    """A line of a head."""
    match node:
        case Described(text):
            return f"description {string(text)}"
        case InFolder(folder):
            return f"folder {string(folder)}"
        case _:
            assert_never(node)


def feature(node: p.Feature) -> str:
    """`category weekday = customers.last_visit | day_of_week()`."""
    head = f"{node.kind} {name(node.name)}"
    source = node.source
    if source is None:
        return head
    table = "" if source.table is None else f"{name(source.table)}."
    functions = "".join(f" | {function(each)}" for each in source.functions)
    return f"{head} = {table}{name(source.column)}{functions}"


# --- journeys ----------------------------------------------------------------------------


def jump(node: j.JourneyStageRef) -> str:
    """`jump to stage "Loyal" of journey "VIP"`."""
    journey = "" if node.journey is None else f" of journey {reference(node.journey)}"
    return f"jump to stage {reference(node.stage)}{journey}"


def plain_step(node: PlainStep) -> str:
    """A step that has no blocks."""
    match node:
        case j.Activate(activation):
            text = f"activate {string(activation)}"
        case j.WaitFor(amount, unit):
            text = f"wait {duration((amount, unit))}"
        case j.WaitUntilDate(date, timezone):
            text = f"wait until {date}{zone(timezone)}"
        case j.WaitUntilDays(weekdays, timezone):
            text = f"wait until {' or '.join(weekdays)}{zone(timezone)}"
        case j.Jump(target):
            text = jump(target)
        case j.End():
            text = "end"
        case _:
            assert_never(node)
    return f"{text}{named(node.name)}"


def duration(node: tuple[Number, j.WaitUnit]) -> str:
    """`2 weeks`."""
    amount, unit = node
    return f"{amount.text} {unit}{'' if amount.text == '1' else 's'}"


def named(node: str | None) -> str:
    """` as "Three days"`; nothing without a name."""
    return "" if node is None else f" as {string(node)}"


def described(node: m.Criterion | m.Branch) -> str:
    """` description "…"`; nothing without one."""
    return "" if node.description is None else f" description {string(node.description)}"


def split_head(node: m.Split) -> str:
    """`split "Tone" by email `."""
    by = "" if node.by is None else f"by {name(node.by)} "
    return f"split {string(node.name)} {by}"


def variant_head(node: m.Variant) -> str:
    """`50% "Casual" control up to 1000 then `."""
    control = " control" if node.control else ""
    cap = "" if node.cap is None else f" up to {node.cap.text}"
    return f"{node.percentage.text}% {string(node.name)}{control}{cap} then "
