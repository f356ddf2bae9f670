"""Segments of the Audience API, written to be read: the language and its compiler.

The public names are brought in when they are first used, so that importing the package
costs nothing; each is described where it is defined.
"""

from typing import TYPE_CHECKING

from segdsl._version import __version__

_PUBLIC = {
    "Code": "segdsl.diagnostics",
    "Compiled": "segdsl.compiling",
    "CompiledResource": "segdsl.compiling",
    "CompiledSegment": "segdsl.compiling",
    "Diagnostic": "segdsl.diagnostics",
    "Report": "segdsl.diagnostics",
    "DiagnosticsError": "segdsl.diagnostics",
    "SegdslError": "segdsl.errors",
    "Program": "segdsl.language.resolve",
    "Source": "segdsl.source",
    "Span": "segdsl.source",
    "compile_text": "segdsl.compiling",
    "create_request": "segdsl.rules.lower",
    "decompile": "segdsl.rules.decompile",
    "format_file": "segdsl.language.format",
    "lower": "segdsl.rules.lower",
    "parse": "segdsl.language.syntax.parser",
    "resolve": "segdsl.language.resolve",
}

if TYPE_CHECKING:
    from segdsl.compiling import Compiled, CompiledResource, CompiledSegment, compile_text
    from segdsl.diagnostics import Code, Diagnostic, DiagnosticsError, Report
    from segdsl.errors import SegdslError
    from segdsl.language.format import format_file
    from segdsl.language.resolve import Program, resolve
    from segdsl.language.syntax.parser import parse
    from segdsl.rules.decompile import decompile
    from segdsl.rules.lower import create_request, lower
    from segdsl.source import Source, Span
else:

    def __getattr__(name: str) -> object:
        if name not in _PUBLIC:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_PUBLIC[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted([*globals(), *_PUBLIC])


__all__ = [
    "Code",
    "Compiled",
    "CompiledResource",
    "CompiledSegment",
    "Diagnostic",
    "DiagnosticsError",
    "Program",
    "Report",
    "SegdslError",
    "Source",
    "Span",
    "__version__",
    "compile_text",
    "create_request",
    "decompile",
    "format_file",
    "lower",
    "parse",
    "resolve",
]
