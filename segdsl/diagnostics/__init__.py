"""What is wrong, where, and what to do."""

from segdsl.diagnostics.codes import Code
from segdsl.diagnostics.report import Diagnostic, DiagnosticsError, Note, Report

__all__ = ["Code", "Diagnostic", "DiagnosticsError", "Note", "Report"]
