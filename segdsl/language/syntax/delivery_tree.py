"""The clauses of activations and templates in the syntax tree.

A module of its own, so that a file of segments does not load it.
"""

from __future__ import annotations

import msgspec

from segdsl.language import activations as a
from segdsl.language.values import Reference
from segdsl.source import NOWHERE, Span


class Described(msgspec.Struct, frozen=True, gc=False):
    """`description "…"` of an activation or a template."""

    text: str
    span: Span = NOWHERE


class InFolder(msgspec.Struct, frozen=True, gc=False):
    """`folder "…"` of a template."""

    folder: str
    span: Span = NOWHERE


class FromTemplate(msgspec.Struct, frozen=True, gc=False):
    """`from template "Weekly export"`."""

    template: Reference
    span: Span = NOWHERE


class Settings(msgspec.Struct, frozen=True, gc=False):
    """`with (…)`: the settings of the connector."""

    settings: a.MapSetting
    span: Span = NOWHERE


class InSequence(msgspec.Struct, frozen=True, gc=False):
    """`in sequence`."""

    span: Span = NOWHERE


class InState(msgspec.Struct, frozen=True, gc=False):
    """`state published` of a template."""

    state: a.TemplateState
    span: Span = NOWHERE


class Locked(msgspec.Struct, frozen=True, gc=False):
    """`locked (columns, settings (de_name))` of a template, in the order of `a.LOCKS`."""

    locks: tuple[a.Lock, ...]
    span: Span = NOWHERE


DeliveryClause = (
    Described
    | InFolder
    | FromTemplate
    | a.Connection
    | a.Columns
    | a.BehaviorExport
    | a.Schedule
    | a.Workflow
    | InSequence
    | Settings
    | a.Notification
    | InState
    | Locked
)
"""A clause of an activation or a template, in the order in which they are written.

Each stands at most once, but for those of behaviors.
"""
