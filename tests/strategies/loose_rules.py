"""The same rule as real servers answer it: keys left out, beside others, or written another way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from segdsl.language.values import Number
from strategies.wild_rules import json_text, plain_wild_rules

Json = dict[str, Any]
DASHBOARD: Json = {"segmentInsightDashboardId": None}
"""A key of another product, at any group."""

_IDLE: Json = {
    "arrayMatching": None,
    "exclude": False,
    "not": False,
    "groupingColumns": [],
    "filter": None,
    "reverse": False,
}
"""What a key says that may as well be left out."""
_REFERENCES = ("Reference", "FunnelStageReference", "AbTestVariantReference")
_NOT_EXCLUDED = ("Column", "PredictiveScoreReference", "MlAttributeReference")


def loosened(of: Any, chance: Callable[[], bool]) -> Any:
    """Equal plain data, looser wherever `chance` says so."""
    if isinstance(of, list):
        return [loosened(each, chance) for each in of]
    if not isinstance(of, dict) or not of:
        return of
    made = {key: loosened(each, chance) for key, each in of.items()}
    for key, idle in _IDLE.items():
        if key in made and made[key] == idle and chance():
            del made[key]
    kind = made.get("type")
    _add_nothing(made, kind, chance)
    if kind in _REFERENCES and chance():
        made["include"] = not made.get("exclude", False)
        if chance():
            made.pop("exclude", None)
    if kind in ("TimeWithinPast", "TimeWithinNext") and chance():
        made["value"] = Number(str(made["value"]))
    return made


def _add_nothing(made: Json, kind: Any, chance: Callable[[], bool]) -> None:
    """Adds what says nothing, where servers and clients have it."""
    is_condition = kind in ("Value", *_REFERENCES, *_NOT_EXCLUDED)
    # Operators and lengths of time have no such keys; what has a name or a column does.
    if (is_condition or {"name", "column", "aggregation", "attribute"} & made.keys()) and chance():
        made["visibility"] = "pii"
    if kind in _NOT_EXCLUDED and "order" not in made and chance():
        made["exclude"] = False
    if kind in ("Value", "And", "Or", "Composite") and "limit" not in made and chance():
        made["limit"] = None
    if kind in ("And", "Or", "Composite") and chance():
        made.update(DASHBOARD)
        if chance():
            made["visibility"] = "clear"


@st.composite
def loose_rules(draw: st.DrawFn) -> tuple[str, str]:
    """The JSON text of a rule that the v5 description admits, and that of the same more loosely."""
    rule = draw(plain_wild_rules())
    chance = draw(st.randoms(use_true_random=False))
    return json_text(rule), json_text(loosened(rule, lambda: chance.random() < 0.5))
