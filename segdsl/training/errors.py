"""What a training cannot do, and whether its libraries are there."""

from __future__ import annotations

from importlib.util import find_spec

from segdsl.errors import SegdslError

INSTALL = "pip install 'segdsl[models]'"
_LIBRARIES = ("numpy", "scipy", "sklearn")


class TrainingError(SegdslError):
    """A model that cannot be trained; the text says why and what to do."""


def check_installed() -> None:
    """Raises TrainingError where the libraries of the extra `models` are not installed."""
    if any(find_spec(name) is None for name in _LIBRARIES):
        raise TrainingError(f"models are trained with scikit-learn: install it with `{INSTALL}`")
