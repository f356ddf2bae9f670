"""Sources of API keys, and the errors if there is none."""

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


def test_the_environment_variable_takes_precedence(tmp_path: Path) -> None:
    td_conf(tmp_path, f"[account]\n  user = a@b.c\n  apikey = {OTHER}\n")
    assert find_key(None, {"TD_API_KEY": f" {KEY}\n"}, tmp_path).header == f"TD1 {KEY}"
    assert find_key(None, {"TD_API_KEY": ""}, tmp_path).header == f"TD1 {OTHER}"


def test_profiles_are_read_from_the_credentials_file(tmp_path: Path) -> None:
    profiles(tmp_path, f'[production]\napikey = "{OTHER}"\n')
    assert find_key("production", {"TD_API_KEY": KEY}, tmp_path).header == f"TD1 {OTHER}"
    with pytest.raises(CredentialsError, match="did you mean `production`"):
        find_key("prodution", {}, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no `apikey`"),
        ("[account]\n", "no `apikey`"),
        ("[account]\napikey =\n", "not a valid API key"),
        ("nonsense", "no `apikey`"),
        (f"[account]\napikey = {KEY} {KEY}\n", "not a valid API key"),
    ],
)
def test_a_td_conf_without_a_key(text: str, said: str, tmp_path: Path) -> None:
    td_conf(tmp_path, text)
    with pytest.raises(CredentialsError) as raised:
        find_key(None, {}, tmp_path)
    assert said in str(raised.value)
    assert KEY[2:] not in str(raised.value)


def test_a_missing_key_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"TD_API_KEY.*td\.conf.*profile"):
        find_key(None, {}, tmp_path)
    with pytest.raises(CredentialsError, match="create the file as follows"):
        find_key("production", {"TD_API_KEY": KEY}, tmp_path)


def test_a_credentials_file_readable_by_others_is_an_error(tmp_path: Path) -> None:
    profiles(tmp_path, f'[production]\napikey = "{KEY}"\n', 0o644)
    with pytest.raises(CredentialsError, match="chmod 600"):
        find_key("production", {}, tmp_path)
    profiles(tmp_path, f'[production\napikey = "{KEY}"\n')
    with pytest.raises(CredentialsError) as raised:
        find_key("production", {}, tmp_path)
    assert KEY[2:] not in str(raised.value)


def test_a_key_is_hidden_in_representations() -> None:
    key = ApiKey(KEY)
    assert KEY[2:] not in f"{key!r} {key} {key!s:>9} {vars(ApiKey)}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert key.scrubbed(f"x{KEY}y{KEY[2:]}z") == "x…y…z"
