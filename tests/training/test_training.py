"""Models against scikit-learn called by hand, and against data that knows the answer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from segdsl.engine import Data, open_data
from segdsl.language.activations import Call
from segdsl.language.predictive import Feature, FeatureSource
from segdsl.language.values import Number, Text
from segdsl.sql import SqlError
from segdsl.training import (
    METHODS,
    Method,
    Task,
    TrainingError,
    check_installed,
    errors,
    grade_of,
    train,
)
from segdsl.training.encoding import MOST_CATEGORIES
from segdsl.training.estimators import Rates
from training_world import (
    CITIES,
    FEATURES,
    TAGS,
    Row,
    columns,
    held_out,
    opened,
    rows,
    scores_of,
    trained,
    where,
    write,
)


def by_hand(profiles: list[Row]) -> tuple[LogisticRegression, sparse.csr_matrix, np.ndarray]:
    """A model of the same features that scikit-learn alone makes, its rows, and the answers."""
    unseen = held_out(profiles)
    learned = [row["cdp_customer_id"] not in unseen for row in profiles]
    numbers = np.array([[row["age"], row["spent"]] for row in profiles], dtype=float)
    mean = np.nanmean(numbers[learned], axis=0)
    deviation = np.nanstd(numbers[learned], axis=0)
    numbers = np.nan_to_num((numbers - mean) / deviation)
    cities = np.array([[row["city"] == city for city in CITIES] for row in profiles], dtype=float)
    tags = np.array([[tag in json.loads(row["tags"]) for tag in TAGS] for row in profiles], float)
    matrix = sparse.csr_matrix(np.concatenate([numbers, cities, tags], axis=1))
    answers = np.array([row["buys"] for row in profiles])
    model = LogisticRegression(max_iter=2_000)
    model.fit(matrix[learned], answers[learned])
    return model, matrix, answers


@pytest.fixture(scope="module")
def profiles() -> list[Row]:
    return rows(3_000)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, profiles: list[Row]) -> Iterator[Data]:
    with opened(tmp_path_factory.mktemp("shop"), profiles) as opened_data:
        yield opened_data


def test_logistic_regression_is_that_of_scikit_learn(data: Data, profiles: list[Row]) -> None:
    model, matrix, answers = by_hand(profiles)
    unseen = held_out(profiles)
    out = [row["cdp_customer_id"] in unseen for row in profiles]
    expected = model.predict_proba(matrix)[:, 1]
    ours = trained(data)
    assert ours.held_out == len(unseen)
    assert ours.learned == len(profiles) - len(unseen)
    assert ours.area == pytest.approx(roc_auc_score(answers[out], expected[out]), abs=1e-4)
    correct = (expected[out] > 0.5) == (answers[out] == 1)
    assert ours.accuracy == pytest.approx(100 * correct.mean(), abs=0.5)
    scores = scores_of(data, ours)
    for row, probability in zip(profiles, expected, strict=True):
        assert scores[row["cdp_customer_id"]][0] == pytest.approx(100 * probability, abs=0.05)
    names = ["age", "spent", *(f"city#{each}" for each in CITIES), *(f"tags#{t}" for t in TAGS)]
    assert [each.feature for each in ours.weights] == names
    for each, weight in zip(ours.weights, model.coef_[0], strict=True):
        assert each.weight == pytest.approx(weight, abs=1e-2)
    ours.scores.discard()


@pytest.mark.parametrize("method", METHODS)
def test_a_model_finds_what_the_data_was_made_of(data: Data, method: Method) -> None:
    ours = trained(data, method=method)
    assert ours.area > 0.6
    assert ours.accuracy > 55
    weights = {each.feature: each.weight for each in ours.weights}
    strongest = max(weights, key=lambda name: abs(weights[name]))
    assert strongest in ("age", "city", "city#Oslo", "tags#vip")
    assert abs(weights["spent"]) < abs(weights["age"])
    ours.scores.discard()


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_changes_nothing(
    tmp_path: Path, data: Data, profiles: list[Row], method: Method
) -> None:
    shuffled = list(profiles)
    random.Random(2).shuffle(shuffled)
    first = trained(data, method=method)
    with opened(tmp_path / "shuffled", shuffled) as other:
        second = trained(other, method=method)
        assert second.area == first.area
        assert scores_of(other, second) == scores_of(data, first)
    first.scores.discard()


def test_histograms_count_each_scored_profile_once(data: Data, profiles: list[Row]) -> None:
    ours = trained(data, scores=where("age >= 40"))
    scores = scores_of(data, ours)
    older = {row["cdp_customer_id"] for row in profiles if (row["age"] or 0) >= 40}
    assert set(scores) == older
    assert ours.scored == len(older)
    unseen = held_out(profiles)
    for histogram, ids in (
        (ours.positives, {id for id in older if scores[id][2]}),
        (ours.unseen_positives, {id for id in older & unseen if scores[id][2]}),
        (ours.negatives, {id for id in older if not scores[id][2]}),
    ):
        expected = [0] * 101
        for id in ids:
            expected[int(scores[id][0])] += 1
        assert list(histogram) == expected
    ours.scores.discard()


def test_grades_are_by_thresholds(data: Data) -> None:
    thresholds = (60.0, 45.5, 30.0)
    ours = trained(data, thresholds=thresholds)
    graded = scores_of(data, ours)
    assert {grade for _, grade, _ in graded.values()} == {1, 2, 3, 4}
    for score, grade, _ in graded.values():
        assert grade == grade_of(score, thresholds)
    ours.scores.discard()


def test_only_those_among_are_learned_from(data: Data, profiles: list[Row]) -> None:
    oslo = [row for row in profiles if row["city"] == "Oslo"]
    ours = trained(data, among=where("city = 'Oslo'"))
    assert ours.held_out == len(held_out(oslo))
    assert ours.learned == len(oslo) - ours.held_out
    # Everyone is scored, and cities that were never seen are no city.
    assert ours.scored == len(profiles)
    assert [each.feature for each in ours.weights if each.feature.startswith("city")] == [
        "city#Oslo"
    ]
    ours.scores.discard()


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_probabilities_also_where_one_answer_is_very_rare(
    tmp_path: Path, method: Method
) -> None:
    """What is learned from more than once is taken back: on average as many score as convert."""
    chance = random.Random(3)
    profiles: list[Row] = [
        {"cdp_customer_id": str(at), "x": round(chance.gauss(at < 9), 3), "buys": int(at < 9)}
        for at in range(12_000)
    ]
    folder = write(tmp_path / "rare", profiles)
    (folder / "parent_segment.toml").unlink()
    with open_data(folder) as data:
        ours = trained(data, (Feature("number", "x"),), method=method)
        scores = scores_of(data, ours)
        assert sum(score for score, _, _ in scores.values()) / 100 == pytest.approx(9, rel=0.7)
        ours.scores.discard()


@pytest.mark.parametrize(
    ("no", "yes", "rates"),
    [(1_000, 1, (1, 1)), (1_001, 1, (1, 10)), (500, 500, (1, 1)), (1, 50_000, (500, 1))],
)
def test_how_often_a_rare_answer_is_learned_from(no: int, yes: int, rates: tuple[int, int]) -> None:
    found = Rates.of(no, yes)
    assert (found.no, found.yes) == rates
    even = found.calibrated(np.array([found.yes * yes / (found.yes * yes + found.no * no)]))
    assert even[0] == pytest.approx(yes / (no + yes))


def test_many_categories_are_bounded(tmp_path: Path) -> None:
    profiles = rows(2_000)
    for at, row in enumerate(profiles):
        row["code"] = f"code {at % 1_500}"
    with opened(tmp_path / "many", profiles) as data:
        for method in METHODS:
            ours = trained(data, (Feature("category", "code"), *FEATURES), method=method)
            names = [each.feature for each in ours.weights if each.feature.startswith("code")]
            assert len(names) == (MOST_CATEGORIES if method == "logistic" else 1)
            ours.scores.discard()


def test_features_are_computed_by_the_functions_of_exports(data: Data) -> None:
    years = FeatureSource("age", None, (Call("multiply", (Number("12"),)),))
    missing = FeatureSource("city", "customers", (Call("cast_as_categorical", (Text("none"),)),))
    ours = trained(data, (Feature("number", "months", years), Feature("category", "town", missing)))
    names = {each.feature for each in ours.weights}
    assert names == {"months", "town#none", *(f"town#{city}" for city in CITIES)}
    assert ours.columns == (("months", "number"), ("town", "category"))
    ours.scores.discard()


@pytest.mark.parametrize("method", METHODS)
def test_values_that_are_no_numbers_are_missing(tmp_path: Path, method: Method) -> None:
    profiles = rows(300)
    for at, row in enumerate(profiles):
        row["text"] = ["12", "many", "nan", "inf", ""][at % 5]
        row["empty"] = None
        row["same"] = 5
    with opened(tmp_path / "odd", profiles) as data:
        odd = tuple(Feature("number", name) for name in ("text", "empty", "same"))
        ours = trained(data, (*odd, Feature("category", "city")), method=method)
        scores = [score for score, _, _ in scores_of(data, ours).values()]
        assert all(0 <= score <= 100 for score in scores)
        ours.scores.discard()


# --- what cannot be trained -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("age = 200", "0 are in the buyers"),
        ("cdp_customer_id IN ('p1', 'p2')", "2 are in the buyers"),
        ("true", "0 are not in the buyers"),
    ],
)
def test_there_must_be_something_to_learn(data: Data, condition: str, message: str) -> None:
    with pytest.raises(TrainingError, match=f"nothing to learn.* {message}, and it needs 5"):
        trained(data, converts=where(condition))


def test_there_must_be_features(data: Data) -> None:
    with pytest.raises(TrainingError, match="no features"):
        train(Task("7", (), where("buys = 1")), data, "the buyers")


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (Feature("number", "nothing"), "has no attribute `nothing`"),
        (Feature("number", "tags"), "`tags` is an array"),
        (Feature("category", "tags"), "`tags` is an array"),
        (Feature("categories", "city"), "`city` is no array"),
        (
            Feature("number", "x", FeatureSource("amount", "behavior_orders")),
            "from the table `behavior_orders`, which may have many rows",
        ),
        (
            Feature("number", "x", FeatureSource("tags", None, (Call("ln"),))),
            "`ln`",
        ),
    ],
)
def test_a_feature_fits_its_column(data: Data, feature: Feature, message: str) -> None:
    with pytest.raises(SqlError, match=message):
        columns(data, (feature,))


def test_a_feature_is_named_once(data: Data) -> None:
    with pytest.raises(SqlError, match="`age` is there twice"):
        columns(data, (Feature("number", "age"), Feature("category", "age")))


def test_without_the_extra_the_error_says_how_to_get_it(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == "sklearn" else name)
    with pytest.raises(TrainingError, match=r"pip install 'segdsl\[models\]'"):
        check_installed()
    with pytest.raises(TrainingError, match=r"pip install 'segdsl\[models\]'"):
        trained(data)


@pytest.mark.parametrize("huge", [1e200, 1e308])
def test_numbers_too_large_to_be_standardized_do_not_spoil_the_others(
    tmp_path: Path, huge: float
) -> None:
    profiles = [{**row, "age": huge * (at % 2 * 2 - 1)} for at, row in enumerate(rows(300))]
    features = (Feature("category", "city"),)
    with opened(tmp_path / "shop", profiles) as data:
        without = trained(data, features)
        with_huge = trained(data, (Feature("number", "age"), *features))
        without.scores.discard()
        with_huge.scores.discard()
    assert any(each.weight for each in without.weights)
    assert with_huge.weights == without.weights
