"""The words for kinds of resources on command lines."""

from __future__ import annotations

SHOWN = ("segment", "funnel", "predictive-segment", "journey", "activation", "template")
"""The kinds that can be shown."""
LISTED = tuple(f"{kind}s" for kind in SHOWN)
"""The same in the plural, as lists are asked for."""
RUN = ("activation", "predictive-segment")
"""The kinds that can be run."""
