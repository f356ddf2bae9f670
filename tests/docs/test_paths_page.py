"""The page of the API's paths has each described operation once, with what segdsl does with it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import doc_paths
from contract import referee
from doc_pages import DOCS
from doc_paths import _Module
from segdsl.server.http.operations import operations

PAGE = (DOCS / "reference" / "api-paths.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(/[^`]+)` \| ([A-Z, ]+) \| (.+?) \| (.+?) \| (.*)\|$", re.MULTILINE)
WRITTEN = re.compile(r"(?<=[\"'])/(?:audiences|entities|master_segments)[^\"'\s]*")
METHODS = ("get", "post", "put", "patch", "delete")


def bare(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def test_every_described_operation_is_there_once() -> None:
    shown = [
        (path, method) for path, methods, *_ in ROW.findall(PAGE) for method in methods.split(", ")
    ]
    described = [
        (bare(path), method.upper())
        for path, of in referee()._raw["paths"].items()
        for method in METHODS
        if method in of
    ]
    assert sorted((bare(path), method) for path, method in shown) == sorted(described)
    assert f"{len({path for path, _ in described})} paths" in PAGE


def test_what_one_side_does_not_do_has_a_reason() -> None:
    for path, _, client, local, notes in ROW.findall(PAGE):
        is_both = (client, local) == ("all", "all")
        assert is_both or ": " in notes, path


def test_reasons_are_about_paths_that_there_are() -> None:
    for begins in (doc_paths._UNUSED, doc_paths._MISSING):
        for begin in begins:
            under = [each for each in operations() if each[1].startswith(begin)]
            by_client = begins is doc_paths._UNUSED
            given = [doc_paths.reason(each, by_client=by_client) for each in under]
            assert begins[begin] in given, begin


SOURCE = """
class Things:
    async def things(self, parent):
        try:
            return await self._get(f"/entities/{path_id(parent)}/things")
        except NotSupported:
            path = f"{_legacy(parent)}/things"
            return await self._get_list(path)

    async def pause(self, id):
        await self._change(id, "pause")

    async def _change(self, id, action):
        return lambda: self._transport.send("PATCH", f"{_path(id)}/{action}")

    async def model(self, id):
        for key in ("columns", "features"):
            await self._get(f"{_path(id)}/{key}?limit={id}")

    async def delete(self, id):
        return await self._delete("thing", id, _path(id))

    async def run(self, id):
        return await self._run_once("thing", f"{_path(id)}/run")


def _path(id):
    return f"/things/{path_id(id)}"


def _legacy(id):
    under = "" if id is None else f"/{id}"
    return f"/audiences{under}"
"""


def test_requests_are_found_in_a_source() -> None:
    assert _Module(ast.parse(SOURCE)).requests() == {
        ("GET", "/entities/{}/things"),
        ("GET", "/audiences/things"),
        ("GET", "/audiences/{}/things"),
        ("PATCH", "/things/{}/pause"),
        ("GET", "/things/{}/columns"),
        ("GET", "/things/{}/features"),
        ("DELETE", "/things/{}"),
        ("GET", "/things/{}"),
        ("POST", "/things/{}/run"),
    }


@pytest.mark.parametrize("file", sorted(Path(doc_paths.API).glob("*.py")), ids=lambda of: of.name)
def test_every_path_in_the_source_is_sent(file: Path) -> None:
    """What is written as a path of the API leads to an operation that was found."""
    known = {path for method, path in doc_paths.sent() if (method, path) in operations()}
    for path in re.findall(WRITTEN, file.read_text("utf-8")):
        parts = re.split(r"\{[^{}]+\}", path.partition("?")[0])
        pattern = ".*".join(map(re.escape, parts))
        assert any(re.match(pattern, each) for each in known), path
