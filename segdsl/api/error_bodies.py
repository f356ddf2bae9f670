"""Turns the body of a failed response into sentences for the user. Pure.

The API documents three forms of errors: `{"code", "message"}`, `{"errors": …}` with a string, a
list or an object, and `{"status", "error", "details"}`. Also observed: an object with a list of
errors for each invalid field (`{"errors": {"name": ["has already been taken"]}}`) and `base` for
the whole; lists of strings; lists of objects whose `meta` names referring objects; plain text;
HTML of proxies, which is never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from segdsl.rules.json_values import id_of, text_or_none

LONGEST = 500
"""Maximum characters shown of a response."""
MOST_SENTENCES = 100
MOST_REFERRERS = 1_000
_PAGE = re.compile(r"<(!doctype|html|head|body|title|script|style|\?xml)\b", re.IGNORECASE)
_TAG = re.compile(
    r"</?(a|b|br|center|code|div|em|font|h[1-6]|hr|i|li|ol|p|pre|span|strong|table|t[dhr]|tt|u|ul)"
    r"(\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
# The start of a text whose subject is its key, such as `has already been taken` under `name`.
_PREDICATE = re.compile(
    r"(is|are|was|were|has|have|had|can|cannot|can't|could|must|may|should|shall|will|does|do|"
    r"needs?|contains?|exceeds?|already|not|too|only|doesn't|isn't|mustn't)\b",
)
_REFERRING = "referencedBy"
# Keys without information for a user; the first set only if the value is a scalar.
_SKIPPED_SCALARS = frozenset(("status", "code", "id", "type", "traceid", "requestid", "timestamp"))
_SKIPPED = frozenset(("source", "links", "jsonapi", "meta"))
_TEXT_KEYS = frozenset(("errors", "base", "deletion", "title", "error", "message", "reason"))


class Referrer(msgspec.Struct, frozen=True):
    """An object that refers to the one to delete; `kind` in words, such as `segment`."""

    kind: str
    id: str
    name: str

    def __str__(self) -> str:
        id = f"#{self.id}" if self.id else ""
        if not self.name:
            return id
        return f"“{self.name}” ({id})" if id else f"“{self.name}”"


class ErrorText(msgspec.Struct, frozen=True):
    """The text of an error body, in one line (may be ""), and the referring objects."""

    line: str
    referrers: tuple[Referrer, ...] = ()

    @property
    def segment_ids(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.referrers if each.kind == "segment" and each.id)


def error_text(content: bytes, scrub: Callable[[str], str] = str) -> ErrorText:
    """The text of a body in any form; `scrub` removes secrets from a string."""
    text = content.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        return ErrorText(_line([] if text.lstrip().startswith("<") else [text], scrub))
    except RecursionError:
        return ErrorText("")
    try:
        referrers_ = dict.fromkeys(islice(_referrers(body), MOST_REFERRERS))
        referrers = tuple(
            Referrer(scrub(each.kind), scrub(each.id), scrub(each.name)) for each in referrers_
        )
        sentences = list(islice(_sentences(body), MOST_SENTENCES))
    except RecursionError:
        return ErrorText("")
    if referrers:
        # Drop codes such as “referenced”: the names of the referrers say more.
        sentences = [each for each in sentences if " " in each.strip()]
        sentences.append(_referenced(referrers))
    return ErrorText(_line(sentences, scrub), referrers)


def one_line(text: str, scrub: Callable[[str], str] = str) -> str:
    """A text of a response in one line, without HTML and secrets."""
    return _line([text], scrub)


def _line(sentences: Iterable[str], scrub: Callable[[str], str]) -> str:
    """Joins the sentences in one line, without duplicates and HTML."""
    plain = (_TAG.sub(" ", each).split() for each in sentences if _PAGE.search(each) is None)
    joined = "; ".join(dict.fromkeys(" ".join(each) for each in plain if each))
    # Text beyond this is never shown, however much is scrubbed before it.
    line = scrub(joined[: 4 * LONGEST])
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


# --- sentences ---------------------------------------------------------------------------


def _sentences(body: Any, subject: str = "") -> Iterator[str]:
    """The sentences of a body, or of a part of it about a `subject`."""
    match body:
        case str():
            yield _about(subject, body)
        case list():
            for item in body:
                yield from _sentences(item, subject)
        case dict():
            yield from _of_object(body, subject)
        case _:
            pass


def _of_object(body: dict[str, Any], subject: str) -> Iterator[str]:
    subject = _pointed(body) or subject
    if isinstance(body.get("error"), str) and isinstance(body.get("message"), str):
        # `error` is a word for the kind, `message` the details.
        yield _about(subject, f"{body['error']}: {body['message']}")
        body = {key: each for key, each in body.items() if key not in ("error", "message")}
    if "detail" in body or "details" in body:
        details = [
            *_sentences(body.get("detail"), subject),
            *_sentences(body.get("details"), subject),
        ]
        if details:
            # The title is a general form of the details.
            yield from details
            body = {key: each for key, each in body.items() if key != "title"}
        body = {key: each for key, each in body.items() if key not in ("detail", "details")}
    for key, value in body.items():
        is_single = not isinstance(value, (list, dict))
        if key in _SKIPPED or key.startswith(_REFERRING):
            continue
        if is_single and key.lower().replace("_", "") in _SKIPPED_SCALARS:
            continue
        if key in _TEXT_KEYS:
            yield from _sentences(value, subject)
        else:
            yield from _sentences(value, f"{subject} {_words(key)}" if subject else _words(key))


def _pointed(error: dict[str, Any]) -> str:
    """The field of a JSON:API error's pointer, in words: the end of `/data/attributes/name`."""
    source = error.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else None
    last = pointer.rstrip("/").rpartition("/")[2] if isinstance(pointer, str) else ""
    return "" if last in ("", "base", "data", "attributes") or last.isdigit() else _words(last)


