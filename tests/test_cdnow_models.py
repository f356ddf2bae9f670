"""Who buys again at CDNOW: a model of the example against scikit-learn called by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from segdsl.diagnostics import Report
from segdsl.engine import Data, open_data
from segdsl.language.predictive import Feature, Features
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.tree import PredictiveSegment
from segdsl.source import Source
from segdsl.sql import selection
from segdsl.training import METHODS, Method, Task, Trained, feature_columns, train
from test_cdnow import (
    CDNOW,
    OCTOBER,
    PURCHASES,
    Customers,
    build,
    context,
    purchases,
    segments,
    total,
    with_purchases,
)


def features() -> tuple[Feature, ...]:
    """The features of the example's predictive segment."""
    path = CDNOW / "models.seg"
    file = parse(Source(path.name, path.read_text(encoding="utf-8")), Report())
    [segment] = [each for each in file.items if isinstance(each, PredictiveSegment)]
    [found] = [each for each in segment.clauses if isinstance(each, Features)]
    return found.items


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    folder: Path = tmp_path_factory.mktemp("cdnow")
    assert build(PURCHASES, "--out", folder).returncode == 0
    with open_data(folder) as opened:
        yield opened


def trained(data: Data, method: Method) -> Trained:
    """The model of the example, trained over the engine."""
    [converted] = [each for each in segments() if each.name == "Bought since October"]
    columns = feature_columns(features(), context(data))
    task = Task("1", columns, selection(converted, context(data)), method=method)
    found = train(task, data, "the buyers")
    found.scores.discard()
    return found


def by_hand(customers: Customers) -> tuple[float, float]:
    """The area and the accuracy of scikit-learn on features that Python makes from the CSV."""
    ids = sorted(customers)
    rows: list[list[float]] = []
    cohorts: list[str] = []
    for id in ids:
        early = [each for each in customers[id] if each.day < OCTOBER]
        first = customers[id][0]
        amount, quantity = float(first.amount), first.quantity
        silence = -max(early).day.toordinal()
        rows.append([len(early), float(total(early)), amount, quantity, silence])
        cohorts.append(f"{first.day:%Y-%m}")
    answers = np.array([any(each.day >= OCTOBER for each in customers[id]) for id in ids])
    unseen: set[str] = set()
    for answer in (False, True):
        own = [id for id, each in zip(ids, answers, strict=True) if each == answer]
        own.sort(key=lambda id: hashlib.md5(id.encode()).hexdigest())
        unseen.update(own[: len(own) // 5])
    out = np.array([id in unseen for id in ids])
    numbers = np.array(rows)
    numbers = (numbers - numbers[~out].mean(axis=0)) / numbers[~out].std(axis=0)
    months = np.array([[each == month for month in sorted(set(cohorts))] for each in cohorts])
    matrix = np.concatenate([numbers, months.astype(float)], axis=1)
    fitted = LogisticRegression(max_iter=2_000).fit(matrix[~out], answers[~out])
    likely = fitted.predict_proba(matrix[out])[:, 1]
    accuracy = 100 * ((likely > 0.5) == answers[out]).mean()
    return float(roc_auc_score(answers[out], likely)), float(accuracy)


@with_purchases
def test_the_model_is_as_good_as_scikit_learn_by_hand(data: Data) -> None:
    ours = trained(data, "logistic")
    area, accuracy = by_hand(purchases())
    assert ours.area == pytest.approx(area, abs=1e-3)
    assert ours.accuracy == pytest.approx(accuracy, abs=0.2)
    assert ours.area == pytest.approx(0.771, abs=0.005)


@with_purchases
@pytest.mark.parametrize("method", METHODS)
def test_who_bought_often_and_lately_buys_again(data: Data, method: Method) -> None:
    ours = trained(data, method)
    assert ours.area > 0.75
    assert ours.learned + ours.held_out == ours.scored == 23_570
    weights = {each.feature: each.weight for each in ours.weights}
    heaviest = sorted(weights, key=lambda name: -abs(weights[name]))[:3]
    assert {"silence", "early_purchases"} & set(heaviest)
