"""Trains one model: rows by SQL, numbers in batches, a model, its quality, and all scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from segdsl.engine import Data, Export, Frame
from segdsl.training.encoding import Encoder, learn_encoder
from segdsl.training.errors import TrainingError, check_installed
from segdsl.training.model import HISTOGRAM, Task, Trained
from segdsl.training.sample import Sample, read_sample, start_sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segdsl.training.estimators import Estimator

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

MOST_IN_TREES = 200_000
"""Profiles that gradient boosting learns from: it has no sparse rows."""
_PREDICTED = "predicted"
_DIGITS = 4

Runs = Callable[[Frame | Export], None]
"""Is given what runs now, so that it can be killed."""


def _ignore(running: Frame | Export) -> None:
    """Whoever does not kill a training does not look at it."""


class _Quality(msgspec.Struct, frozen=True):
    accuracy: float
    area: float


def train(task: Task, data: Data, who: str, on_run: Runs = _ignore) -> Trained:
    """Trains a model and scores the profiles that it is to score.

    `who` are those that convert, in messages, such as “segment “Buyers””. Raises TrainingError
    where scikit-learn is missing or there is nothing to learn from; QueryKilled and QueryFailed.
    """
    check_installed()
    if not task.features:
        raise TrainingError("the model has no features to learn from: name some attributes")
    frame = start_sample(task, data)
    try:
        on_run(frame)
        sample = read_sample(frame, data, who)
        return _trained(task, sample, data, on_run)
    finally:
        frame.discard()


def _trained(task: Task, sample: Sample, data: Data, on_run: Runs) -> Trained:
    from segdsl.training.estimators import estimator

    encoder = learn_encoder(task.features, sample, data)
    if not encoder.names:
        raise TrainingError("no feature has a value: the model has nothing to learn from")
    model = estimator(task.method, encoder, sample.learned)
    model.fit(*_learned(task, sample, encoder, model))
    matrix, answers = _rows(sample, encoder, model, sample.is_held_out)
    quality = _quality(model.probabilities(matrix), answers)
    weights = model.weights(matrix, answers)
    scores = _scores(sample, encoder, model)
    export = _export(task, sample, data, scores)
    try:
        on_run(export)
        scored = export.wait()
        histograms = _histograms(sample, data, scores)
    except BaseException:
        export.discard()
        raise
    return Trained(
        quality.accuracy,
        quality.area,
        weights,
        tuple((each.name, each.kind) for each in task.features),
        *histograms,
        sum(sample.learned),
        sum(sample.held_out),
        scored,
        export,
    )


def _learned(task: Task, sample: Sample, encoder: Encoder, model: Estimator) -> tuple[Any, Any]:
    """The rows that a model learns from; of many, trees learn from an even share."""
    learned = sum(sample.learned)
    if task.method == "logistic" or learned <= MOST_IN_TREES:
        return _rows(sample, encoder, model, sample.is_learned)
    no, yes = (max(1, number * MOST_IN_TREES // learned) for number in sample.learned)
    few = msgspec.structs.replace(sample, learned=(no, yes))
    return _rows(few, encoder, model, few.is_learned)


def _rows(
    sample: Sample, encoder: Encoder, model: Estimator, condition: str
) -> tuple[Any, Integers]:
    """The rows of a sample as a model takes them, with the answers."""
    import numpy as np

    from segdsl.training.estimators import stacked

    matrices: list[Any] = []
    answers: list[Integers] = []
    for batch, columns in encoder.batches(sample, condition):
        matrices.append(model.matrix(batch))
        answers.append(np.asarray(columns["converted"], dtype=np.int64))
    return stacked(matrices), np.concatenate(answers)


def _quality(probabilities: Floats, answers: Integers) -> _Quality:
    """A profile counts as converting from a score above 50 (documented)."""
    from sklearn.metrics import roc_auc_score

    accuracy = float(((probabilities > 0.5) == (answers == 1)).mean())
    return _Quality(100 * accuracy, float(roc_auc_score(answers, probabilities)))


def _scores(sample: Sample, encoder: Encoder, model: Estimator) -> dict[str, Any]:
    """The scores from 0 to 100 of the rows that are to be scored, by `row`."""
    import numpy as np

    rows: list[Integers] = []
    scores: list[Floats] = []
    for batch, columns in encoder.batches(sample, "is_scored"):
        if batch.size:
            rows.append(np.asarray(columns["row"], dtype=np.int64))
            probabilities = model.probabilities(model.matrix(batch))
            scores.append(np.round(100 * probabilities, _DIGITS))
    return {
        "row": np.concatenate(rows) if rows else np.empty(0, np.int64),
        "score": np.concatenate(scores) if scores else np.empty(0, np.float64),
    }


def _export(task: Task, sample: Sample, data: Data, scores: dict[str, Any]) -> Export:
    grade = " + ".join(f"CAST(score >= {each!r} AS BIGINT)" for each in task.thresholds)
    query = sample.query(
        f"SELECT '{task.model}' AS model_id, profile AS cdp_customer_id, score, "
        f"1 + {grade or '0'} AS grade, converted "
        f'FROM sample JOIN {_PREDICTED} USING ("row") ORDER BY "row"'
    )
    return data.export(query, "parquet", {_PREDICTED: scores})


def _histograms(
    sample: Sample, data: Data, scores: dict[str, Any]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Of all positives, of those that were not learned from, and of the negatives."""
    import numpy as np

    found = {name: np.zeros(HISTOGRAM, np.int64) for name in ("yes", "unseen", "no")}
    places = np.floor(scores["score"]).astype(np.int64)
    at = 0
    learned = f"coalesce({sample.is_learned}, false) AS is_learned"
    for batch in sample.batches(f"converted, {learned}", "is_scored"):
        yes = np.asarray(batch["converted"], dtype=bool)
        seen = np.asarray(batch["is_learned"], dtype=bool)
        own = places[at : at + len(yes)]
        at += len(yes)
        found["yes"] += np.bincount(own[yes], minlength=HISTOGRAM)
        found["unseen"] += np.bincount(own[yes & ~seen], minlength=HISTOGRAM)
        found["no"] += np.bincount(own[~yes], minlength=HISTOGRAM)
    yes_, unseen, no = (tuple(int(each) for each in found[name]) for name in found)
    return yes_, unseen, no
