"""Texts that look like secrets: keys of known services, and names such as `password`.

For what is written into files and shown to people. What a text is, is judged by its form alone.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

# Patterns are compiled when the first activation is looked at: most runs need none.
_KEYS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a GitHub token": r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{22})",
    "a GitLab token": r"\bglpat-[0-9A-Za-z_-]{20}",
    "a Slack token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10}",
    "the address of a Slack webhook": r"https://hooks\.slack\.com/services/[0-9A-Za-z/]{20}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16}",
    "a SendGrid key": r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16}",
    "a Twilio key": r"\bSK[0-9a-f]{32}\b",
    "an npm token": r"\bnpm_[0-9A-Za-z]{36}",
    "an OpenAI or Anthropic key": r"\bsk-[0-9A-Za-z_-]{20}",
    "a Treasure Data API key": r"\b[0-9]{1,10}/[0-9a-f]{40}\b",
    "a JSON web token": r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.",
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----",
    "the key of an Azure account": r"\bAccountKey=[0-9A-Za-z+/=]{40}",
    "a signed Azure address": r"[?&]sig=[0-9A-Za-z%+/=]{30}",
    "a credential for HTTP": r"\b(?:Bearer|Basic) [0-9A-Za-z._~+/=-]{16}",
    "an address with a password": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,200}:[^\s/@]{1,200}@",
}
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
# A value that is filled in from elsewhere.
_PLACEHOLDER = r"\s*(?:\$?\{[^{}]*\}|\{\{[^{}]*\}\}|<[^<>]*>|\*+|x+)?\s*"
_SECRET_NAMES = frozenset(
    {"password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials"}
)
_KEY_NAMES = frozenset({"api", "access", "private", "secret", "account", "auth", "encryption"})
"""What makes a `key` a secret one: `api_key`, and not `primary_key`."""
# A name that ends so is about a secret, and no secret: `token_column`.
_ABOUT = frozenset(
    {"name", "column", "field", "type", "mode", "format", "id", "expiry", "required", "enabled"}
)
_ADDRESS_NAMES = frozenset(
    [
        "email",
        "emails",
        "mail",
        "recipient",
        "recipients",
        "sender",
        "from",
        "to",
        "cc",
        "bcc",
        "reply",
        "user",
        "username",
        "login",
        "account",
        "owner",
        "contact",
        "notify",
        "share",
    ]
)
"""Words in names of settings that hold an address on purpose."""


class _Patterns(NamedTuple):
    keys: tuple[tuple[str, re.Pattern[str]], ...]
    email: re.Pattern[str]
    placeholder: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    return _Patterns(
        tuple((what, re.compile(pattern, re.ASCII)) for what, pattern in _KEYS.items()),
        re.compile(_EMAIL),
        re.compile(_PLACEHOLDER, re.IGNORECASE),
    )


def kind_of_key(text: str) -> str | None:
    """What a text holds that looks like a key of a known service: `a GitHub token`."""
    return next((what for what, pattern in _patterns().keys if pattern.search(text)), None)


def has_address(text: str) -> bool:
    """Whether a text holds an e-mail address."""
    return "@" in text and _patterns().email.search(text) is not None


def is_secret_name(setting: str) -> bool:
    """Whether the name of a setting says that its value is secret: `apiKey`, `client-secret`."""
    words = _words(setting)
    if not words or words[-1] in _ABOUT:
        return False
    if _SECRET_NAMES.intersection(words):
        return True
    joined = "".join(words)
    return any(
        "key" in words[at + 1 :] for at, word in enumerate(words) if word in _KEY_NAMES
    ) or joined in {"apikey", "accesskey", "privatekey", "secretkey", "authkey"}


def _words(setting: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", setting)
    return [each for each in re.split(r"[^0-9a-z]+", parted.lower()) if each]


def is_placeholder(text: str) -> bool:
    """Whether a text is filled in from elsewhere: empty, `${TOKEN}`, `****`."""
    return _patterns().placeholder.fullmatch(text) is not None


def holds_address(setting: str) -> bool:
    """Whether the name of a setting says that it holds an e-mail address: `recipients`."""
    return not _ADDRESS_NAMES.isdisjoint(_words(setting))


def is_hidden(setting: str, text: str) -> bool:
    """Whether the text of a setting must not be shown: a key, or the value of a secret setting."""
    return kind_of_key(text) is not None or (is_secret_name(setting) and not is_placeholder(text))
