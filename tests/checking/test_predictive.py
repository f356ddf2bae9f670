"""Predictive segments: features against the schema, and what their segments say of them."""

from __future__ import annotations

import pytest

from segdsl import compile_text
from segdsl.schema.model import Behavior, Column, Model, Schema, Segment

SCHEMA = Schema(
    "1",
    "Shop",
    attributes=(
        Column("age", "number"),
        Column("country", "string", label="Home Country"),
        Column("last_visit", "timestamp"),
        Column("born", "date"),
        Column("tags", "string_array"),
        Column("sizes", "number_array"),
        Column("vip", "boolean"),
        Column("odd", None, unknown_type="odd"),
        Column("open", "number", visibility="clear"),
        Column("email", "string", visibility="pii"),
        Column("phone", "string", visibility="non_pii"),
        Column("card", "string", visibility="blocked"),
    ),
    behaviors=(Behavior("behavior_purchases", (Column("amount", "number"),)),),
    segments=(Segment("5", "There"), Segment("6", "Live", (), "realtime")),
    models=(Model("16", "Churn"),),
)


def found(text: str, *, schema: Schema | None = SCHEMA, lint: bool = False) -> list[str]:
    compiled = compile_text(text, schema=schema, symbolic=True, lint=lint)
    return [f"{of.code.name} {of.message}" for of in compiled.diagnostics]


def features(written: str) -> list[str]:
    return found(f'predictive segment "P" predicts segment #5 features ({written})', lint=True)


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("number", "age last_visit born odd open"),
        ("category", "age country vip odd"),
        ("categories", "tags sizes odd"),
    ],
)
def test_kinds(kind: str, columns: str) -> None:
    fitting = columns.split()
    for column in SCHEMA.attributes:
        if column.is_personal or column.name in ("phone", "open"):
            continue
        said = features(f"{kind} {column.name}")
        assert (said == []) == (column.name in fitting), said
        if said:
            article = {"number": "a number", "category": "a category"}.get(kind)
            article = article or "a list of categories"
            assert said == [
                f"SEG521 `{column.name}` is of type {column.type}, which is not {article}"
            ]


@pytest.mark.parametrize(
    ("written", "messages"),
    [
        ("category weekday = last_visit | day_of_week()", []),
        ("number days = last_visit | elapsed_days()", []),
        ("number c = country | cast_as_quantitative(0)", []),
        ("categories c = country | cast_as_categorical_array()", []),
        ("number vip = vip | when is null then 0 else 1", []),
        ("number c = customers.age | divide(2)", []),
        (
            "number c = country | ln()",
            ["SEG516 `ln` takes a number or a time, but `country` is of type string"],
        ),
        ("number c = age | divide(0)", ["SEG507 `divide` by 0 has no result"]),
        (
            'category c = age | cast_as_categorical("") | cast_as_categorical_array()',
            ["SEG521 the result for `c` is of type string_array, which is not a category"],
        ),
        ("number ag", ["SEG501 there is no attribute `ag`"]),
        ("number x = ag", ["SEG501 there is no attribute `ag`"]),
        ("number amount", ["SEG501 there is no attribute `amount`"]),
        ("number purchases", ["SEG505 `purchases` is a behavior, not an attribute"]),
        (
            "number a = purchases.amount",
            ["SEG254 `purchases` may have several values of a profile"],
        ),
        ("category email", ["SEG520 `email` is personal data: no model learns from it"]),
        ("category card", ["SEG520 `card` is blocked: no model learns from it"]),
        (
            "category phone",
            ["SEG520 `phone` has the visibility `non_pii`: no model learns from it"],
        ),
        ("number age, number years = age", ["SEG641 the feature `years` is the same as `age`"]),
        ("number age, category years = age", []),
        (
            "number a = age | divide(2), number b = age | divide(2)",
            ["SEG641 the feature `b` is the same as `a`"],
        ),
        ("number a = age | divide(2), number b = age | divide(3)", []),
    ],
)
def test_features(written: str, messages: list[str]) -> None:
    assert features(written) == messages


def test_a_label_is_known() -> None:
    compiled = compile_text(
        'predictive segment "P" predicts segment #5 features (category home_country)',
        schema=SCHEMA,
        symbolic=True,
    )
    [found] = compiled.diagnostics
    assert found.help is not None
    assert "country" in found.help


