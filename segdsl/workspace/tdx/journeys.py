"""Translates a journey of the vendor's own tool, with its activations.

Its steps become the API's graph, which `segdsl.rules.journeys` reads into blocks as it reads
answers. A file holds the versions of a journey, of which the latest is read; older files have the
stages of the only one at their top. Segments are embedded by keys, and become rules of the
journey.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language import activations as a
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.activations.lift import lift_activation
from segdsl.rules.journeys import model as m
from segdsl.rules.journeys.documents import parts_of
from segdsl.rules.journeys.lift import lift_journey
from segdsl.rules.journeys.reading import JourneyDocument
from segdsl.rules.rule.document import UnreadableError as UnreadableDocumentError
from segdsl.rules.rule.document import shortened
from segdsl.rules.rule.model import Rule
from segdsl.source import Span
from segdsl.workspace.tdx.activations import Activations
from segdsl.workspace.tdx.checks import Keys
from segdsl.workspace.tdx.conditions import Conditions
from segdsl.workspace.tdx.document import UnreadableError, Value
from segdsl.workspace.tdx.heads import description_in, folder_of, name_in
from segdsl.workspace.tdx.journey_steps import References, StageSteps, Steps
from segdsl.workspace.tdx.rules import known_rule, read_rule, rule_value

_HEAD = ("type", "name", "description", "folder", "reentry", "goal")
_KEYS = (*_HEAD, "segments", "activations", "journeys", "stages")
_VERSION_KEYS = ("version", "state", "latest", "goal", "stages")
_STAGE_KEYS = (
    "name",
    "description",
    "root_step",
    "entry_criteria",
    "milestone",
    "exit_criteria",
    "steps",
)
_REFERENCE = "ref:"
_STATES = ("draft", "launched")
_BLOCKS = "draw paths that part and meet again in one merge, or keep this journey in the console"


class ImportedJourney(NamedTuple):
    """A journey without its folder, with its activations.

    `folder` is what the file itself says of it, `at` the place of that, or else of the name.
    """

    journey: t.Journey
    activations: tuple[t.Activation, ...]
    folder: tuple[str, ...] | None
    at: Span


def read_journey(document: Value, report: Report) -> ImportedJourney | None:
    """The journey of a document; None after a report, or UnreadableError.

    Each part is read alone: an error in one does not hide those in another.
    """
    return _Journey(report).read(document)


class _Journey(Conditions):
    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._rules: dict[str, Rule] = {}
        self._segments: tuple[str, ...] = ()
        self._used: dict[str, None] = {}
        self._spans: dict[str, Span] = {}
        self._stages: tuple[str, ...] = ()
        self._name = ""
        self._activations: Mapping[str, a.Activation] = {}

    def read(self, document: Value) -> ImportedJourney | None:
        keys = self.map(document, _KEYS, "a journey")
        folder: tuple[str, ...] | None = None
        description: str | None = None
        mode: m.Mode = "no_reentry"
        goal: m.Criteria | None = None
        stages: tuple[m.Stage, ...] = ()
        with suppress(UnreadableError):
            self._name = name_in(keys, self, "a journey")
        with suppress(UnreadableError):
            description = description_in(keys, self)
        with suppress(UnreadableError):
            if "folder" in keys:
                folder = folder_of(keys["folder"], self)
        with suppress(UnreadableError):
            if "reentry" in keys:
                mode = self._mode(keys["reentry"])
        with suppress(UnreadableError):
            if "activations" in keys:
                read = Activations(self.report).of_journey(keys["activations"], ByName(self._name))
                self._activations = read
        with suppress(UnreadableError):
            if "segments" in keys:
                self._read_segments(keys["segments"])
        with suppress(UnreadableError):
            goal, stages = self._read_version(keys)
        if self.report.has_errors:
            return None
        journey = m.Journey(self._name, stages, description, mode, goal, self._id(self._name))
        tree = self._lifted(journey)
        if tree is None:
            return None
        self._report_unused(keys)
        at = keys["folder"] if folder is not None else keys["name"]
        activations = tuple(map(lift_activation, self._activations.values()))
        return ImportedJourney(tree, activations, folder, at.place)

    def _mode(self, value: Value) -> m.Mode:
        modes: tuple[m.Mode, ...] = ("no_reentry", "reentry_unless_goal_achieved", "reentry_always")
        word = self.choice(value, modes, "`reentry`")
        return next(mode for mode in modes if mode == word)

    def _lifted(self, journey: m.Journey) -> t.Journey | None:
        """The item of a journey, its blocks those of its graph; None after a report."""
        own = Report()
        names = {key: activation.name for key, activation in self._activations.items()}
        parts = parts_of(JourneyDocument(journey), names, own)
        tree = None
        if parts is not None:
            with suppress(UnreadableDocumentError):
                tree = lift_journey(parts, self._rules, FieldReader(own))
        for found in own.diagnostics:
            self.report.add(Code.SEG702, self._place(found.path or ""), found.message, help=_BLOCKS)
        return None if own.has_errors else tree

    def _place(self, path: str) -> Span:
        """Where what stands at a path of the journey's JSON was read from."""
        while path not in self._spans and path:
            path = path.rpartition(".")[0]
        return self._spans[path or "$"]

    def _report_unused(self, keys: Keys) -> None:
        for key in self._segments:
            if key not in self._used:
                self.report_at(
                    keys["segments"].keys[key],
                    f"no criterion or branch names the segment `{key}`, and it is left out",
                    "import it as a segment of its own, or remove it",
                    Code.SEG703,
                )

    # --- segments ------------------------------------------------------------------------

    def _read_segments(self, value: Value) -> None:
        if not isinstance(value.data, dict):
            self.fail(value, "`segments` of a journey has keys and values")
        self._segments = tuple(value.data)
        failed = False
        for key, inner in value.data.items():
            try:
                self._rules[key] = self._embedded(key, inner)
            except UnreadableError:
                failed = True
        if failed:
            raise UnreadableError

    def _embedded(self, key: str, value: Value) -> Rule:
        keys = self.map(value, ("name", "description", "rule"), "an embedded segment")
        for word in ("name", "description"):
            if word in keys:
                self.report_at(
                    keys[word],
                    f"the {word} of the segment `{key}` is left out: rules of a journey have none "
                    "of their own",
                    "write a comment in the `.seg` file to keep it",
                    Code.SEG703,
                )
        return read_rule(rule_value(keys, self), self)

    def _segment(self, value: Value) -> str:
        """The key of an embedded segment, or a reference to one that has a name."""
        key = self.text(value, "a segment")
        if key.startswith(_REFERENCE):
            name = key.removeprefix(_REFERENCE).strip()
            if not name:
                self.fail(value, "`ref:` needs the name of a segment")
            if key not in self._rules:
                id = symbolic_id("segment", ByName(name))
                reference = {"type": "Reference", "id": id, "exclude": False}
                rule = {"type": "And", "conditions": [reference]}
                self._rules[key] = known_rule(rule, value, self)
            return key
        if key not in self._segments:
            help = did_you_mean(
                key, self._segments, f"define it in `segments:`, or write `{_REFERENCE}{key}`"
            )
            self.fail(value, f"there is no segment `{key}` in this file", help)
        self._used[key] = None
        return key

    # --- versions and stages ---------------------------------------------------------------

    def _read_version(self, keys: Keys) -> tuple[m.Criteria | None, tuple[m.Stage, ...]]:
        """The goal and the stages of the latest version."""
        if "journeys" in keys and "stages" in keys:
            self.fail(
                keys["stages"],
                "`stages` and `journeys` exclude each other",
                "keep `journeys`, which holds the stages of each version",
            )
        if "journeys" not in keys:
            self.need(keys, "stages", "a journey", "add `journeys:` with one version")
            return self._version(keys, None)
        at = keys["journeys"]
        versions = [
            self.map(item, _VERSION_KEYS, "a version of a journey")
            for item in self.items(at, "`journeys`")
        ]
        if not versions:
            self.fail(at, "`journeys` is empty", "add a version with `stages:`")
        latest = self._latest(versions, at)
        for version in versions:
            if version is not latest:
                self.report_at(
                    version.at,
                    f"{self._called(version)} is left out: a file holds the latest version",
                    "the server keeps the others",
                    Code.SEG703,
                )
        for key, reason in (
            ("version", "the server numbers the versions"),
            ("state", "`segdsl journey launch` launches a journey"),
        ):
            if key in latest and self._says(latest[key], key):
                self.report_at(latest[key], f"`{key}` is left out: {reason}", None, Code.SEG703)
        self.need(latest, "stages", "a version of a journey")
        return self._version(latest, keys.get("goal"))

    def _latest(self, versions: list[Keys], at: Value) -> Keys:
        marked = [version for version in versions if self.flag(version.get("latest"), "`latest`")]
        if len(marked) > 1:
            self.fail(
                marked[1]["latest"],
                "two versions of this journey have `latest: true`",
                "keep it at the newest",
            )
        if not marked and len(versions) > 1:
            self.fail(
                at,
                "no version of this journey has `latest: true`",
                "add it to the one to import",
            )
        return marked[0] if marked else versions[0]

    def _called(self, version: Keys) -> str:
        at = version.get("version")
        number = None if at is None else self.amount(at, "`version`")
        return "a version" if number is None else f"version {number}"

    def _says(self, value: Value, key: str) -> bool:
        """Whether a key says what a new journey is not: a draft, and its first version."""
        if key == "state":
            return self.choice(value, _STATES, "`state`") != "draft"
        return self.amount(value, "`version`") != "1"

    def _version(
        self, keys: Keys, outer_goal: Value | None
    ) -> tuple[m.Criteria | None, tuple[m.Stage, ...]]:
        goal_at = keys.get("goal")
        if goal_at is not None and outer_goal is not None:
            self.fail(
                outer_goal,
                "this journey has a goal, and its latest version another",
                "keep that of the version",
            )
        items = self.items(keys["stages"], "`stages`")
        if not items:
            self.fail(keys["stages"], "a journey needs a stage", "add one to `stages:`")
        self._stages = tuple(
            name.data
            for item in items
            if isinstance(item.data, dict) and (name := item.data.get("name")) is not None
            if isinstance(name.data, str)
        )
        self._spans["$"] = keys["stages"].place
        goal: m.Criteria | None = None
        stages: list[m.Stage] = []
        failed = False
        try:
            at = goal_at or outer_goal
            goal = None if at is None else self._criteria(at, "a goal")
        except UnreadableError:
            failed = True
        for index, item in enumerate(items):
            try:
                stages.append(self._stage(item, f"$.journeyStages[{index}]"))
            except UnreadableError:
                failed = True
        if failed:
            raise UnreadableError
        return goal, tuple(stages)

    def _stage(self, value: Value, path: str) -> m.Stage:
        keys = self.map(value, _STAGE_KEYS, "a stage")
        self._spans[path] = value.place
        name = name_in(keys, self, "a stage")
        description = description_in(keys, self)
        criteria: dict[str, m.Criteria] = {}
        exits: list[m.Criteria] = []
        read = StageSteps(None, {}, {})
        failed = False
        for key, what in (("entry_criteria", "entry criteria"), ("milestone", "a milestone")):
            try:
                if key in keys:
                    criteria[key] = self._criteria(keys[key], what)
            except UnreadableError:
                failed = True
        try:
            if "exit_criteria" in keys:
                listed = self.items(keys["exit_criteria"], "`exit_criteria`")
                exits = self.each(listed, partial(self._criteria, what="an exit criterion"))
        except UnreadableError:
            failed = True
        try:
            if "steps" in keys:
                references = References(tuple(self._activations), self._segment, self._target)
                read = Steps(self.report).read(keys["steps"], keys.get("root_step"), references)
        except UnreadableError:
            failed = True
        if failed:
            raise UnreadableError
        for id, at in read.places.items():
            self._spans[f"{path}.steps.{shortened(id)}"] = at.place
        return m.Stage(
            name,
            description,
            symbolic_id("journey stage", ByName(name, self._name)),
            criteria.get("entry_criteria"),
            criteria.get("milestone"),
            tuple(exits),
            read.root,
            read.steps,
        )

    def _criteria(self, value: Value, what: str) -> m.Criteria:
        if isinstance(value.data, str):
            self.fail(
                value,
                f"{what} has a name and a segment",
                f"write `{{name: …, segment: {value.data}}}`",
            )
        keys = self.map(value, ("name", "segment", "target"), what)
        name = name_in(keys, self, what)
        segment = self._segment(self.need(keys, "segment", what))
        target = None
        if "target" in keys:
            if what in ("entry criteria", "a milestone"):
                self.fail(
                    keys["target"], f"{what} cannot jump", "only a goal and an exit have a target"
                )
            target = self._target(keys["target"])
        return m.Criteria(name, segment, target)

    def _target(self, value: Value) -> m.Target:
        """A stage that profiles jump to, of this journey or another one."""
        what = "the target of a jump"
        keys = self.map(value, ("journey", "stage"), what)
        journey = self.text(self.need(keys, "journey", what), "the name of a journey")
        stage = self.text(self.need(keys, "stage", what), "the name of a stage")
        if journey == self._name and stage not in self._stages:
            help = did_you_mean(stage, self._stages, "name one of its stages")
            self.fail(keys["stage"], f"this journey has no stage `{stage}`", help)
        return m.Target(self._id(journey), symbolic_id("journey stage", ByName(stage, journey)))

    def _id(self, journey: str) -> str:
        return symbolic_id("journey", ByName(journey))
