"""Steps that name the next one, back to blocks that nest.

A point where paths meet is a merge, or any step that several lead to. A block is read up to the
first such point that is not its own. A step whose paths come to one point, and that no other step
leads to, has that point as its own: what is behind it stands behind the step. A point that others
lead to too belongs to a step around. This holds of everything that lowering writes, and of paths
that a console draws by merges; where paths meet in another way no blocks say the same, and the
step is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn

import msgspec

from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS
from segdsl.language.references.symbolic_ids import reference_of
from segdsl.language.values import ByName, Reference
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.journeys import model as m
from segdsl.rules.journeys.normal import with_blocks
from segdsl.rules.rule.document import shortened

SegmentId = str
Block = j.Block[SegmentId]
MAX_NESTING = 50
"""Levels of blocks; the parser takes as many."""


class Names(msgspec.Struct, frozen=True):
    """What ids stand for: activations by those of their steps, and stages of this journey."""

    activations: Mapping[str, str] = {}
    stages: Mapping[str, str] = {}
    journey_id: str | None = None


class Placed(NamedTuple):
    """A step by its id, with the blocks of its paths and the merge that is its own.

    Without an id it is an end that the document does not have: a path that leads nowhere.
    """

    id: str | None
    blocks: tuple[tuple[Placed, ...], ...] = ()
    merge: str | None = None


class _Read(NamedTuple):
    """A block that was read, and the point that it goes on to, with how many paths come there."""

    steps: tuple[Placed, ...]
    exit: str | None = None
    entries: int = 0


def nest(stage: m.Stage, path: str, reader: FieldReader) -> tuple[Placed, ...]:
    """The steps of a stage as blocks; raises UnreadableError after a report.

    `path` is where the stage is in the document. What is read is in normal form: see
    `segdsl.rules.journeys.normal`.
    """
    return _Graph(stage, path, reader).block()


class _Graph:
    """The steps of one stage by their ids."""

    def __init__(self, stage: m.Stage, path: str, reader: FieldReader) -> None:
        self._steps = stage.steps
        self._root = stage.root_step
        self._path = path
        self._reader = reader
        self._leading: Counter[str] = Counter()

    def block(self) -> tuple[Placed, ...]:
        if not self._steps:
            # An update that takes all steps from a stage cannot take its `rootStep` (described).
            return ()
        if self._root is None:
            self._reader.fail(
                f"{self._path}.rootStep", "this stage has steps, and none of them is its first"
            )
        if self._root not in self._steps:
            self._reader.fail(
                f"{self._path}.rootStep",
                f"`rootStep` is {shortened(self._root)}, which is not a step of this stage",
            )
        self._check()
        read = self._read(self._root, 0)
        steps = read.steps
        # A merge that one path leads to is nothing of its own.
        while read.exit is not None:
            exit: str = read.exit
            if read.entries < self._leading[exit] and not self._is_last(exit):
                self._fail(exit, "paths meet at this step half-way")
            read = self._read(exit, 0, own=True)
            steps += read.steps
        return steps

    # --- what the graph must be ----------------------------------------------------------

    def _check(self) -> None:
        """Every `next` is a step, no step leads back to itself, and each one is led to."""
        assert self._root is not None
        for id, step in self._steps.items():
            for next_id in filter(None, m.paths(step)):
                if next_id not in self._steps:
                    message = f"it leads to {shortened(next_id)}, which is not a step of this stage"
                    self._fail(id, message)
        done: set[str] = set()
        waiting: list[tuple[str, Iterator[str]]] = []

        def enter(id: str) -> None:
            waiting.append((id, iter([each for each in m.paths(self._steps[id]) if each])))

        enter(self._root)
        inside = {self._root}
        while waiting:
            here, others = waiting[-1]
            next_id = next(others, "")
            if not next_id:
                waiting.pop()
                inside.discard(here)
                done.add(here)
                continue
            self._leading[next_id] += 1
            if next_id in inside:
                self._fail(
                    here, f"it leads back to {self._called(next_id)}: a stage has no way back"
                )
            if next_id not in done:
                inside.add(next_id)
                enter(next_id)
        for each in self._steps:
            if each not in done:
                self._fail(each, "nothing leads to this step")

    def _called(self, id: str) -> str:
        name = m.step_name(self._steps[id])
        return f"“{shortened(name)}”" if name else f"the step {shortened(id)}"

    def _fail(self, id: str, message: str) -> NoReturn:
        self._reader.fail(
            f"{self._path}.steps.{shortened(id)}",
            f"{self._called(id)}: {message}",
            "blocks cannot say this: change it in the console, or keep this journey out of files",
        )

    # --- blocks --------------------------------------------------------------------------

    def _is_meeting(self, id: str) -> bool:
        return isinstance(self._steps[id], m.Merge) or self._leading[id] > 1

    def _is_last(self, id: str) -> bool:
        """Whether nothing is behind a step: each path that leads there can have its own."""
        return isinstance(self._steps[id], m.End | m.Jump)

    def _read(self, start: str | None, depth: int, *, own: bool = False) -> _Read:
        """The block that begins at a step; with `own`, also if paths meet there."""
        made: list[Placed] = []
        node = start
        while True:
            if node is None:
                # A path that leads nowhere: profiles stay.
                made.append(Placed(None))
                return _Read(tuple(made))
            if not own and self._is_meeting(node):
                return _Read(tuple(made), node, 1)
            own = False
            step = self._steps[node]
            following = m.paths(step)
            if isinstance(step, m.Merge):
                node = step.next
                continue
            if not following:
                made.append(Placed(node))
                return _Read(tuple(made))
            if len(following) == 1 and not isinstance(step, m.Decision | m.Test):
                made.append(Placed(node, ((),) if isinstance(step, m.WaitCondition) else ()))
                node = following[0]
                continue
            branches, exit, count = self._branches(node, following, depth + 1)
            if exit is None or count < self._leading[exit]:
                made.append(Placed(node, branches))
                return _Read(tuple(made), exit, count)
            if self._alone(branches) is not None:
                rest = self._read(exit, depth, own=True)
                made.append(self._pushed(Placed(node, branches), rest.steps))
                return _Read(tuple(made), rest.exit, rest.entries)
            is_merge = isinstance(self._steps[exit], m.Merge)
            made.append(Placed(node, branches, exit if is_merge else None))
            node, own = exit, True

    def _branches(
        self, node: str, following: tuple[str | None, ...], depth: int
    ) -> tuple[tuple[tuple[Placed, ...], ...], str | None, int]:
        """The blocks of a step, the point that they go on to, and how many paths come there."""
        if depth > MAX_NESTING:
            self._fail(node, f"steps are nested more than {MAX_NESTING} levels deep")
        read = [self._read(each, depth) for each in following]
        while len({each.exit for each in read if each.exit is not None}) > 1:
            # A merge that one block alone comes to may be inside it.
            inner = next(
                (
                    index
                    for index, each in enumerate(read)
                    if each.exit is not None and each.entries == self._leading[each.exit]
                ),
                None,
            )
            if inner is None:
                inner = next(
                    (
                        index
                        for index, each in enumerate(read)
                        if each.exit is not None and self._is_last(each.exit)
                    ),
                    None,
                )
            if inner is None:
                self._fail(node, "its paths meet half-way, at more than one step")
            block = read[inner]
            longer = self._read(block.exit, depth, own=True)
            read[inner] = _Read(block.steps + longer.steps, longer.exit, longer.entries)
        exit = next((each.exit for each in read if each.exit is not None), None)
        return tuple(each.steps for each in read), exit, sum(each.entries for each in read)

    def _goes_on(self, block: tuple[Placed, ...]) -> bool:
        if not block:
            return True
        last = block[-1]
        if last.id is None or self._is_last(last.id):
            return False
        return not self._meets(last) or any(map(self._goes_on, last.blocks))

    def _meets(self, placed: Placed) -> bool:
        """Whether a step has blocks that meet behind it."""
        if placed.id is None:
            return False
        step = self._steps[placed.id]
        if isinstance(step, m.WaitCondition):
            return len(step.conditions) > 1
        return isinstance(step, m.Decision | m.Test)

    def _alone(self, blocks: tuple[tuple[Placed, ...], ...]) -> int | None:
        """Which block alone goes on, if it ends with a step whose blocks meet."""
        going = [index for index, block in enumerate(blocks) if self._goes_on(block)]
        if len(going) != 1 or not blocks[going[0]] or not self._meets(blocks[going[0]][-1]):
            return None
        return going[0]

    def _pushed(self, placed: Placed, rest: tuple[Placed, ...]) -> Placed:
        """A step with what is behind it in the block that alone goes on."""
        blocks = list(placed.blocks)
        alone = self._alone(placed.blocks)
        assert alone is not None
        *before, last = blocks[alone]
        if self._alone(last.blocks) is None:
            blocks[alone] = (*before, last, *rest)
        else:
            blocks[alone] = (*before, self._pushed(last, rest))
        return placed._replace(blocks=tuple(blocks))


def steps_of(
    placed: tuple[Placed, ...],
    steps: Mapping[str, m.Step],
    path: str,
    names: Names,
    reader: FieldReader,
) -> Block:
    """The steps of the language; raises UnreadableError after a report.

    `path` is where the stage is in the document.
    """
    return _Steps(steps, path, names, reader).block(placed)


class _Steps:
    def __init__(
        self, steps: Mapping[str, m.Step], path: str, names: Names, reader: FieldReader
    ) -> None:
        self._steps = steps
        self._path = path
        self._names = names
        self._reader = reader

    def block(self, placed: tuple[Placed, ...]) -> Block:
        return tuple(map(self._step, placed))

    def _step(self, placed: Placed) -> j.Step[SegmentId]:
        if placed.id is None:
            return j.End()
        bare = self._bare(self._steps[placed.id], placed.id)
        return with_blocks(bare, [self.block(each) for each in placed.blocks])

    def _bare(self, step: m.Step, id: str) -> j.Step[SegmentId]:
        """A step without what is in its blocks."""
        match step:
            case m.WaitDuration(name, amount, unit):
                return j.WaitFor(amount, unit, name)
            case m.WaitDate(name, date, timezone):
                return j.WaitUntilDate(date, timezone, name)
            case m.WaitDays(name, days, timezone):
                return j.WaitUntilDays(tuple(WEEKDAYS[day - 1] for day in days), timezone, name)
            case m.WaitCondition(name, (met, *others), described):
                called = met.name or name or "Condition"
                segment = met.segment_id or ""
                criterion = j.Criterion(called, segment, description=described)
                timeout = None
                if others:
                    [late] = others
                    assert late.move_after is not None
                    assert late.unit is not None
                    timeout = (late.move_after, late.unit)
                return j.WaitForCondition(criterion, (), timeout, (), name)
            case m.Activation(name, step_id):
                return self._activation(name, step_id, id)
            case m.Decision(name, branches):
                return j.Decide(
                    name or "Decision",
                    tuple(
                        j.Branch(
                            branch.name
                            or ("Otherwise" if branch.excluded_path else f"Branch {number}"),
                            None if branch.excluded_path else branch.segment_id,
                            description=branch.description,
                        )
                        for number, branch in enumerate(branches, 1)
                    ),
                )
            case m.Test(name, variants, _, by):
                return j.Split(
                    name or "A/B test",
                    tuple(
                        j.Variant(
                            each.name, each.percentage, each.is_control_group, each.capping_at
                        )
                        for each in variants
                    ),
                    by,
                )
            case m.Jump(name, target):
                return j.Jump(target_of(target, self._names), name)
            case m.End(name):
                return j.End(name)
            case _:
                raise AssertionError("a merge is not a step of a block")

    def _activation(self, name: str | None, step_id: str | None, id: str) -> j.Activate:
        """An activation that a draft has not chosen yet is called as its step."""
        path = f"{self._path}.steps.{shortened(id)}"
        if step_id is None:
            if name is None:
                self._reader.fail(path, "this step activates nothing, and has no name")
            return j.Activate(name)
        known = self._names.activations.get(step_id)
        named = reference_of("journey activation", step_id)
        if known is None and isinstance(named, ByName):
            known = named.name
        if known is None:
            self._reader.fail(
                f"{path}.journeyActivationStepId",
                f"the activation of this step is #{shortened(step_id)}, which is not here",
                "pass it together with the journey, in one list",
            )
        return j.Activate(known, name)


def target_of(target: m.Target, names: Names) -> j.JourneyStageRef:
    """Where a jump leads; a stage of the same journey is by its name."""
    own = names.stages.get(target.journey_stage_id)
    if own is not None and names.journey_id in (None, target.journey_id):
        return j.JourneyStageRef(ByName(own))
    stage: Reference = reference_of("journey stage", target.journey_stage_id)
    if isinstance(stage, ByName):
        stage = ByName(stage.name)
    if names.journey_id is not None and target.journey_id == names.journey_id:
        return j.JourneyStageRef(stage)
    return j.JourneyStageRef(stage, reference_of("journey", target.journey_id))
