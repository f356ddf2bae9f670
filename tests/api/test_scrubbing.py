"""The key in a server's responses is neither displayed nor used."""

from __future__ import annotations

import asyncio
import base64
import html
import json
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import httpx
import msgspec
import pytest

from raw_server import Send, raw_server
from segdsl.api import ApiKey, Client, ClientError, ConflictError
from segdsl.api.scrubbing import RUN, Scrubber
from test_client import QUICK as RETRYING
from test_client_shapes import RULE_JSON

QUICK = msgspec.structs.replace(RETRYING, attempts=1)
SECRET = "c0ffee5ec2e7d1a9b8c7f6e5d4c3b2a190817263"
KEY = f"12345/{SECRET}"
FORMS = {
    "plain": KEY,
    "its secret part": SECRET,
    "in a header": f"Authorization: TD1 {KEY}",
    "upper case": KEY.upper(),
    "URL": quote(f"TD1 {KEY}", safe=""),
    "URL, each letter": "".join(f"%{ord(each):02x}" for each in KEY),
    "URL, twice": "".join(f"%25{ord(each):02X}" for each in KEY),
    "JSON": json.dumps(KEY).replace("/", "\\/"),
    "JSON, each letter": "".join(f"\\u{ord(each):04x}" for each in KEY),
    "HTML": html.escape(KEY).replace("/", "&#x2F;"),
    "HTML, each letter": "".join(f"&#{ord(each)};" for each in KEY),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of a header": base64.b64encode(f"TD1 {KEY}\n".encode()).decode(),
    "base64 of basic": base64.b64encode(f"user:{KEY}".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"x{KEY}".encode()).decode(),
    "hexadecimal": KEY.encode().hex(),
    "spaced": " ".join(KEY),
    "lines": "\n".join(KEY[at : at + 3] for at in range(0, len(KEY), 3)),
    "dashes": "-".join(KEY[at : at + 4] for at in range(0, len(KEY), 4)),
    "start": SECRET[:RUN],
    "end": SECRET[-RUN:],
    "middle": SECRET[11 : 11 + RUN],
}
ENCODED = ("base64", "base64 of a header", "base64 of basic", "base64 for URLs", "hexadecimal")


def shows(text: str) -> bool:
    """Whether a text reveals a part of the secret."""
    plain = "".join(each for each in text.lower() if each.isalnum())
    parts = (SECRET, SECRET.encode().hex(), *(FORMS[name].lower() for name in ENCODED))
    return any(
        part[at : at + 12] in plain
        for part in ("".join(each for each in part if each.isalnum()) for part in parts)
        for at in range(len(part) - 11)
        if len(set(part[at : at + 12])) > 5
    ) or any(SECRET[at : at + RUN] in plain for at in range(len(SECRET) - RUN + 1))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_key_is_scrubbed(form: str) -> None:
    text = f"with “{FORMS[form]}” in it"
    scrubbed = ApiKey(KEY).scrubbed(text)
    assert not shows(scrubbed)
    assert "…" in scrubbed
    assert scrubbed.startswith("with “")
    assert scrubbed.endswith("” in it")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no such column `country`",
        "the id 1234567890 and 00000000 and deadbeef",
        "c0ffee5",
        "Kaffee, 100 %41 &amp; \\u00e9 — ½",
        "x" * 10_000,
    ],
)
def test_other_texts_are_unchanged(text: str) -> None:
    assert ApiKey(KEY).scrubbed(text) == text


def test_the_default_local_key_hides_no_zeros() -> None:
    key = ApiKey("1/" + "0" * 40)
    assert key.scrubbed("population 100000000000") == "population 100000000000"
    assert not key.occurs_in(b"0" * 80)


def test_the_repr_of_a_scrubber_hides_the_key() -> None:
    assert SECRET not in repr(Scrubber(KEY))
    assert not hasattr(Scrubber(KEY), "__dict__")


# --- what the client says ----------------------------------------------------------------

Call = Callable[[Client], Awaitable[object]]


def error_texts(call: Call, *sends: Send) -> list[str]:
    """The texts of the errors of a call, one for each response."""
    waiting = iter(sends)

    async def send(writer: asyncio.StreamWriter) -> None:
        await next(waiting)(writer)

    async def main() -> list[str]:
        async with raw_server(send) as url, Client(url, ApiKey(KEY), retry_policy=QUICK) as client:
            found = []
            for _ in sends:
                with pytest.raises(ClientError) as raised:
                    await call(client)
                error = raised.value
                ids = error.ids if isinstance(error, ConflictError) else ()
                found.append(f"{error!r} {error} {error.help} {ids} {error.args}")
            return found

    return asyncio.run(asyncio.wait_for(main(), 60))


