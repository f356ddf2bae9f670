"""`make pages`: writes anew what the pages show of commands, programs, help and docstrings.

`python tests/docs/update.py PAGE…` writes these pages alone. A block that fails is named and
stays as it is. Read the difference before you commit it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

import doc_generated  # noqa: E402
import doc_sessions  # noqa: E402
import mistakes_page  # noqa: E402
from doc_pages import DOCS, PAGES, named, sessions  # noqa: E402


def main(arguments: list[str]) -> int:
    pages = [Path(each).resolve() for each in arguments] or PAGES
    if not arguments:
        _write(mistakes_page.FILE, mistakes_page.page(mistakes_page.FILE.read_text("utf-8")))
        subprocess.run(
            [sys.executable, "-m", "segdsl.output.reference", str(DOCS / "reference")], check=True
        )
    failed = 0
    for page in pages:
        _write(page, doc_generated.page(page.read_text(encoding="utf-8")))
        failed += _sessions(page)
    return 1 if failed else 0


def _sessions(page: Path) -> int:
    """Writes what the sessions of a page show; how many blocks failed."""
    text = page.read_text(encoding="utf-8")
    made, failed = {}, 0
    for session in sessions(page):
        with tempfile.TemporaryDirectory() as folder:
            shop = Path(folder) / "shop"
            shop.mkdir()
            for shown in doc_sessions.run(session, shop):
                if shown.failed:
                    failed += 1
                    print(f"{shown.block.name}: {shown.failed}", file=sys.stderr)
                else:
                    made[shown.block.start, shown.block.end] = shown.actual
    for (start, end), actual in sorted(made.items(), reverse=True):
        text = text[:start] + actual + text[end:]
    _write(page, text)
    return failed


def _write(page: Path, text: str) -> None:
    if page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")
        print(f"written: {named(page)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
