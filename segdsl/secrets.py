"""Texts that look like secrets: keys of known services, and names such as `password`.

For what is written into files and shown to people. What a text is, is judged by its form alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
# A name and what is assigned to it, in the source of a file or in what was meant as one.
_ASSIGNED = r"""
    (?<![\w`]) (?: ` ([^`\n]+) ` | ([^\W\d][\w-]*) ) [ \t]* (?: =>? | : )
    (?= \s* ( " (?: \\. | [^"\\\n] )* "? | ' [^'\n]* '?
              | \[ [^\]]{0,2000} \]? | \( [^()]{0,2000} \)? )
      | [ \t]* ( [^\s,()\[\]"'=<>]{1,20} ) )
"""
_REST = r"""[^\s,()\[\]"'=<>]*"""
# Words that are no text: values, and the types of params.
_NO_TEXTS = frozenset(
    {"true", "false", "null", "string", "number", "boolean", "date", "timestamp", "duration"}
)
_SECRET_NAMES = frozenset(
    {"password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials"}
)
_KEY_NAMES = frozenset({"api", "access", "private", "secret", "account", "auth", "encryption"})
"""What makes a `key` a secret one: `api_key`, and not `primary_key`."""
# A name that ends so is about a secret, and no secret: `token_column`.
_ABOUT = frozenset(
    [
        "name",
        "column",
        "field",
        "type",
        "mode",
        "format",
        "id",
        "expiry",
        "required",
        "enabled",
        "user",
        "username",
        "login",
        "host",
        "port",
        "region",
        "url",
        "uri",
        "arn",
        "path",
        "endpoint",
    ]
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
    assigned: re.Pattern[str]
    rest: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    return _Patterns(
        tuple((what, re.compile(pattern, re.ASCII)) for what, pattern in _KEYS.items()),
        re.compile(_EMAIL),
        re.compile(_PLACEHOLDER, re.IGNORECASE),
        re.compile(_ASSIGNED, re.VERBOSE),
        re.compile(_REST),
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
    return [_singular(each) for each in re.split(r"[^0-9a-z]+", parted.lower()) if each]


def _singular(word: str) -> str:
    """A word as the lists here have it: `token` of `tokens` and `token2`."""
    short = word.rstrip("0123456789") or word
    return short[:-1] if short[:-1] in _SECRET_NAMES or short == "keys" else short


def is_placeholder(text: str) -> bool:
    """Whether a text is filled in from elsewhere: empty, `${TOKEN}`, `****`."""
    return _patterns().placeholder.fullmatch(text) is not None


def holds_address(setting: str) -> bool:
    """Whether the name of a setting says that it holds an e-mail address: `recipients`."""
    return not _ADDRESS_NAMES.isdisjoint(_words(setting))


def is_hidden(setting: str, text: str) -> bool:
    """Whether the text of a setting must not be shown: a key, or the value of a secret setting."""
    return kind_of_key(text) is not None or (is_secret_name(setting) and not is_placeholder(text))


def secret_places(source: str) -> Iterator[tuple[int, int]]:
    """Where the source of a file has what must not be shown: starts and ends, in any order.

    Also in a file with mistakes, of which nothing else is known: keys up to the end of their
    string or line, and what is assigned to a name such as `password`.
    """
    patterns = _patterns()
    for _, pattern in patterns.keys:
        for match in pattern.finditer(source):
            yield match.start(), _end_of_key(source, match.end())
    for match in patterns.assigned.finditer(source):
        setting, group = match[1] or match[2], 3 if match[4] is None else 4
        value = match[group]
        if is_secret_name(setting) and value not in _NO_TEXTS:
            texts = value.strip("\"'")
            if not is_placeholder(texts):
                start, end = match.span(group)
                rest = patterns.rest.match(source, end) if group == 4 else None
                yield start, end if rest is None else rest.end()


def _end_of_key(source: str, at: int) -> int:
    ends = (source.find(each, at) for each in "\"'\n")
    return min((each for each in ends if each >= 0), default=len(source))


def masked_text(text: str, places: Iterable[tuple[int, int]]) -> str:
    """The text with `*` for each character of the places; its lines stay as long as they are."""
    parts: list[str] = []
    at = 0
    for start, end in sorted(places):
        parts.append(text[at : max(at, start)])
        hidden = text[max(at, start) : max(at, end)]
        parts.append("\n".join("*" * len(line) for line in hidden.split("\n")))
        at = max(at, end)
    return "".join(parts) + text[at:]
