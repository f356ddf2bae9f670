"""API keys: where they come from, and how they are kept from being told.

`TD_API_KEY`, the `td.conf` of the vendor's tools (observed), or a named profile of a file
of our own; never the command line.
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
"""The key that a local API takes where nobody chose another; everyone knows it."""
TD_CONF = Path(".td") / "td.conf"
MAX_BYTES = 1_000_000
PROFILES = Path(".config") / "segdsl" / "credentials.toml"
_KEY = re.compile(r"[0-9A-Za-z/_.+=-]{8,200}", re.ASCII)


class CredentialsError(InputError):
    """No key, or none that can be used; the text says where one is looked for."""


class ApiKey:
    """A key that shows itself nowhere but in `header`."""

    __slots__ = ("_scrubber", "_text")

    def __init__(self, text: str, source: str = "the key") -> None:
        text = text.strip()
        if _KEY.fullmatch(text) is None:
            raise CredentialsError(
                f"{source} holds no API key: one looks like 1234/ and 40 more letters and digits"
            )
        self._text = text
        self._scrubber = Scrubber(text)

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a key is not written down")

    @property
    def header(self) -> str:
        """The value of `Authorization` (described)."""
        return f"TD1 {self._text}"

    def scrubbed(self, text: str) -> str:
        """A text of somebody else's without the key in it, in any form (`segdsl.api.scrubbing`)."""
        return self._scrubber.scrubbed(text)

    def occurs_in(self, content: bytes) -> bool:
        """Whether the key's secret part is in the body of an answer."""
        return self._scrubber.occurs_in(content)


def local_key(environ: Mapping[str, str]) -> ApiKey:
    """The key for an API on this machine, which is no account's: raises CredentialsError."""
    return ApiKey(environ.get(LOCAL_VARIABLE) or LOCAL_KEY, LOCAL_VARIABLE)


def find_key(profile: str | None, environ: Mapping[str, str], home: Path) -> ApiKey:
    """The key of a profile, or else of the environment or of td.conf; raises CredentialsError."""
    if profile is not None:
        return _of_profile(profile, home / PROFILES)
    if environ.get(VARIABLE):
        return ApiKey(environ[VARIABLE], VARIABLE)
    file = home / TD_CONF
    text = _read(file)
    if text is None:
        raise CredentialsError(
            f"there is no API key: put one in the variable {VARIABLE} or, as the vendor's tools "
            f"do, in ~/{TD_CONF.as_posix()}, or name a `profile` in segdsl.toml"
        )
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
        return ApiKey(parser.get("account", "apikey"), f"~/{TD_CONF.as_posix()}")
    except configparser.Error:
        raise CredentialsError(
            f"~/{TD_CONF.as_posix()} has no `apikey` under [account]: write one there, or set "
            f"{VARIABLE}"
        ) from None


def _of_profile(profile: str, file: Path) -> ApiKey:
    """`apikey` under [profile] of a file that nobody else may read."""
    shown = f"~/{PROFILES.as_posix()}"
    text = _read(file)
    if text is None:
        raise CredentialsError(
            f"there is no {shown} to look the profile `{profile}` up in: write it so, and "
            "chmod 600 it",
            f'\n[{profile}]\napikey = "…"\n',
        )
    if sys.platform != "win32" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise CredentialsError(f"{shown} can be read by others: chmod 600 it first")
    document = parse_toml(
        text, shown, CredentialsError, f"{shown} is not a valid TOML file", is_secret=True
    )
    profiles = document.data
    found = profiles.get(profile)
    if not isinstance(found, dict):
        help = did_you_mean(profile, profiles, "it has none of that name")
        raise CredentialsError(f"{shown} has no profile `{profile}`; {help}")
    if "apikey" not in found:
        near = nearest("apikey", found)
        raise document.error(
            CredentialsError,
            (profile, near) if near else (profile,),
            f"{shown} has no `apikey` under [{profile}]",
            f"`{near}` is to be `apikey`" if near else 'write `apikey = "…"`',
            on="key",
        )
    key = found["apikey"]
    if not isinstance(key, str):
        raise document.error(
            CredentialsError,
            (profile, "apikey"),
            f"`apikey` under [{profile}] of {shown} must be a string",
            'write it in quotes: `apikey = "…"`',
        )
    return ApiKey(key, f"`apikey` under [{profile}] of {shown}")


def _read(file: Path) -> str | None:
    if not os.path.lexists(file):
        return None
    try:
        data = read_bytes(str(file), MAX_BYTES)
        if len(data) > MAX_BYTES:
            raise CredentialsError(f"{file.name} in {file.parent.name} is no file of credentials")
        return body_of(data).decode()
    except UnicodeDecodeError:
        raise CredentialsError(f"{file.name} in {file.parent.name} is not UTF-8") from None
    except FileError as error:
        raise CredentialsError(error.message) from None
