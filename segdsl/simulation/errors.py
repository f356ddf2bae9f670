"""The error of a journey that cannot be simulated."""

from __future__ import annotations

from segdsl.errors import InputError


class SimulationError(InputError):
    """A journey, a clock or data that cannot be simulated; the message says what to do."""
