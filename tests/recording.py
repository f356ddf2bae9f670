"""Every exchange with an Audience API over the whole test run, shown to the referee.

What our client sends, and what a local API answers to anybody, is noted as it passes
through httpx and checked when the test that made it ends: a finding fails that test. What
processes of their own exchange is not seen here. Where the description is silent, contradicts
itself or is not what real servers do, `answer_shapes` says what is asked instead, and why.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import pytest

import contract
import doc_paths
from answer_shapes import (
    ACCOUNT_ERROR,
    ACCOUNT_REQUESTS,
    ERRORS,
    JSON,
    NEAREST,
    OBSERVED,
    OBSERVED_ANSWERS,
    UNNAMED,
    in_one_document,
    shown_answer,
    shown_request,
)

OURS = "segdsl/"
"""How the User-Agent of our client begins."""
LOCAL = "segdsl"
"""The `Server` of a local API."""


class Exchange(NamedTuple):
    """A request, and its answer where one came; bodies are as they were sent, no key is kept."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    has_key: bool
    by_client: bool
    request_media: str
    request: bytes
    status: int | None = None
    by_local: bool = False
    answer_media: str = ""
    answer: bytes = b""


# --- the description ---------------------------------------------------------------------


class Described:
    """The referee, asked by what travels: a method, a path as it was sent, and a body."""

    def __init__(self) -> None:
        self._contract = contract.referee()
        self._module = contract._module()
        self._paths = sorted(
            ((_pattern(path), path) for path in self._contract._raw["paths"]),
            # What is named beats what a parameter stands for.
            key=lambda pair: pair[1].count("{"),
        )
        self._known: dict[tuple[bool, str, str], bool] = {}
        self._validators: dict[tuple[bool, str], Any] = {}

    def operation(self, method: str, sent: str) -> tuple[str, Any] | None:
        """The description's own path for one that was sent, and what it says of it."""
        for pattern, path in self._paths:
            operations = self._contract._raw["paths"][path]
            if method.lower() in operations and pattern.fullmatch(sent):
                return path, operations[method.lower()]
        return None

    def parameters(self, path: str, operation: Any) -> dict[str, Any]:
        """The parameters of a query, by name."""
        shared = self._contract._raw["paths"][path].get("parameters", [])
        listed = map(self.resolved, [*shared, *operation.get("parameters", [])])
        return {each["name"]: each for each in listed if each["in"] == "query"}

    def resolved(self, of: Any) -> Any:
        """What a reference to a part of the description stands for, or the thing itself."""
        if "$ref" not in of:
            return of
        found = self._contract._raw
        for step in of["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found

    def response(self, name: str) -> Any:
        return self._contract._raw["components"]["responses"][name]

    def errors(self, schema: Any, instance: Any, *, lenient: bool) -> list[str]:
        """What is wrong with an instance, in the referee's words."""
        if self._validator(schema, lenient).is_valid(instance):
            return []
        found: list[str] = self._contract._check(schema, instance, lenient)
        assert found, "the two readings of the description disagree"
        return found

    def _validator(self, schema: Any, lenient: bool) -> Any:
        """A validator that looks at each distinct segment, rule, … once over the whole run."""
        key = (lenient, json.dumps(schema, sort_keys=True))
        if key not in self._validators:
            jsonschema = import_module("jsonschema")
            base = jsonschema.Draft202012Validator

            def reference(validator: Any, ref: str, instance: Any, schema: Any) -> Iterator[Any]:
                seen = (lenient, ref, json.dumps(instance))
                if seen not in self._known:
                    inside = base.VALIDATORS["$ref"](validator, ref, instance, schema)
                    self._known[seen] = not any(inside)
                if not self._known[seen]:
                    yield jsonschema.ValidationError(f"not what {ref} describes")

            remembering = jsonschema.validators.extend(base, {"$ref": reference})
            root = {
                "components": self._contract._components(lenient),
                **self._module._normalise(schema, lenient),
            }
            self._validators[key] = remembering(root)
        return self._validators[key]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^}]+\}", path))))


@cache
def described() -> Described | None:
    """The description; None where it is not at hand."""
    try:
        return Described()
    except pytest.skip.Exception:
        return None


# --- requests ----------------------------------------------------------------------------


