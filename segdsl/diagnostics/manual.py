"""The page of diagnostics, read: what each code means, with its example.

The page is `docs/reference/diagnostics.md` of the repository, and a part of the package in a wheel.
"""

from __future__ import annotations

import os
import re
from functools import cache

import msgspec

from segdsl.diagnostics.codes import Code, Severity, severity_of

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKED = os.path.join(_HERE, "..", "reference", "diagnostics.md")
_CHECKOUT = os.path.join(_HERE, "..", "..", "docs", "reference", "diagnostics.md")
_ENTRY = re.compile(
    r"^### (SEG\d{3}): [^\n]*\n\n(.*?)\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
_WARNING = "**Warning.** "


class Entry(msgspec.Struct, frozen=True):
    """What the page has of a code.

    `meaning` is markdown, its paragraphs on one line each. `form` is what the example is: `seg` for
    source, `json` for a rule, `sh` for commands.
    """

    code: Code
    group: str
    meaning: str
    form: str
    example: str

    @property
    def severity(self) -> Severity:
        return severity_of(self.code)


@cache
def entries() -> dict[str, Entry]:
    """The entries by code, in the order of the page."""
    found = {}
    groups = re.split(r"^## (.*)$", _page(), flags=re.MULTILINE)[1:]
    for group, text in zip(groups[::2], groups[1::2], strict=True):
        for code, meaning, form, example in _ENTRY.findall(text):
            paragraphs = [" ".join(each.split()) for each in meaning.split("\n\n")]
            plain = "\n\n".join(paragraphs).removeprefix(_WARNING)
            found[code] = Entry(Code[code], group, plain, form, example.strip("\n"))
    return found


def _page() -> str:
    path = _PACKED if os.path.exists(_PACKED) else _CHECKOUT
    with open(path, encoding="utf-8") as file:
        return file.read()