def answers(head: str, body: str = "") -> Send:
    async def send(writer: asyncio.StreamWriter) -> None:
        content = body.encode()
        writer.write(
            f"HTTP/1.1 {head}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
        )
        await writer.drain()

    return send


def one_line(form: str) -> str:
    return FORMS[form].replace("\n", " ")


LISTED: Call = lambda client: client.segments("1")  # noqa: E731
STATUSES = (400, 401, 403, 404, 409, 418, 429, 500, 501, 503, 304, 203)


@pytest.mark.parametrize("form", FORMS)
def test_the_reason_phrase(form: str) -> None:
    sends = [answers(f"{status} {one_line(form)}") for status in STATUSES]
    assert not any(map(shows, error_texts(LISTED, *sends)))


@pytest.mark.parametrize("form", FORMS)
def test_the_body_of_a_failure(form: str) -> None:
    own = json.dumps({"code": FORMS[form], "message": f"no {FORMS[form]}"})
    listed = json.dumps({"errors": {FORMS[form]: [FORMS[form]]}})
    bodies = (own, listed, FORMS[form], f"<html>{FORMS[form]}</html>")
    sends = [answers(f"{status} x", body) for body in bodies for status in (400, 404, 409, 500)]
    assert not any(map(shows, error_texts(LISTED, *sends)))


@pytest.mark.parametrize("form", FORMS)
def test_what_refers_to_a_segment(form: str) -> None:
    referrer = {"id": FORMS[form], "name": FORMS[form]}
    body = {"errors": [{"detail": "x", "meta": {"referencedBySegments": [referrer]}}]}
    send = answers("409 Conflict", json.dumps(body))
    assert not any(map(shows, error_texts(lambda client: client.delete_segment("5"), send)))


@pytest.mark.parametrize("form", ["its secret part", "upper case", "start", "end", "hexadecimal"])
def test_where_a_redirect_leads(form: str) -> None:
    sends = [
        answers(f"307 x\r\nLocation: {place}\r\nSet-Cookie: key={FORMS[form]}")
        for place in (
            f"https://{FORMS[form]}.example/x",
            f"https://example.com/{FORMS[form]}",
            f"//{FORMS[form]}:{FORMS[form]}@x/",
            f"http://127.0.0.1:99999/{FORMS[form]}",
        )
    ]
    assert not any(map(shows, error_texts(LISTED, *sends)))


def test_headers_that_echo_the_key() -> None:
    names = ("Retry-After", "WWW-Authenticate", "Content-Type", "X-Echo")
    sends = [answers(f"{status} x\r\n{name}: TD1 {KEY}") for status in STATUSES for name in names]
    sends.append(answers(f"200 OK\r\nContent-Encoding: {SECRET}", "[]"))
    assert not any(map(shows, error_texts(LISTED, *sends)))


def test_an_invalid_status_line() -> None:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {KEY} {KEY}\r\n\r\n".encode())

    assert not any(map(shows, error_texts(LISTED, send)))


WHOLE = [
    form for form in FORMS if form not in ("start", "end", "middle", "spaced", "lines", "dashes")
]


@pytest.mark.parametrize("form", [form for form in WHOLE if form != "URL, twice"])
def test_a_response_with_the_key_is_discarded(form: str) -> None:
    """Data of such a response would be displayed or written to a file."""
    bodies = [
        json.dumps([{"id": "5", "name": "Loyal", "rule": RULE_JSON, key: FORMS[form]}])
        for key in ("id", "name", "description", "rule", "createdAt", "other")
    ]
    for text in error_texts(LISTED, *(answers("200 OK", body) for body in bodies)):
        assert "contains the API key" in text
        assert not shows(text)


def test_a_response_with_escaped_letters_of_the_key() -> None:
    half = "".join(f"\\u{ord(each):04x}" if at % 2 else each for at, each in enumerate(SECRET))
    body = f'[{{"id": "5", "name": "{half}"}}]'
    [text] = error_texts(LISTED, answers("200 OK", body))
    assert "contains the API key" in text


def test_a_cookie_is_not_sent_back() -> None:
    seen: list[httpx.Headers] = []

    def api(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json=[], headers={"Set-Cookie": "a=b; Path=/"})

    async def main() -> None:
        base = "https://api-cdp.treasuredata.com"
        transport = httpx.MockTransport(api)
        async with Client(base, ApiKey(KEY), transport=transport, retry_policy=QUICK) as client:
            await client.segments("1")
            await client.segments("1")

    asyncio.run(main())
    assert [each.get("Cookie") for each in seen] == [None, None]
