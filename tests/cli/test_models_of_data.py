"""RFM and lifetime value models of the data: listed, checked, counted, explained and simulated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from running import segdsl
from segdsl.language.condition.ml import MODEL_ATTRIBUTES, model_type
from segdsl.language.values import ColumnType

RFM = (
    "cdp_customer_id,model_id,r_quartile,f_quartile,m_quartile,rfm_segment,rfm_score,"
    "rfm_cluster_rank,rfm_quartile\n"
    "c1,8,1,1,2,Champions,1.5,R1F1M1,R1F1M2\n"
    "c2,8,4,4,4,Lost customers,4.0,R4F4M4,R4F4M4\n"
    "c3,9,1,1,1,Champions,1.0,R1F1M1,R1F1M1\n"
)
CLTV = (
    "cdp_customer_id,model_id,cltv_12m,cltv_12m_pctile,alive_prob,cltv_segment\n"
    "c1,10,1000.5,80,0.9,High\nc2,10,10,5,0.1,Very Low\n"
)
FILES = {
    "segdsl.toml": '[targets.local]\nkind = "local"\ndata = "data"\nnow = 2024-10-01T09:00:00Z\n',
    "data/customers.csv": "cdp_customer_id,country\nc1,JP\nc2,JP\nc3,US\n",
    "data/ml_rfm.csv": RFM,
    "data/ml_cltv.csv": CLTV,
    "data/parent_segment.toml": 'name = "Shop"\n\n[models.rfm]\n"Customer RFM" = 8\n"Old RFM" = 9\n\n'
    '[models.cltv]\n"Customer value" = 10\n',
}
RULES = {
    'rfm("Customer RFM").rfm_segment = "Champions"': 1,
    'rfm("Old RFM").rfm_segment = "Champions"': 1,
    "rfm(#8).r_quartile <= 4": 2,
    'rfm("Customer RFM").rfm_score > 1.5': 1,
    'rfm("Customer RFM").rfm_quartile = "R1F1M2"': 1,
    'rfm("Customer RFM").rfm_cluster_rank in ("R1F1M1", "R4F4M4")': 2,
    'not rfm("Customer RFM").rfm_segment = "Champions"': 2,
    'cltv("Customer value").cltv_12m > 100 and cltv("Customer value").alive_prob >= 0.5': 1,
    'cltv("Customer value").cltv_segment = "Very Low"': 1,
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    segments = [f'segment "S{at}" where {rule}' for at, rule in enumerate(RULES)]
    (tmp_path / "models.seg").write_text("\n".join(segments))
    monkeypatch.chdir(tmp_path)
    assert segdsl("schema", "pull").exit_code == 0
    return tmp_path


def test_the_schema_lists_them(shop: Path) -> None:
    shown = segdsl("schema", "show").stdout
    for line in ('rfm("Customer RFM").…', 'rfm("Old RFM").…', 'cltv("Customer value").…'):
        assert f"model       {line}" in shown


def test_rules_count_their_profiles(shop: Path) -> None:
    done = segdsl("preview", "--json", "models.seg")
    assert done.exit_code == 0, done.stderr
    counts = [each["count"] for each in json.loads(done.stdout)["segments"]]
    assert counts == list(RULES.values())
    applied = segdsl("apply", "--yes")
    assert applied.exit_code == 0, applied.stderr
    assert segdsl("plan", "--exit-code").exit_code == 0


def test_the_sql_asks_the_same(shop: Path) -> None:
    """What is known of the attributes of models is their types, without any data."""
    done = segdsl("sql", "models.seg")
    assert done.exit_code == 0, done.stderr
    assert "FALSE" not in done.stdout
    assert done.stdout.count("'R1F1M2'") == 1


def test_a_simulation_meets_the_same_rules(shop: Path) -> None:
    journey = 'journey "J"\nstage "S"\n  enter "E" where {}\n  steps (wait 1 day, end)\n'
    for rule, number in RULES.items():
        (shop / "journey.seg").write_text(journey.format(rule))
        started = ("--from", "2024-10-01", "--days", "1", "--json")
        done = segdsl("simulate", "J", "journey.seg", *started)
        assert done.exit_code == 0, done.stdout
        assert json.loads(done.stdout)["stages"][0]["came"] == number, rule


def test_a_name_that_the_data_does_not_have_is_an_error_of_a_simulation(shop: Path) -> None:
    text = 'journey "J"\nstage "S"\n  enter "E" where rfm("Customer RMF").r_quartile = 1\n'
    (shop / "journey.seg").write_text(f"{text}  steps (wait 1 day, end)\n")
    done = segdsl("simulate", "J", "journey.seg", "--from", "2024-10-01", "--no-schema")
    assert done.exit_code == 2
    assert "did you mean `Customer RFM`?" in done.stderr


def test_an_explanation_names_them(shop: Path) -> None:
    done = segdsl("explain", "--select", "S0", "models.seg")
    assert 'rfm_segment of the RFM model "Customer RFM" is "Champions".' in done.stdout
    # An id that the file has is explained by the name of what it stands for.
    done = segdsl("explain", "--select", "S2", "models.seg")
    assert 'r_quartile of the RFM model "Customer RFM" is at most 4.' in done.stdout


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('rfm("Customer RFM").r_quartile = "1"', "`r_quartile` is of type number"),
        ('rfm("Customer RFM").rfm_quartile > 2', "`rfm_quartile` is of type string"),
        ('rfm("Customer RFM").rfm_cluster_rank = 1', "`rfm_cluster_rank` is of type string"),
        ('cltv("Customer value").alive_prob = "high"', "`alive_prob` is of type number"),
        ('cltv("Customer RFM").alive_prob > 0', 'there is no cltv model "Customer RFM"'),
        ('rfm("Customer value").r_quartile = 1', 'there is no rfm model "Customer value"'),
    ],
)
def test_a_check_knows_names_and_types(shop: Path, rule: str, problem: str) -> None:
    done = segdsl("check", "-", input=f'segment "S" where {rule}')
    assert done.exit_code == 1
    assert problem in done.stderr


def test_the_types_are_those_of_the_description() -> None:
    """Numbers are described as `float` or as integers, all others as lists of strings."""
    strings = {
        each
        for listed in MODEL_ATTRIBUTES.values()
        for each in listed
        if model_type(each) == "string"
    }
    assert strings == {"rfm_segment", "rfm_cluster_rank", "rfm_quartile", "cltv_segment"}
    assert {model_type(each) for each in MODEL_ATTRIBUTES["rfm"]} <= set(get_args(ColumnType))
