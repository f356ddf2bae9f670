"""The table of the API's operations: what the client sends, what the local API answers, why not.

The client's are read from its source: each call that sends a request, with every path that its
argument can be. Those of the local API are its routes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from segdsl.server.http.operations import operations
from segdsl.server.kinds import KINDS
from segdsl.server.parents import routing

Operation = tuple[str, str]
"""A method and a path, with `{}` for an id or a name."""

API = Path(__file__).parents[2] / "segdsl" / "api"
_SENDING = {
    "_get": (("GET",), 0),
    "_get_list": (("GET",), 0),
    "_run_once": (("POST",), 1),
    # After a deletion it asks whether the thing is gone.
    "_delete": (("DELETE", "GET"), 2),
}
"""The functions of the client that send requests: their methods, and which argument is the path."""
_SEND = "send"
"""The method of the transport, whose first arguments are both."""
_ANYTHING = "{}"


# --- the client ----------------------------------------------------------------------


@cache
def sent() -> frozenset[Operation]:
    """The operations that the client's source sends."""
    found: set[Operation] = set()
    for file in sorted(API.glob("*.py")):
        found |= _Module(ast.parse(file.read_text(encoding="utf-8"))).requests()
    return frozenset(found)


class _Module:
    """The source of a module: its functions, and what their arguments are where they are called."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.functions: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self.calls: dict[str, list[ast.Call]] = {}
        self.within: dict[ast.AST, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions.setdefault(node.name, []).append(node)
                for inner in ast.walk(node):
                    # The innermost comes last.
                    self.within[inner] = node
            elif isinstance(node, ast.Call):
                self.calls.setdefault(_called(node), []).append(node)

    def requests(self) -> set[Operation]:
        found: set[Operation] = set()
        for name, (methods, at) in _SENDING.items():
            for call in self.calls.get(name, ()):
                found |= set(product(methods, self._paths(call.args[at])))
        for call in self.calls.get(_SEND, ()):
            if len(call.args) < 2:
                continue  # A function of that name that is none of the transport.
            found |= set(product(self._values(call.args[0]), self._paths(call.args[1])))
        return found

    def _paths(self, node: ast.expr) -> set[str]:
        texts = (text.partition("?")[0] for text in self._values(node))
        return {text for text in texts if text.startswith("/")}

    def _values(self, node: ast.expr) -> set[str]:
        """Every text that an expression can be; `{}` stands for what is not known."""
        match node:
            case ast.Constant(str(text)):
                return {text}
            case ast.JoinedStr(parts):
                texts = product(*map(self._values, parts))
                return {"".join(each) for each in texts}
            case ast.FormattedValue(value):
                return self._values(value)
            case ast.IfExp(_, first, second):
                return self._values(first) | self._values(second)
            case ast.Call() if _called(node) in self.functions:
                functions = self.functions[_called(node)]
                returned = [
                    each.value
                    for function in functions
                    for each in ast.walk(function)
                    if isinstance(each, ast.Return) and each.value is not None
                ]
                return set[str]().union(*map(self._values, returned))
            case ast.Name(name):
                return self._named(name, self.within.get(node)) or {_ANYTHING}
            case _:
                return {_ANYTHING}

    def _named(
        self, name: str, function: ast.FunctionDef | ast.AsyncFunctionDef | None
    ) -> set[str]:
        """The texts of a name in a function: what is assigned to it, or passed for it."""
        while function is not None:
            assigned: list[ast.expr] = []
            for node in ast.walk(function):
                match node:
                    case ast.Assign([ast.Name(target)], value) if target == name:
                        assigned.append(value)
                    case ast.For(ast.Name(target), ast.Tuple(values)) if target == name:
                        assigned += values
            if assigned:
                return set[str]().union(*map(self._values, assigned))
            names = [each.arg for each in function.args.args if each.arg != "self"]
            if name in names:
                at = names.index(name)
                passed = [
                    call.args[at]
                    for call in self.calls.get(function.name, ())
                    if len(call.args) > at
                ]
                return set[str]().union(*map(self._values, passed))
            function = self._around(function)
        return set()

    def _around(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function that a function is defined in."""
        for outer in (each for listed in self.functions.values() for each in listed):
            if outer is not function and any(each is function for each in ast.walk(outer)):
                return outer
        return None


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
        case _:
            return ""


