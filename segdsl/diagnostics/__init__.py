"""What is wrong, where, and what to do."""

from segdsl.diagnostics.codes import Code
from segdsl.diagnostics.report import Diagnostic, Note, Report, SegdslError

__all__ = ["Code", "Diagnostic", "Note", "Report", "SegdslError"]
