"""The folders of recorded answers: our own, and those of the contract where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import contract
from replay import OWN

CONTRACT = contract.folder() / "fixtures"


def answers_of(name: str) -> Path:
    """A folder of recorded answers; skips where the contract's are not at hand."""
    if name == "own":
        return OWN
    if not CONTRACT.is_dir():
        pytest.skip("the contract's answers are not here: set SEGDSL_CONTRACT to its folder")
    return CONTRACT


ANSWERS = pytest.mark.parametrize("answers", ["own", "contract"])
"""For tests of both folders, by name: see `answers_of`."""
