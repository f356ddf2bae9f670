"""Unknown attributes that are known in another way: definitions, and names that look the same."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from running import segdsl
from segdsl.diagnostics.suggest import did_you_mean

COMPOSED = "グループ"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "customers.csv").write_text(f"cdp_customer_id,tier,{COMPOSED},country\n")
    (tmp_path / "segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    monkeypatch.chdir(tmp_path)
    assert segdsl("schema", "pull").exit_code == 0


def checked(text: str) -> str:
    done = segdsl("check", "-", input=text)
    assert done.exit_code == 1, done.output
    return done.stderr


@pytest.mark.parametrize("test", ["vip = true", "vip is true", "vip is false", "vip != true"])
def test_a_definition_compared_like_an_attribute(test: str) -> None:
    text = f'let vip = tier = "gold"\nsegment "x" where {test}\n'
    found = checked(text)
    assert "SEG501" in found
    assert "SEG218" not in found
    assert "write `vip` or `not vip`, without" in found


def test_also_one_that_is_imported(tmp_path: Path) -> None:
    (tmp_path / "common.seg").write_text('let vip = tier = "gold"\nparam days: number = 3\n')
    text = 'import vip, days from "common.seg"\nsegment "x" where vip = true\n'
    assert "write `vip` or `not vip`, without" in checked(text)
    text = 'import vip, days from "common.seg"\nsegment "x" where days = 3 and vip\n'
    assert "without a comparison" not in checked(text)


def test_an_attribute_of_the_name_of_a_definition_is_fine() -> None:
    text = 'let tier = country = "JP"\nsegment "x" where tier = "gold" and tier\n'
    assert segdsl("check", "-", input=text).exit_code == 0


def test_a_name_in_another_unicode_form() -> None:
    decomposed = unicodedata.normalize("NFD", COMPOSED)
    found = checked(f'segment "x" where `{decomposed}` = "A"\n')
    assert f"did you mean `{COMPOSED}`?" in found
    assert "its spelling differs in Unicode form: this is in NFD, that in NFC" in found


@pytest.mark.parametrize(
    ("word", "name", "why"),
    [
        ("cafe\u0301", "café", "Unicode form: this is in NFD, that in NFC"),
        ("café", "cafe\u0301", "Unicode form: this is in NFC, that in NFD"),
        ("ｃｏｕｎｔｒｙ", "country", "another width"),
        ("соuntry", "country", "letters of another alphabet"),
        ("coun\u200btry", "country", "a character in it that is not shown"),
        ("ｸﾞﾙｰﾌﾟ", COMPOSED, "another width"),
    ],
)
def test_what_looks_the_same_is_said_to(word: str, name: str, why: str) -> None:
    help = did_you_mean(word, [name, "other", "contry"])
    assert help is not None
    assert help.startswith(f"did you mean `{name}`? it looks the same, but ")
    assert why in help


def test_a_plain_slip_is_told_as_ever() -> None:
    assert did_you_mean("contry", ["country", "café"]) == "did you mean `country`?"
    assert did_you_mean("カフェ", ["country", "café"]) is None
