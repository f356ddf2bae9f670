"""Usage errors: exit code 2, and a line that says what is wrong and what to do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from running import ENVIRONMENT, ROOT, TIDY, WRONG, interruptible, process, segdsl
from segdsl.cli.group import COMMANDS, cli
from test_help import PAGES


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "unknown command `chek`; did you mean `check`?"),
        (
            ["zzz"],
            f"the commands are {', '.join(COMMANDS)}",
        ),
        (["check"], "specify a file or a folder to check"),
        (["check", "nope.seg"], "`nope.seg` does not exist"),
        (["compile", "nope.seg"], "`nope.seg` does not exist"),
        (["explain", "nope.seg"], "`nope.seg` does not exist"),
        (["decompile", "nope.json"], "cannot read `nope.json`: no such file or directory"),
        (["decompile", "."], "cannot read `.`: it is a folder"),
        (["fmt", "nope.seg"], "`nope.seg` does not exist"),
        (["fmt"], "no .seg file is in the folder `.`"),
        (["check", "empty"], "no .seg file is in the folder `empty`"),
        (["check", "a.seg", "--format", "xml"], "'xml' is not one of 'text', 'json'"),
        (["check", "a.seg", "--allow", "SEG999"], "unknown code `SEG999`"),
        (["check", "a.seg", "--allow", "SEG214X"], "did you mean `SEG214`?"),
        (["check", "a.seg", "--allow", "SEG101"], "SEG101 is an error; only warnings"),
        (["check", "a.seg", "--colour", "always"], "--color"),
        (["compile", "a.seg", "--set", "days"], "`days` is not NAME=VALUE"),
        (["compile", "a.seg", "--set", "d=1", "--set", "d=2"], "`d` is set twice"),
        (["compile", "a.seg", "-o", "no/such/b.json"], "there is no folder `no/such`"),
        (["compile", "a.seg", "-o", "empty"], "it is a folder"),
        (["compile", "a.seg", "--layout", "v4"], "'v4' is not one of 'v5', 'nested'"),
        (["compile", "lets.seg"], "no segment in these files"),
    ],
)
def test_a_usage_error_says_what_is_wrong_and_what_to_do(arguments: list[str], said: str) -> None:
    Path("a.seg").write_text(TIDY)
    Path("lets.seg").write_text("let x = a is true")
    Path("empty").mkdir()
    if arguments == ["fmt"]:
        Path("a.seg").unlink()
        Path("lets.seg").unlink()
    result = segdsl(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_version_and_help_are_printed() -> None:
    assert segdsl("--version").stdout == "segdsl, version 0.1.0\n"
    shown = segdsl("--help")
    assert shown.exit_code == 0
    for name in ("check", "compile", "decompile", "explain", "fmt"):
        assert f"\n  {name} " in shown.stdout
        own = segdsl(name, "--help")
        assert own.exit_code == 0
        assert "--format [text|json|sarif|github]" in own.stdout


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    many = "".join(f'segment "{n}" where a = {n}\n' for n in range(3_000))
    Path("a.seg").write_text(many)
    running = subprocess.Popen(
        [sys.executable, "-m", "segdsl", "compile", "a.seg"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.read(1) == b"["
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(timeout=60) == 141


def _waiting(pipe: int) -> int:
    """The number of bytes in a pipe that nobody has read."""
    import fcntl
    import termios
    from array import array

    found = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, found)
    return found[0]


@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent otherwise elsewhere")
def test_an_interruption_is_quiet() -> None:
    read, write = os.pipe()
    with interruptible("check", "-", stdin=read) as running:
        os.close(read)
        # More than a pipe holds: when all is written, the command has begun to read.
        with open(write, "wb") as pipe:
            pipe.write(b"#" * 1_000_000)
            pipe.flush()
            while _waiting(write):
                pass
            running.send_signal(signal.SIGINT)
            running.wait(timeout=60)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err.strip()) == (130, "", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device to write to")
def test_a_full_disk_is_reported_without_a_traceback() -> None:
    Path("a.seg").write_text(TIDY)
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "segdsl", "compile", "a.seg"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr == b"Error: cannot write the output: no space left on device\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_surrounding_encoding_is_written_to(encoding: str) -> None:
    Path("東京.seg").write_text('segment "東京" where 都 = = 1', encoding="utf-8")
    Path("good.seg").write_text('segment "東京" where `都` = 1', encoding="utf-8")
    surroundings = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    wrong = process("check", "東京.seg", environment=surroundings)
    assert wrong.returncode == 1
    assert b"Traceback" not in wrong.stderr
    made = process("compile", "good.seg", environment=surroundings)
    assert made.returncode == 0
    assert "東京" in made.stdout.decode()


def test_without_any_streams_it_ends_with_its_exit_code() -> None:
    Path("a.seg").write_text(TIDY)
    Path("b.seg").write_text(WRONG)
    for file, code in (("a.seg", 0), ("b.seg", 1)):
        script = f'"{sys.executable}" -m segdsl check {file} >&- 2>&- <&-'
        assert subprocess.run(["sh", "-c", script], env=ENVIRONMENT, check=False).returncode == code


def test_the_help_lists_every_exit_code_that_the_reference_has() -> None:
    listed = []
    page = ROOT / "docs" / "reference" / "commands.md"
    for text in (page.read_text(encoding="utf-8"), segdsl("--help").stdout):
        said = re.search(r"Exit codes:(.*?\b130\b)", text, re.DOTALL)
        assert said is not None
        listed.append(re.findall(r"\b\d+\b", said[1]))
    assert listed == [["0", "1", "2", "3", "4", "130"]] * 2


def empty_uses() -> list[list[str]]:
    """For every option and argument of every command that takes a text, a use with an empty one."""
    found = []
    for names in PAGES:
        command: click.Command = cli
        for name in names:
            assert isinstance(command, click.Group)
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            command = inner
        if isinstance(command, click.Group):
            continue
        needed = [p for p in command.params if isinstance(p, click.Argument)]
        for param in command.params:
            takes_text = not getattr(param, "is_flag", False) and not isinstance(
                param.type, click.Choice | click.IntRange
            )
            if takes_text and isinstance(param, click.Option):
                others = ["--data", "x"] if names == ("serve",) else []
                found.append([*names, *others, param.opts[0], "", *("x" for _ in needed)])
        if needed and names != ("completion",):
            found.append([*names, *("" for _ in needed)])
    return found


@pytest.mark.parametrize("arguments", empty_uses(), ids=" ".join)
def test_an_empty_value_is_refused(arguments: list[str]) -> None:
    """As of a variable that is not set: it never stands for the default, or for everything."""
    Path("x").write_text(TIDY)
    Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    result = segdsl(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Invalid value" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["plan", "--target", ""], ["apply", "--yes", ""], ["preview", "--columns", "", "x"]],
)
def test_an_empty_value_may_be_a_variable(arguments: list[str]) -> None:
    result = segdsl(*arguments)
    assert result.exit_code == 2
    assert "it is empty; is a variable in the command not set?" in result.stderr
    document = json.loads(segdsl(*arguments, "--json").stdout)
    assert document["exit_code"] == 2
    assert "it is empty" in document["error"]["message"]


@pytest.mark.parametrize("arguments", [[], ["schema"]])
def test_without_a_command_the_help_is_shown(arguments: list[str]) -> None:
    result = segdsl(*arguments)
    assert result.exit_code == 2
    assert result.stderr == segdsl(*arguments, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json", "list"], "`--json` goes after the command: `segdsl list --json`"),
        (["--target", "x", "plan"], "`--target` goes after the command: `segdsl plan --target`"),
        (["--breakdown", "a"], "`--breakdown` goes after the command: `segdsl preview --br"),
        (["--versoin"], "Did you mean '--version'?"),
    ],
)
def test_an_option_before_its_command(arguments: list[str], said: str) -> None:
    result = segdsl(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
