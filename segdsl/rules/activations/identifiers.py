"""Ids in bodies: those of connections, templates, users and segments."""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.references.ids import IdResolver, Ids
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import Number, Reference
from segdsl.source import Span

Kind = OneOf["connection", "user", "activation template", "segment"]


class Identifiers(msgspec.Struct, frozen=True):
    """Turns references into the API's ids; see `IdResolver` for `symbolic`."""

    ids: Ids
    report: Report
    symbolic: bool = False

    def text(self, kind: Kind, target: Reference, span: Span) -> str | None:
        """The id as a string; None after a report."""
        return IdResolver(self.symbolic, self.ids).id_at(kind, target, span, (), self.report)

    def number(self, kind: Kind, target: Reference, span: Span) -> Number | str | None:
        """The id as a number, as bodies have it; a symbolic id is a string. None after a report."""
        id = self.text(kind, target, span)
        if id is None:
            return None
        number = Number(id)
        if number.is_whole:
            return number
        if self.symbolic:
            return id
        self.report.add(
            Code.SEG313,
            span,
            f"the id of a {kind} is a number, and this is {reference(target, kind)}",
            help="write the number behind `#`",
        )
        return None
