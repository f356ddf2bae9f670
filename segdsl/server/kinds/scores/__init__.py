"""Predictive segments as rules refer to them: which there are, and the scores of trained ones.

Everything else about them is in `segdsl.server.kinds.predictive`.
"""

from __future__ import annotations

from segdsl.server.kinds.scores.collection import NAME, Scores
from segdsl.server.kinds.scores.table import LAYOUT
from segdsl.server.service import Kind

SCORES = Kind(NAME, Scores, (), LAYOUT)
