"""Plans and conflicts on terminals of any width: lines end between words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from running import segdsl
from segdsl.diagnostics.render import folded
from segdsl.terminal import cell_width
from terminal import on_terminal
from workspace import NOW, write_project

pytestmark = pytest.mark.heavy

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def conflict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that is changed on both sides, and has more to do."""
    write_project(tmp_path, f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n')
    monkeypatch.chdir(tmp_path)
    japan = tmp_path / "japan.seg"
    lock = tmp_path / "local.lock.toml"
    assert segdsl("apply", "--yes").exit_code == 0
    kept = lock.read_text()
    text = japan.read_text()
    japan.write_text(text.replace("JP", "US"))
    assert segdsl("apply", "--yes").exit_code == 0
    lock.write_text(kept)
    japan.write_text(text.replace('"JP"', '"FR" and email contains any ("one", "two", "three")'))
    (tmp_path / "long.seg").write_text(
        'segment "A name of many words, which is longer than the terminal is wide, by far"\n'
        'folder "Some/Folders of/Many words too"\nwhere age > 3\n'
    )
    return tmp_path


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("command", ["plan", "pull"])
def test_no_line_breaks_inside_a_word(conflict: Path, command: str, width: int) -> None:
    segdsl(command)  # a second pull has no more to write
    done = segdsl(command)
    whole = done.stdout
    words = {*whole.split(), *done.stderr.split()}
    with on_terminal(conflict, command, width=width) as terminal:
        assert terminal.end() == 1
    lines = [COLOUR.sub("", line) for line in terminal.written.replace("\r", "").split("\n")]
    assert any("merge both versions" in line for line in lines)
    shown = "\n".join(lines)
    assert [each for each in shown.split() if each not in words] == []
    for line in lines:
        assert cell_width(line) <= width or " " not in line.strip(), line
    if width == 200:
        assert [line for line in lines if "merge both" in line] == [
            line for line in whole.splitlines() if "merge both" in line
        ]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 20, ["one two three"]),
        ("one two three", 8, ["one two", "    three"]),
        ("  one two three four", 12, ["  one two", "      three", "      four"]),
        ("averyveryverylongword and more", 10, ["averyveryverylongword", "    and", "    more"]),
        ("日本 語の 文字", 9, ["日本 語の", "    文字"]),
        ("+ create  A B  (a.seg)", 14, ["+ create  A B", "    (a.seg)"]),
        ("", 10, [""]),
    ],
)
def test_lines_are_folded_at_blanks(text: str, width: int, lines: list[str]) -> None:
    assert list(folded(text, width)) == lines


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("init", "--data", "data"), "its values are separated by semicolons, not commas"),
        (("schema", "pull"), "skipped: prices.csv has no column `cdp_customer_id`: its values"),
        (
            ("plan", "--target", ""),
            "it is empty; is a variable in the command not set?",
        ),
        (
            ("preview", "--target", "nowhere", "."),
            "segdsl.toml has no target `nowhere`; the targets are:",
        ),
        (
            ("init", "--region", "us01", "--parent-segment", "x"),
            "the last one in the address of its",
        ),
    ],
)
def test_other_lines_end_between_words(
    tmp_path: Path, width: int, arguments: tuple[str, ...], said: str
) -> None:
    """Also notes, summaries and errors."""
    write_project(tmp_path, '[targets.local]\nkind = "local"\ndata = "data"\n')
    (tmp_path / "data" / "prices.csv").write_text("sku;price\na;1\n")
    with on_terminal(tmp_path, *arguments, width=width) as terminal:
        terminal.end()
    lines = COLOUR.sub("", terminal.written).replace("\r", "").split("\n")
    assert all(cell_width(line) <= width for line in lines)
    assert said in " ".join(" ".join(lines).split())