def _about(subject: str, text: str) -> str:
    """A sentence about a subject: `the name has already been taken`."""
    text = text.strip()
    if not subject or not text:
        return text
    if _PREDICATE.match(text):
        return f"the {subject} {text}"
    if text.lower().startswith((subject, f"the {subject}")):
        return text
    return f"{subject}: {text}"


def _words(key: str) -> str:
    """A key in words: `segmentFolderId` is `segment folder id`."""
    return " ".join(_WORDS.findall(key)).lower() or key


# --- referring objects -------------------------------------------------------------------


def _referrers(body: Any) -> Iterator[Referrer]:
    match body:
        case list():
            for item in body:
                yield from _referrers(item)
        case dict():
            for key, value in body.items():
                if key.startswith(_REFERRING) and isinstance(value, list):
                    kind = _words(key.removeprefix(_REFERRING)).removesuffix("s")
                    yield from (referrer for item in value if (referrer := _referrer(kind, item)))
                else:
                    yield from _referrers(value)
        case _:
            pass


def _referrer(kind: str, value: Any) -> Referrer | None:
    id = id_of(value.get("id") if isinstance(value, dict) else value) or ""
    name = (text_or_none(value.get("name")) or "") if isinstance(value, dict) else ""
    return Referrer(kind or "object", id, name.strip()) if id or name.strip() else None


def _referenced(referrers: Iterable[Referrer]) -> str:
    """`it is referenced by the segments “A” (#1) and “B” (#2)`."""
    by_kind: dict[str, list[str]] = {}
    for referrer in referrers:
        by_kind.setdefault(referrer.kind, []).append(str(referrer))
    groups = [
        f"the {kind}{'s' if len(names) > 1 else ''} {_joined(names)}"
        for kind, names in by_kind.items()
    ]
    return f"it is referenced by {_joined(groups)}"


def _joined(parts: list[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last
