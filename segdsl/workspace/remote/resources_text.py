"""Lists of a server's resources as tables for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from segdsl.diagnostics.places import counted
from segdsl.terminal import visible
from segdsl.workspace.project.keys import ACTIVATION, FUNNEL, JOURNEY, PREDICTIVE, TEMPLATE
from segdsl.workspace.remote.resources import Listing, Resource

_NONE = "–"


class _Column(NamedTuple):
    title: str
    value: Callable[[Resource], str]
    right: bool = False


def _state(resource: Resource) -> str:
    state = resource.state or _NONE
    return f"{state}, paused" if resource.is_paused else state


def _stages(resource: Resource) -> str:
    return _NONE if resource.stages is None else str(len(resource.stages))


def _day(time: str | None) -> str:
    return (time or _NONE)[:10]


_STATE = _Column("State", _state)
_STAGES = _Column("Stages", _stages, right=True)
_VERSION = _Column(
    "Version", lambda each: _NONE if each.version is None else str(each.version), True
)
_COLUMNS: dict[str, tuple[_Column, ...]] = {
    FUNNEL: (_STAGES,),
    PREDICTIVE: (
        _STATE,
        _Column(
            "Accuracy",
            lambda each: _NONE if each.accuracy is None else f"{each.accuracy:.1f} %",
            right=True,
        ),
    ),
    JOURNEY: (_VERSION, _STATE, _STAGES),
    ACTIVATION: (_Column("Last run", lambda each: each.state or _NONE),),
    TEMPLATE: (_STATE,),
}
"""What is shown of a kind beside ids, paths and the day of the last change."""


def resources_table(listing: Listing) -> Table:
    """The resources of one kind by path, but for segments, which have a table of their own."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("Id", justify="right", no_wrap=True)
    made.add_column(listing.kind.capitalize(), overflow="fold")
    columns = _COLUMNS[listing.kind]
    for column in columns:
        made.add_column(column.title, justify="right" if column.right else "left", no_wrap=True)
    made.add_column("Updated", no_wrap=True)
    for each in listing.resources:
        made.add_row(
            f"#{each.id}",
            Text(visible(each.path)),
            *(Text(visible(column.value(each))) for column in columns),
            _day(each.updated_at),
        )
    return made


def unreadable_note(listing: Listing) -> str | None:
    """A sentence on the resources that cannot be read, with their names; None if all can."""
    if not listing.unreadable:
        return None
    listed = ", ".join(f"{each.title}: {each.why}" for each in listing.unreadable)
    return (
        f"{counted(len(listing.unreadable), listing.kind)} of the server cannot be read: {listed}"
    )
