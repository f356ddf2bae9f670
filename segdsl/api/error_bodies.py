"""What the body of a failed answer says, as sentences for the user. Pure.

Described are three forms of errors: `{"code", "message"}`, `{"errors": …}` with a string, a list
or an object, and `{"status", "error", "details"}`. Observed are, besides: an object of lists under
the names of what is wrong (`{"errors": {"name": ["has already been taken"]}}`), with `base` for
the whole; lists of strings; lists of objects whose `meta` names what refers to something; plain
text; HTML from whatever stands in front of the API, which is never shown.
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
"""Characters of an answer that are shown at most."""
MOST_SENTENCES = 100
MOST_REFERRERS = 1_000
_PAGE = re.compile(r"<(!doctype|html|head|body|title|script|style|\?xml)\b", re.IGNORECASE)
_TAG = re.compile(
    r"</?(a|b|br|center|code|div|em|font|h[1-6]|hr|i|li|ol|p|pre|span|strong|table|t[dhr]|tt|u|ul)"
    r"(\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
# How what is said of a key begins, where the key is the subject of the sentence.
_PREDICATE = re.compile(
    r"(is|are|was|were|has|have|had|can|cannot|can't|could|must|may|should|shall|will|does|do|"
    r"needs?|contains?|exceeds?|already|not|too|only|doesn't|isn't|mustn't)\b",
)
_REFERRING = "referencedBy"
# Keys that say nothing which a person can use; the first where they have a single value.
_SILENT = frozenset(("status", "code", "id", "type", "traceid", "requestid", "timestamp"))
_SKIPPED = frozenset(("source", "links", "jsonapi", "meta"))
_TEXTS = frozenset(("errors", "base", "deletion", "title", "error", "message", "reason"))


class Referrer(msgspec.Struct, frozen=True):
    """What refers to something that is to be deleted; `kind` in words, such as `segment`."""

    kind: str
    id: str
    name: str

    def __str__(self) -> str:
        id = f"#{self.id}" if self.id else ""
        if not self.name:
            return id
        return f"“{self.name}” ({id})" if id else f"“{self.name}”"


class Said(msgspec.Struct, frozen=True):
    """What a body says: one line of sentences, maybe "", and what refers to the thing."""

    line: str
    referrers: tuple[Referrer, ...] = ()

    @property
    def segment_ids(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.referrers if each.kind == "segment" and each.id)


def said_by(content: bytes, scrub: Callable[[str], str] = str) -> Said:
    """What a body says, in whichever form; `scrub` takes secrets out of a text."""
    text = content.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        return Said(_line([] if text.lstrip().startswith("<") else [text], scrub))
    except RecursionError:
        return Said("")
    try:
        found = dict.fromkeys(islice(_referrers(body), MOST_REFERRERS))
        referrers = tuple(
            Referrer(scrub(each.kind), scrub(each.id), scrub(each.name)) for each in found
        )
        sentences = list(islice(_sentences(body), MOST_SENTENCES))
    except RecursionError:
        return Said("")
    if referrers:
        # Only the names are of use beside words such as “referenced”.
        sentences = [each for each in sentences if " " in each.strip()]
        sentences.append(_referenced(referrers))
    return Said(_line(sentences, scrub), referrers)


def told(text: str, scrub: Callable[[str], str] = str) -> str:
    """A text of an answer in one line: no HTML, no secret."""
    return _line([text], scrub)


def _line(sentences: Iterable[str], scrub: Callable[[str], str]) -> str:
    """The sentences in one line, each once, none of them HTML."""
    plain = (_TAG.sub(" ", each).split() for each in sentences if _PAGE.search(each) is None)
    joined = "; ".join(dict.fromkeys(" ".join(each) for each in plain if each))
    # What is beyond is not shown, whatever is taken out before.
    line = scrub(joined[: 4 * LONGEST])
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


# --- sentences ---------------------------------------------------------------------------


def _sentences(body: Any, subject: str = "") -> Iterator[str]:
    """Sentences of a body, or of a part of it that is about a `subject`."""
    match body:
        case str():
            yield _about(subject, body)
        case list():
            for each in body:
                yield from _sentences(each, subject)
        case dict():
            yield from _of_object(body, subject)
        case _:
            pass


def _of_object(body: dict[str, Any], subject: str) -> Iterator[str]:
    subject = _pointed(body) or subject
    if isinstance(body.get("error"), str) and isinstance(body.get("message"), str):
        # A word for the kind of the error, and then what it is.
        yield _about(subject, f"{body['error']}: {body['message']}")
        body = {key: each for key, each in body.items() if key not in ("error", "message")}
    if "detail" in body or "details" in body:
        found = [
            *_sentences(body.get("detail"), subject),
            *_sentences(body.get("details"), subject),
        ]
        if found:
            # The title says the same in general.
            yield from found
            body = {key: each for key, each in body.items() if key != "title"}
        body = {key: each for key, each in body.items() if key not in ("detail", "details")}
    for key, value in body.items():
        is_single = not isinstance(value, (list, dict))
        if key in _SKIPPED or key.startswith(_REFERRING):
            continue
        if is_single and key.lower().replace("_", "") in _SILENT:
            continue
        if key in _TEXTS:
            yield from _sentences(value, subject)
        else:
            yield from _sentences(value, f"{subject} {_words(key)}" if subject else _words(key))


def _pointed(error: dict[str, Any]) -> str:
    """What an error of JSON:API points at, in words: the end of `/data/attributes/name`."""
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


# --- what refers to something ------------------------------------------------------------


def _referrers(body: Any) -> Iterator[Referrer]:
    match body:
        case list():
            for each in body:
                yield from _referrers(each)
        case dict():
            for key, value in body.items():
                if key.startswith(_REFERRING) and isinstance(value, list):
                    kind = _words(key.removeprefix(_REFERRING)).removesuffix("s")
                    yield from (found for each in value if (found := _referrer(kind, each)))
                else:
                    yield from _referrers(value)
        case _:
            pass


def _referrer(kind: str, of: Any) -> Referrer | None:
    id = id_of(of.get("id") if isinstance(of, dict) else of) or ""
    name = (text_or_none(of.get("name")) or "") if isinstance(of, dict) else ""
    return Referrer(kind or "object", id, name.strip()) if id or name.strip() else None


def _referenced(referrers: Iterable[Referrer]) -> str:
    """`it is referenced by the segments “A” (#1) and “B” (#2)`."""
    by_kind: dict[str, list[str]] = {}
    for each in referrers:
        by_kind.setdefault(each.kind, []).append(str(each))
    groups = [
        f"the {kind}{'s' if len(found) > 1 else ''} {_joined(found)}"
        for kind, found in by_kind.items()
    ]
    return f"it is referenced by {_joined(groups)}"


def _joined(parts: list[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last
