"""Journeys of the API's JSON as typed data: answers of every age, and bodies.

Observed beside what is described: the type `ABTest`, waits without a type (a duration) or a name,
every field of a wait there and null, `allowReentry` without `reentryMode`, branches without a name,
stages without steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import journeys as j
from segdsl.language.syntax.schedule_builder import is_zone
from segdsl.language.values import Number
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.activations.resources import READ_ONLY, Resource, open_resource
from segdsl.rules.activations.schedules import is_date
from segdsl.rules.journeys import model as m
from segdsl.rules.json_values import plain
from segdsl.rules.rule.document import UnreadableError, shortened

_T = TypeVar("_T")
Json = dict[str, Any]

FIELDS = ("name", "description", "reentryMode", "allowReentry", "goal", "journeyStages")
IGNORED = READ_ONLY | {
    "state",
    "launchedAt",
    "paused",
    "pausedAt",
    "journeyBundleId",
    "journeyBundleName",
    "journeyBundleDescription",
    "versionNumber",
    "latestExecution",
}
STAGE_FIELDS = (
    "id",
    "name",
    "description",
    "rootStep",
    "entryCriteria",
    "milestone",
    "exitCriterias",
    "steps",
)
CRITERIA_FIELDS = ("name", "segmentId", "target", "description")
TARGET_FIELDS = ("journeyId", "journeyStageId")
TARGET_IGNORED = frozenset({"journeyBundleId", "stageOrderIndex", "jumpReferenceId"})
WAIT_FIELDS = {
    "Duration": ("waitStep", "waitStepUnit"),
    "Date": ("waitUntilDate", "timezone"),
    "DaysOfTheWeek": ("waitUntilDaysOfTheWeek", "timezone"),
    "Condition": ("conditions", "description"),
}
"""The fields of each kind of wait; answers have those of the others too, where they say nothing."""
CONDITION_FIELDS = ("id", "name", "segmentId", "timedOutPath", "moveAfter", "unit", "next")
BRANCH_FIELDS = ("id", "name", "segmentId", "excludedPath", "next", "description")
TEST_FIELDS = ("customizedSplit", "uniqueId", "enabledCapping", "variants")
VARIANT_FIELDS = ("id", "name", "percentage", "isControlGroup", "cappingAt", "next")
TARGET_OF_NONE = "only a goal and an exit jump to a stage"
_MODES: tuple[m.Mode, ...] = (
    "no_reentry",
    "reentry_unless_goal_achieved",
    "reentry_always",
)
_UNITS: tuple[j.WaitUnit, ...] = ("day", "week")


class JourneyDocument(msgspec.Struct, frozen=True):
    """A journey that was read; `folder_id` is None where the document has none.

    `bundle` is the name of the journey that this is a version of, which a file calls it by.
    """

    journey: m.Journey
    bundle: str | None = None
    bundle_id: str | None = None
    folder_id: str | None = None
    path: str = "$"


def read_document(document: Any, report: Report, path: str = "$") -> JourneyDocument | None:
    """A journey, an answer or a body; None after a report.

    The document is JSON as `segdsl.rules.rule.document.load` reads it.
    """
    try:
        return _document(document, path, FieldReader(report))
    except UnreadableError:
        return None


def _document(document: Any, path: str, reader: FieldReader) -> JourneyDocument:
    what = "a journey"
    resource = open_resource(document, path, "journey", what, reader)
    attributes, path = resource.attributes, resource.path
    reading = _Reading(reader, Attempts())
    data = reading.fields(attributes, path, FIELDS, what, IGNORED)
    attempt = reading.attempts.read
    goal = attempt(lambda: reading.criteria(data.get("goal"), f"{path}.goal"), None)
    stages = attempt(lambda: reading.stages(data, path), ())
    journey = m.Journey(
        attempt(lambda: reading.name(data, path, what), ""),
        stages,
        attempt(lambda: reader.optional_text(data, "description", path, "a description"), None),
        attempt(lambda: reading.mode(data, path), "no_reentry"),
        goal,
        resource.id,
    )
    bundle, bundle_id = attempt(lambda: _bundle(resource, reader), (None, None))
    reading.attempts.done()
    return JourneyDocument(journey, bundle, bundle_id, resource.related.get("parentFolder"), path)


def _bundle(resource: Resource, reader: FieldReader) -> tuple[str | None, str | None]:
    data = {key: value for key, value in resource.attributes.items() if value is not None}
    return (
        reader.optional_text(data, "journeyBundleName", resource.path, "a name"),
        reader.optional_id(data, "journeyBundleId", resource.path, "an id"),
    )


class _Reading:
    """Reads the parts of a journey; each method raises UnreadableError after a report."""

    def __init__(self, reader: FieldReader, attempts: Attempts) -> None:
        self.reader = reader
        self.attempts = attempts

    def fields(
        self, value: Json, path: str, known: tuple[str, ...], what: str, ignored: frozenset[str]
    ) -> Json:
        """The fields that have a value; goes on where others cannot be read."""
        self.attempts.read(lambda: self.reader.fields(value, path, known, what, ignored), {})
        return {key: value[key] for key in known if value.get(key) is not None}

    def part(
        self,
        value: Any,
        path: str,
        known: tuple[str, ...],
        what: str,
        ignored: frozenset[str] = frozenset(),
    ) -> Json:
        """The fields of what may have no description in a file: one that it has is left out."""
        data = self.reader.fields(value, path, known, what, ignored | {"description"})
        if value.get("description") and "description" not in known:
            self.reader.report.add(
                Code.SEG408,
                None,
                f"the description of {what} is left out",
                help="a file has no place for it: keep it in a comment",
                path=f"{path}.description",
            )
        return data

    def name(self, data: Json, path: str, what: str) -> str:
        named = self.reader.need(data, "name", path, what)
        return self.reader.text(named, f"{path}.name", "a name")

    def mode(self, data: Json, path: str) -> m.Mode:
        """`allowReentry` counts where nothing else is there: it is the older of the two."""
        reader = self.reader
        if "reentryMode" in data:
            found = reader.choice(
                data["reentryMode"], f"{path}.reentryMode", _MODES, "`reentryMode`"
            )
            return cast(m.Mode, found)
        return "reentry_always" if reader.flag(data, "allowReentry", path) else "no_reentry"

    # --- stages and criteria -----------------------------------------------------------

    def stages(self, data: Json, path: str) -> tuple[m.Stage, ...]:
        at = f"{path}.journeyStages"
        needed = self.reader.need(data, "journeyStages", path, "a journey")
        stages = self.reader.each(self.reader.items(needed, at, "`journeyStages`"), at, self.stage)
        names = [stage.name for stage in stages]
        for index, name in enumerate(names):
            if name in names[:index]:
                message = f"two stages of this journey are named “{shortened(name)}”"
                self.reader.fail(f"{at}[{index}].name", message)
        return stages

    def stage(self, value: Any, path: str) -> m.Stage:
        reader, what = self.reader, "a stage"
        attempts = Attempts()
        data = reader.fields(value, path, STAGE_FIELDS, what)
        at = f"{path}.exitCriterias"
        exits = attempts.read(
            lambda: reader.each(
                reader.items(data.get("exitCriterias", []), at, "`exitCriterias`"),
                at,
                self.needed_criteria,
            ),
            (),
        )
        steps = attempts.read(lambda: self.steps(data, path), {})
        enter, milestone = (
            attempts.read(
                lambda key=key: self.plain_criteria(data.get(key), f"{path}.{key}"),  # type: ignore[misc]
                None,
            )
            for key in ("entryCriteria", "milestone")
        )
        stage = m.Stage(
            attempts.read(lambda: self.name(data, path, what), ""),
            attempts.read(
                lambda: reader.optional_text(data, "description", path, "a description"), None
            ),
            attempts.read(lambda: reader.optional_id(data, "id", path, "an id"), None),
            enter,
            milestone,
            exits,
            attempts.read(lambda: reader.optional_text(data, "rootStep", path, "an id"), None),
            steps,
        )
        attempts.done()
        return stage

    def criteria(self, value: Any, path: str) -> m.Criteria | None:
        return None if value is None else self.needed_criteria(value, path)

    def needed_criteria(self, value: Any, path: str) -> m.Criteria:
        reader, what = self.reader, "a criterion"
        data = self.part(value, path, CRITERIA_FIELDS, what)
        name = self.name(data, path, what)
        name = name if name.strip() else "Criterion"
        segment = reader.need(data, "segmentId", path, what)
        target = data.get("target")
        return m.Criteria(
            name,
            reader.identifier(segment, f"{path}.segmentId", "an id"),
            None if target is None else self.target(target, f"{path}.target"),
            self._description(data, path),
        )

    def _description(self, data: Json, path: str) -> str | None:
        """A description; an empty one is none."""
        return self.reader.optional_text(data, "description", path, "a description") or None

    def plain_criteria(self, value: Any, path: str) -> m.Criteria | None:
        """A criterion that leads to no other stage."""
        criteria = self.criteria(value, path)
        if criteria is not None and criteria.target is not None:
            self.reader.fail(f"{path}.target", TARGET_OF_NONE)
        return criteria

    def target(self, value: Any, path: str) -> m.Target:
        reader, what = self.reader, "a target"
        data = reader.fields(value, path, TARGET_FIELDS, what, TARGET_IGNORED)
        journey, stage = (
            reader.identifier(reader.need(data, key, path, what), f"{path}.{key}", "an id")
            for key in TARGET_FIELDS
        )
        return m.Target(journey, stage)

    # --- steps -------------------------------------------------------------------------

    def steps(self, data: Json, path: str) -> dict[str, m.Step]:
        at = f"{path}.steps"
        steps = data.get("steps", {})
        if not isinstance(steps, dict):
            self.reader.fail(at, "`steps` is an object with the steps by their ids")
        attempts = Attempts()
        made: dict[str, m.Step] = {}
        for id, value in steps.items():
            where = f"{at}.{shortened(id)}"
            step = attempts.read(
                lambda value=value, where=where: self.step(value, where),  # type: ignore[misc]
                None,
            )
            if step is not None:
                made[id] = step
        attempts.done()
        return made

    def step(self, value: Any, path: str) -> m.Step:
        reader = self.reader
        if not isinstance(value, dict):
            reader.fail(path, "a step is an object")
        at = f"{path}.type"
        kinds: dict[str, Callable[[Json, str], m.Step]] = {
            "WaitStep": self.wait,
            "Activation": self.activation,
            "DecisionPoint": self.decision,
            **dict.fromkeys(m.AB_TESTS, self.test),
            "Merge": self.merge,
            "Jump": self.jump,
            "End": self.end,
        }
        return kinds[reader.choice(value.get("type"), at, kinds, "the type of a step")](value, path)

    def _of(
        self, value: Json, path: str, known: tuple[str, ...], ignored: frozenset[str] = frozenset()
    ) -> Json:
        """The fields of a step."""
        return self.part(value, path, ("type", "name", *known), "a step", ignored)

    def _name(self, data: Json, path: str) -> str | None:
        """A name; one of blanks is none."""
        found = self.reader.optional_text(data, "name", path, "a name")
        return found if found is not None and found.strip() else None

    def _next(self, data: Json, path: str) -> str | None:
        return self.reader.optional_text(data, "next", path, "an id")

    def wait(self, value: Json, path: str) -> m.Step:
        reader = self.reader
        kind = value.get("waitStepType")
        if kind is None:
            kind = "Duration"
        kind = reader.choice(kind, f"{path}.waitStepType", WAIT_FIELDS, "the type of a wait")
        known = WAIT_FIELDS[kind]
        others = {"waitStepType", *(each for of in WAIT_FIELDS.values() for each in of)}
        data = self._of(value, path, ("next", *known), frozenset(others - {*known}))
        name, next_id = self._name(data, path), self._next(data, path)
        match kind:
            case "Duration":
                needed = reader.need(data, "waitStep", path, "a wait")
                amount = reader.whole_from(needed, f"{path}.waitStep", "the length of a wait", 1)
                unit = self._unit(data, "waitStepUnit", path)
                return m.WaitDuration(name, amount, unit, next_id)
            case "Date":
                at = f"{path}.waitUntilDate"
                date = reader.text(reader.need(data, "waitUntilDate", path, "a wait"), at, "a date")
                if not is_date(date):
                    reader.fail(at, "`waitUntilDate` is a date, such as 2025-12-31")
                return m.WaitDate(name, date, self._zone(data, path), next_id)
            case "DaysOfTheWeek":
                return m.WaitDays(name, self._days(data, path), self._zone(data, path), next_id)
            case _:
                conditions = self._conditions(data, path)
                return m.WaitCondition(name, conditions, self._description(data, path))

    def _unit(self, data: Json, key: str, path: str) -> j.WaitUnit:
        needed = self.reader.need(data, key, path, "a wait")
        found = self.reader.choice(needed, f"{path}.{key}", _UNITS, "the unit of a wait")
        return cast(j.WaitUnit, found)

    def _zone(self, data: Json, path: str) -> str | None:
        zone = self.reader.optional_text(data, "timezone", path, "a time zone")
        if zone is not None and not is_zone(zone):
            self.reader.fail(
                f"{path}.timezone",
                f"`{shortened(zone)}` is not a time zone",
                "time zones are named as in `Asia/Tokyo` and `UTC`",
            )
        return zone

    def _days(self, data: Json, path: str) -> tuple[int, ...]:
        reader, key = self.reader, "waitUntilDaysOfTheWeek"
        at = f"{path}.{key}"

        def day(value: Any, where: str) -> int:
            number = reader.whole_from(value, where, "a day of the week", 1)
            if number.value > 7:
                reader.fail(where, "a day of the week is from 1 (Monday) to 7 (Sunday)")
            return int(number.text)

        listed = reader.items(reader.need(data, key, path, "a wait"), at, f"`{key}`")
        days = reader.each(listed, at, day)
        if not days:
            reader.fail(at, "a wait for days of the week needs one at least")
        return tuple(sorted(set(days)))

    def _conditions(self, data: Json, path: str) -> tuple[m.ConditionPath, ...]:
        reader, at = self.reader, f"{path}.conditions"
        needed = reader.need(data, "conditions", path, "a wait")
        paths = reader.each(reader.items(needed, at, "`conditions`"), at, self._condition)
        met = [each for each in paths if not each.timed_out_path]
        if len(met) != 1 or len(paths) > 2:
            reader.fail(
                at, "a wait has one condition, and one path at most for those who do not meet it"
            )
        return (*met, *(each for each in paths if each.timed_out_path))

    def _condition(self, value: Any, path: str) -> m.ConditionPath:
        reader, what = self.reader, "a path of a wait"
        data = self.part(value, path, CONDITION_FIELDS, what)
        timed_out = reader.flag(data, "timedOutPath", path)
        after: Number | None = None
        unit: j.WaitUnit | None = None
        segment: str | None = None
        if timed_out:
            needed = reader.need(data, "moveAfter", path, what)
            after = reader.whole_from(needed, f"{path}.moveAfter", "the length of a wait", 1)
            unit = self._unit(data, "unit", path)
        else:
            needed = reader.need(data, "segmentId", path, what)
            segment = reader.identifier(needed, f"{path}.segmentId", "an id")
        return m.ConditionPath(
            reader.optional_text(data, "id", path, "an id"),
            self._name(data, path),
            segment,
            timed_out,
            after,
            unit,
            self._next(data, path),
        )

    def activation(self, value: Json, path: str) -> m.Activation:
        key = "journeyActivationStepId"
        data = self._of(value, path, (key, "next"))
        id = self.reader.optional_id(data, key, path, "an id")
        return m.Activation(self._name(data, path), id, self._next(data, path))

    def decision(self, value: Json, path: str) -> m.Decision:
        reader, at = self.reader, f"{path}.branches"
        data = self._of(value, path, ("branches", "next"))
        self._no_next(data, path)
        branches = reader.each(
            reader.items(data.get("branches", []), at, "`branches`"), at, self._branch
        )
        if sum(each.excluded_path for each in branches) > 1:
            reader.fail(at, "a decision has one excluded path at most")
        return m.Decision(self._name(data, path), branches)

    def _branch(self, value: Any, path: str) -> m.BranchPath:
        reader, what = self.reader, "a branch"
        data = self.part(value, path, BRANCH_FIELDS, what)
        excluded = reader.flag(data, "excludedPath", path)
        if not excluded:
            reader.need(data, "segmentId", path, what)
        return m.BranchPath(
            reader.optional_text(data, "id", path, "an id"),
            self._name(data, path),
            reader.optional_id(data, "segmentId", path, "an id"),
            excluded,
            self._next(data, path),
            self._description(data, path),
        )

    def _no_next(self, data: Json, path: str) -> None:
        """A step with paths has no `next` of its own; null is observed."""
        if data.get("next"):
            self.reader.fail(f"{path}.next", "a step with paths of its own has no `next`")

    def test(self, value: Json, path: str) -> m.Test:
        reader, at = self.reader, f"{path}.variants"
        ignored = frozenset({"winnerVariantId"})
        data = self._of(value, path, (*TEST_FIELDS, "next"), ignored)
        self._no_next(data, path)
        capped = reader.flag(data, "enabledCapping", path)
        return m.Test(
            self._name(data, path),
            reader.each(
                reader.items(data.get("variants", []), at, "`variants`"),
                at,
                lambda each, where: self._variant(each, where, capped=capped),
            ),
            reader.flag(data, "customizedSplit", path),
            reader.optional_text(data, "uniqueId", path, "an attribute"),
            capped,
        )

    def _variant(self, value: Any, path: str, *, capped: bool) -> m.VariantPath:
        reader, what = self.reader, "a variant"
        data = self.part(value, path, VARIANT_FIELDS, what)
        needed = reader.need(data, "percentage", path, what)
        share = plain(reader.number(needed, f"{path}.percentage", "a share"))
        if not 0 <= share.value <= 100:
            reader.fail(f"{path}.percentage", "a share is from 0 to 100")
        cap: Number | None = None
        if capped and "cappingAt" in data:
            cap = reader.whole_from(data["cappingAt"], f"{path}.cappingAt", "a cap", 1)
        return m.VariantPath(
            reader.optional_text(data, "id", path, "an id"),
            self._name(data, path) or "Variant",
            share,
            reader.flag(data, "isControlGroup", path),
            cap,
            self._next(data, path),
        )

    def merge(self, value: Json, path: str) -> m.Merge:
        data = self._of(value, path, ("next",))
        return m.Merge(self._next(data, path))

    def jump(self, value: Json, path: str) -> m.Jump:
        data = self._of(value, path, ("target",), frozenset({"next"}))
        target = self.reader.need(data, "target", path, "a jump")
        return m.Jump(self._name(data, path), self.target(target, f"{path}.target"))

    def end(self, value: Json, path: str) -> m.End:
        return m.End(self._name(self._of(value, path, (), frozenset({"next"})), path))
