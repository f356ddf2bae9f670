"""Predictive segments and journeys as syntax items, with any names and values there could be.

`predictive_items` and `journey_items` take the strategies of names; journeys take that of rules
too. The names inside a journey are those of one stage, one decision or one split each.
"""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.activations import WEEKDAYS
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item, predictive_item
from segdsl.language.values import ById, ByName, Number, Reference
from strategies.activation_items import TIME_ZONES, functions
from strategies.texts import folders, names, odd_texts

Rules = st.SearchStrategy[t.StageRule]
Titles = st.SearchStrategy[str]
_ids = st.integers(1, 10**7).map(str)

# --- predictive segments -----------------------------------------------------------------

_sources = st.builds(
    p.FeatureSource, names, st.none() | names, st.lists(functions, max_size=3).map(tuple)
)
_features = st.lists(
    st.builds(p.Feature, st.sampled_from(get_args(p.FeatureKind)), names, st.none() | _sources),
    min_size=1,
    max_size=4,
    unique_by=lambda feature: feature.name,
).map(lambda items: p.Features(tuple(items)))
features = st.one_of(_features, st.just(p.Features(guessed=True)))
grades = st.lists(
    st.one_of(st.integers(0, 100).map(str), st.sampled_from(["0.5", "99.25", "1e1"])),
    min_size=3,
    max_size=3,
).map(lambda texts: tuple(sorted(map(Number, texts), key=lambda n: n.value, reverse=True)))


def predictive_items(titles: Titles) -> st.SearchStrategy[t.PredictiveSegment]:
    """Whole predictive segments: what they predict, and features, are there."""
    targets: st.SearchStrategy[Reference] = st.one_of(
        _ids.map(ById), titles.map(ByName), st.builds(ByName, titles, folders)
    )
    uses = targets.map(p.SegmentUse)
    optional = st.none() | odd_texts
    return st.builds(
        p.PredictiveSegment,
        titles,
        uses,
        optional,
        optional,
        st.none() | uses,
        st.none() | uses,
        st.none() | grades,
        features,
    ).map(predictive_item)


# --- steps -------------------------------------------------------------------------------

_counts = st.one_of(st.just("1"), st.integers(1, 400).map(str)).map(Number)
_wait_units = st.sampled_from(get_args(j.WaitUnit))
_zones = st.none() | st.sampled_from(TIME_ZONES)
_days = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(
    lambda chosen: tuple(day for day in WEEKDAYS if day in chosen)
)
_percentages = st.one_of(
    st.sampled_from(["0", "100", "33.3", "5e1"]), st.integers(0, 100).map(str)
).map(Number)
_caps = st.integers(1, j.MAX_CAP).map(str).map(Number)


