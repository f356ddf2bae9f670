"""Two segments of one name and folder have one mistake, and are not also called equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl

ONE = 'segment "x" where age > 1\n'


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (ONE, {"SEG111"}),
        (ONE.replace('"x"', '"y"'), {"SEG606"}),
        (ONE.replace('"x"', '"x"\n  folder "B"\n'), {"SEG606"}),
    ],
)
def test_what_is_told_of_two_equal_segments(
    other: str, told: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.seg").write_text(ONE)
    Path("b.seg").write_text(other)
    shown = segdsl("check", ".").stderr
    assert {code for code in ("SEG111", "SEG606") if f"[{code}]" in shown} == told
