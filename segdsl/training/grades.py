"""From scores to grades: 4 is the highest, 1 the lowest.

A score from 0 to 100 has the grade 4 from the first threshold on, 3 from the second, 2 from the
third, and 1 below (that thresholds are the lowest scores of their grades is assumed).
"""

from __future__ import annotations

from collections.abc import Sequence

DEFAULT_THRESHOLDS = (75.0, 50.0, 25.0)
"""Those of the description's example; used where a model has none (assumed)."""
HIGHEST_GRADE = 4


def grade_of(score: float, thresholds: Sequence[float]) -> int:
    """The grade of a score; `thresholds` are in descending order."""
    return 1 + sum(score >= each for each in thresholds)
