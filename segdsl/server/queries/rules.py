"""Reads and checks rules as clients send them, and translates them to queries.

A refusal names its place in the body. Nothing here knows HTTP, runs queries, or knows how segments
are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec
from sqlglot import exp

from segdsl.diagnostics import Code, Report
from segdsl.engine import ParentSegment
from segdsl.language.activations import Delivery
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import map_children
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.values import ById, Reference
from segdsl.rules.lift import lift_rule
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import EVERYONE, Rule
from segdsl.rules.rule.reader import read_rule
from segdsl.server.errors import ASSOCIATION, EXPRESSION, ApiError, Problem
from segdsl.server.queries.names import NameCheck
from segdsl.server.queries.schema_validation import check_strictly
from segdsl.sql import Context, SqlError, count, profiles, selection
from segdsl.sql.catalog import Catalog
from segdsl.sql.exports import Export, Placeholders, export

_FILE = "rule"
_STAGES = "funnel_stages"
"""The table of the data with who is in which stage."""


class Reading(msgspec.Struct, frozen=True):
    """A valid rule: the segment that it defines, and the ids of what it refers to.

    `refers_to` are segments, `stages` those stages whose rules are stored, and `scores` those
    predictive segments whose scores are.
    """

    segment: c.Segment
    refers_to: tuple[int, ...]
    stages: tuple[int, ...] = ()
    scores: tuple[int, ...] = ()


class StoredRule(Protocol):
    """A rule with a name that other rules may refer to by its `id`.

    `revision` changes with every change of the rule.
    """

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def rule(self) -> str | None: ...
    @property
    def revision(self) -> int: ...
    @property
    def is_realtime(self) -> bool: ...


FindRule = Callable[[int], StoredRule | None]


class StageRules(Protocol):
    """The stages whose rules are stored: who is in any other is in the tables of the data."""

    def has(self, id: int) -> bool:
        """Whether the stage is one of them."""
        ...

    def is_named(self, id: int) -> bool:
        """Whether there is another stage of that id."""
        ...

    def rule(self, id: int) -> StoredRule | None:
        """The rule of one of them; None where it has none yet."""
        ...


class ScoreModels(Protocol):
    """The predictive segments whose scores are stored: those of any other are in the data."""

    @property
    def are_in_data(self) -> bool:
        """Whether the data has scores, of whatever predictive segments."""
        ...

    def has(self, id: int) -> bool:
        """Whether the predictive segment is one of those that are stored."""
        ...

    def prepare(self, ids: Iterable[int]) -> None:
        """Makes queries see the newest scores of some of them."""
        ...


def read_text(text: str, path: str, *, strict: bool = False) -> tuple[Any, Rule]:
    """Reads a rule as plain data and as the model; `null` is everyone.

    Strictly, only what the description allows is accepted, except that groups may be nested as in
    older rules. Otherwise a rule may leave out what real servers do not require (observed).
    Raises ApiError (400), which names each place.
    """
    report = Report()
    try:
        plain = load(text, report)
    except UnreadableError:
        raise ApiError(400, _problems(report, path)) from None
    rule = read_rule(plain, path, report)
    if strict and rule is not None and not report.has_errors:
        check_strictly(plain, path, report)
    if rule is None or report.has_errors:
        raise ApiError(400, _problems(report, path))
    return plain, rule


class Rules:
    """Reads rules against the data of a parent segment and the rules that `find` looks up.

    A stage without a rule has nobody in it (assumed).
    """

    def __init__(
        self,
        catalog: Catalog,
        parent: ParentSegment,
        passed_over: Mapping[str, str],
        find: FindRule,
        stages: StageRules,
        scores: ScoreModels,
        *,
        strict: bool = False,
    ) -> None:
        self._catalog = catalog
        self._passed_over = passed_over
        self._find = find
        self._stages = stages
        self._scores = scores
        self._zone = parent.timezone
        self._labels = parent.labels
        self._strict = strict
        self._readings: dict[tuple[int, int], Reading] = {}

    def read(self, text: str | None, path: str, *, realtime: bool, now: int) -> Reading:
        """Reads the rule at `path` of a body; None is everyone. Raises ApiError (400)."""
        reading = self._read(text, path, realtime=realtime, strict=self._strict)
        self.selection(reading, path, now)
        return reading

    def _read(
        self,
        text: str | None,
        path: str,
        name: str = _FILE,
        *,
        realtime: bool,
        strict: bool = False,
    ) -> Reading:
        plain, rule = (None, EVERYONE) if text is None else read_text(text, path, strict=strict)
        names = NameCheck(self._catalog, self._labels, self._passed_over, realtime=realtime)
        names.check(plain, path)
        problems = names.problems
        refers_to = [self._existing(*each, problems) for each in names.segments]
        stages = [self._stored_stage(*each, problems) for each in names.stages]
        scores = [self._stored_scores(*each, problems) for each in names.scores]
        if problems:
            raise ApiError(400, problems)
        report = Report()
        lifted = t.File((lift_rule(rule, name),))
        segments = resolve(Program(_FILE, {_FILE: lifted}), report)
        if report.has_errors or not segments:
            raise ApiError(400, _problems(report, path))
        return Reading(segments[0], _ids(refers_to), _ids(stages), _ids(scores))

    def _existing(self, id: str, path: str, problems: list[Problem]) -> int | None:
        number = _number(id)
        if number is not None and self._find(number) is not None:
            return number
        problems.append(Problem(f"there is no segment with the id `{id}`", path, ASSOCIATION))
        return None

    def _stored_stage(self, id: str, path: str, problems: list[Problem]) -> int | None:
        """The id of a stage whose rule is stored; None for those of the data."""
        number = _number(id)
        if number is not None and self._stages.has(number):
            return number
        is_named = number is not None and self._stages.is_named(number)
        if not is_named and self._catalog.table(_STAGES) is None:
            problems.append(Problem(f"there is no stage with the id `{id}`", path, ASSOCIATION))
        return None

    def _stored_scores(self, id: str, path: str, problems: list[Problem]) -> int | None:
        """The id of a predictive segment of the store; None for those of the data.

        Clients look for the words at the beginning of the message (observed).
        """
        number = _number(id)
        if number is not None and self._scores.has(number):
            return number
        if not self._scores.are_in_data:
            message = f"Referencing predictive segment `{id}`, which does not exist"
            problems.append(Problem(message, path, ASSOCIATION))
        return None

    # --- queries ---------------------------------------------------------------------------

    def of_stored(self, stored: StoredRule) -> Reading:
        """Reads a stored rule. Raises ApiError if the data no longer has what the rule names."""
        key = (stored.id, stored.revision)
        reading = self._readings.get(key)
        if reading is None:
            if len(self._readings) > 1_000:
                self._readings.clear()
            reading = self._readings[key] = self._read(
                stored.rule, "$.rule", stored.name, realtime=stored.is_realtime
            )
        return reading

    def selection(
        self, reading: Reading, path: str, now: int, *, database: str | None = None
    ) -> exp.Select:
        """The query for the ids of its profiles; raises ApiError (400), as the next two do."""
        with _sql_errors(path):
            return selection(self._bound(reading), self._context(reading, now, database))

    def count(self, reading: Reading, path: str, now: int) -> exp.Select:
        """The query for the number of its profiles."""
        with _sql_errors(path):
            return count(self._bound(reading), self._context(reading, now))

    def profiles(self, reading: Reading, columns: Sequence[str], path: str, now: int) -> exp.Select:
        """The query for its profiles in the order of their ids, with some of their attributes."""
        with _sql_errors(path):
            return profiles(self._bound(reading), self._context(reading, now), columns)

    def export(
        self,
        reading: Reading,
        delivery: Delivery,
        placeholders: Placeholders,
        now: int,
        *,
        most_events: int,
    ) -> Export:
        """The query for what an activation sends of its profiles; raises ApiError (400)."""
        with _sql_errors("$"):
            return export(
                delivery,
                self._bound(reading),
                self._context(reading, now),
                placeholders,
                most_events=most_events,
            )

    def _context(self, reading: Reading, now: int, database: str | None = None) -> Context:
        return Context(
            now=now,
            zone=self._zone,
            catalog=self._catalog,
            segments=self._reached(reading),
            database=database,
        )

    def _reached(self, reading: Reading) -> dict[Reference, c.Segment]:
        """Every segment that a rule refers to, directly or through others.

        The scores that any of them refers to are ready then.
        """
        reached: dict[Reference, c.Segment] = {}
        scores = [*reading.scores]
        waiting = self._targets(reading)
        while waiting:
            id = waiting.pop()
            stored = self._find(id)
            if stored is None or ById(str(id)) in reached:
                continue
            try:
                referred = self.of_stored(stored)
            except ApiError as error:
                message = f"the rule of the segment `{stored.name}` (id {id}) is not valid: "
                raise ApiError(400, [Problem(message + error.message)]) from error
            reached[ById(str(id))] = self._bound(referred)
            waiting.extend(self._targets(referred))
            scores.extend(referred.scores)
        self._scores.prepare(scores)
        return reached

    def _targets(self, reading: Reading) -> list[int]:
        """The segments that a rule refers to, those of stages included."""
        rules = [self._stages.rule(stage) for stage in reading.stages]
        return [*reading.refers_to, *(rule.id for rule in rules if rule is not None)]

    def _bound(self, reading: Reading) -> c.Segment:
        """The segment with references to the segments of stages in place of their stages."""
        if not reading.stages:
            return reading.segment
        rules = {str(stage): self._stages.rule(stage) for stage in reading.stages}

        def bind(node: c.Condition) -> c.Condition:
            match node:
                case c.Membership(of="stage", target=ById(id)) if id in rules:
                    rule = rules[id]
                    if rule is None:
                        return c.Not(child=c.Everyone())
                    return c.Membership(of="segment", target=ById(str(rule.id)))
                case _:
                    return map_children(node, bind)

        condition = bind(reading.segment.condition)
        return msgspec.structs.replace(reading.segment, condition=condition)


def _number(id: str) -> int | None:
    """An id as the number that it is the text of."""
    number = int(id) if id.isascii() and id.isdigit() and len(id) < 19 else 0
    return number if str(number) == id else None


def _ids(numbers: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({number for number in numbers if number is not None}))


@contextmanager
def _sql_errors(path: str) -> Iterator[None]:
    """Answers with 400 where a rule cannot be translated to a query."""
    try:
        yield
    except SqlError as error:
        help = "" if error.help is None else f"; {error.help}"
        raise ApiError(400, [Problem(f"{error.message}{help}", path, ASSOCIATION)]) from error


def _problems(report: Report, path: str) -> list[Problem]:
    """The errors of a report; one whose place is not inside `path` is at `path`."""
    problems = []
    for diagnostic in report.diagnostics:
        if diagnostic.severity != "error":
            continue
        place = diagnostic.path
        if place is None or not place.startswith(path):
            place = path
        code = EXPRESSION if diagnostic.code == Code.SEG403 else ASSOCIATION
        help = "" if diagnostic.help is None else f"; {diagnostic.help}"
        message = f"{diagnostic.message}{help}"
        problems.append(Problem(_encodable(message), _encodable(place), code))
    return problems


def _encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which keys of a rule may have."""
    return text.encode(errors="replace").decode()
