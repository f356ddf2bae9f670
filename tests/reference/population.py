"""Profiles and their events in memory, as both reference evaluators read them.

Data only. A missing value is None or simply not there; times are Unix seconds;
a number is an int or an exact fraction, so that no result hangs on rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal as OneOf

import msgspec

from reference.calendar import Calendar

Scalar = str | bool | int | Fraction
Array = tuple[Scalar | None, ...]
Value = Scalar | Array | None
Event = Mapping[str, Value]


class Profile(msgspec.Struct, frozen=True):
    """One profile.

    `groups` holds attributes of customer groups by (group, attribute). `memberships`
    holds the id (or name) of each segment, stage and variant it is in. `scores` are
    (grade, converted) by model; `ml` is by (solution, model, attribute).
    """

    id: str
    attributes: Mapping[str, Value] = {}
    groups: Mapping[tuple[str, str], Value] = {}
    events: Mapping[str, tuple[Event, ...]] = {}
    memberships: frozenset[tuple[OneOf["segment", "stage", "variant"], str]] = frozenset()
    scores: Mapping[str, tuple[int, bool]] = {}
    ml: Mapping[tuple[OneOf["rfm", "cltv"], str, str], Value] = {}


class Population(msgspec.Struct, frozen=True):
    """All profiles of a parent segment, its time zone, and the one `now`."""

    profiles: tuple[Profile, ...]
    now: int
    zone: str

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.now, self.zone)
