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


def test_without_a_label_the_name_is_shown(tmp_path: Path) -> None:
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
            "`[labels.customers]` names the column `ltvv`, which is not there; did you mean `ltv`?",
        ),
        (
            '[labels.behavior_purchases]\namout = "x"\n',
            "names the column `amout`, which is not there; did you mean `amount`?",
        ),
        (
            '[labels.purchases]\namount = "x"\n',
            "`[labels.purchases]` is about no table of profiles or events that is there",
        ),
        (
            '[labels.customer_group_household]\nsize = "x"\n',
            "`[labels.customer_group_household]` is about no table of profiles or events",
        ),
        (
            '[labels.behaviors]\npurchase = "x"\n',
            "`[labels.behaviors]` names the behavior `purchase`, which is not there; "
            "did you mean `purchases`?",
        ),
        (
            '[labels.behaviors]\nbehavior_purchases = "x"\n',
            "names the behavior `behavior_purchases`, which is not there",
        ),
        ('[labels.customers]\nltv = " "\n', "the label of `ltv` in `[labels.customers]` is blank"),
        (
            '[labels.customers]\nltv = "x"\nage = "x"\n',
            "`[labels.customers]` gives `ltv` and `age` the same label “x”; give each its own",
        ),
        ("[labels.customers]\nltv = 1\n", "`ltv` in [labels.customers] must be a string"),
    ],
)
def test_labels_that_cannot_be(text: str, words: str, tmp_path: Path) -> None:
    folder = data(tmp_path, text)
    with pytest.raises(DataError, match=re.escape(words)) as told:
        open_data(folder)
    assert str(folder / "parent_segment.toml") in str(told.value)


def test_the_retail_example_labels_everything_with_other_words() -> None:
    """So that no test passes by confusing a label with a name."""
    file = Path(__file__).parents[2] / "examples" / "retail" / "parent_segment.toml"
    labels = read_description(file, "retail").parent.labels
    assert set(labels.columns) == {"customers", *labels.behaviors}
    for table, columns in labels.columns.items():
        for name, label in columns.items():
            assert label != name, table
    for table, label in labels.behaviors.items():
        assert label != table.removeprefix("behavior_")