def request_findings(of: Exchange, description: Described) -> list[str]:
    """What the description has against a request of our client."""
    found = [] if of.has_key else ["it carries no key"]
    if of.path.startswith("/v3/"):
        return [*found, *_account_findings(of)]
    known = description.operation(of.method, of.path)
    if known is None:
        return [*found, "the description names no such request"]
    path, operation = known
    if (of.method, re.sub(r"\{[^}]+\}", "{}", path)) not in doc_paths.sent():
        found.append("tests/docs/doc_paths.py does not find it in the client's source")
    found.extend(_query_findings(of.query, description.parameters(path, operation)))
    if "requestBody" not in operation:
        return [*found, *(["the description names no body"] if of.request else [])]
    content = description.resolved(operation["requestBody"])["content"]
    if of.request_media not in content:
        return [*found, f"its media type is `{of.request_media}`, and not {', '.join(content)}"]
    try:
        sent = json.loads(of.request)
    except ValueError as error:
        return [*found, f"the body is no JSON: {error}"]
    sent = shown_request(sent)
    # Not lenient: ids go out as the numbers that the description says.
    schema = content[of.request_media]["schema"]
    return [*found, *description.errors(schema, sent, lenient=False)]


def _account_findings(of: Exchange) -> Iterator[str]:
    """What is against a request to the account's own API, which the description leaves out."""
    sent = tuple(name for name, _ in of.query)
    if ACCOUNT_REQUESTS.get((of.method, of.path)) != sent:
        yield "nobody has observed such a request"
    elif of.method == "POST" and not isinstance(json.loads(of.request), dict):
        yield "the body is no object"


def _query_findings(
    query: tuple[tuple[str, str], ...], parameters: dict[str, Any]
) -> Iterator[str]:
    sent = dict(query)
    if len(sent) < len(query):
        yield "a parameter stands twice"
    for name, value in sent.items():
        if name not in parameters:
            yield f"the description names no parameter `{name}`"
            continue
        schema = parameters[name]["schema"]
        if not _fits(value, schema.get("type")):
            yield f"the parameter {name}={value} is no {schema['type']}"
        elif "minimum" in schema and float(value) < schema["minimum"]:
            yield f"the parameter {name}={value} is less than {schema['minimum']}"
    for name, each in parameters.items():
        if each.get("required") and name not in sent:
            yield f"the parameter `{name}` is missing"


def _fits(value: str, kind: str | None) -> bool:
    patterns = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "boolean": "true|false"}
    return re.fullmatch(patterns.get(kind or "", ".*"), value, re.DOTALL | re.ASCII) is not None


# --- answers -----------------------------------------------------------------------------


