"""What a change of a predictive segment means, in plain sentences for a plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segdsl.language import predictive as p
from segdsl.language.values import ByName, Number
from segdsl.workspace.kinds.deliveries.words import named
from segdsl.workspace.project.keys import SEGMENT, Ref

_Names = Mapping[Ref, ByName]
_LISTED = 5
"""Features that are named one by one."""


def creation(segment: p.PredictiveSegment, names: _Names) -> list[str]:
    """What a new one will do, and that it has no scores before it is trained."""
    return [
        f"predicts who comes into {_segment(segment.predicts, names)}, learns from "
        f"{_segment(segment.among, names)} by {_features(segment.features)}, and gives scores to "
        f"{_segment(segment.scores, names)}",
        "has no scores until it is trained: `segdsl run predictive-segment` trains it",
    ]


def sentences(old: p.PredictiveSegment, new: p.PredictiveSegment, names: _Names) -> list[str]:
    """What a change means, and whether the model has to be trained again for it."""
    found: list[str] = []
    if old.predicts.target != new.predicts.target:
        found.append(f"predicts who comes into {_segment(new.predicts, names)} now")
    if _target(old.among) != _target(new.among):
        learns, before = _segment(new.among, names), _segment(old.among, names)
        found.append(f"learns from {learns} now, and no longer from {before}")
    if _target(old.scores) != _target(new.scores):
        found.append(f"gives scores to {_segment(new.scores, names)} now")
    found += _changed_features(old.features, new.features)
    if found:
        found.append("its model and its scores stay as they are until it is trained again")
    if old.grades != new.grades:
        found.append(
            f"grades change from {_grades(old.grades)} to {_grades(new.grades)}: rules that name "
            "grades select others, at once"
        )
    return found


def _target(use: p.SegmentUse | None) -> object:
    return None if use is None else use.target


def _segment(use: p.SegmentUse | None, names: _Names) -> str:
    return "all profiles" if use is None else f"the segment {named(SEGMENT, use.target, names)}"


def _grades(grades: tuple[Number, ...] | None) -> str:
    return "the server’s own" if grades is None else ", ".join(each.text for each in grades)


def _features(features: p.Features | None) -> str:
    if features is None or features.guessed:
        return "features that the server proposes"
    return _listed([f"“{each.name}”" for each in features.items]) or "no features"


def _changed_features(old: p.Features | None, new: p.Features | None) -> list[str]:
    if old == new:
        return []
    if new is None or new.guessed:
        return ["learns by features that the server proposes now"]
    before = {each.name: each for each in (() if old is None else old.items)}
    after = {each.name: each for each in new.items}
    changes: dict[str, Sequence[str]] = {
        "learns by {} too": [name for name in after if name not in before],
        "no longer learns by {}": [name for name in before if name not in after],
        "learns by {} in another form": [
            name for name in after if name in before and after[name] != before[name]
        ],
    }
    found = [
        sentence.format(_listed([f"“{name}”" for name in names]))
        for sentence, names in changes.items()
        if names
    ]
    return found or ["its features are in another order"]


def _listed(names: Sequence[str]) -> str:
    """`“age”, “city” and 3 more`."""
    if len(names) > _LISTED:
        return f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
