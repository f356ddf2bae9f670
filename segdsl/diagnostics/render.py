"""Diagnostics as text for people: the finding, its line, the place underlined, what to do.

Widths are counted in terminal cells, so that carets stand below wide characters too.
Colour is click's and only where it is asked for; what a terminal would take as a
command is shown as a visible sign. The machine forms are in `machine`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from segdsl.diagnostics.codes import OF_SECRETS
from segdsl.diagnostics.places import Place, Sources, file_of, in_order, place_in_text, place_of
from segdsl.diagnostics.report import Diagnostic
from segdsl.secrets import masked_text, secret_places
from segdsl.source import Source, Span
from segdsl.terminal import cell_width, cells, visible

TAB = 4
NARROWEST = 40
HANG = 4

# A line is made of pieces: a text and the name of its style, or None.
Piece = tuple[str, str | None]
Line = list[Piece]

_STYLES: dict[str, dict[str, str | bool]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "note": {"fg": "green", "bold": True},
    "help": {"fg": "cyan", "bold": True},
    "message": {"bold": True},
    "frame": {"fg": "blue", "bold": True},
}


def render_text(
    diagnostics: Iterable[Diagnostic],
    sources: Sources,
    *,
    width: int = 100,
    wrap: bool = False,
    color: bool = False,
) -> str:
    """All diagnostics, ordered, with an empty line after each.

    Source lines are clipped to `width` cells; messages are broken at it only where `wrap`
    is asked for.
    """
    room = max(width, NARROWEST)
    lines: list[Line] = []
    listed = in_order(diagnostics, sources)
    sources = _masked(sources, listed)
    for diagnostic in listed:
        lines.extend(_diagnostic(diagnostic, sources, room, wrap))
        lines.append([])
    return "".join(_joined(line, color) + "\n" for line in lines)


def _masked(sources: Sources, diagnostics: Sequence[Diagnostic]) -> Sources:
    """The sources with `*` for each character of a secret: no finding shows one of its line."""
    files = {each.span.file for each in diagnostics if each.span is not None}
    files.update(note.span.file for each in diagnostics for note in each.notes)
    reported: dict[str, list[tuple[int, int]]] = {}
    for each in diagnostics:
        if each.code in OF_SECRETS and each.span is not None:
            reported.setdefault(each.span.file, []).append((each.span.start, each.span.end))
    masked = dict(sources)
    for file in files & masked.keys():
        text = masked[file].text
        places = [*secret_places(text), *reported.get(file, ())]
        if places:
            masked[file] = Source(file, masked_text(text, places))
    return masked


def _joined(line: Line, color: bool) -> str:
    if not color:
        return "".join(text for text, _ in line).rstrip()
    from click import style

    return "".join(
        style(text, **_STYLES[name]) if name and text else text  # type: ignore[arg-type]
        for text, name in line
    )


def _diagnostic(diagnostic: Diagnostic, sources: Sources, width: int, wrap: bool) -> Iterator[Line]:
    place = place_in_text(diagnostic, sources)
    noted = [(note, place_of(note.span, sources)) for note in diagnostic.notes]
    known = [each for each in (place, *(each for _, each in noted)) if each is not None]
    digits = max((len(str(each.line)) for each in known), default=1)
    bound = width if wrap else None
    title = f"{diagnostic.severity}[{diagnostic.code.name}]"
    yield from _filled(
        [(title, diagnostic.severity), (": ", "message")], diagnostic.message, "message", bound
    )
    if diagnostic.span is not None and place is not None:
        yield from _snippet(
            sources[place.file], diagnostic.span, place, digits, width, diagnostic.severity
        )
    elif where := ": ".join(part for part in (file_of(diagnostic), diagnostic.path) if part):
        yield _arrow(digits, where)
    if diagnostic.help is not None:
        if place is not None:
            yield _gutter(digits)
        margin = " " * (digits + 2)
        yield from _filled(
            [(f"{margin}= ", "frame"), ("help: ", "help")], diagnostic.help, None, bound
        )
    for note, at in noted:
        yield from _filled([("note", "note"), (": ", None)], note.message, None, bound)
        if at is not None:
            yield from _snippet(sources[at.file], note.span, at, digits, width, "note")
        else:
            yield _arrow(digits, note.span.file)


def place_lines(
    source: Source,
    span: tuple[int, int] | None,
    help: str | None,
    *,
    quotes: bool,
    width: int = 100,
) -> Iterator[str]:
    """A place in a file that is no `.seg`, in lines as those of a diagnostic.

    Without `quotes` no text of the file is shown, and without a span only its name is.
    """
    digits = 1
    if span is None:
        yield _joined(_arrow(digits, source.name), False)
    else:
        at = Span(source.name, *span)
        place = place_of(at, {source.name: source})
        assert place is not None, "the source is at hand"
        digits = len(str(place.line))
        lines = list(_snippet(source, at, place, digits, width, "error"))
        for line in lines if quotes else lines[:1]:
            yield _joined(line, False)
        if quotes and help is not None:
            yield _joined(_gutter(digits), False)
    if help is not None:
        yield f"{' ' * (digits + 2)}= help: {visible(help)}"


def _arrow(digits: int, where: str) -> Line:
    return [(" " * (digits + 1) + "--> ", "frame"), (visible(where), None)]


def _gutter(digits: int, number: str = "") -> Line:
    return [(f" {number:>{digits}} |", "frame")]


def _snippet(
    source: Source, span: Span, place: Place, digits: int, width: int, mark: str
) -> Iterator[Line]:
    text, start, length = clip(source, span, place, width - digits - 4)
    yield _arrow(digits, f"{place.file}:{place.line}:{place.column}")
    yield _gutter(digits)
    yield [*_gutter(digits, str(place.line)), (f" {text}".rstrip(), None)]
    caret = "-" if mark == "note" else "^"
    yield [*_gutter(digits), (" " * (start + 1), None), (caret * length, mark)]


def clip(source: Source, span: Span, place: Place, room: int) -> tuple[str, int, int]:
    """The line of a place in at most `room` cells, and the first cell and number of carets."""
    line = source.line_text(place.line)
    start = min(place.column - 1, len(line))
    end = len(line) if place.end_line > place.line else min(place.end_column - 1, len(line))
    # No more is looked at than could be shown, however long the line.
    low, high = max(0, start - 2 * room), min(len(line), start + 2 * room)
    found = list(cells(line[low:high], TAB))
    lead = sum(size for _, size in found[: start - low])
    length = max(1, sum(size for _, size in found[start - low : max(end, start) - low]))
    total = sum(size for _, size in found)
    if low == 0 and high == len(line) and total <= room:
        return "".join(shown for shown, _ in found), lead, length
    before = max((room - length) // 2, room // 4)
    left = max(0, min(lead - before, total + 1 - room))
    cut = high < len(line) or total > left + room
    first, last = left + bool(left), left + room - cut
    kept: list[str] = []
    at = 0
    for shown, size in found:
        if at < first < at + size:
            kept.append(" " * (at + size - first))
        elif first <= at and at + size <= last:
            kept.append(shown)
        at += size
    text = ("…" if left else "") + "".join(kept) + ("…" if cut else "")
    caret = max(lead, first)
    return text, caret - left, max(1, min(lead + length, last) - caret)


def _filled(head: Line, text: str, style: str | None, width: int | None) -> Iterator[Line]:
    """The text behind a head, broken at `width` with the following lines set in."""
    indent = sum(cell_width(piece) for piece, _ in head)
    hang = indent if head[0][0].startswith(" ") else 4
    lines: list[str] = []
    room = None if width is None else width - indent
    for paragraph in text.split("\n"):
        for line in _broken(visible(paragraph), room, None if width is None else width - hang):
            lines.append(line)
            room = None if width is None else width - hang
    yield [*head, (lines[0], style)]
    for line in lines[1:]:
        yield [(" " * hang, None), (line, style)]


def _broken(text: str, first: int | None, others: int | None) -> Iterator[str]:
    if first is None or others is None:
        yield text
        return
    line, room = "", first
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_width(longer) > room:
            yield line
            line, room = word, others
        else:
            line = longer
    yield line


def folded(text: str, width: int) -> Iterator[str]:
    """A line in lines of at most `width` cells, broken at blanks and set in from the second on.

    A word that is wider is left whole.
    """
    lead = len(text) - len(text.lstrip(" "))
    if cell_width(text) <= width:
        yield text
        return
    margin = " " * lead
    for line in _broken(text[lead:], width - lead, width - lead - HANG):
        yield margin + line.strip()
        margin = " " * (lead + HANG)
