"""Labels in `parent_segment.toml`: what the console shows in place of the names of rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segdsl.engine import open_data
from segdsl.engine.description import Labels, read_description
from segdsl.engine.errors import DataError

LABELS = """\
[labels.customers]
ltv = "Lifetime Value"

[labels.behavior_purchases]
amount = "Amount paid"

[labels.behaviors]
purchases = "Online Purchases"
"""


def data(folder: Path, description: str) -> Path:
    (folder / "customers.csv").write_text("cdp_customer_id,ltv,age\nc01,1,2\n")
    (folder / "behavior_purchases.csv").write_text("cdp_customer_id,timestamp,amount\nc01,1,2\n")
    (folder / "customer_group_household.csv").write_text("cdp_customer_id,size\nc01,2\n")
    (folder / "parent_segment.toml").write_text(description)
    return folder


def test_labels_of_attributes_behaviors_and_columns(tmp_path: Path) -> None:
    with open_data(data(tmp_path, LABELS)) as opened:
        labels = opened.parent.labels
    assert labels.of_column("customers", "ltv") == "Lifetime Value"
    assert labels.of_column("behavior_purchases", "amount") == "Amount paid"
    assert labels.of_behavior("behavior_purchases") == "Online Purchases"


def test_the_default_label_is_the_name(tmp_path: Path) -> None:
    with open_data(data(tmp_path, "")) as opened:
        labels = opened.parent.labels
    assert labels == Labels()
    assert labels.of_column("customers", "ltv") == "ltv"
    assert labels.of_behavior("behavior_purchases") == "purchases"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[labels.customers]\nltvv = "x"\n',
            "unknown column `ltvv` in `[labels.customers]`; did you mean `ltv`?",
        ),
        (
            '[labels.behavior_purchases]\namout = "x"\n',
            "unknown column `amout` in `[labels.behavior_purchases]`; did you mean `amount`?",
        ),
        (
            '[labels.purchases]\namount = "x"\n',
            "unknown table in `[labels.purchases]`",
        ),
        (
            '[labels.customer_group_household]\nsize = "x"\n',
            "unknown table in `[labels.customer_group_household]`",
        ),
        (
            '[labels.behaviors]\npurchase = "x"\n',
            "unknown behavior `purchase` in `[labels.behaviors]`; did you mean `purchases`?",
        ),
        (
            '[labels.behaviors]\nbehavior_purchases = "x"\n',
            "unknown behavior `behavior_purchases` in `[labels.behaviors]`",
        ),
        ('[labels.customers]\nltv = " "\n', "the label of `ltv` in `[labels.customers]` is blank"),
        (
            '[labels.customers]\nltv = "x"\nage = "x"\n',
            "`ltv` and `age` have the same label “x” in `[labels.customers]`; use different labels",
        ),
        ("[labels.customers]\nltv = 1\n", "`ltv` in [labels.customers] must be a string"),
    ],
)
def test_invalid_labels_are_errors(text: str, words: str, tmp_path: Path) -> None:
    folder = data(tmp_path, text)
    with pytest.raises(DataError, match=re.escape(words)) as told:
        open_data(folder)
    assert str(folder / "parent_segment.toml") in str(told.value)


def test_the_retail_example_has_labels_for_everything() -> None:
    """So that no test passes by confusing a label with a name."""
    file = Path(__file__).parents[2] / "examples" / "retail" / "parent_segment.toml"
    labels = read_description(file, "retail").parent.labels
    assert set(labels.columns) == {"customers", *labels.behaviors}
    for table, columns in labels.columns.items():
        for name, label in columns.items():
            assert label != name, table
    for table, label in labels.behaviors.items():
        assert label != table.removeprefix("behavior_")
