"""A small shop whose buyers are known, and what a model of them needs."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one

from segdsl.engine import Data, open_data
from segdsl.language.predictive import Feature
from segdsl.sql import Context
from segdsl.training import FeatureColumn, Task, Trained, feature_columns, train

FEATURES = (
    Feature("number", "age"),
    Feature("number", "spent"),
    Feature("category", "city"),
    Feature("categories", "tags"),
)
CITIES = ("Kyoto", "Lyon", "Oslo", "Quito")
TAGS = ("new", "sale", "vip")
Row = dict[str, Any]


def rows(number: int, seed: int = 1) -> list[Row]:
    """Profiles; those of Oslo and the older ones buy more often, and some values are missing."""
    chance = random.Random(seed)
    found = []
    for at in range(number):
        age = None if chance.random() < 0.1 else chance.randint(18, 80)
        city = None if chance.random() < 0.1 else chance.choice(CITIES)
        tags = chance.sample(TAGS, chance.randint(0, 3))
        likely = (age or 40) / 100 + (city == "Oslo") * 0.4 + ("vip" in tags) * 0.3
        found.append(
            {
                "cdp_customer_id": f"p{at}",
                "age": age,
                "spent": round(chance.random() * 100, 2),
                "city": city,
                "tags": json.dumps(tags),
                "buys": int(chance.random() * 1.6 < likely),
            }
        )
    return found


def write(folder: Path, profiles: Sequence[Row]) -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / "customers.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(profiles[0]))
        writer.writeheader()
        writer.writerows(profiles)
    (folder / "parent_segment.toml").write_text('[types.customers]\ntags = "string_array"\n')
    return folder


@contextmanager
def opened(folder: Path, profiles: Sequence[Row]) -> Iterator[Data]:
    with open_data(write(folder, profiles)) as data:
        yield data


def columns(data: Data, features: Sequence[Feature] = FEATURES) -> tuple[FeatureColumn, ...]:
    return feature_columns(features, Context(now=0, zone="UTC", catalog=data.catalog))


def where(condition: str) -> exp.Select:
    query = parse_one(f"SELECT cdp_customer_id FROM customers WHERE {condition}", read="duckdb")
    assert isinstance(query, exp.Select)
    return query


def trained(data: Data, features: Sequence[Feature] = FEATURES, **values: Any) -> Trained:
    values.setdefault("converts", where("buys = 1"))
    return train(Task(model="7", features=columns(data, features), **values), data, "the buyers")


def scores_of(data: Data, model: Trained) -> dict[str, tuple[float, int, bool]]:
    """The score, grade and answer of each profile, in the order of the ids."""
    path = str(model.scores.path)
    query = parse_one(
        "SELECT cdp_customer_id, score, grade, converted, model_id FROM "
        f"read_parquet('{path}') ORDER BY cdp_customer_id",
        read="duckdb",
    )
    found: dict[str, tuple[float, int, bool]] = {}
    for id, score, grade, converted, model_id in data.start(query).wait().rows:
        assert model_id == "7"
        assert isinstance(score, float)
        assert isinstance(grade, int)
        found[str(id)] = (score, grade, converted is True)
    return found


def held_out(profiles: Sequence[Row], answer: str = "buys") -> set[str]:
    """The ids that no model may learn from, worked out without SQL."""
    found: set[str] = set()
    for value in {row[answer] for row in profiles}:
        ids = [row["cdp_customer_id"] for row in profiles if row[answer] == value]
        ids.sort(key=lambda id: hashlib.md5(id.encode()).hexdigest())
        found.update(ids[: len(ids) // 5])
    return found
