"""Rules as clients send them: read, checked as the description asks, and made into queries.

What is refused names its place in the body. No HTTP here, and no running of queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlglot import exp

from segdsl.diagnostics import Code, Report
from segdsl.engine import ParentSegment
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.values import ById, Reference
from segdsl.rules.lift import lift_rule
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import EVERYONE, Rule
from segdsl.rules.rule.reader import read_rule
from segdsl.server.errors import ASSOCIATION, EXPRESSION, ApiError, Problem
from segdsl.server.queries.names import Names
from segdsl.server.queries.schema_validation import check_strictly
from segdsl.server.store.records import Segment
from segdsl.server.store.store import Store
from segdsl.sql import Context, SqlError, count, profiles, selection
from segdsl.sql.catalog import Catalog

_FILE = "rule"


class Reading(msgspec.Struct, frozen=True):
    """A rule that means something: the segment it makes, and the ids it refers to."""

    segment: c.Segment
    refers_to: tuple[int, ...]


def read_text(text: str, path: str, *, strict: bool = False) -> tuple[Any, Rule]:
    """A rule as plain data and as the model; `null` is everyone.

    Strictly, it is one that the description admits, but for groups, which may be nested as in
    older rules. Otherwise it may leave out what real servers let it leave out (observed).
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
    """Reads rules against a parent segment's data and the segments that are stored."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        parent: ParentSegment,
        passed_over: Mapping[str, str],
        *,
        strict: bool = False,
    ) -> None:
        self._catalog = catalog
        self._passed_over = passed_over
        self._store = store
        self._audience = parent.id
        self._zone = parent.timezone
        self._labels = parent.labels
        self._strict = strict
        self._known: dict[tuple[int, int], Reading] = {}

    def read(self, text: str | None, path: str, *, kind: int, now: int) -> Reading:
        """The rule in a body at `path`; no text is everyone. Raises ApiError (400)."""
        reading = self._read(text, path, kind, strict=self._strict)
        self.selection(reading, path, now)
        return reading

    def _read(
        self, text: str | None, path: str, kind: int, name: str = _FILE, *, strict: bool = False
    ) -> Reading:
        plain, rule = (None, EVERYONE) if text is None else read_text(text, path, strict=strict)
        names = Names(self._catalog, self._labels, kind, self._passed_over)
        names.look(plain, path)
        problems = names.problems
        refers_to = [self._existing(*each, problems) for each in names.segments]
        if problems:
            raise ApiError(400, problems)
        report = Report()
        lifted = t.File((lift_rule(rule, name),))
        found = resolve(Program(_FILE, {_FILE: lifted}), report)
        if report.has_errors or not found:
            raise ApiError(400, _problems(report, path))
        return Reading(found[0], tuple(sorted({id for id in refers_to if id is not None})))

    def _existing(self, id: str, path: str, problems: list[Problem]) -> int | None:
        number = int(id) if id.isascii() and id.isdigit() and len(id) < 19 else 0
        if str(number) == id and self._store.segment(self._audience, number) is not None:
            return number
        problems.append(Problem(f"there is no segment with the id `{id}`", path, ASSOCIATION))
        return None

    # --- queries ---------------------------------------------------------------------------

    def of_stored(self, segment: Segment) -> Reading:
        """A stored segment's rule; the data may have lost what it names since it was stored."""
        key = (segment.id, segment.revision)
        reading = self._known.get(key)
        if reading is None:
            if len(self._known) > 1_000:
                self._known.clear()
            reading = self._known[key] = self._read(
                segment.rule, "$.rule", segment.kind, segment.name
            )
        return reading

    def selection(
        self, reading: Reading, path: str, now: int, *, database: str | None = None
    ) -> exp.Select:
        """The query for the ids of its profiles; raises ApiError (400), as the next two do."""
        with _refusing(path):
            return selection(reading.segment, self._context(reading, now, database))

    def count(self, reading: Reading, path: str, now: int) -> exp.Select:
        """The query for the number of its profiles."""
        with _refusing(path):
            return count(reading.segment, self._context(reading, now))

    def profiles(self, reading: Reading, columns: Sequence[str], path: str, now: int) -> exp.Select:
        """The query for its profiles in the order of their ids, with some of their attributes."""
        with _refusing(path):
            return profiles(reading.segment, self._context(reading, now), columns)

    def _context(self, reading: Reading, now: int, database: str | None = None) -> Context:
        return Context(
            now=now,
            zone=self._zone,
            catalog=self._catalog,
            segments=self._reached(reading),
            database=database,
        )

    def _reached(self, reading: Reading) -> dict[Reference, c.Segment]:
        """Every segment that a rule refers to, over others too."""
        found: dict[Reference, c.Segment] = {}
        waiting = list(reading.refers_to)
        while waiting:
            id = waiting.pop()
            stored = self._store.segment(self._audience, id)
            if stored is None or ById(str(id)) in found:
                continue
            try:
                referred = self.of_stored(stored)
            except ApiError as error:
                message = f"the segment `{stored.name}` (id {id}) cannot be asked: {error.message}"
                raise ApiError(400, [Problem(message)]) from error
            found[ById(str(id))] = referred.segment
            waiting.extend(referred.refers_to)
        return found


@contextmanager
def _refusing(path: str) -> Iterator[None]:
    """What cannot be made into a query is the rule's fault."""
    try:
        yield
    except SqlError as error:
        help = "" if error.help is None else f"; {error.help}"
        raise ApiError(400, [Problem(f"{error.message}{help}", path, ASSOCIATION)]) from error


def _problems(report: Report, path: str) -> list[Problem]:
    """The errors of a report; a finding without a place, or with another's, is at `path`."""
    found = []
    for each in report.diagnostics:
        if each.severity != "error":
            continue
        at = each.path if each.path is not None and each.path.startswith(path) else path
        code = EXPRESSION if each.code == Code.SEG403 else ASSOCIATION
        message = each.message if each.help is None else f"{each.message}; {each.help}"
        found.append(Problem(_encodable(message), _encodable(at), code))
    return found


def _encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which keys of a rule may have."""
    return text.encode(errors="replace").decode()
