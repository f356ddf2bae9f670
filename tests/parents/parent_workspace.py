"""A workspace whose target is a small Audience API in this process."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from parent_stub import ParentApi
from segdsl.api import Client, RetryPolicy
from segdsl.workspace.remote import connect

FAST = RetryPolicy(first_pause=0.0, max_pause=0.0, first_poll=0.0, max_run_poll=0.0)
PROJECT = """\
[targets.live]
kind = "treasuredata"
region = "us01"
parent_segment = 90210 # of the console
"""


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ParentApi:
    """The API, in whose workspace the test runs."""
    found = ParentApi()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TD_API_KEY", "1/0123456789abcdef0123456789abcdef01234567")
    made = partial(Client, transport=found.transport(), retry_policy=FAST)
    monkeypatch.setattr(connect, "Client", made)
    Path("segdsl.toml").write_text(PROJECT)
    return found
