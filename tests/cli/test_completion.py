"""Completion: what each shell is given for the words typed so far, and a bash that uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from running import ENVIRONMENT, ROOT, segdsl
from segdsl.diagnostics.codes import WARNINGS
from workspace import NOW, write_project

pytestmark = pytest.mark.heavy

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
MORE = '[targets."live one"]\nkind = "treasuredata"\nregion = "us01"\nparent_segment = 1\n'
SPACED = (
    'param days: number = 3\nparam `odd name`: string = "a"\n'
    'segment "Two words"\nwhere age > days\n'
)
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL + MORE)
    (tmp_path / "with blank.seg").write_text(SPACED)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "inner.seg").write_text('segment "Inner" where age > 1\n')
    (tmp_path / "notes.txt").write_text("segment of nothing")
    (tmp_path / "rule.json").write_text("{}")
    (tmp_path / "a.yml").write_text("name: A\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(shell: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    """What a script is given; the last word is the one to complete."""
    line = ["segdsl", *(f'"{word}"' if " " in word else word for word in words)]
    at = line[-1] if shell == "fish" else str(len(words))
    script = "from segdsl.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={
            **ENVIRONMENT,
            "_SEGDSL_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": " ".join(line),
            "COMP_CWORD": at,
        },
        check=False,
    )


def completed(*words: str, shell: str = "bash") -> list[str]:
    """The candidates for the last word, without their kinds."""
    done = run(shell, list(words))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    if shell == "zsh":
        return [each for each in lines[1::3] if each]
    return [each.partition(",")[2].partition("\t")[0] for each in lines if each]


WELCOME = """\
journey "Welcome"
stage "S"
  enter "E" where age > 1
  steps (activate "Mail", wait 1 day)

activation "Mail" of journey "Welcome"
  to connection "s3"
  columns (email)
  after journey refresh