# --- the local API -------------------------------------------------------------------


@cache
def answered() -> Mapping[Operation, str]:
    """The operations that the local API answers, each with its path as its route has it."""
    routes = [(each.method, each.path) for kind in KINDS for each in kind.routes]
    routes += [(method, path) for method, path, _ in routing._OWN]
    return {(method, re.sub(r"\{[^}]+\}", _ANYTHING, path)): path for method, path in routes}


@cache
def only_over_raw_tables() -> frozenset[Operation]:
    """The operations that a local API has only over raw tables."""
    others = {
        (each.method, re.sub(r"\{[^}]+\}", _ANYTHING, each.path))
        for kind in KINDS
        for each in kind.routes
    }
    return frozenset(answered()) - others


# --- why not -------------------------------------------------------------------------

_REALTIME = "real-time needs a stream of events, and tables have none"
_TOKENS = "tokens let a website look up single profiles, which nothing here does"
_REPORT = "a report, which the console shows"
_NEWER = "the same under `/entities` is used"
_EDITOR = "what an editor of journeys asks"
_UNUSED: Mapping[str, str] = {
    "/audiences/{}/tokens": _TOKENS,
    "/entities/tokens": _TOKENS,
    "/audiences/{}/folders/{}/put_in": "a segment is moved by its own update",
    "/audiences/{}/folders/{}": "folders are created, and never changed or deleted",
    "/audiences/{}/folders": _NEWER,
    "/entities/folders/{}": "folders are created, and never changed or deleted",
    "/audiences/{}/funnels/{}/clone": "a copy is a file, which is created",
    "/audiences/{}/funnels/{}/statistics": _REPORT,
    "/entities/funnels/{}/stages/{}/statistics": _REPORT,
    "/audiences/{}/segments/{}": _NEWER,
    "/entities/segments": "`/audiences` takes every kind of segment",
    "/audiences/{}/segments/{}/syndications/{}": _NEWER,
    "/entities/journey_bundles/{}/activation_sankey_charts": _REPORT,
    "/entities/journey_bundles/{}/conversion_sankey_charts": _REPORT,
    "/entities/journey_bundles/{}/statistics": _REPORT,
    "/entities/journey_bundles/{}/activations": "activations are read from a version",
    "/entities/journey_bundles/{}/journeys_appendable": "the request for a version says it, too",
    "/entities/journey_bundles/{}/latest": "the bundle names its latest version",
    "/entities/journeys/duplicate": "a copy is a file, which is created",
    "/entities/journeys/segment_rules": _EDITOR,
    "/entities/journeys/{}/activation_sankey_charts": _REPORT,
    "/entities/journeys/{}/conversion_sankey_charts": _REPORT,
    "/entities/journeys/{}/activation_templates_for_step": _EDITOR,
    "/entities/journeys/{}/available_behaviors_for_step": _EDITOR,
    "/entities/journeys/{}/detail": "the journey is read whole by `GET`",
    "/entities/parent_segments/{}": "the list has everything of it",
    "/master_segments": "`/audiences` lists the same",
}
"""Why the client does not send some operations of a path, by how the path begins."""
_MISSING: Mapping[str, str] = {
    "/audiences/{}/tokens": _TOKENS,
    "/entities/tokens": _TOKENS,
}
"""The same of the local API."""
_AREAS: tuple[tuple[str, str], ...] = (
    ("Real-time", "realtime"),
    ("Tokens", "/tokens"),
    ("Journeys", "/entities/journey"),
    ("Predictive segments", "predictive_segments"),
    ("Activations and templates", "syndications|activation_templates|user_defined"),
    ("Funnels", "funnels"),
    ("Folders", "folder"),
    ("Segments and queries", "/segments"),
    ("Parent segments", ""),
)
"""The headings, each with what a path has; the first that fits."""


