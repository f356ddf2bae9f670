"""A training as text: how good the model is, what it goes by, and which scores it gave."""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.terminal import visible
from segdsl.workspace.remote.preview import bar
from segdsl.workspace.remote.training import Training

_BAR = 30
"""Characters of the longest bar."""


def training_text(training: Training) -> str:
    """A training as lines for a person; of one that has not ended with success the first line."""
    return "\n".join(_lines(training))


def _lines(training: Training) -> Iterator[str]:
    ended = training.execution.is_ended
    status = visible(training.execution.status) if ended else "started"
    yield f"{status}  {visible(training.of.path)}  #{training.of.segment.id}"
    if not training.is_trained:
        return
    if training.accuracy is not None:
        yield f"accuracy  {training.accuracy:.1f}%"
    if training.area is not None:
        yield f"AUC       {training.area:.3f}"
    yield from _features(training)
    yield from _scores(training)


def _features(training: Training) -> Iterator[str]:
    if not training.features:
        return
    yield ""
    yield "what weighs most:"
    names = [visible(each.feature) for each in training.features]
    width = max(map(len, names))
    for name, each in zip(names, training.features, strict=True):
        yield f"  {name:{width}}  {each.weight:+.3f}"


def _scores(training: Training) -> Iterator[str]:
    most = max((each.positives + each.negatives for each in training.scores), default=0)
    if most == 0:
        return
    yield ""
    yield "scores, with those who have converted:"
    for each in training.scores:
        number = each.positives + each.negatives
        drawn = bar(number, most, _BAR)
        yield f"  {each.low:3}-{each.high:3}  {number:>9,}  {each.positives:>9,}  {drawn}".rstrip()
