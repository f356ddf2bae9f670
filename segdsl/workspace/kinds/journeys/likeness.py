"""Which stages and steps of a journey are which of its newest version on the server. Pure.

A stage is known by its name, and a step by its path. Those that were renamed are the ones that are
gone and say the same, or, of steps, that are of the same type; there has to be one on each side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from segdsl.language import journeys as j
from segdsl.language.values import ByName
from segdsl.rules.journeys import path_text
from segdsl.rules.journeys.paths import (
    MERGE,
    STEPS,
    Path,
    block_paths,
    new_id,
    path_of,
    step_paths,
)
from segdsl.workspace.kinds.journeys.documents import Place, read_content
from segdsl.workspace.kinds.journeys.state import JourneyState

_T = TypeVar("_T")


def stage_renames(server: JourneyState, here: Mapping[str, object]) -> dict[str, str]:
    """The names on the server of stages with new names, by these.

    `here` has what each stage says, with the name that it has.
    """
    if server.content is None:
        return {}
    there = {each.name: each for each in server.content.journey.stages}
    lost = [name for name in there if name not in here]
    new = [name for name in here if name not in there]

    def said(stage: object) -> object:
        assert isinstance(stage, j.JourneyStage), "a stage"
        return repr(j.map_targets(j.map_rules(_alone(stage), lambda _: ""), _elsewhere))

    return dict(
        _pairs(new, lost, lambda name: _key(said(here[name])), lambda name: _key(said(there[name])))
    )


def _key(value: object) -> Hashable:
    assert isinstance(value, Hashable), "a text"
    return value


def _elsewhere(target: j.JourneyStageRef) -> j.JourneyStageRef:
    """A target; a stage of the same journey may have a new name, too."""
    return j.JourneyStageRef(ByName("")) if target.journey is None else target


def _alone(stage: j.JourneyStage[str]) -> j.Journey[str]:
    return j.Journey("", (msgspec.structs.replace(stage, name=""),))


def _pairs(
    new: Iterable[_T],
    old: Iterable[_T],
    of_new: Callable[[_T], Hashable],
    of_old: Callable[[_T], Hashable],
) -> Iterator[tuple[_T, _T]]:
    """Pairs of what is alike, where there is one such on each side."""
    candidates: defaultdict[Hashable, tuple[list[_T], list[_T]]] = defaultdict(lambda: ([], []))
    for each in new:
        candidates[of_new(each)][0].append(each)
    for each in old:
        candidates[of_old(each)][1].append(each)
    for ours, theirs in candidates.values():
        if len(ours) == 1 and len(theirs) == 1:
            yield ours[0], theirs[0]


# --- steps -----------------------------------------------------------------------------


def step_ids(document: str, name: str, server: JourneyState | None) -> dict[Place, str]:
    """The ids of the steps of a document: those of the server's, or else new ones.

    `name` is that of the journey: new ids are made of it.
    """
    content = read_content(document)
    assert content is not None, "what was lowered can be read"
    old: dict[Place, Place] = {}
    if server is not None and server.content is not None:
        old = {path_text(new): path_text(was) for new, was in _same(content.journey, server)}
    known = {} if server is None else server.steps
    found: dict[Place, str] = {}
    for place in content.step_ids:
        id = known.get(old.get(place, place))
        is_free = id is not None and id not in found.values()
        found[place] = id if id is not None and is_free else new_id(name, path_of(place))
    return found


def _same(journey: j.Journey[Place], server: JourneyState) -> Iterator[tuple[Path, Path]]:
    """The paths of steps and branches, each with that on the server."""
    assert server.content is not None, "it was read"
    there = {stage.name: stage for stage in server.content.journey.stages}
    renamed = stage_renames(server, {stage.name: stage for stage in journey.stages})
    for stage in journey.stages:
        old = there.get(renamed.get(stage.name, stage.name))
        if old is not None:
            yield from _same_steps(stage.steps, old.steps, (stage.name, STEPS), (old.name, STEPS))


def _same_steps(
    new: j.Block[Place], old: j.Block[Place], inside: Path, was_inside: Path
) -> Iterator[tuple[Path, Path]]:
    ours = dict(zip(step_paths(new, inside), new, strict=True))
    theirs = dict(zip(step_paths(old, was_inside), old, strict=True))
    by_name = {path[-1]: path for path in theirs}
    pairs = {
        path: by_name[path[-1]]
        for path, step in ours.items()
        if path[-1] in by_name and type(theirs[by_name[path[-1]]]) is type(step)
    }
    left = [path for path in ours if path not in pairs]
    gone = [path for path in theirs if path not in pairs.values()]
    pairs |= dict(_pairs(left, gone, lambda at: type(ours[at]), lambda at: type(theirs[at])))
    for path, was in pairs.items():
        yield path, was
        yield from _same_blocks(ours[path], theirs[was], path, was)


def _same_blocks(
    step: j.Step[Place], old: j.Step[Place], path: Path, was: Path
) -> Iterator[tuple[Path, Path]]:
    yield (*path, MERGE), (*was, MERGE)
    ours, theirs = block_paths(step, path), block_paths(old, was)
    inner, before = j.blocks(step), j.blocks(old)
    for at, (place, index) in _same_paths(ours, theirs):
        yield at, place
        # A wait without a time limit has a path, and no block.
        number = ours.index(at)
        if number < len(inner) and index < len(before):
            yield from _same_steps(inner[number], before[index], at, place)


def _same_paths(
    ours: Sequence[Path], theirs: Sequence[Path]
) -> Iterator[tuple[Path, tuple[Path, int]]]:
    names = {path[-1]: (path, index) for index, path in enumerate(theirs)}
    left = [path for path in ours if path[-1] not in names]
    gone = [names[name] for name in names if name not in {path[-1] for path in ours}]
    for path in ours:
        if path[-1] in names:
            yield path, names[path[-1]]
    if len(left) == len(gone) == 1:
        yield left[0], gone[0]