def reason(operation: Operation, *, by_client: bool) -> str | None:
    """Why the client does not send it, or the local API does not answer it; None if it does."""
    known: Iterable[Operation] = sent() if by_client else answered()
    if operation in known:
        return None
    _, path = operation
    if "realtime" in path:
        return _REALTIME
    reasons = _UNUSED if by_client else _MISSING
    fitting = [begin for begin in reasons if path == begin or path.startswith(f"{begin}/")]
    assert fitting, f"nothing says why not: {operation}"
    return reasons[max(fitting, key=len)]


# --- the page ------------------------------------------------------------------------


class Row(NamedTuple):
    """A path with its methods, and those that the client sends and the local API answers."""

    path: str
    methods: tuple[str, ...]
    sent: tuple[str, ...]
    answered: tuple[str, ...]
    why: tuple[str, ...]


_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


def rows() -> Iterator[Row]:
    """A row for each described path, in their order."""
    for path in sorted({path for _, path in operations()}):
        methods = tuple(each for each in _ORDER if (each, path) in operations())
        taken = tuple(each for each in methods if (each, path) in sent())
        given = tuple(each for each in methods if (each, path) in answered())
        why: dict[str, list[str]] = {}
        for method in methods:
            client = reason((method, path), by_client=True)
            local = reason((method, path), by_client=False)
            if client is not None:
                who = "both" if client == local else "client"
                why.setdefault(f"{who}: {client}", []).append(method)
            if local not in (None, client):
                why.setdefault(f"local API: {local}", []).append(method)
        if any((each, path) in only_over_raw_tables() for each in given):
            listed = [each for each in given if (each, path) in only_over_raw_tables()]
            why["local API: over raw tables only"] = listed
        reasons = tuple(
            text if len(whose) == len(methods) else f"{' and '.join(whose)}: {text}"
            for text, whose in why.items()
        )
        yield Row(path, methods, taken, given, reasons)


def tables() -> str:
    """The page's tables, one for each area."""
    by_area: dict[str, list[Row]] = {heading: [] for heading, _ in reversed(_AREAS)}
    for row in rows():
        heading = next(name for name, part in _AREAS if re.search(part, row.path))
        by_area[heading].append(row)
    return "".join(f"\n## {heading}\n\n{_table(of)}" for heading, of in by_area.items())


def _table(rows: list[Row]) -> str:
    lines = ["| Path | Methods | Client | Local API | Notes |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        cells = (
            f"`{_shown(row)}`",
            ", ".join(row.methods),
            _some(row.sent, row.methods),
            _some(row.answered, row.methods),
            "; ".join(row.why),
        )
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def _shown(row: Row) -> str:
    """The path with the names of what stands in it, as a route of ours has them."""
    ours = [answered()[each, row.path] for each in row.answered]
    return ours[0] if ours else row.path.replace(_ANYTHING, "{id}")


def _some(some: tuple[str, ...], all: tuple[str, ...]) -> str:
    return "–" if not some else "all" if some == all else ", ".join(some)


def summary() -> str:
    """How many of the described operations there are on either side."""
    listed = list(rows())
    both = sum(1 for each in listed if each.sent or each.answered)
    number = sum(len(each.methods) for each in listed)
    return (
        f"The description has {len(listed)} paths with {number} operations. The client sends "
        f"{sum(len(each.sent) for each in listed)} of them, and the local API answers "
        f"{sum(len(each.answered) for each in listed)}. {len(listed) - both} paths are used by "
        "neither: they configure real-time, or are for tokens of websites.\n"
    )