def answer_findings(of: Exchange, description: Described) -> list[str]:
    """What the description has against an answer of a local API."""
    assert of.status is not None
    # A trailing slash is taken (observed).
    path, operation = description.operation(of.method, of.path.rstrip("/")) or ("", {})
    responses = operation.get("responses", {})
    if of.path.startswith("/v3/") and of.status >= 400:
        return [] if _fits_schema(of.answer, ACCOUNT_ERROR) else ["it is no error of the account"]
    side = "/entities" if of.path.startswith("/entities") else "/audiences"
    holder = responses.get(str(of.status)) or responses.get(f"{of.status // 100}XX")
    observed = OBSERVED.get((side, of.status))
    if observed is not None and of.answer_media == JSON and _fits_schema(of.answer, observed):
        return []
    expected = OBSERVED_ANSWERS.get((of.method, path, of.status))
    if expected is not None and _fits_schema(of.answer, expected):
        return []
    if holder is not None:
        content = description.resolved(holder).get("content")
        if content is None:
            return []
        if of.answer_media not in content:
            return [f"its media type is `{of.answer_media}`, and not {', '.join(content)}"]
        schema = content[of.answer_media]["schema"]
        if (of.method, path, of.status) == ("GET", "/entities/parent_segments", 200):
            schema = in_one_document(description.resolved(schema["items"]))
    elif (unnamed := _unnamed(of)) is not None:
        schema = unnamed
    elif (of.method, path, of.status) in NEAREST:
        schema = {"$ref": f"#/components/schemas/{NEAREST[of.method, path, of.status]}"}
    elif of.status >= 400:
        known = ERRORS[side]
        content = description.response(known.get(of.status) or known[of.status // 100])["content"]
        schema = content.get(of.answer_media, content[JSON])["schema"]
    else:
        return ["the description names no such answer"]
    try:
        answer = json.loads(of.answer)
    except ValueError as error:
        return [f"the body is no JSON: {error}"]
    return description.errors(schema, shown_answer(answer), lenient=True)


def _fits_schema(body: bytes, schema: Any) -> bool:
    """Whether a body is of a schema that stands by itself."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    valid: bool = import_module("jsonschema").Draft202012Validator(schema).is_valid(answer)
    return valid


def _unnamed(of: Exchange) -> Any:
    for (method, path, status), schema in UNNAMED.items():
        asked = _pattern(path).fullmatch(of.path.rstrip("/"))
        if (method, status) == (of.method, of.status) and asked:
            return schema
    return None


def findings(of: Exchange, description: Described) -> list[str]:
    """All that is wrong with an exchange, each finding with what it is about."""
    found = []
    if of.by_client:
        found += [f"request: {each}" for each in request_findings(of, description)]
    if of.by_local:
        found += [f"answer {of.status}: {each}" for each in answer_findings(of, description)]
    return [f"{of.method} {of.path} {each}" for each in found]


# --- listening ---------------------------------------------------------------------------


class Recorder:
    """A pytest plugin: listens to httpx, and asks the referee at the end of each test."""

    def __init__(self) -> None:
        self._httpx = import_module("httpx")
        self._patch = pytest.MonkeyPatch()
        self._waiting: list[Exchange] = []
        self._right: set[Exchange] = set()
        self.requests = 0
        self.answers = 0
        self.unseen = False
        """Whether there was something to check, and nothing to check it against."""

    def listen(self) -> None:
        original = self._httpx.AsyncClient.send

        async def send(client: Any, request: Any, **options: Any) -> Any:
            exchange = self._sent(request)
            is_broken_off = False
            try:
                answer = await original(client, request, **options)
                exchange = self._answered(exchange, answer)
            except asyncio.CancelledError:
                is_broken_off = True
                raise
            finally:
                # The key is put on at the last moment; before it nothing has been sent.
                key = request.headers.get("Authorization", "")
                exchange = exchange._replace(has_key=re.fullmatch(r"TD1 \S+", key) is not None)
                if (exchange.by_client or exchange.by_local) and not (is_broken_off and not key):
                    self._waiting.append(exchange)
            return answer

        # For tests in which the answers decide what is asked.
        send.unrecorded = original  # type: ignore[attr-defined]
        self._patch.setattr(self._httpx.AsyncClient, "send", send)

    def _sent(self, request: Any) -> Exchange:
        try:
            content = request.content
        except self._httpx.RequestNotRead:
            content = b""
        headers = request.headers
        return Exchange(
            method=request.method,
            path=_of_api(request.url.path),
            query=tuple(request.url.params.multi_items()),
            has_key=False,
            by_client=headers.get("User-Agent", "").startswith(OURS),
            request_media=_media(headers),
            request=content,
        )

    def _answered(self, of: Exchange, answer: Any) -> Exchange:
        if answer.headers.get("Server") != LOCAL:
            return of
        known = of._replace(
            status=answer.status_code, by_local=True, answer_media=_media(answer.headers)
        )
        if answer.is_stream_consumed:
            return known._replace(answer=answer.content)

        def whole(content: bytes) -> None:
            # The request itself has been noted by then.
            self._waiting.append(known._replace(by_client=False, answer=content))

        answer.stream = _heard(self._httpx, answer.stream, whole)
        return of

    def check(self) -> list[str]:
        """What is wrong with the exchanges since the last time."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        description = described()
        if description is None:
            self.unseen = True
            return []
        self.requests += sum(each.by_client for each in waiting)
        self.answers += sum(each.by_local for each in waiting)
        lines: list[str] = []
        # Polling asks and answers the same a thousand times: what was right once stays right.
        for each in dict.fromkeys(waiting):
            if each not in self._right:
                found = findings(each, description)
                lines.extend(found)
                if not found:
                    self._right.add(each)
        return lines

    def _demand(self) -> None:
        found = self.check()
        if found:
            more = f"\n… and {len(found) - 20} more" if len(found) > 20 else ""
            pytest.fail(
                "this is not as the API is described:\n" + "\n".join(found[:20]) + more,
                pytrace=False,
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        yield
        self._demand()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        yield
        # Also what a test left behind that failed before its end.
        self._demand()

    # --- telling, also from the processes of xdist ---------------------------------------

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["recorded"] = (self.requests, self.answers, self.unseen)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {})
        requests, answers, unseen = output.get("recorded", (0, 0, False))
        self.requests += requests
        self.answers += answers
        self.unseen = self.unseen or unseen

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.unseen:
            terminalreporter.write_line(
                "requests and answers were not checked: the API's description is not here"
            )
        elif self.requests or self.answers:
            terminalreporter.write_line(
                f"checked with the API's description: {self.requests:,} requests of the client, "
                f"{self.answers:,} answers of local APIs"
            )

    def pytest_unconfigure(self) -> None:
        self._patch.undo()


def _heard(httpx: Any, inner: Any, whole: Callable[[bytes], None]) -> Any:
    """A stream that tells all that it was, once it has been read to its end."""

    class Heard(httpx.AsyncByteStream):  # type: ignore[misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            parts = []
            async for each in inner:
                parts.append(each)
                yield each
            whole(b"".join(parts))

        async def aclose(self) -> None:
            await inner.aclose()

    return Heard()


def _of_api(path: str) -> str:
    """A path without what a base URL of this machine may have in front of the API's."""
    return re.sub(r"^.*?(?=/(tree|audiences|entities|master_segments|v3)\b)", "", path, count=1)


def _media(headers: Any) -> str:
    media: str = headers.get("Content-Type", "")
    return media.partition(";")[0].strip().lower()
