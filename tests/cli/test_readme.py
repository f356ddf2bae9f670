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

README = (ROOT / "README.md").read_text(encoding="utf-8")


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
    [japan] = blocks("seg")
    (tmp_path / "japan.seg").write_text(japan)
    script = f'segdsl() {{ "{sys.executable}" -m segdsl "$@"; }}\n{command}'
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.returncode == ("error[" in output)
    if output:
        assert done.stdout + done.stderr == output


def test_the_readme_shows_every_command() -> None:
    shown = " ".join(command for command, _ in commands())
    for name in ("check", "compile", "decompile", "explain", "fmt"):
        assert f"segdsl {name} " in shown


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
