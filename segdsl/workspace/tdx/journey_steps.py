"""Translates the steps of a stage of the tool's journeys to the API's, which name the next one.

A step is known by its `uuid`, by its key where the steps are a map, or else by its name, and
`next` names it so. What stands in no other step's way, such as the name of a merge, which the API
does not have either, is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from segdsl.diagnostics import Code
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language.activations import WEEKDAYS, Weekday
from segdsl.language.journeys import WaitUnit
from segdsl.language.values import Number
from segdsl.rules.activations.schedules import is_date
from segdsl.rules.journeys import model as m
from segdsl.workspace.tdx.checks import Checks, Keys
from segdsl.workspace.tdx.document import UnreadableError, Value

_STEP_KEYS = ("type", "name", "uuid", "next", "with")
_WAITS = ("duration", "wait_until", "days_of_week", "condition")
_UNITS = {"days": "day", "weeks": "week"}


class References(NamedTuple):
    """What steps name: keys of activations, and how keys of segments and stages become ids.

    The functions raise UnreadableError after a report.
    """

    activations: tuple[str, ...]
    segment: Callable[[Value], str]
    target: Callable[[Value], m.Target]


class StageSteps(NamedTuple):
    """The steps of a stage by what they are known by, and where each stands."""

    root: str | None
    steps: dict[str, m.Step]
    places: dict[str, Value]


class _Item(NamedTuple):
    """A step with what it is known by; `following` is the one that is written behind it."""

    id: str
    keys: Keys
    following: str | None


class Steps(Checks):
    """Reads the steps of one stage."""

    def read(self, value: Value, root: Value | None, references: References) -> StageSteps:
        """The steps; raises UnreadableError after a report of all mistakes."""
        self._references = references
        items = self._items(value)
        self._ids = {item.id: item.id for item in items}
        for item in items:
            # With ids of their own, steps may still name each other by their names.
            name = self._name(item)
            if name is not None:
                self._ids.setdefault(name, item.id)
        steps = dict(
            zip(
                (item.id for item in items),
                self.each([item.keys.at for item in items], self._step_at(items)),
                strict=True,
            )
        )
        first = items[0].id if items else None
        if root is not None:
            first = self._next(root)
        return StageSteps(first, steps, {item.id: item.keys.at for item in items})

    # --- which steps there are -----------------------------------------------------------

    def _items(self, value: Value) -> list[_Item]:
        found: list[tuple[str, Value, Keys]] = []
        failed = False
        if isinstance(value.data, dict):
            for id, inner in value.data.items():
                try:
                    found.append((id, inner, self.map(inner, _STEP_KEYS, "a step")))
                except UnreadableError:
                    failed = True
        else:
            for inner in self.items(value, "`steps`"):
                try:
                    keys = self.map(inner, _STEP_KEYS, "a step")
                    at = keys.get("uuid") or self.need(keys, "name", "a step")
                    found.append((self.text(at, "the name of a step"), inner, keys))
                except UnreadableError:
                    failed = True
        ids = set[str]()
        for id, inner, _ in found:
            if id in ids:
                self.report_at(
                    inner,
                    f"two steps of this stage are named `{id}`",
                    "give one of the two another name: `next` names steps by them",
                )
                failed = True
            ids.add(id)
        if failed:
            raise UnreadableError
        following = [id for id, _, _ in found[1:]]
        return [
            _Item(id, keys, following[index] if index < len(following) else None)
            for index, (id, _, keys) in enumerate(found)
        ]

    def _name(self, item: _Item) -> str | None:
        at = item.keys.get("name")
        return at.data if at is not None and isinstance(at.data, str) else None

    def _step_at(self, items: list[_Item]) -> Callable[[Value], m.Step]:
        by_place = {id(item.keys.at): item for item in items}
        return lambda value: self._step(by_place[id(value)])

    # --- steps -----------------------------------------------------------------------------

    def _step(self, item: _Item) -> m.Step:
        kinds: Mapping[str, Callable[[_Item, str | None], m.Step]] = {
            "activation": self._activation,
            "wait": self._wait,
            "decision_point": self._decision,
            "ab_test": self._test,
            "merge": self._merge,
            "jump": self._jump,
            "end": self._end,
        }
        at = self.need(item.keys, "type", "a step")
        kind = self.choice(at, tuple(kinds), "the type of a step")
        name = None
        if "name" in item.keys:
            name = self.text(item.keys["name"], "the name of a step")
        return kinds[kind](item, name if name and name.strip() else None)

    def _with(self, item: _Item, known: tuple[str, ...], what: str) -> Keys:
        """The keys of `with`."""
        return self.map(self.need(item.keys, "with", what), known, f"`with` of {what}")

    def _without(self, item: _Item, key: str, what: str) -> None:
        if key in item.keys:
            self.fail(item.keys[key], f"{what} has no `{key}`", "remove it")

    def _next(self, value: Value) -> str:
        """The step that a `next` names."""
        named = self.text(value, "`next`")
        if named not in self._ids:
            known = tuple(self._ids)
            help = did_you_mean(named, known, "name a step of this stage")
            self.fail(value, f"there is no step `{named}` in this stage", help)
        return self._ids[named]

    def _on(self, item: _Item) -> str | None:
        """Where a step with one way leads; without `next` profiles stay in it."""
        if "next" in item.keys:
            return self._next(item.keys["next"])
        self.report_at(
            item.keys.at,
            f"`{item.id}` has no `next`, and is read as the last step of its path",
            "add `next`, or a step `type: end`",
            Code.SEG704,
        )
        return None

    def _activation(self, item: _Item, name: str | None) -> m.Step:
        at = self.need(
            self._with(item, ("activation",), "an activation step"),
            "activation",
            "an activation step",
        )
        key = self.text(at, "the key of an activation")
        if key not in self._references.activations:
            known = self._references.activations
            help = did_you_mean(key, known, "define it in `activations:`")
            self.fail(at, f"there is no activation `{key}` in this file", help)
        return m.Activation(name, key, self._on(item))

    def _merge(self, item: _Item, name: str | None) -> m.Step:
        self._without(item, "with", "a merge")
        return m.Merge(self._on(item))

    def _end(self, item: _Item, name: str | None) -> m.Step:
        for key in ("next", "with"):
            self._without(item, key, "an end")
        return m.End(name)

    def _jump(self, item: _Item, name: str | None) -> m.Step:
        if "next" in item.keys:
            self.fail(
                item.keys["next"],
                "a jump leaves the stage, and has no `next`",
                "name the stage: `with: {target: {journey: …, stage: …}}`",
            )
        keys = self._with(item, ("target",), "a jump")
        return m.Jump(name, self._references.target(self.need(keys, "target", "a jump")))

    # --- waits -----------------------------------------------------------------------------

    def _wait(self, item: _Item, name: str | None) -> m.Step:
        keys = self._with(item, (*_WAITS, "unit"), "a wait")
        kinds = [key for key in _WAITS if key in keys]
        if len(kinds) != 1:
            self.fail(
                keys.at,
                "a wait has one of duration, wait_until, days_of_week and condition",
                "write `{duration: 3, unit: day}`, or one of the others",
            )
        [kind] = kinds
        if kind != "duration" and "unit" in keys:
            self.fail(keys["unit"], f"a wait with `{kind}` has no `unit`", "remove it")
        match kind:
            case "duration":
                amount, unit = self._length(keys, "a wait")
                return m.WaitDuration(name, amount, unit, self._on(item))
            case "wait_until":
                date = self.text(keys[kind], "`wait_until`")
                if not is_date(date):
                    self.fail(keys[kind], "`wait_until` is a date, such as 2025-12-31")
                return m.WaitDate(name, date, None, self._on(item))
            case "days_of_week":
                return m.WaitDays(name, self._days(keys[kind]), None, self._on(item))
            case _:
                return self._condition(item, name, keys[kind])

    def _length(self, keys: Keys, what: str) -> tuple[Number, WaitUnit]:
        at = self.need(keys, "duration", what)
        amount = Number(str(int(self.amount(at, f"the duration of {what}"))))
        if amount.text == "0":
            self.fail(at, f"the duration of {what} is at least 1")
        unit_at = self.need(keys, "unit", what)
        unit = self.choice(unit_at, ("day", "week"), "the unit of a wait", _UNITS)
        return amount, cast(WaitUnit, unit)

    def _days(self, value: Value) -> tuple[int, ...]:
        items = self.items(value, "`days_of_week`")
        if not items:
            self.fail(value, "`days_of_week` is empty", "name a weekday, such as `monday`")

        def number(item: Value) -> int:
            weekday = cast(Weekday, self.choice(item, WEEKDAYS, "a weekday"))
            return WEEKDAYS.index(weekday) + 1

        return tuple(sorted(set(self.each(items, number))))

    def _condition(self, item: _Item, name: str | None, value: Value) -> m.Step:
        """A wait for a condition, which older files write as the key of its segment alone."""
        what = "the condition of a wait"
        if isinstance(value.data, str):
            segment = self._references.segment(value)
            met = m.ConditionPath(None, None, segment, False, next=self._met(item, None))
            return m.WaitCondition(name, (met,))
        keys = self.map(value, ("name", "segment", "next", "timeout"), what)
        called = self.text(keys["name"], "a name") if "name" in keys else None
        segment = self._references.segment(self.need(keys, "segment", what))
        met = m.ConditionPath(None, called, segment, False, next=self._met(item, keys.get("next")))
        if "timeout" not in keys:
            return m.WaitCondition(name, (met,))
        late = self.map(keys["timeout"], ("duration", "unit", "next"), "a timeout")
        amount, unit = self._length(late, "a timeout")
        next_id = self._next(self.need(late, "next", "a timeout"))
        return m.WaitCondition(
            name, (met, m.ConditionPath(None, None, None, True, amount, unit, next_id))
        )

    def _met(self, item: _Item, of_condition: Value | None) -> str | None:
        """Where those who meet a condition go on: to the step behind, where nothing names one."""
        if of_condition is not None and "next" in item.keys:
            self.fail(
                item.keys["next"],
                "this wait has a `next`, and its condition another",
                "keep that of the condition",
            )
        at = of_condition or item.keys.get("next")
        return item.following if at is None else self._next(at)

    # --- branches --------------------------------------------------------------------------

    def _decision(self, item: _Item, name: str | None) -> m.Step:
        self._without(item, "next", "a decision point")
        keys = self._with(item, ("branches",), "a decision point")
        at = self.need(keys, "branches", "a decision point")
        branches = self.items(at, "`branches`")
        if not branches:
            self.fail(at, "a decision point needs branches")
        made = tuple(self.each(branches, self._branch))
        if sum(branch.excluded_path for branch in made) > 1:
            self.fail(at, "a decision point has one branch with `excluded: true` at most")
        return m.Decision(name, made)

    def _branch(self, value: Value) -> m.BranchPath:
        what = "a branch"
        keys = self.map(value, ("name", "segment", "excluded", "next"), what)
        excluded = self.flag(keys.get("excluded"), "`excluded`")
        if excluded and "segment" in keys:
            self.fail(
                keys["segment"],
                "a branch with `excluded: true` takes who is in no other, and has no segment",
                "remove one of the two",
            )
        segment = None
        if not excluded:
            segment = self._references.segment(self.need(keys, "segment", what))
        name = self.text(keys["name"], "the name of a branch") if "name" in keys else None
        next_id = self._next(self.need(keys, "next", what))
        return m.BranchPath(None, name, segment, excluded, next_id)

    def _test(self, item: _Item, name: str | None) -> m.Step:
        self._without(item, "next", "an A/B test")
        keys = self._with(item, ("variants",), "an A/B test")
        at = self.need(keys, "variants", "an A/B test")
        variants = self.items(at, "`variants`")
        if not variants:
            self.fail(at, "an A/B test needs variants")
        made = tuple(self.each(variants, self._variant))
        total = sum(variant.percentage.value for variant in made)
        if total != 100:
            self.fail(at, f"the percentages of an A/B test make 100, and these make {total:f}")
        return m.Test(name, made)

    def _variant(self, value: Value) -> m.VariantPath:
        what = "a variant"
        keys = self.map(value, ("name", "percentage", "next"), what)
        name = self.text(self.need(keys, "name", what), "the name of a variant")
        share = self.number(self.need(keys, "percentage", what), "`percentage`")
        if not 0 <= share.value <= 100:
            self.fail(keys["percentage"], "`percentage` is from 0 to 100")
        return m.VariantPath(None, name, share, next=self._next(self.need(keys, "next", what)))
