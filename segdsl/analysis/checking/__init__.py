"""Segments against the schema of a parent segment: names that are there, types that fit."""

from segdsl.analysis.checking.samples import check_values
from segdsl.analysis.checking.segments import check_names, check_segments

__all__ = ["check_names", "check_segments", "check_values"]
