"""Diagnostics as data, and the report that a stage fills.

A stage is handed a `Report`, adds what it finds and goes on as long as it can;
rendering is elsewhere. `DiagnosticsError` carries a report out of a stage that cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from segdsl.diagnostics.codes import Code, Severity, severity_of
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import SegdslError
from segdsl.source import Span

MAX_COMPARED = 100_000
"""Names that the words of one run are compared with to say which may have been meant."""


class Note(msgspec.Struct, frozen=True):
    """Another place that belongs to a diagnostic, such as the use of a definition."""

    message: str
    span: Span


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding, at a place in a source.

    Where `path` is set, the source is a JSON document, the path (`$.conditions[0]`) is the
    place, and of the span only the file counts.
    """

    code: Code
    message: str
    span: Span | None = None
    help: str | None = None
    notes: tuple[Note, ...] = ()
    path: str | None = None

    @property
    def severity(self) -> Severity:
        return severity_of(self.code)


class Report:
    """The findings of one run, in the order of discovery."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._seen: set[tuple[object, ...]] = set()
        self._compared = 0

    def add(
        self,
        code: Code,
        span: Span | None,
        message: str,
        *,
        help: str | None = None,
        via: tuple[Span, ...] = (),
        notes: tuple[Note, ...] = (),
        path: str | None = None,
    ) -> None:
        """Adds a finding; `via` are the uses of definitions that led to its place.

        The same finding at the same place is kept once, whatever led there.
        """
        uses = tuple(Note("expanded from this use", use) for use in reversed(via))
        self.put(Diagnostic(code, message, span, help, (*notes, *uses), path))

    def put(self, diagnostic: Diagnostic) -> None:
        """Adds a finding of another report, if it is not there."""
        span = diagnostic.span
        key = (diagnostic.code, span.key if span else None, diagnostic.path, diagnostic.message)
        if key not in self._seen:
            self._seen.add(key)
            self.diagnostics.append(diagnostic)

    def did_you_mean(
        self,
        word: str,
        known: Collection[str] | Callable[[], Collection[str]],
        default: str | None = None,
    ) -> str | None:
        """A help line naming the nearest of the names there are, or `default`.

        `known` can say how to get them, where that takes work. After `MAX_COMPARED` names the
        words of this report are compared with no more.
        """
        if not self.can_compare():
            return default
        names = known() if callable(known) else known
        self.can_compare(len(names))
        return did_you_mean(word, names, default)

    def can_compare(self, names: int = 0) -> bool:
        """Whether a word may be compared with so many more names to help its writer.

        One that goes over the bound may still be; no other after it.
        """
        may = self._compared < MAX_COMPARED
        self._compared += names
        return may

    @property
    def has_errors(self) -> bool:
        """Whether an error is among the findings; warnings alone are none."""
        return any(d.severity == "error" for d in self.diagnostics)

    def check(self) -> None:
        """Raises what was found, where an error is among it."""
        if self.has_errors:
            raise DiagnosticsError(self)


class DiagnosticsError(SegdslError):
    """A stage that could not finish; `report` holds the diagnostics that say why."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__("\n".join(d.message for d in report.diagnostics))
