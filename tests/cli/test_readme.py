"""The README shows what happens: each command in it is run, and its output compared.

A `console` block holds commands (`$ …`) and what they print, standard error after
standard output; a block without output only has to work.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from running import ENVIRONMENT, ROOT
from segdsl.cli.group import COMMANDS

README = (ROOT / "README.md").read_text(encoding="utf-8")


FILES = {"seg": "japan.seg", "toml": "segdsl.toml", "csv": "data/customers.csv"}
SECONDS = re.compile(r"\d+\.\d\d s")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Each command with the output shown under it."""
    found: list[tuple[str, str]] = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize(("command", "output"), commands(), ids=[each for each, _ in commands()])
def test_a_command_of_the_readme_does_what_is_shown(
    command: str, output: str, tmp_path: Path
) -> None:
    for language, name in FILES.items():
        [text] = blocks(language)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    script = f'segdsl() {{ "{sys.executable}" -m segdsl "$@"; }}\n{command}'
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.returncode == ("error[" in output or "! conflict" in output)
    if output:
        assert SECONDS.sub("0.02 s", done.stdout + done.stderr) == output


def test_the_readme_shows_every_command() -> None:
    shown = " ".join(command for command, _ in commands())
    # A server never ends; it is shown in words.
    for name in sorted({*COMMANDS} - {"serve"}):
        assert f"segdsl {name} " in shown, name
    assert "`segdsl serve --data DIR`" in README


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
