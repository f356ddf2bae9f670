"""API keys: where they come from, and how they are kept from being told.

`TD_API_KEY`, the `td.conf` of the vendor's tools (observed), or a named profile of a file
of our own; never the command line.
"""

from __future__ import annotations

import configparser
import re
import stat
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from segdsl.api.scrubbing import Scrubber
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.files import FileError

VARIABLE = "TD_API_KEY"
TD_CONF = Path(".td") / "td.conf"
PROFILES = Path(".config") / "segdsl" / "credentials.toml"
_KEY = re.compile(r"[0-9A-Za-z/_.+=-]{8,200}", re.ASCII)


class CredentialsError(FileError):
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
            f'[{profile}]\napikey = "…"\n',
        )
    if sys.platform != "win32" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise CredentialsError(f"{shown} can be read by others: chmod 600 it first")
    try:
        profiles = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Its message could show a part of the file.
        raise CredentialsError(f"{shown} is no TOML file") from None
    found = profiles.get(profile)
    if not isinstance(found, dict):
        help = did_you_mean(profile, profiles, "it has none of that name")
        raise CredentialsError(f"{shown} has no profile `{profile}`; {help}")
    key = found.get("apikey")
    if not isinstance(key, str):
        raise CredentialsError(f'{shown} has no `apikey = "…"` under [{profile}]')
    return ApiKey(key, f"`apikey` under [{profile}] of {shown}")


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise CredentialsError(f"cannot read {file.name} in {file.parent.name}") from None
