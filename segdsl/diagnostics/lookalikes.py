"""Texts that look the same and are not: Unicode forms, widths, alphabets, characters not shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
# Letters of other alphabets that look like Latin ones.
ALIKE = str.maketrans(
    "асеорхуіјѕһԁԛԝАВЕЗКМНОРСТУХІЈЅαορνικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aceopxyijshdqwABE3KMHOPCTYXIJSaopvikABEZHIKMNOPTYX",
)


def shown(text: str) -> str:
    """The text without the characters that are not shown."""
    return text.translate({ord(each): None for each in INVISIBLE})


def skeleton(text: str) -> str:
    """What texts that look alike have in common: composed, of one width, in Latin letters."""
    return unicodedata.normalize("NFKC", shown(text)).translate(ALIKE)


def same_looking(word: str, known: Iterable[str]) -> str | None:
    """A help line for the name that looks like `word` and has another spelling, or None."""
    names = [name for name in known if name != word]
    if word.isascii():
        names = [name for name in names if not name.isascii()]
    if not names:
        return None
    wanted = skeleton(word)
    for name in sorted(names):
        if skeleton(name) == wanted:
            return f"did you mean `{name}`? it looks the same, but {_difference(word, name)}"
    return None


def _difference(word: str, name: str) -> str:
    if unicodedata.normalize("NFC", word) == unicodedata.normalize("NFC", name):
        forms = [
            next((form for form in ("NFC", "NFD") if _is_in(form, text)), "a mixed form")
            for text in (word, name)
        ]
        return f"its spelling differs in Unicode form: this is in {forms[0]}, that in {forms[1]}"
    if shown(word) == shown(name):
        return "one of the two has a character in it that is not shown"
    if unicodedata.normalize("NFKC", word) == unicodedata.normalize("NFKC", name):
        return "one of the two has characters of another width"
    return "one of the two has letters of another alphabet"


def _is_in(form: str, text: str) -> bool:
    return unicodedata.normalize("NFC" if form == "NFC" else "NFD", text) == text
