"""Hypothesis profiles, and the recorder that shows exchanges with an API to the referee.

`SEGDSL_HYPOTHESIS_PROFILE=slow` asks twice as much, as `make slow` does, and `thorough`
twenty times. `SEGDSL_TESTS=quick` runs fewer tests with fewer examples, see `quick`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

import opened
from quick import IS_QUICK, Collection, Quick, scaled
from recording import Recorder

_NORMAL = settings(
    max_examples=600,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("slow", _NORMAL, max_examples=2_000)
settings.register_profile("thorough", _NORMAL, max_examples=20_000)
settings.register_profile("normal", _NORMAL)
settings.register_profile("quick", _NORMAL, max_examples=scaled(_NORMAL.max_examples))
_PROFILE = "quick" if IS_QUICK else "normal"
settings.load_profile(os.environ.get("SEGDSL_HYPOTHESIS_PROFILE", _PROFILE))


def pytest_configure(config: pytest.Config) -> None:
    opened.share()
    recorder = Recorder()
    recorder.listen()
    config.pluginmanager.register(recorder, "recording")
    if IS_QUICK:
        config.pluginmanager.register(Quick(), "quick")
    # The one that is registered last is asked first.
    config.pluginmanager.register(Collection(), "collection")


def pytest_unconfigure() -> None:
    opened.close()