def test_without_a_schema_only_what_is_written_counts() -> None:
    text = 'predictive segment "P" predicts segment "X" features (number a, number b = t.c)'
    assert found(text, schema=None) == ["SEG254 `t` may have several values of a profile"]


@pytest.mark.parametrize(
    ("clauses", "messages"),
    [
        ('predicts segment "There"', []),
        ('predicts segment "Here"', []),
        ('predicts segment "Her"', ['SEG304 there is no segment "Her"']),
        ('predicts segment #5 among segment "Nowhere"', ['SEG304 there is no segment "Nowhere"']),
        ('predicts segment #5 scores segment "Nowhere"', ['SEG304 there is no segment "Nowhere"']),
        ("predicts segment #9", ["SEG511 the schema has no segment with the id #9"]),
        *(
            (
                f"predicts segment #5 among segment {name}",
                [
                    f"SEG252 the segment {name} is a realtime one, and a model learns in batches",
                ],
            )
            for name in ('"Live"', "#6", '"Now"')
        ),
    ],
)
def test_segments(clauses: str, messages: list[str]) -> None:
    others = 'segment "Here" where age > 3\nsegment "Now" kind realtime where age > 3\n'
    assert found(f'{others}predictive segment "P" {clauses} features guessed') == messages


def learned(segments: str, among: str, features: str = "guessed") -> list[str]:
    text = f'{segments}\npredictive segment "P" predicts segment "A" {among} features {features}'
    return found(text, schema=None, lint=True)


NOTHING = 'SEG642 the predictive segment "P" has nothing to learn: '


@pytest.mark.parametrize(
    ("rule", "among", "message"),
    [
        ("x < 3", "x < 5", None),
        ("x < 5", "x < 3", 'all profiles of "B" have converted'),
        ("x < 3", "x > 5", 'no profile of "B" has converted'),
        ("x < 3", "y > 5", None),
        ("x < 3 limit 5 by x desc", "x < 2", None),
    ],
)
def test_nothing_to_learn(rule: str, among: str, message: str | None) -> None:
    segments = f'segment "A" where {rule}\nsegment "B" where {among}'
    expected = [] if message is None else [NOTHING + message]
    assert learned(segments, 'among segment "B"') == expected


def test_nobody_else_to_learn_from() -> None:
    alone = NOTHING + "a model of those who have converted alone learns nothing"
    assert learned('segment "A" folder "F" where x = 1', 'among segment "A" of folder "F"') == [
        alone
    ]
    assert learned('segment "A" where everyone', "") == [NOTHING + "everybody has converted"]
    text = 'predictive segment "P" predicts segment #5 among segment #5 features guessed'
    assert found(text, lint=True) == [alone]


def test_features_that_the_answer_is_made_of() -> None:
    segments = """
segment "A" where visits < 3 and in segment "B" and (has purchases where amount > 3)
segment "B" where spent < 5 and in segment "A2"
segment "A2" where in segment "B"
"""
    said = learned(segments, "", "(number visits, number v = spent | divide(2), number amount)")
    assert [of for of in said if "SEG640" in of] == [
        'SEG640 the segment "A", which is predicted, tests `visits` itself',
        'SEG640 the segment "B", which "A" refers to, tests `spent`',
    ]


def test_a_comment_allows_it() -> None:
    text = """
segment "A" where visits < 3

# allow SEG640: visits of last year
predictive segment "P"
  predicts segment "A"
  features (number visits)
"""
    assert found(text, schema=None, lint=True) == []


@pytest.mark.parametrize(
    ("grades", "message"),
    [
        ("1 and 4", None),
        ("3 and 3", None),
        ("3 and 5", "`between 3 and 5` asks for grades that no score has"),
        ("0 and 4", "`between 0 and 4` asks for grades that no score has"),
        ("50 and 75", "no score has a grade `between 50 and 75`"),
    ],
)
def test_grades(grades: str, message: str | None) -> None:
    said = found(f'segment "S" where age > 3 and score of #16 between {grades}', lint=True)
    assert said == ([] if message is None else [f"SEG639 {message}"])


def test_scores_of_models_of_the_workspace() -> None:
    score = 'segment "S" where score of "New model" between 3 and 4\n'
    assert found(score) == ['SEG510 there is no predictive model "New model"']
    model = 'predictive segment "New model" predicts segment #5 features guessed'
    assert found(score + model) == []