"""


def test_kinds_of_resources_and_their_names(project: Path) -> None:
    (project / "welcome.seg").write_text(WELCOME)

    def offered(*words: str) -> list[str]:
        return completed(*words)

    assert offered("list", "j") == ["journeys"]
    assert offered("show", "jour") == ["journey"]
    assert offered("show", "Wel") == ["Welcome"]
    assert offered("show", "journey", "") == ["Welcome"]
    assert offered("show", "activation", "") == ["Mail"]
    assert offered("show", "funnel", "") == []
    assert offered("run", "activation", "") == ["Mail"]
    assert offered("run", "M") == ["Mail"]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_kind_of_word(project: Path, shell: str) -> None:
    segdsl("schema", "pull")
    segdsl("create", "japan.seg")
    segdsl("schema", "pull")

    def offered(*words: str) -> list[str]:
        return completed(*words, shell=shell)

    assert offered("pre") == ["preview"]
    assert offered("check", "ja") == ["japan.seg"]
    assert offered("check", "d") == ["data/", "deep/"]
    assert offered("check", "deep/") == ["deep/inner.seg"]
    assert offered("check", "wi") == ["with blank.seg"]
    assert offered("check", "no") == []
    assert offered("plan", "deep/i") == ["deep/inner.seg"]
    assert offered("decompile", "r") == ["rule.json"]
    assert offered("import", "a") == ["a.yml"]
    assert offered("show", "Jap") == ["Japan"]
    assert offered("show", "Countries/") == ["Countries/Asia/Japan"]
    assert offered("delete", "Two") == ["Two words"]
    assert offered("pull", "Buyers") == ["Buyers", "Buyers in Japan"]
    assert offered("preview", "buyers.seg", "--select", "Buyers in") == ["Buyers in Japan"]
    assert offered("list", "--target", "") == ["local", "live one"]
    assert offered("check", "--target", "lo") == ["local"]
    assert (
        offered("check", "--allow", "seg1")
        == [code.name for code in sorted(WARNINGS, key=lambda of: of.name) if code.name > "SEG1"][
            : len(offered("check", "--allow", "seg1"))
        ]
    )
    assert offered("rule", "seg60")[:2] == ["SEG601", "SEG602"]
    assert "SEG101" in offered("rule", "")
    assert "SEG101" not in offered("check", "--allow", "SEG")
    assert offered("preview", "--columns", "") == ["age", "country", "email", "last_visit", "ltv"]
    assert offered("preview", "--columns", "age,country,l") == [
        "age,country,last_visit",
        "age,country,ltv",
    ]
    assert offered("schema", "show", "am") == ["amount"]
    assert offered("compile", "with blank.seg", "--set", "d") == ["days="]
    assert offered("compile", "--set", "o") == ["odd name="]
    assert offered("sql", "--dialect", "s") == ["spark", "snowflake"]
    assert offered("check", "--format", "") == ["text", "json", "sarif", "github"]
    assert offered("completion", "") == list(SHELLS)
    assert offered("help", "sch") == ["schema"]
    assert offered("help", "schema", "") == ["pull", "show"]
    assert offered("init", "--region", "u") == ["us01"]
    assert offered("init", "--data", "da") == ["data/"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("segdsl.toml", "nonsense ["),
        ("segdsl.toml", "targets = 3"),
        ("segdsl.toml", b"\xff\xfe"),
        ("local.lock.toml", "nonsense ["),
        ("local.schema.toml", "[attributes]\nage = 3"),
        ("odd.seg", b'segment "\xff" where'),
        ("odd.seg", 'segment "\\q'),
    ],
)
def test_nothing_goes_wrong(project: Path, file: str, text: str | bytes) -> None:
    (project / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    for words in (
        ["show", ""],
        ["list", "--target", ""],
        ["preview", "--columns", ""],
        ["compile", "--set", ""],
        ["check", ""],
        ["nothing", "like", ""],
        ["check", "--nothing", ""],
        ["check", "nowhere/"],
        ["check", "'"],
        ["schema", "nothing", ""],
        [""],
    ):
        for shell in SHELLS:
            done = run(shell, words)
            assert (done.stderr, "Traceback" in done.stdout) == ("", False), words


def test_a_folder_that_is_gone_has_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for words in (["check", ""], ["show", ""], ["list", "--target", ""]):
        done = run("bash", words)
        assert (done.stdout.strip(), done.stderr) == ("", "")


def test_no_server_and_no_engine_is_asked(project: Path) -> None:
    script = (
        "import sys\nfrom segdsl.cli import main\n"
        "try: main()\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    )
    for words in ("show", "pull", "list --target", "preview --columns", "compile --set"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            env={
                **ENVIRONMENT,
                "_SEGDSL_COMPLETE": "bash_complete",
                "COMP_WORDS": f"segdsl {words} ",
                "COMP_CWORD": str(len(words.split()) + 1),
            },
            check=False,
        )
        loaded = set(done.stderr.split())
        assert not loaded & {"duckdb", "httpx", "sqlglot", "rich", "asyncio"}, words


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_of_the_shell(shell: str) -> None:
    done = segdsl("completion", shell)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"_SEGDSL_COMPLETE={shell}_complete" in done.stdout
    program = shutil.which(shell)
    if program is not None:
        option = "--no-execute" if shell == "fish" else "-n"
        subprocess.run([program, option], input=done.stdout, text=True, check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("segdsl check ja", ["japan.seg"]),
        ('segdsl show "Two', ["Two words"]),
        ("segdsl preview --columns age,co", ["age,country"]),
        ("segdsl check wi", ["with blank.seg"]),
    ],
)
def test_bash_completes(project: Path, typed: str, words: list[str]) -> None:
    segdsl("schema", "pull")
    (project / "bin").mkdir()
    wrapper = project / "bin" / "segdsl"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m segdsl "$@"\n')
    wrapper.chmod(0o755)
    (project / "script.bash").write_text(segdsl("completion", "bash").stdout)
    script = (
        'source script.bash\nCOMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n'
        "_segdsl_completion segdsl\nprintf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", *typed.split(" ")],
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, "PATH": f"{project / 'bin'}:{os.environ['PATH']}"},
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (words, "")
    assert str(ROOT) not in done.stdout


def test_items_of_every_kind_can_be_selected_but_for_commands_for_segments(project: Path) -> None:
    (project / "items.seg").write_text(
        'segment "Item S" where a = 1\nfunnel "Item F"\nactivation "Item A" of segment #1\n'
        'activation template "Item T"\n'
    )
    selected = ("items.seg", "--select", "Item")
    names = [" ".join(completed("compile", *selected)), " ".join(completed("sql", *selected))]
    assert [each for each in "SFAT" if f"Item {each}" in names[0]] == ["S", "F", "A", "T"]
    assert [each for each in "SFAT" if f"Item {each}" in names[1]] == ["S"]
