"""Names, values, file names and arguments that a terminal would obey are shown, and never sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from running import ENVIRONMENT, process, segdsl
from workspace import NOW, PARENT, write_project

pytestmark = pytest.mark.heavy

pty = pytest.importorskip("pty")
TITLE = "\x1b]0;owned\x07"
EVIL = f"a{TITLE}\x1b[2J\x9b8m\u202eb"
LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
OBEYED = re.compile(r"\x1b(?!\[[0-9;?]*[mhlJKAG])|\x07|\x9b|\u202e|\x1b\[2J")
"""What no command sends to a terminal; the bar moves the cursor and clears its line."""
FILE = f"x{TITLE}\x1b[2J.seg"


def on_a_terminal(folder: Path, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "segdsl", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "100", "LINES": "24"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            written += part
            if b"[y/N]" in part:
                os.write(ours, b"n\n")
        running.wait(timeout=60)
    os.close(ours)
    return written.decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which all that can hold a sequence for terminals holds one."""
    folder = tmp_path_factory.mktemp("project")
    write_project(folder, LOCAL)
    parent = PARENT.replace("Tiny shop", json.dumps(EVIL)[1:-1].replace("\x9b", "\\u009b"))
    (folder / "data" / "parent_segment.toml").write_text(parent, encoding="utf-8")
    csv = folder / "data" / "customers.csv"
    head, *rows = csv.read_text().splitlines()
    csv.write_text(
        "\n".join([f"{head},{EVIL}", *(f"{row},{EVIL}" for row in rows)]) + "\n", encoding="utf-8"
    )
    name = json.dumps(EVIL)
    (folder / FILE).write_text(
        f"# {EVIL}\nsegment {name}\n  description {name}\n  folder {name}\n\n"
        f"where\n  `{EVIL}` = {name}\n  or country = {name}\n",
        encoding="utf-8",
    )
    (folder / f"untidy{TITLE}.seg").write_text(
        f"segment {json.dumps('u' + EVIL)} where country  =  {name}\n", encoding="utf-8"
    )
    return folder


def is_harmless(text: str) -> None:
    found = OBEYED.search(text)
    assert found is None, text[max(0, found.start() - 60) : found.end() + 60] if found else ""
    assert "owned" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--no-schema"),
        ("fmt", "--check"),
        ("fmt", "--diff"),
        ("compile", "--symbolic", "."),
        ("explain", "."),
        ("explain", "--tree", "."),
        ("sql", "."),
        ("preview", "."),
        ("preview", "--breakdown", "."),
        ("preview", "--sample", "2", "."),
        ("plan",),
        ("plan", "--format", "json"),
        ("apply",),
        ("fmt", "--diff", "--color", "always"),
        ("plan", "--color", "always"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_sent_to_it(
    arguments: tuple[str, ...], project: Path
) -> None:
    is_harmless(on_a_terminal(project, *arguments))


def test_nor_of_what_the_server_has(project: Path, tmp_path: Path) -> None:
    write_project(tmp_path, LOCAL)
    for file in project.iterdir():
        if file.suffix == ".seg":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    for file in (project / "data").iterdir():
        (tmp_path / "data" / file.name).write_bytes(file.read_bytes())
    is_harmless(on_a_terminal(tmp_path, "apply", "--yes"))
    for arguments in (
        ("list",),
        ("list", "--json"),
        ("show", f"{EVIL}/{EVIL}"),
        ("show", "--json", f"{EVIL}/{EVIL}"),
        ("schema", "pull"),
        ("schema", "show", "owned"),
        ("schema", "show", "--sample", "owned"),
        ("check",),
        ("pull", "--force"),
        ("delete", f"{EVIL}/{EVIL}"),
    ):
        text = on_a_terminal(tmp_path, *arguments)
        found = OBEYED.search(text)
        assert found is None, (arguments, text)
    for name in (f"x{TITLE}.seg",):
        (tmp_path / name).write_text('segment "x" where age > = 1')
        is_harmless(on_a_terminal(tmp_path, "plan"))


@pytest.mark.parametrize(
    "arguments",
    [
        (EVIL,),
        (f"--{EVIL}",),
        ("check", f"--{EVIL}"),
        ("check", EVIL),
        ("check", "--allow", EVIL),
        ("check", "--format", EVIL),
        ("compile", "--set", EVIL, "x.seg"),
        ("compile", "-o", f"{EVIL}/x", "x.seg"),
        ("plan", "--target", EVIL),
        ("preview", "--now", "2024-01-01T00:00:00", "--target", EVIL, "x.seg"),
        ("schema", EVIL),
        ("decompile", EVIL),
        ("import", EVIL),
        ("serve", "--data", EVIL),
        ("serve", "--data", ".", "--port", EVIL),
    ],
)
@pytest.mark.parametrize("way", ["terminal", "pipe"])
def test_an_argument_is_repeated_harmlessly(
    arguments: tuple[str, ...], way: str, tmp_path: Path
) -> None:
    (tmp_path / "segdsl.toml").write_text(LOCAL)
    (tmp_path / "x.seg").write_text('segment "x" where a = 1\n')
    if way == "terminal":
        is_harmless(on_a_terminal(tmp_path, *arguments))
        return
    done = process(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    is_harmless(done.stderr.decode())


def test_a_line_end_in_a_name_begins_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that begins with `::` is a command to GitHub."""
    monkeypatch.chdir(tmp_path)
    Path("a\n::error::b.seg").write_text('segment "x" where a = = 1\n')
    Path("c\n::error::d.seg").write_text('segment "y" where a  =  1\n')
    for arguments in (
        ("check", "."),
        ("fmt", "--check", "."),
        ("check", "no\n::error::"),
        ("check", "--allow", "no\n::error::"),
        ("compile", "no\n::error::.seg"),
    ):
        done = segdsl(*arguments)
        assert done.exit_code in (1, 2)
        assert "::error::" in done.stderr + done.stdout
        assert not re.search("^::", done.stderr + done.stdout, re.MULTILINE)


def test_what_is_for_programs_stays_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "\u202e\x1b[31mred\x1b[0m \x9b"
    written = r"\u{202e}\u{1b}[31mred\u{1b}[0m \u{9b}"
    text = f'# \u202e\x9b\nsegment "x"\n\nwhere\n  a = "{written}"\n'
    Path("a.seg").write_text(text, encoding="utf-8")
    assert process("fmt", "-", input=text.encode(), cwd=tmp_path).stdout == text.encode()
    made = process("compile", "a.seg", cwd=tmp_path).stdout
    assert name in json.dumps(json.loads(made), ensure_ascii=False).replace(r"\u001b", "\x1b")
    assert process("sql", "a.seg", cwd=tmp_path).stdout.decode().count(name) == 1
    to_file = process("sql", "a.seg", "-o", "a.sql", cwd=tmp_path)
    assert to_file.returncode == 0
    assert Path("a.sql").read_text(encoding="utf-8").count(name) == 1