class _Inside:
    """What is inside a stage: each name of a step is another one."""

    def __init__(self, draw: st.DrawFn, rules: Rules, titles: Titles, stages: list[str]) -> None:
        self.draw = draw
        self.rules = rules
        self.titles = titles
        self.stages = stages
        self.names: set[str] = set()

    def name(self) -> str:
        name = self.draw(self.titles.filter(lambda text: text not in self.names))
        self.names.add(name)
        return name

    def optional_name(self) -> str | None:
        return self.name() if self.draw(st.booleans()) else None

    def jump(self) -> j.JourneyStageRef:
        references = st.one_of(_ids.map(ById), self.titles.map(ByName))
        journey = self.draw(st.none() | references)
        if journey is None and self.stages:
            return j.JourneyStageRef(ByName(self.draw(st.sampled_from(self.stages))))
        return j.JourneyStageRef(
            self.draw(_ids.map(ById) if journey is None else references), journey
        )

    def criterion(
        self, *, jumps: bool = False, name: str | None = None
    ) -> j.Criterion[t.StageRule]:
        jump = self.jump() if jumps and self.draw(st.booleans()) else None
        title = name or self.draw(self.titles)
        described = self.description()
        return j.Criterion(title, self.draw(self.rules), jump, description=described)

    def description(self) -> str | None:
        return self.draw(st.none() | self.titles)

    def block(self, depth: int) -> tuple[j.Step[t.StageRule], ...]:
        return tuple(self.step(depth) for _ in range(self.draw(st.integers(0, 2))))

    def step(self, depth: int) -> j.Step[t.StageRule]:
        kinds = ["activate", "wait", "date", "days", "jump", "end"]
        if depth:
            kinds += ["condition", "decide", "split"]
        draw = self.draw
        match draw(st.sampled_from(kinds)):
            case "activate":
                return j.Activate(draw(self.titles), self.optional_name())
            case "wait":
                return j.WaitFor(draw(_counts), draw(_wait_units), self.optional_name())
            case "date":
                day = draw(st.dates()).isoformat()
                return j.WaitUntilDate(day, draw(_zones), self.optional_name())
            case "days":
                return j.WaitUntilDays(draw(_days), draw(_zones), self.optional_name())
            case "jump":
                return j.Jump(self.jump(), self.optional_name())
            case "end":
                return j.End(self.optional_name())
            case "condition":
                ends = draw(st.booleans())
                return j.WaitForCondition(
                    self.criterion(),
                    self.block(depth - 1),
                    (draw(_counts), draw(_wait_units)) if ends else None,
                    self.block(depth - 1) if ends else (),
                    self.optional_name(),
                )
            case "decide":
                return j.Decide(self.name(), self.branches(depth))
            case _:
                return j.Split(self.name(), self.variants(depth), draw(st.none() | names))

    def branches(self, depth: int) -> tuple[j.Branch[t.StageRule], ...]:
        titles = self.draw(st.lists(self.titles, max_size=3, unique=True))
        at = self.draw(st.integers(0, 3))
        return tuple(
            j.Branch(
                name,
                None if number == at else self.draw(self.rules),
                self.block(depth - 1),
                description=self.description(),
            )
            for number, name in enumerate(titles)
        )

    def variants(self, depth: int) -> tuple[j.Variant[t.StageRule], ...]:
        draw = self.draw
        titles = draw(st.lists(self.titles, max_size=3, unique=True))
        return tuple(
            j.Variant(
                name,
                draw(_percentages),
                draw(st.booleans()),
                draw(st.none() | _caps),
                self.block(depth - 1),
            )
            for name in titles
        )


# --- journeys ----------------------------------------------------------------------------


def journey_items(rules: Rules, titles: Titles) -> st.SearchStrategy[t.Journey]:
    """Journeys of few stages, with steps in up to three levels of blocks."""

    @st.composite
    def journey(draw: st.DrawFn) -> t.Journey:
        known = draw(st.lists(titles, max_size=3, unique=True))
        optional = st.none() | odd_texts
        whole = _Inside(draw, rules, titles, known)
        return journey_item(
            j.Journey(
                draw(titles),
                tuple(_stage(draw, name, rules, titles, known) for name in known),
                draw(optional),
                draw(optional),
                draw(st.none() | st.sampled_from(get_args(j.Reentry))),
                whole.criterion(jumps=True) if draw(st.booleans()) else None,
            )
        )

    return journey()


def _stage(
    draw: st.DrawFn, name: str, rules: Rules, titles: Titles, known: list[str]
) -> j.JourneyStage[t.StageRule]:
    inside = _Inside(draw, rules, titles, known)
    exits = draw(st.lists(titles, max_size=2, unique=True))
    return j.JourneyStage(
        name,
        draw(st.none() | odd_texts),
        inside.criterion() if draw(st.booleans()) else None,
        inside.criterion() if draw(st.booleans()) else None,
        tuple(inside.criterion(jumps=True, name=each) for each in exits),
        tuple(inside.step(3) for _ in range(draw(st.integers(0, 3)))),
    )
