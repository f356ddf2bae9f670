"""Activations and templates from their clauses.

They hold no names of definitions: what is looked up here are the names that must not be blank, and
those that two items must not share.
"""

from __future__ import annotations

from typing import Any, assert_never

from segdsl.language import activations as a
from segdsl.language.resolve.names import Names
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import tree as t
from segdsl.language.values import Reference
from segdsl.source import Span


def resolve_activation(item: t.Activation, names: Names) -> a.Activation | None:
    """The activation, or None after a report."""
    is_named = names.take(
        "activation",
        item.name,
        (item.target.kind, item.target.reference),
        item.name_span,
        f"another activation of this {item.target.kind} is",
    )
    is_known = names.refers(item.target.kind, item.target.reference, item.target.span)
    parts = _Parts(item.clauses, names)
    if not is_named or not is_known or parts.has_errors:
        return None
    return a.Activation(
        item.name,
        item.target,
        parts.description,
        parts.template,
        parts.delivery,
        item.span,
        item.name_span,
        parts.template_span,
        parts.description_span,
    )


def resolve_template(item: t.ActivationTemplate, names: Names) -> a.ActivationTemplate | None:
    """The template, or None after a report."""
    parts = _Parts(item.clauses, names)
    is_named = names.take(
        "activation template",
        item.name,
        parts.folder,
        item.name_span,
        "another template of this file is",
    )
    if not is_named or parts.has_errors:
        return None
    return a.ActivationTemplate(
        item.name,
        parts.folder,
        parts.description,
        parts.state,
        parts.locks,
        parts.delivery,
        item.span,
        item.name_span,
        parts.description_span,
    )


class _Parts:
    """What the clauses say; names that are blank are reported."""

    def __init__(self, clauses: tuple[d.DeliveryClause, ...], names: Names) -> None:
        self.description: str | None = None
        self.description_span = Span("", 0, 0)
        self.folder: str | None = None
        self.template: Reference | None = None
        self.template_span = Span("", 0, 0)
        self.state: a.TemplateState = "draft"
        self.locks: tuple[a.Lock, ...] = ()
        self.has_errors = False
        self._names = names
        self._behaviors: list[a.BehaviorExport] = []
        self._delivery: dict[str, Any] = {}
        for clause in clauses:
            self._take(clause)

    @property
    def delivery(self) -> a.Delivery:
        """What is sent, where to, and when."""
        return a.Delivery(behaviors=tuple(self._behaviors), **self._delivery)

    def _take(self, clause: d.DeliveryClause) -> None:
        match clause:
            case d.Described(text):
                self.description, self.description_span = text, clause.span
            case d.InFolder(folder):
                self.folder = folder
            case d.FromTemplate(template):
                self.template, self.template_span = template, clause.span
                self._look_up("activation template", template, clause.span)
            case a.Connection(connection):
                self._delivery["connection"] = clause
                self._look_up("connection", connection, clause.span)
            case a.Columns():
                self._delivery["columns"] = clause
            case a.BehaviorExport():
                self._behaviors.append(clause)
            case a.Repeat() | a.Once() | a.Cron() | a.ByHand() | a.AfterJourney():
                self._delivery["schedule"] = clause
            case a.Workflow():
                self._delivery["workflow"] = clause
            case d.InSequence():
                self._delivery["in_sequence"] = True
            case d.Settings(settings):
                self._delivery["settings"] = settings
            case a.Notification():
                self._delivery["notification"] = clause
                for recipient in clause.recipients:
                    self._look_up("user", recipient.user, recipient.span)
            case d.InState(state):
                self.state = state
            case d.Locked(locks):
                self.locks = locks
            case _:
                assert_never(clause)

    def _look_up(self, kind: str, target: Reference, span: Span) -> None:
        if not self._names.refers(kind, target, span):
            self.has_errors = True
