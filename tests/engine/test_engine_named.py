"""Names of stages, models and variants in `parent_segment.toml`, and what they cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segdsl.engine.description import read_description
from segdsl.engine.errors import DataError
from segdsl.schema.model import Funnel, Model, Stage, Variant

STAGES = "stages = { In = 41, Trial = 42, Out = 43 }\n"


def test_names_for_the_ids_in_tables(tmp_path: Path) -> None:
    file = tmp_path / "parent_segment.toml"
    file.write_text(
        f"[funnels.Onboarding]\nid = 1\n{STAGES}"
        '[models]\npredictive = { Churn = 16 }\nrfm = { "Who buys" = 8 }\ncltv = { Value = 10 }\n'
        "[tests.Mail]\nA = 1\nB = 2\n"
    )
    found = read_description(file, "shop").parent
    stages = (Stage("41", "In"), Stage("42", "Trial"), Stage("43", "Out"))
    assert found.funnels == (Funnel("1", "Onboarding", stages),)
    assert found.models == (
        Model("16", "Churn"),
        Model("8", "Who buys", "rfm"),
        Model("10", "Value", "cltv"),
    )
    assert found.variants == (Variant("1", "A", "Mail"), Variant("2", "B", "Mail"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"[funnels.A]\nid = 1\n{STAGES}"
            "[funnels.B]\nid = 2\nstages = { X = 43, Y = 44, Z = 45 }\n",
            "the stages “Out” and “X” have the same id 43; use different ids",
        ),
        (
            f"[funnels.A]\nid = 1\n{STAGES}[funnels.B]\nid = 1\n{STAGES.replace('4', '5')}",
            "the funnels “A” and “B” have the same id 1",
        ),
        ("[models.predictive]\nA = 1\nB = 1\n", "the predictive models “A” and “B”"),
        (
            "[models.rfm]\nA = 1\n[models.cltv]\nB = 1\n",
            "the models of solutions “A” and “B” have the same id 1",
        ),
        (
            "[models]\npredictive = { A = 16 }\ncltv = { B = 16 }\n",
            "the predictive model “A” and the model of solutions “B” have the same id 16",
        ),
        (
            f"[funnels.A]\nid = 42\n{STAGES}",
            "the funnel “A” and the stage “Trial” have the same id 42; use different ids",
        ),
        ("[tests.T]\nA = 1\n[tests.U]\nA = 1\n", "the variants “A” and “A” have the same id 1"),
        (
            "[tests.T]\nA = 0\n",
            "invalid id 0 of the variant “A”: ids of variants are integers from 1",
        ),
        ("[models.rfm]\nA = -3\n", "invalid id -3 of the model of solutions “A”"),
        ("[models.rfm]\nA = 9223372036854775808\n", "a number has too many digits"),
        (
            "[funnels.A]\nid = 3\nstages = { In = 1, Out = 2 }\n",
            "the funnel “A” has 2 stages; a funnel has 3 to 8",
        ),
        ("[funnels.A]\nid = 1\n", "the funnel “A” has 0 stages"),
        (
            f"[funnels.A]\nid=99\nstages = {{ {', '.join(f'a{n} = {n}' for n in range(1, 10))} }}",
            "the funnel “A” has 9 stages",
        ),
        (f"[funnels.A]\n{STAGES}", "missing key `id` in [funnels.A]"),
        ('[tests.T]\nA = "1"\n', "`A` in [tests.T] must be an integer, not a string"),
    ],
)
def test_constraints_of_the_api(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "parent_segment.toml"
    file.write_text(text)
    with pytest.raises(DataError, match=re.escape(words)) as told:
        read_description(file, "shop")
    assert str(file) in str(told.value)
