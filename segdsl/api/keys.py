"""Finds API keys and keeps them secret.

Sources are `TD_API_KEY`, the `td.conf` of the vendor's tools (observed) and a named profile in
segdsl's own credentials file; never the command line.
"""

from __future__ import annotations

import configparser
import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from segdsl.api.scrubbing import Scrubber
from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.errors import FileError, InputError
from segdsl.files import body_of, read_bytes
from segdsl.toml import parse_toml

VARIABLE = "TD_API_KEY"
LOCAL_VARIABLE = "SEGDSL_LOCAL_KEY"
LOCAL_KEY = "1/" + "0" * 40
"""The default key of a local API; not a secret."""
TD_CONF = Path(".td") / "td.conf"
MAX_BYTES = 1_000_000
PROFILES = Path(".config") / "segdsl" / "credentials.toml"
_KEY = re.compile(r"[0-9A-Za-z/_.+=-]{8,200}", re.ASCII)


class CredentialsError(InputError):
    """No usable key; the message says where keys are looked for."""


class ApiKey:
    """An API key; only `header` reveals it."""

    __slots__ = ("_scrubber", "_text")

    def __init__(self, text: str, source: str = "the key") -> None:
        text = text.strip()
        if _KEY.fullmatch(text) is None:
            raise CredentialsError(
                f"{source} is not a valid API key: a key is a number, `/` and 40 letters and digits"
            )
        self._text = text
        self._scrubber = Scrubber(text)

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("an API key cannot be serialized")

    @property
    def header(self) -> str:
        """The value of `Authorization` (described)."""
        return f"TD1 {self._text}"

    def scrubbed(self, text: str) -> str:
        """A text without the key in any form (`segdsl.api.scrubbing`)."""
        return self._scrubber.scrubbed(text)

    def occurs_in(self, content: bytes) -> bool:
        """Whether the body of a response contains the key's secret part."""
        return self._scrubber.occurs_in(content)


def local_key(environ: Mapping[str, str]) -> ApiKey:
    """The key for a local API, which belongs to no account; raises CredentialsError."""
    return ApiKey(environ.get(LOCAL_VARIABLE) or LOCAL_KEY, LOCAL_VARIABLE)


def find_key(profile: str | None, environ: Mapping[str, str], home: Path) -> ApiKey:
    """The key of a profile or else of the environment or td.conf; raises CredentialsError."""
    if profile is not None:
        return _of_profile(profile, home / PROFILES)
    if environ.get(VARIABLE):
        return ApiKey(environ[VARIABLE], VARIABLE)
    file = home / TD_CONF
    text = _read(file)
    if text is None:
        raise CredentialsError(
            f"no API key found: set {VARIABLE}, write `apikey` in ~/{TD_CONF.as_posix()} as the "
            "vendor's tools do, or name a `profile` in segdsl.toml"
        )
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
        return ApiKey(parser.get("account", "apikey"), f"~/{TD_CONF.as_posix()}")
    except configparser.Error:
        raise CredentialsError(
            f"~/{TD_CONF.as_posix()} has no `apikey` under [account]: add it, or set {VARIABLE}"
        ) from None


def _of_profile(profile: str, file: Path) -> ApiKey:
    """`apikey` under [profile] of a file that nobody else may read."""
    shown = f"~/{PROFILES.as_posix()}"
    text = _read(file)
    if text is None:
        raise CredentialsError(
            f"{shown} does not exist, so profile `{profile}` has no key: create the file as "
            "follows and chmod 600 it",
            f'\n[{profile}]\napikey = "…"\n',
        )
    if sys.platform != "win32" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise CredentialsError(f"other users can read {shown}: run chmod 600 on it")
    document = parse_toml(
        text, shown, CredentialsError, f"{shown} is not a valid TOML file", is_secret=True
    )
    profiles = document.data
    settings = profiles.get(profile)
    if not isinstance(settings, dict):
        help = did_you_mean(profile, profiles, "add it")
        raise CredentialsError(f"{shown} has no profile `{profile}`; {help}")
    if "apikey" not in settings:
        similar = nearest("apikey", settings)
        raise document.error(
            CredentialsError,
            (profile, similar) if similar else (profile,),
            f"{shown} has no `apikey` under [{profile}]",
            f"rename `{similar}` to `apikey`" if similar else 'add `apikey = "…"`',
            on="key",
        )
    key = settings["apikey"]
    if not isinstance(key, str):
        raise document.error(
            CredentialsError,
            (profile, "apikey"),
            f"`apikey` under [{profile}] of {shown} must be a string",
            'put it in quotes: `apikey = "…"`',
        )
    return ApiKey(key, f"`apikey` under [{profile}] of {shown}")


def _read(file: Path) -> str | None:
    if not os.path.lexists(file):
        return None
    try:
        data = read_bytes(str(file), MAX_BYTES)
        if len(data) > MAX_BYTES:
            raise CredentialsError(
                f"{file.name} in {file.parent.name} is too large for a credentials file"
            )
        return body_of(data).decode()
    except UnicodeDecodeError:
        raise CredentialsError(f"{file.name} in {file.parent.name} is not UTF-8") from None
    except FileError as error:
        raise CredentialsError(error.message) from None
