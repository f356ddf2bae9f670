"""Where keys come from, and what is said where there is none."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from segdsl.api import ApiKey, CredentialsError, find_key

KEY = "1/0123456789abcdef0123456789abcdef01234567"
OTHER = "2/9123456789abcdef0123456789abcdef01234567"


def td_conf(home: Path, text: str) -> None:
    (home / ".td").mkdir(exist_ok=True)
    (home / ".td" / "td.conf").write_text(text)


def profiles(home: Path, text: str, mode: int = 0o600) -> None:
    file = home / ".config" / "segdsl" / "credentials.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def test_the_variable_comes_first(tmp_path: Path) -> None:
    td_conf(tmp_path, f"[account]\n  user = a@b.c\n  apikey = {OTHER}\n")
    assert find_key(None, {"TD_API_KEY": f" {KEY}\n"}, tmp_path).header == f"TD1 {KEY}"
    assert find_key(None, {"TD_API_KEY": ""}, tmp_path).header == f"TD1 {OTHER}"


def test_a_profile_is_of_a_file_of_its_own(tmp_path: Path) -> None:
    profiles(tmp_path, f'[production]\napikey = "{OTHER}"\n')
    assert find_key("production", {"TD_API_KEY": KEY}, tmp_path).header == f"TD1 {OTHER}"
    with pytest.raises(CredentialsError, match="did you mean `production`"):
        find_key("prodution", {}, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no `apikey`"),
        ("[account]\n", "no `apikey`"),
        ("[account]\napikey =\n", "no API key"),
        ("nonsense", "no `apikey`"),
        (f"[account]\napikey = {KEY} {KEY}\n", "no API key"),
    ],
)
def test_a_td_conf_without_a_key(text: str, said: str, tmp_path: Path) -> None:
    td_conf(tmp_path, text)
    with pytest.raises(CredentialsError) as raised:
        find_key(None, {}, tmp_path)
    assert said in str(raised.value)
    assert KEY[2:] not in str(raised.value)


def test_no_key_at_all(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"TD_API_KEY.*td\.conf.*profile"):
        find_key(None, {}, tmp_path)
    with pytest.raises(CredentialsError, match="write it so"):
        find_key("production", {"TD_API_KEY": KEY}, tmp_path)


def test_profiles_are_nobody_else_s(tmp_path: Path) -> None:
    profiles(tmp_path, f'[production]\napikey = "{KEY}"\n', 0o644)
    with pytest.raises(CredentialsError, match="chmod 600"):
        find_key("production", {}, tmp_path)
    profiles(tmp_path, f'[production\napikey = "{KEY}"\n')
    with pytest.raises(CredentialsError) as raised:
        find_key("production", {}, tmp_path)
    assert KEY[2:] not in str(raised.value)


def test_a_key_shows_itself_nowhere() -> None:
    key = ApiKey(KEY)
    assert KEY[2:] not in f"{key!r} {key} {key!s:>9} {vars(ApiKey)}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert key.scrubbed(f"x{KEY}y{KEY[2:]}z") == "x…y…z"
