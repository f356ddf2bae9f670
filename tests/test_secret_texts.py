"""Which texts look like keys, and which names of settings like those of secrets.

The keys are put together here, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import pytest

from segdsl.secrets import (
    has_address,
    holds_address,
    is_hidden,
    is_placeholder,
    is_secret_name,
    kind_of_key,
    masked_text,
    secret_places,
)

_36 = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KEYS = {
    "AKIA" + "IOSFODNN7EXAMPLE": "an AWS access key",
    "AIza" + _36[:35]: "a Google API key",
    "ghp_" + _36: "a GitHub token",
    "glpat-" + _36[:20]: "a GitLab token",
    "xoxb-" + "123456789012-abc": "a Slack token",
    "https://hooks.slack.com/" + "services/T0/B0/" + _36: "the address of a Slack webhook",
    "sk_live_" + _36[:24]: "a Stripe key",
    "SG." + _36[:22] + "." + _36: "a SendGrid key",
    "SK" + "0123456789abcdef" * 2: "a Twilio key",
    "npm_" + _36: "an npm token",
    "sk-" + _36: "an OpenAI or Anthropic key",
    "1234/" + "0123456789abcdef" * 2 + "01234567": "a Treasure Data API key",
    "eyJ" + _36 + ".eyJ" + _36 + ".x": "a JSON web token",
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMII": "a private key",
    "AccountName=x;AccountKey=" + _36 + "abcd==": "the key of an Azure account",
    "https://x.example/y?sv=1&sig=" + _36: "a signed Azure address",
    "Bearer " + _36: "a credential for HTTP",
    "sftp://user:" + "hunter2@example.com/x": "an address with a password",
}  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=list(KEYS.values()))
def test_a_key_of_a_known_service(key: str) -> None:
    assert kind_of_key(key) == KEYS[key]
    assert kind_of_key(f"before {key} after") == KEYS[key]
    assert is_hidden("bucket", key)


@pytest.mark.parametrize(
    "text",
    [
        "exports/2025",
        "https://example.com/path?x=1",
        "basic-mail",
        "Bearer",
        "0123456789abcdef0123456789abcdef01234567",
        "sk-short",
        "ContactSync",
        "a:b@c",
        "s3://bucket/path",
    ],
)
def test_what_only_resembles_one_is_left_alone(text: str) -> None:
    assert kind_of_key(text) is None


@pytest.mark.parametrize(
    "name",
    ["password", "apiKey", "API_KEY", "client-secret", "sftp.passphrase", "accessKeySecret",
     "auth_token", "private_key", "db_pwd", "credentials", "apikey"],
)  # fmt: skip
def test_the_name_of_a_secret(name: str) -> None:
    assert is_secret_name(name)
    assert is_hidden(name, "hunter2")
    assert not is_hidden(name, "${HUNTER}")


@pytest.mark.parametrize(
    "name",
    ["token_column", "password_field", "primary_key", "key", "keys", "secret_name", "tokenize",
     "secretary", "sort_key", "access_key_id", "token_type", "", "_"],
)  # fmt: skip
def test_the_name_of_something_else(name: str) -> None:
    assert not is_secret_name(name)
    assert not is_hidden(name, "hunter2")


def test_placeholders() -> None:
    for each in ("", " ", "${SECRET}", "{{secret:key}}", "****", "xxxx", "<your token>"):
        assert is_placeholder(each), each
    for each in ("hunter2", "x1", "a ${b}"):
        assert not is_placeholder(each), each


def test_addresses() -> None:
    assert has_address("kim@example.com")
    assert has_address("Ask kim.lee+x@mail.example.co.jp!")
    assert not has_address("git@host")
    assert not has_address("@example.com")
    assert holds_address("replyTo")
    assert not holds_address("path")


@pytest.mark.parametrize(
    "name", ["tokens", "passwords", "password2", "api_keys", "token.value", "credentials.inner"]
)
def test_the_name_of_several_secrets_or_of_one_in_another(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["token_url", "credentials.user", "secret_arn", "sort_keys"])
def test_the_name_of_where_a_secret_is(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "source",
    [
        'with (password = "hunter2", a = 1)',
        'with (password = "hunter2 a = "',
        "with (`api-key`='hunter2')",
        "with (secret => hunter2)",
        'with (token: "hunter2")',
        "config:\n  password: hunter2",
        "password: " + "x1" * 40 + "hunter2",
        'with (password =\n  "hunter2")',
        'with (tokens = [\n  "a",\n  "hunter2",\n])',
        'with (token = (value = "hunter2"))',
        'with (a = "sftp://user:hunter2@example.com/hunter2", b = 1)',
        '"Bearer ' + _36 + '" hunter = 1',
        "# " + "glpat-" + _36[:20] + "hunter2",
    ],
)
def test_secrets_in_a_source_are_masked_also_where_it_does_not_parse(source: str) -> None:
    masked = masked_text(source, secret_places(source))
    assert "hunter2" not in masked
    assert _36[:20] not in masked
    assert "*" in masked
    assert [len(line) for line in masked.split("\n")] == [len(line) for line in source.split("\n")]


@pytest.mark.parametrize(
    "source",
    ['with (token = "${TOKEN}")', "param token: string", "password = null", 'token_type = "x"',
     'primary_key = "id"', 'where name = "Kim"'],
)  # fmt: skip
def test_other_sources_are_shown_as_they_are(source: str) -> None:
    assert masked_text(source, secret_places(source)) == source
