"""Texts from outside as a terminal may show them: what it would obey, or show as nothing, becomes a
visible sign. The one place where that is decided.

Names, values, file names, texts of servers and arguments may hold anything. What is written for
programs, and to files, stays as it is; see `segdsl.cli.console`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_JOINERS = "\u200c\u200d"
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
"""A flag of a part of a country: the letters of its name are characters that show nothing."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""What Python takes for printable, and terminals show nothing of."""
_EMOJI = "\ufe0f"
_OURS = r"\x1b\[(?:(?!0*8[;m])[0-9]+(?:;(?!m)|(?=m)))*m"
"""The colours and weights that click and rich write; that of concealed text (8) is none of them."""


def visible(text: str) -> str:
    """The text with a sign in place of each character that a terminal would obey or not show.

    Line ends are among them. Emoji with their joiners and variants stay as they are, and so do
    the joiners of scripts that need them; between letters of ASCII they would show nothing.
    """
    if text.isprintable() and (text.isascii() or _BLANK.isdisjoint(text)):
        return text
    return "".join(signs(text))


def signs(text: str) -> Iterator[str]:
    """What is shown for each character of a text, one by one."""
    flags = {at for found in re.finditer(_FLAG, text) for at in range(*found.span())}
    last = ""
    for at, character in enumerate(text):
        if character in _JOINERS:
            joins = last > "\x7f" and text[at + 1 : at + 2] > "\x7f"
            last = _sign(character, joins)
        else:
            last = _sign(character, at in flags)
        yield last


def _sign(character: str, is_known: bool) -> str:
    if is_known or character == "\u3000":
        return character
    if character.isprintable() and character not in _BLANK:
        return character
    if character < " ":
        return chr(0x2400 + ord(character))
    return "\N{SYMBOL FOR DELETE}" if character == "\x7f" else "\N{REPLACEMENT CHARACTER}"


def visible_lines(text: str) -> str:
    """The same of a text of several lines: line ends stay, and so do tabs."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return re.sub(r"[^\n\t]+", lambda found: visible(found[0]), text)


def visible_colored(text: str) -> str:
    """The same where the text has colours of our own, which stay."""
    parts: list[str] = []
    at = 0
    for found in re.finditer(_OURS, text):
        parts += (visible_lines(text[at : found.start()]), found[0])
        at = found.end()
    return "".join((*parts, visible_lines(text[at:])))


# --- widths --------------------------------------------------------------------------


def cell_width(text: str) -> int:
    """The number of terminal cells that a text takes."""
    if text.isascii():
        return len(text)
    return sum(size for _, size in _sizes(text))


def cells(text: str, tab: int) -> Iterator[tuple[str, int]]:
    """Each character as it is shown, with the number of cells it takes; tabs stop every `tab`."""
    at = 0
    before = ""
    for character, shown in zip(text, signs(text), strict=True):
        if character == "\t":
            shown = " " * (tab - at % tab)
        size = len(shown) if shown.isascii() else _size(shown, before)
        before = shown
        yield shown, size
        at += size


def _sizes(text: str) -> Iterator[tuple[str, int]]:
    before = ""
    for character in text:
        yield character, 1 if character.isascii() else _size(character, before)
        before = character


def _size(character: str, before: str) -> int:
    """The cells of a character behind another: what is joined to an emoji takes no more room."""
    from rich.cells import cell_len, get_character_cell_size

    if before == "\u200d":
        return 0
    if character == _EMOJI and before:
        return cell_len(before + character) - cell_len(before)
    return get_character_cell_size(character)
