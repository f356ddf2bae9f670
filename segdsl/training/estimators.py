"""The two models behind one interface: logistic regression and gradient boosting of trees."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from segdsl.training.encoding import Encoded, Encoder
from segdsl.training.model import Method, Weight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_SEED = 0
_MOST_BINS = 255
_LEAST_ELEMENTS = 50
"""Categories of an array that trees can ask for, the first of them."""
_MOST_MEASURED = 5_000
"""Profiles that the weights of trees are measured on."""
_MANY = 20_000
"""Rows from which trees are worth more than one thread: threads wait for each other."""


class Rates(msgspec.Struct, frozen=True):
    """How often each profile of an answer is learned from: more than once where it is very rare.

    That is taken back in the scores, which are probabilities (both observed).
    """

    no: int = 1
    yes: int = 1

    @classmethod
    def of(cls, no: int, yes: int) -> Rates:
        return cls(_rate(no, yes), _rate(yes, no))

    @property
    def weights(self) -> dict[int, int]:
        return {0: self.no, 1: self.yes}

    def calibrated(self, probabilities: Floats) -> Floats:
        yes = probabilities / self.yes
        return yes / (yes + (1 - probabilities) / self.no)


def _rate(few: int, many: int) -> int:
    """1 from one of a thousand on, and below so many that it is like one of a hundred."""
    return many // (100 * few) if 1_000 * few < many else 1


class Estimator(Protocol):
    """A model of rows that an `Encoder` made."""

    def matrix(self, batch: Encoded) -> Any:
        """The rows of a batch as the model takes them."""
        ...

    def fit(self, matrix: Any, answers: Integers) -> None:
        """Learns from rows of `stacked` matrices and their answers, 0 and 1."""
        ...

    def probabilities(self, matrix: Any) -> Floats:
        """How likely the answer 1 is in each row."""
        ...

    def weights(self, matrix: Any, answers: Integers) -> tuple[Weight, ...]:
        """What the features weigh; trees are measured on these rows, which were held out."""
        ...


def estimator(method: Method, encoder: Encoder, learned: tuple[int, int]) -> Estimator:
    """A model; `learned` are the numbers of profiles with the answers no and yes."""
    rates = Rates.of(*learned)
    return Logistic(encoder, rates) if method == "logistic" else Boosting(encoder, rates)


def stacked(matrices: Iterable[Any]) -> Any:
    """The rows of many matrices, which are sparse or not."""
    listed = list(matrices)
    if sparse.issparse(listed[0]):
        return sparse.vstack(listed, format="csr")
    return np.concatenate(listed)


def _threads(matrix: Any) -> AbstractContextManager[object]:
    """Limits the threads of few rows to one."""
    return threadpool_limits(1, "openmp") if len(matrix) < _MANY else nullcontext()


class Logistic:
    """Logistic regression on sparse rows: numbers are standardized, and each category is a column.

    It is the vendor's model (observed); there numbers are put between their extremes instead.
    """

    def __init__(self, encoder: Encoder, rates: Rates) -> None:
        self._encoder = encoder
        self._rates = rates
        self._model = LogisticRegression(class_weight=rates.weights, max_iter=2_000)

    def matrix(self, batch: Encoded) -> Any:
        numbers = [
            np.nan_to_num((batch.numbers[:, at] - each.mean) / each.deviation, nan=0.0)
            for at, each in enumerate(self._encoder.numbers)
        ]
        size, width = batch.size, len(self._encoder.names)
        dense = np.stack(numbers, axis=1) if numbers else np.empty((size, 0))
        shape = (size, width - dense.shape[1])
        ones = np.ones(len(batch.rows))
        categories = sparse.csr_matrix((ones, (batch.rows, batch.columns)), shape=shape)
        return sparse.hstack([sparse.csr_matrix(dense), categories], format="csr")

    def fit(self, matrix: Any, answers: Integers) -> None:
        with warnings.catch_warnings():
            # A model that has not converged is one that scores all the same.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit(matrix, answers)

    def probabilities(self, matrix: Any) -> Floats:
        return self._rates.calibrated(self._model.predict_proba(matrix)[:, 1])

    def weights(self, matrix: Any, answers: Integers) -> tuple[Weight, ...]:
        values = self._model.coef_[0]
        return tuple(
            Weight(name, float(value))
            for name, value in zip(self._encoder.names, values, strict=True)
        )


class Boosting:
    """Gradient boosting of trees: a category is a number of its own, an array a column for each.

    A weight is how much worse the area under the curve gets where the feature is shuffled.
    """

    def __init__(self, encoder: Encoder, rates: Rates) -> None:
        self._encoder = encoder
        self._rates = rates
        self._arrays = [each for each in encoder.categories if each.is_array]
        single = len(encoder.categories) - len(self._arrays)
        elements = sum(min(len(each.places), _LEAST_ELEMENTS) for each in self._arrays)
        is_category = [False] * len(encoder.numbers) + [True] * single + [False] * elements
        self._model = HistGradientBoostingClassifier(
            class_weight=rates.weights,
            categorical_features=np.array(is_category) if single else None,
            max_bins=_MOST_BINS,
            random_state=_SEED,
        )

    def matrix(self, batch: Encoded) -> Any:
        size = batch.size
        parts = [batch.numbers]
        columns = zip(self._encoder.categories, self._encoder.starts, strict=True)
        elements = []
        for feature, start in columns:
            inside = (batch.columns >= start) & (batch.columns < start + len(feature.places))
            rows, places = batch.rows[inside], batch.columns[inside] - start
            if not feature.is_array:
                codes = np.full((size, 1), np.nan)
                codes[rows, 0] = places
                parts.append(codes)
                continue
            flags = np.zeros((size, min(len(feature.places), _LEAST_ELEMENTS)))
            kept = places < flags.shape[1]
            flags[rows[kept], places[kept]] = 1.0
            elements.append(flags)
        return np.concatenate([*parts, *elements], axis=1)

    def fit(self, matrix: Any, answers: Integers) -> None:
        with _threads(matrix):
            self._model.fit(matrix, answers)

    def probabilities(self, matrix: Any) -> Floats:
        with _threads(matrix):
            return self._rates.calibrated(self._model.predict_proba(matrix)[:, 1])

    def weights(self, matrix: Any, answers: Integers) -> tuple[Weight, ...]:
        few = matrix[:_MOST_MEASURED]
        with _threads(few):
            measured = permutation_importance(
                self._model,
                few,
                answers[:_MOST_MEASURED],
                scoring="roc_auc",
                n_repeats=3,
                random_state=_SEED,
            )
        return tuple(
            Weight(name, float(value))
            for name, value in zip(self._names(), measured.importances_mean, strict=True)
        )

    def _names(self) -> list[str]:
        return [
            *(each.name for each in self._encoder.numbers),
            *(each.name for each in self._encoder.categories if not each.is_array),
            *(
                f"{each.name}#{value}"
                for each in self._arrays
                for value in list(each.places)[:_LEAST_ELEMENTS]
            ),
        ]
