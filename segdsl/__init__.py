"""Segments of the Audience API, written to be read: the language and its compiler.

The public names are brought in when they are first used, so that importing the package
costs nothing; each is described where it is defined.
"""

import sys
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PUBLIC = {
    "Code": "segdsl.diagnostics",
    "Compiled": "segdsl.compiling",
    "CompiledSegment": "segdsl.compiling",
    "Diagnostic": "segdsl.diagnostics",
    "Report": "segdsl.diagnostics",
    "SegdslError": "segdsl.diagnostics",
    "Program": "segdsl.resolve",
    "Source": "segdsl.source",
    "Span": "segdsl.source",
    "compile_text": "segdsl.compiling",
    "create_request": "segdsl.lower",
    "decompile": "segdsl.lift.decompile",
    "format_file": "segdsl.format",
    "lower": "segdsl.lower",
    "parse": "segdsl.syntax.parser",
    "resolve": "segdsl.resolve",
}

if TYPE_CHECKING:
    from segdsl.compiling import Compiled, CompiledSegment, compile_text
    from segdsl.diagnostics import Code, Diagnostic, Report, SegdslError
    from segdsl.format import format_file
    from segdsl.lift.decompile import decompile
    from segdsl.lower import create_request, lower
    from segdsl.resolve import Program, resolve
    from segdsl.source import Source, Span
    from segdsl.syntax.parser import parse
else:

    def __getattr__(name: str) -> object:
        if name not in _PUBLIC:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_PUBLIC[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted([*globals(), *_PUBLIC])

    class _Package(type(sys)):
        """A package whose public names stay what they are when a module of that name is imported.

        Python would set `resolve` to the package `segdsl.resolve` then; `from segdsl.resolve
        import …` does not need that.
        """

        def __setattr__(self, name: str, value: object) -> None:
            if not (name in _PUBLIC and isinstance(value, type(sys))):
                super().__setattr__(name, value)

    sys.modules[__name__].__class__ = _Package


__all__ = [
    "Code",
    "Compiled",
    "CompiledSegment",
    "Diagnostic",
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
