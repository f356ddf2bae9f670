"""Journeys with stages and steps of every kind, for any type of rule."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import strategies as st

from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS
from segdsl.language.values import ById, ByName, Number
from segdsl.rules.journeys.documents import distinct, with_distinct_names
from strategies.texts import odd_texts

RuleT = TypeVar("RuleT")
Json = dict[str, Any]

names = st.one_of(
    st.sampled_from(["A", "B", "Wait 1 day", "End", "a/b", "a\\", "(2)", "A (2)", "Merge"]),
    odd_texts.filter(str.strip),
)
_amounts = st.integers(1, 30).map(str).map(Number)
_units: st.SearchStrategy[j.WaitUnit] = st.sampled_from(["day", "week"])
_zones = st.sampled_from([None, "UTC", "Asia/Tokyo"])
_texts = st.none() | odd_texts
_ids = st.integers(10**7, 10**8).map(str).map(ById)


def targets(stages: list[str]) -> st.SearchStrategy[j.JourneyStageRef]:
    """Stages of this journey, of another one, and by id."""
    others = names.map(lambda name: ByName(f"Other {name}"))
    return st.one_of(
        st.builds(j.JourneyStageRef, st.sampled_from(stages).map(ByName), st.none()),
        st.builds(j.JourneyStageRef, names.map(ByName), others),
        st.builds(j.JourneyStageRef, _ids, _ids),
    )


class _Steps:
    """Generates blocks; `then` says what stands behind a step that nothing comes through."""

    def __init__(self, rules: st.SearchStrategy[Any], stages: list[str]) -> None:
        self.rules = rules
        self.targets = targets(stages)

    def simple(self) -> st.SearchStrategy[Any]:
        named = st.none() | names
        return st.one_of(
            st.builds(j.Activate, names, named),
            st.builds(j.WaitFor, _amounts, _units, named),
            st.builds(j.WaitUntilDate, st.dates().map(lambda day: day.isoformat()), _zones, named),
            st.builds(
                j.WaitUntilDays,
                st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True).map(tuple),
                _zones,
                named,
            ),
            st.builds(j.Jump, self.targets, named),
            st.builds(j.End, named),
        )

    def branching(self, depth: int) -> st.SearchStrategy[Any]:
        inner = self.block(depth - 1)
        criteria = st.builds(j.Criterion, names, self.rules)
        branches = st.lists(
            st.builds(j.Branch, names, self.rules, inner), min_size=1, max_size=3
        ).map(tuple)
        others = st.builds(j.Branch, names, st.none(), inner).map(lambda each: (each,))
        return st.one_of(
            st.builds(
                j.WaitForCondition, criteria, inner, st.none(), st.just(()), st.none() | names
            ),
            st.builds(
                j.WaitForCondition,
                criteria,
                inner,
                st.tuples(_amounts, _units),
                inner,
                st.none() | names,
            ),
            st.builds(
                lambda name, some, rest: j.Decide(name, (*some, *rest)),
                names,
                branches,
                st.just(()) | others,
            ),
            st.builds(
                j.Split,
                names,
                st.lists(
                    st.builds(
                        j.Variant,
                        names,
                        st.sampled_from(["0", "50", "50.0", "33.3", "1e1", "100"]).map(Number),
                        st.booleans(),
                        st.none() | st.integers(1, 10**6).map(str).map(Number),
                        inner,
                    ),
                    min_size=1,
                    max_size=3,
                ).map(tuple),
                st.none() | names,
            ),
        )

    def block(self, depth: int) -> st.SearchStrategy[Any]:
        step = self.simple() if depth < 1 else self.simple() | self.branching(depth)
        return st.lists(step, max_size=3).map(reachable)


def reachable(steps: list[Any]) -> j.Block[Any]:
    """The steps of a block up to the first that nothing comes through."""
    kept: list[Any] = []
    for step in steps:
        kept.append(step)
        if not j.step_goes_on(step):
            break
    return tuple(kept)


@st.composite
def journeys(draw: st.DrawFn, rules: st.SearchStrategy[Any], *, depth: int = 3) -> j.Journey[Any]:
    """A journey whose steps are all reachable, and have the names that a file asks for."""
    stages = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    steps = _Steps(rules, stages)
    plain = st.none() | st.builds(j.Criterion, names, rules)
    jumping = st.builds(j.Criterion, names, rules, st.none() | steps.targets)
    return j.Journey(
        draw(names.filter(lambda name: not name.startswith("Other "))),
        tuple(
            j.JourneyStage(
                name,
                draw(_texts),
                draw(plain),
                draw(plain),
                distinct(draw(st.lists(jumping, max_size=2))),
                with_distinct_names(draw(steps.block(depth)), set()),
            )
            for name in stages
        ),
        draw(_texts),
        None,
        draw(st.sampled_from([None, "never", "unless goal achieved", "always"])),
        draw(st.none() | jumping),
    )


# --- graphs ----------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn, *, most: int = 8) -> Json:
    """A stage of the API whose steps lead anywhere: to each other, in circles, to nothing."""
    ids = [f"step-{number}" for number in range(draw(st.integers(1, most)))]
    next_ids = st.none() | st.sampled_from([*ids, "nowhere"])
    forward = draw(st.booleans())

    def following(index: int) -> str | None:
        if not forward:
            return draw(next_ids)
        later = ids[index + 1 :]
        return draw(st.sampled_from(later)) if later else None

    steps: Json = {}
    for index, id in enumerate(ids):
        kind = draw(st.sampled_from(["wait", "merge", "decide", "test", "end", "jump"]))
        match kind:
            case "wait":
                steps[id] = {
                    "type": "WaitStep",
                    "waitStep": 1,
                    "waitStepUnit": "day",
                    "name": f"Wait {index}",
                    "next": following(index),
                }
            case "merge":
                steps[id] = {"type": "Merge", "next": following(index)}
            case "decide":
                branches = [
                    {"id": f"b{index}-{of}", "name": f"{of}", "segmentId": "7"}
                    for of in range(draw(st.integers(1, 3)))
                ]
                steps[id] = {
                    "type": "DecisionPoint",
                    "name": f"Decide {index}",
                    "branches": [{**each, "next": following(index)} for each in branches],
                }
            case "test":
                steps[id] = {
                    "type": "ABTest",
                    "name": f"Test {index}",
                    "variants": [
                        {"id": "v", "name": str(of), "percentage": 50, "next": following(index)}
                        for of in range(2)
                    ],
                }
            case "end":
                steps[id] = {"type": "End"}
            case _:
                target = {"journeyId": "7", "journeyStageId": "8"}
                steps[id] = {"type": "Jump", "name": f"Jump {index}", "target": target}
    root = draw(st.sampled_from(ids)) if not forward else ids[0]
    return {"name": "Stage", "rootStep": root, "steps": steps}
