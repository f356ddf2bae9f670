"""`segdsl fmt` and the files it writes."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import TIDY, UNTIDY, WRONG, segdsl


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def tidy() -> str:
    """The canonical spelling of `UNTIDY`, as standard input gives it."""
    return segdsl("fmt", "-", input=UNTIDY).stdout


def test_a_file_is_formatted_in_place_and_then_stays(tidy: str) -> None:
    file = Path("a.seg")
    file.write_text(UNTIDY)
    first = segdsl("fmt", "a.seg")
    assert (first.exit_code, first.stdout) == (0, "")
    assert first.stderr == snapshot("1 file reformatted\n")
    assert file.read_text() == tidy != UNTIDY
    second = segdsl("fmt", "a.seg")
    assert (second.exit_code, second.stderr) == (0, snapshot("1 file already formatted\n"))
    assert os.listdir(".") == ["a.seg"]


def test_folders_are_walked_but_not_hidden_ones(tidy: str) -> None:
    for name in ("a.seg", "deep/er/b.seg", ".venv/c.seg", "d.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(UNTIDY)
    assert segdsl("fmt").stderr == snapshot("2 files reformatted\n")
    assert Path("deep/er/b.seg").read_text() == tidy
    assert Path(".venv/c.seg").read_text() == Path("d.txt").read_text() == UNTIDY


def test_standard_input_goes_to_standard_output(tidy: str) -> None:
    result = segdsl("fmt", "-", input=tidy)
    assert (result.exit_code, result.stdout, result.stderr) == (0, tidy, "")


def test_standard_input_with_an_error_gives_nothing() -> None:
    result = segdsl("fmt", "-", input=WRONG)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "--> <stdin>:3:13" in result.stderr


def test_check_names_what_would_change_and_writes_nothing(tidy: str) -> None:
    Path("a.seg").write_text(tidy)
    Path("b.seg").write_text(UNTIDY)
    result = segdsl("fmt", "--check")
    assert (result.exit_code, result.stdout) == (1, snapshot("would reformat b.seg\n"))
    assert result.stderr == snapshot("1 file would be reformatted, 1 file already formatted\n")
    assert Path("b.seg").read_text() == UNTIDY
    assert segdsl("fmt", "--check", "a.seg").exit_code == 0
    assert segdsl("fmt", "--check", "-", input=UNTIDY).stdout == snapshot(
        "would reformat <stdin>\n"
    )


def test_check_leaves_standard_output_to_a_machine_form() -> None:
    Path("a.seg").write_text(UNTIDY)
    result = segdsl("fmt", "--check", "--format", "json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert (answer["ok"], answer["exit_code"], answer["diagnostics"]) == (False, 1, [])
    assert answer["files"] == [
        {"file": "a.seg", "status": "would_reformat", "diff": None, "source": None}
    ]
    assert "would reformat a.seg" in result.stderr


def test_diff_shows_the_change_and_writes_nothing(tidy: str) -> None:
    Path("a.seg").write_text(UNTIDY)
    result = segdsl("fmt", "--diff", "a.seg")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == ["--- a.seg", "+++ a.seg (formatted)"]
    assert f"-{UNTIDY.strip()}" in lines
    assert all(f"+{line}" in lines for line in tidy.splitlines())
    assert Path("a.seg").read_text() == UNTIDY
    assert segdsl("fmt", "--diff", "--check", "a.seg").exit_code == 1
    colored = segdsl("fmt", "--diff", "--color", "always", "a.seg").stdout
    assert "\x1b[32m+" in colored


def test_diff_says_where_the_last_line_has_no_end(tidy: str) -> None:
    Path("a.seg").write_text(tidy.rstrip("\n"))
    assert "\\ No newline at end of file" in segdsl("fmt", "--diff", "a.seg").stdout


def test_a_file_with_an_error_is_skipped_and_others_are_formatted(tidy: str) -> None:
    Path("a.seg").write_text(WRONG)
    Path("b.seg").write_text(UNTIDY)
    result = segdsl("fmt")
    assert result.exit_code == 1
    assert "error[SEG001]" in result.stderr
    assert result.stderr.endswith("1 file reformatted, 1 file skipped because of errors; 1 error\n")
    assert Path("a.seg").read_text() == WRONG
    assert Path("b.seg").read_text() == tidy


def test_a_byte_order_mark_and_windows_line_ends_go(tidy: str) -> None:
    Path("a.seg").write_bytes(b"\xef\xbb\xbf" + tidy.replace("\n", "\r\n").encode())
    assert segdsl("fmt", "--check", "a.seg").exit_code == 1
    assert segdsl("fmt", "a.seg").exit_code == 0
    assert Path("a.seg").read_bytes() == tidy.encode()


def test_the_mode_is_kept_and_a_link_stays_a_link(tidy: str) -> None:
    target = Path("real/a.seg")
    target.parent.mkdir()
    target.write_text(UNTIDY)
    target.chmod(0o640)
    Path("link.seg").symlink_to(target)
    assert segdsl("fmt", "link.seg").exit_code == 0
    assert Path("link.seg").is_symlink()
    assert target.read_text() == tidy
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="the mode of a folder protects nothing elsewhere")
def test_a_file_that_cannot_be_written_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.seg").write_text(UNTIDY)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    result = segdsl("fmt", "a.seg")
    assert result.exit_code == 2
    assert result.stderr == snapshot("Error: cannot write `a.seg`: permission denied\n")
    assert os.listdir(".") == ["a.seg"]
    assert Path("a.seg").read_text() == UNTIDY


def test_standard_input_and_files_do_not_mix() -> None:
    Path("a.seg").write_text(TIDY)
    result = segdsl("fmt", "-", "a.seg")
    assert result.exit_code == 2
    assert "cannot be combined" in result.stderr
