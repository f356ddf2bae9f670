"""The attributes of the two solutions whose models a condition can ask (described)."""

from __future__ import annotations

from segdsl.language.values import ColumnType

RFM_ATTRIBUTES = (
    "r_quartile",
    "f_quartile",
    "m_quartile",
    "rfm_segment",
    "rfm_score",
    "rfm_cluster_rank",
    "rfm_quartile",
)
CLTV_ATTRIBUTES = (
    *(f"cltv_{months}m{kind}" for months in (1, 3, 6, 12, 24) for kind in ("", "_pctile")),
    "alive_prob",
    "cltv_segment",
)
MODEL_ATTRIBUTES = {"rfm": RFM_ATTRIBUTES, "cltv": CLTV_ATTRIBUTES}


_STRINGS = ("rfm_segment", "rfm_cluster_rank", "rfm_quartile", "cltv_segment")
"""Names of groups, such as `Champions`, and quartiles, such as `R1F2M4`; all others are numbers."""


def model_type(attribute: str) -> ColumnType:
    """The type of an attribute of a model (described)."""
    return "string" if attribute in _STRINGS else "number"
