"""What a terminal would obey becomes a visible sign; what people write stays as they wrote it."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import segdsl
from segdsl.terminal import cell_width, cells, visible, visible_colored, visible_lines

CLI = Path(segdsl.__file__).parent / "cli"


@pytest.mark.parametrize(
    "text",
    [
        "family \N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}",
        "\N{HEAVY BLACK HEART}\ufe0f\u200d\N{FIRE}",
        "1\ufe0f\N{COMBINING ENCLOSING KEYCAP}",
        "\N{WAVING BLACK FLAG}\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}",
        "می\u200cخواهم",
        "क्\u200dष",
        "葛\U000e0100城",
        "東京\u3000都",
        "e\u0301",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text
    assert cell_width(text) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]0;title\x07", "a␛]0;title␇"),
        ("a\x9b31m", "a�31m"),
        ("safe\u202egpj.exe", "safe�gpj.exe"),
        ("a\u2066b\u2069", "a�b�"),
        ("\u200fa\u200eb", "�a�b"),
        ("ad\u200dmin", "ad�min"),
        ("x\u200b\ufeff\u2060", "x���"),
        ("a\u3164b\u2800", "a�b�"),
        ("line\nline\r\t", "line␊line␍␉"),
        ("\U000e0041lone tag", "�lone tag"),
        ("\N{FIRE}\u200d", "\N{FIRE}�"),
        ("\ud800", "�"),
        ("\x7f", "␡"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible_lines(text.replace("\n", " ").replace("\t", " ")) == visible(
        text.replace("\n", " ").replace("\t", " ")
    )


def test_lines_and_tabs_of_a_text_stay() -> None:
    assert visible_lines("a\n\tb\x1b\r\n") == "a\n\tb␛␍\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[1;31mred\x1b[m", "\x1b[1;31mred\x1b[m"),
        ("\x1b[8mgone\x1b[0;8mtoo\x1b[08m", "␛[8mgone␛[0;8mtoo␛[08m"),
        ("\x1b[2J\x1b]8;;http://x\x07\x1b[5A", "␛[2J␛]8;;http://x␇␛[5A"),
        ("\x1b\x1b[31m[2J", "␛\x1b[31m[2J"),
        ("\x1b[31\x07m", "␛[31␇m"),
    ],
)
def test_colours_alone_are_left(text: str, shown: str) -> None:
    assert visible_colored(text) == shown


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    assert visible(shown) == shown
    for character in shown:
        # Of format characters only joiners, and the letters of a flag.
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert (
            unicodedata.category(character) != "Cf"
            or character in "\u200c\u200d"
            or ("\U000e0020" <= character <= "\U000e007f")
        )
    plain = text.replace("\t", " ")
    assert "".join(each for each, _ in cells(plain, 4)) == visible(plain)


def test_one_module_of_the_command_line_writes() -> None:
    """So that a new command is safe: whoever writes by `say` cannot forget what to escape."""
    found = set()
    for file in sorted(CLI.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="print" | "input")):
                    found.add(file.name)
                case ast.Call(
                    func=ast.Attribute(
                        attr="echo" | "secho" | "echo_via_pager" | "confirm" | "prompt" | "write"
                    ) as function
                ) if ast.unparse(function).startswith(("click.", "sys.")):
                    found.add(file.name)
    assert found == {"console.py", "prompts.py"}
