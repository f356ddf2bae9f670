"""Checks the links of a built site: `python tests/docs/links.py FOLDER`.

Every link, image, style sheet and script within the site must be a file of it, and the part behind
`#` an id on that page. The generator's strict mode checks links between pages only, not those to
other files or in its theme. Other sites are not asked, but nothing may be loaded from them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADS = {("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src")}
_NOT_LOADED = {"canonical", "prev", "next"}


class _Page(HTMLParser):
    """The ids of a page, and its links as (address, whether it is loaded with the page)."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.add(given["id"] or "")
        for key in ("href", "src"):
            address = given.get(key)
            if address is not None:
                loads = (tag, key) in _LOADS and given.get("rel") not in _NOT_LOADED
                self.links.append((address, loads))


@cache
def _page(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def broken(site: Path) -> Iterator[str]:
    """A line for each link of the site that leads nowhere, or loads something from elsewhere."""
    for file in sorted(site.rglob("*.html")):
        # The page for addresses that are not there has links from the site's root.
        if file.name == "404.html":
            continue
        for address, loads in _page(file).links:
            why = _wrong(file, address, loads)
            if why:
                yield f"{file.relative_to(site)}: {address}: {why}"


def _wrong(file: Path, address: str, loads: bool) -> str | None:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return "is loaded from another site" if loads and parts.scheme != "data" else None
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "there is no such file"
    if parts.fragment and target.suffix == ".html":
        # `__…` are the theme's own, made by its script.
        fragment = unquote(parts.fragment)
        if not fragment.startswith("__") and fragment not in _page(target).ids:
            return "there is no such place on the page"
    return None


def main(folder: str) -> int:
    site = Path(folder).resolve()
    pages = list(site.rglob("*.html"))
    found = list(broken(site))
    for line in found:
        print(line, file=sys.stderr)
    print(f"{len(pages)} pages, {len(found)} broken links")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
