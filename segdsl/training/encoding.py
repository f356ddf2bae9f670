"""From the values of features to numbers, as the profiles that are learned from say.

A number is standardized, and a missing one is the mean; a number without any value is left out. The
most frequent categories of a feature are kept; another one, also one that was never seen in
learning, is none of them, as is a missing one. Only what is not zero is in memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from segdsl.engine import Arrays, Data
from segdsl.training.features import FeatureColumn
from segdsl.training.sample import Sample, name_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

MOST_CATEGORIES = 200
"""Categories that are kept of one feature, the most frequent ones."""


class NumberFeature(msgspec.Struct, frozen=True):
    """A number: its column in the rows, and what standardizes it."""

    name: str
    column: str
    mean: float
    deviation: float


class CategoryFeature(msgspec.Struct, frozen=True):
    """A category, or several: the column in the rows, and the places of those that are kept."""

    name: str
    column: str
    is_array: bool
    places: dict[str, int]


class Encoded(msgspec.Struct, frozen=True):
    """A batch of rows as numbers.

    `numbers` has a column for each number feature, NaN where it is missing. `rows` and `columns`
    say which row has which category: columns count all categories of all features, in order.
    """

    numbers: Any
    rows: Any
    columns: Any

    @property
    def size(self) -> int:
        return int(self.numbers.shape[0])


class Encoder(msgspec.Struct, frozen=True):
    """The features of a model with what was learned of their values."""

    numbers: tuple[NumberFeature, ...]
    categories: tuple[CategoryFeature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of numbers and then of categories, in the order of a model's columns."""
        return (
            *(each.name for each in self.numbers),
            *(f"{each.name}#{value}" for each in self.categories for value in each.places),
        )

    @property
    def starts(self) -> tuple[int, ...]:
        """The place of the first category of each feature."""
        starts, at = [], 0
        for each in self.categories:
            starts.append(at)
            at += len(each.places)
        return tuple(starts)

    def batches(self, sample: Sample, condition: str) -> Iterator[tuple[Encoded, Arrays]]:
        """The rows of a sample as numbers, with their `row` and whether they have converted."""
        import numpy as np

        kept = [
            *(each.column for each in self.numbers),
            *(each.column for each in self.categories if not each.is_array),
        ]
        columns = ", ".join(('"row"', "converted", *kept))
        arrays = [each for each in self.categories if each.is_array]
        elements = (
            [sample.batches(f'"row", unnest({each.column}) AS element', condition)]
            for each in arrays
        )
        for batch, *lists in zip(
            sample.batches(columns, condition), *(each for [each] in elements), strict=True
        ):
            rows: list[Integers] = []
            places: list[Integers] = []
            by_array = iter(lists)
            for feature, start in zip(self.categories, self.starts, strict=True):
                if feature.is_array:
                    listed = next(by_array)
                    own = np.searchsorted(batch["row"], listed["row"])
                    codes = _codes(feature, listed["element"])
                else:
                    own = np.arange(len(batch["row"]))
                    codes = _codes(feature, batch[feature.column])
                known = codes >= 0
                pairs = np.unique(np.stack([own[known], codes[known] + start]), axis=1)
                rows.append(pairs[0])
                places.append(pairs[1])
            yield Encoded(self._numbers(batch), _joined(rows), _joined(places)), batch

    def _numbers(self, batch: Arrays) -> Floats:
        import numpy as np

        columns = [
            np.ma.filled(np.ma.asarray(batch[each.column], dtype=np.float64), np.nan)
            for each in self.numbers
        ]
        if not columns:
            return np.empty((len(batch["row"]), 0))
        return np.stack(columns, axis=1)


def learn_encoder(features: Sequence[FeatureColumn], sample: Sample, data: Data) -> Encoder:
    """What the profiles that are learned from say of the values of features."""
    numbers = [(each, name_of(at)) for at, each in enumerate(features) if each.kind == "number"]
    categories = tuple(
        _categories(each, name_of(at), sample, data)
        for at, each in enumerate(features)
        if each.kind != "number"
    )
    return Encoder(_numbers(numbers, sample, data), categories)


def _numbers(
    features: Sequence[tuple[FeatureColumn, str]], sample: Sample, data: Data
) -> tuple[NumberFeature, ...]:
    if not features:
        return ()
    asked = ", ".join(f"avg({column}), stddev_pop({column})" for _, column in features)
    [row] = sample.values(data, f"SELECT {asked} FROM sample WHERE {sample.is_learned}")
    values = [None if value is None else float(str(value)) for value in row]
    pairs = zip(values[::2], values[1::2], strict=True)
    return tuple(
        NumberFeature(feature.name, column, mean, deviation or 1.0)
        for (feature, column), (mean, deviation) in zip(features, pairs, strict=True)
        # Of numbers whose squares are too large nothing can be learned, and they spoil the rest.
        if mean is not None
        and deviation is not None
        and math.isfinite(mean)
        and math.isfinite(deviation)
    )


def _categories(feature: FeatureColumn, column: str, sample: Sample, data: Data) -> CategoryFeature:
    is_array = feature.kind == "categories"
    value = f"unnest(list_distinct({column}))" if is_array else column
    rows = sample.values(
        data,
        f"SELECT value, count(*) AS number FROM (SELECT {value} AS value FROM sample "
        f"WHERE {sample.is_learned}) WHERE value IS NOT NULL GROUP BY value "
        f"ORDER BY number DESC, value LIMIT {MOST_CATEGORIES}",
    )
    values = sorted(str(value) for value, _ in rows)
    places = {value: at for at, value in enumerate(values)}
    return CategoryFeature(feature.name, column, is_array, places)


def _codes(feature: CategoryFeature, values: Any) -> Integers:
    """The places of categories, -1 of those that are not kept or missing."""
    import numpy as np

    plain: Any = np.ma.filled(np.ma.asarray(values, dtype=object), None)
    places = feature.places
    return np.fromiter((places.get(each, -1) for each in plain), np.int64, len(plain))


def _joined(parts: Sequence[Integers]) -> Integers:
    import numpy as np

    return np.concatenate(parts) if parts else np.empty(0, np.int64)
