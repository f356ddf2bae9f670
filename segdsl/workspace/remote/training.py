"""Trains a predictive segment of a server: finds it, starts it at most once, waits for its end, and
reads what the model says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from segdsl.api import Client
from segdsl.api.activation_records import Execution
from segdsl.api.predictive_records import FeatureWeight, Histogram, PredictiveSegment
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.workspace.remote.ambiguous import ambiguous
from segdsl.workspace.remote.running import FailedRunError

TOP = 10
"""Features that are shown."""
BUCKETS = 10
"""Ranges of scores in a histogram, each ten wide."""


class PredictiveNotFoundError(InputError):
    """A predictive segment that does not exist, or a name that several have."""


class Trainable(msgspec.Struct, frozen=True):
    """A predictive segment with the path of its folder; None where that is not known."""

    segment: PredictiveSegment
    folder: tuple[str, ...] | None

    @property
    def path(self) -> str:
        return "/".join((*(self.folder or ()), self.segment.name))


class ScoreRange(msgspec.Struct, frozen=True):
    """How many profiles have a score from `low` on and below `high`; 100 is in the last range."""

    low: int
    high: int
    positives: int
    negatives: int


class Training(msgspec.Struct, frozen=True):
    """A training of a predictive segment; what the model says once it has ended with success.

    `accuracy` is in percent, `area` from 0 to 1; `features` are the heaviest, the first of them
    first.
    """

    of: Trainable
    execution: Execution
    accuracy: float | None = None
    area: float | None = None
    features: tuple[FeatureWeight, ...] = ()
    scores: tuple[ScoreRange, ...] = ()

    @property
    def is_trained(self) -> bool:
        return self.execution.status == "success"


async def find_predictive(client: Client, parent_id: str, name: str) -> Trainable:
    """The predictive segment with an id (`12`, `#12`), a path or a name.

    Raises PredictiveNotFoundError, ClientError.
    """
    listed = await client.predictive_segments(parent_id)
    paths: dict[str | None, tuple[str, ...]] = {
        each.id: each.path for each in await client.folders(parent_id)
    }
    every = [Trainable(each, paths.get(each.folder_id)) for each in listed]
    found = _named(every, name)
    if len(found) == 1:
        return found[0]
    if found:
        same = ((each.segment.id, each.path) for each in found)
        raise PredictiveNotFoundError(ambiguous("predictive segment", name, same))
    words = [each.segment.name for each in every] + [each.path for each in every]
    help = did_you_mean(name, words, "check the spelling, or pass its id")
    raise PredictiveNotFoundError(f"there is no predictive segment `{name}`; {help}")


def _named(every: Sequence[Trainable], name: str) -> list[Trainable]:
    by_id = [each for each in every if each.segment.id == name.removeprefix("#")]
    if by_id and name.startswith("#"):
        return by_id
    if not name.strip():
        return []
    by_name = [each for each in every if each.path == name]
    by_name = by_name or [each for each in every if each.segment.name == name]
    return by_name + [each for each in by_id if each not in by_name]


async def start(client: Client, parent_id: str, trainable: Trainable) -> Training:
    """Starts a training, at most once; raises ClientError."""
    execution = await client.run_predictive_segment(parent_id, trainable.segment.id)
    return Training(trainable, execution)


async def wait(
    client: Client,
    parent_id: str,
    training: Training,
    on_status: Callable[[Execution], None] = lambda execution: None,
) -> Training:
    """Waits until a training has ended, and reads what its model says; raises ClientError."""
    id = training.of.segment.id
    ended = await client.wait_for_training(parent_id, id, training.execution, on_status=on_status)
    if ended.status != "success":
        return msgspec.structs.replace(training, execution=ended)
    segment = await client.predictive_segment(parent_id, id)
    features = await client.model_features(parent_id, id, TOP)
    heaviest = sorted(features, key=lambda each: -abs(each.weight))[:TOP]
    return Training(
        training.of,
        ended,
        segment.accuracy,
        segment.area,
        tuple(heaviest),
        score_ranges(await client.model_scores(parent_id, id)),
    )


def score_ranges(histogram: Histogram) -> tuple[ScoreRange, ...]:
    """The scores in ranges, all of them, the lowest first."""
    counts = [[0, 0] for _ in range(BUCKETS)]
    for side, pairs in enumerate((histogram.positives, histogram.negatives)):
        for score, number in pairs:
            at = min(max(int(score * BUCKETS / 100), 0), BUCKETS - 1)
            counts[at][side] += number
    width = 100 // BUCKETS
    return tuple(
        ScoreRange(at * width, (at + 1) * width, positives, negatives)
        for at, (positives, negatives) in enumerate(counts)
    )


def check_trained(training: Training) -> None:
    """Raises FailedRunError for a training that ended without success."""
    execution = training.execution
    if execution.is_ended and not training.is_trained:
        why = "" if execution.message is None else f": {execution.message}"
        raise FailedRunError(
            f"the training of {training.of.path} (#{training.of.segment.id}) ended as "
            f"`{execution.status}`{why}",
            "look at its log in the console" if execution.message is None else None,
        )
