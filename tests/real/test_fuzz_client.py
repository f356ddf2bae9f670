"""Mutated answers of an API: the client raises its own errors, a command has no traceback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest

from client_corpus import ENTITIES_FOUND, FOUND
from entity_api import MANNERS, PARENT, SEGMENT
from mutating import TEXTS, Mutator
from quick import scaled
from recorded import answers_of
from replay import JSON, Answer, Replay, on_a_port
from running import segdsl
from segdsl.api import ApiKey, Client, ClientError, Execution, NewSegment, RetryPolicy
from segdsl.api.complete import (
    whole_activations,
    whole_funnels,
    whole_segments,
    whole_templates,
)
from test_once import OPERATIONS, Call, fresh

KEY = "1/0123456789abcdef0123456789abcdef01234567"
QUICK = RetryPolicy(
    attempts=2,
    first_pause=0.0,
    max_pause=0.0,
    first_poll=0.0,
    max_poll=0.0,
    query_timeout=0.02,
    run_timeout=0.02,
    max_run_poll=0.0,
)
STATUSES = (
    *(100, 199, 200, 201, 202, 203, 204, 206, 299, 300, 301, 304, 307, 400, 401, 403, 404),
    *(405, 407, 409, 410, 422, 429, 451, 499, 500, 501, 502, 503, 511, 599, 600, 999),
)
PAGES = (b"", b"<html>Sign in</html>", b"null", b"[]", b"{}", b'"x"', b"\xff\xfe", b"404")
RULE = msgspec.Raw(
    b'{"type":"And","conditions":[{"type":"And","conditions":[{"type":"Value",'
    b'"leftValue":{"name":"country"},"operator":{"type":"Equal","rightValue":"JP","not":false},'
    b'"arrayMatching":null,"exclude":false}]}]}'
)

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


def mutated(random: Random, share: float) -> Change:
    """Changes a share of the answers."""
    mutator = Mutator(random)

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if random.random() > share:
            return answer
        status, content = answer.status_code, answer.content
        kind = random.randrange(8)
        if kind == 0:
            status = random.choice(STATUSES)
        elif kind == 1:
            content = random.choice(PAGES)
        elif kind == 2:
            status, content = random.choice(STATUSES), random.choice(PAGES)
        elif content:
            with suppress(ValueError):
                document = mutator.json(json.loads(content), random.choice((1, 1, 2, 5)))
                content = mutator.text(document)
        headers = {"Content-Type": random.choice((JSON, "text/html", "", "\xff"))}
        if random.random() < 0.2:
            name = random.choice(("Location", "Retry-After", "Content-Type", "Set-Cookie", "Date"))
            headers[name] = random.choice((*TEXTS, "//", "http://[", "inf", "1e9", "/x")).replace(
                "\n", " "
            )
        sent = [(key.encode(), value.encode("utf-8", "replace")) for key, value in headers.items()]
        return httpx.Response(status, content=content, headers=sent)

    return change


def recorded(replay: Replay, change: Change) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        try:
            found = replay.answer(request.method, target, request.content, request.headers)
        except (KeyError, TypeError, ValueError, IndexError, StopIteration):
            # What was sent follows from an answer that was mutated.
            found = Answer(400, {"errors": {"base": ["no such thing"]}})
        return change(request, httpx.Response(found.status, content=found.content))

    return httpx.MockTransport(handle)


Question = Callable[[Client, str, str], Awaitable[object]]


def _as_question(call: Call) -> Question:
    return lambda client, parent, id: call(client)


WRITES = tuple(_as_question(call) for call, _ in OPERATIONS.values())
NEW = NewSegment("Fuzzed", RULE, description="x")
QUESTIONS: tuple[Question, ...] = (
    lambda client, parent, id: client.parent_segments(),
    lambda client, parent, id: client.parent_segment(parent),
    lambda client, parent, id: client.attributes(parent),
    lambda client, parent, id: client.behaviors(parent),
    lambda client, parent, id: client.sample_values(parent, "country"),
    lambda client, parent, id: client.statistics(parent),
    lambda client, parent, id: client.funnels(parent),
    lambda client, parent, id: client.predictive_models(parent),
    lambda client, parent, id: client.solutions(parent),
    lambda client, parent, id: client.variants(parent),
    lambda client, parent, id: client.folders(parent),
    lambda client, parent, id: client.ensure_folder(parent, ("A", "B")),
    lambda client, parent, id: client.segments(parent),
    lambda client, parent, id: client.segment(parent, id),
    lambda client, parent, id: client.segment_or_none(parent, id),
    lambda client, parent, id: client.segment_json(parent, id),
    lambda client, parent, id: client.find_segment(parent, "Fuzzed"),
    lambda client, parent, id: whole_segments(client, parent),
    lambda client, parent, id: client.create_segment(parent, NEW),
    lambda client, parent, id: client.update_segment(parent, id, NEW),
    lambda client, parent, id: client.delete_segment(id),
    lambda client, parent, id: client.sql(parent, RULE),
    lambda client, parent, id: client.count(parent, RULE),
    lambda client, parent, id: client.profiles(parent, RULE, ("country",), 5),
)
ENTITY_QUESTIONS: tuple[Question, ...] = (
    lambda client, parent, id: client.funnels(PARENT),
    lambda client, parent, id: client.funnel(PARENT, "201"),
    lambda client, parent, id: client.funnel_or_none(PARENT, "201"),
    lambda client, parent, id: client.find_funnel(PARENT, "Old"),
    *WRITES,
    lambda client, parent, id: whole_funnels(client, PARENT),
    lambda client, parent, id: whole_activations(client, PARENT),
    lambda client, parent, id: whole_templates(client, PARENT),
    lambda client, parent, id: client.activations(PARENT),
    lambda client, parent, id: client.activations_of(PARENT, SEGMENT),
    lambda client, parent, id: client.activation_or_none(PARENT, SEGMENT, "300"),
    lambda client, parent, id: client.activation_overviews(PARENT),
    lambda client, parent, id: client.notified_users(PARENT),
    lambda client, parent, id: client.run_activation(SEGMENT, "300"),
    lambda client, parent, id: client.wait_for_execution(SEGMENT, "300", Execution("1", "x")),
    lambda client, parent, id: client.templates(PARENT),
    lambda client, parent, id: client.template_or_none(PARENT, "400"),
    lambda client, parent, id: client.workflow_projects(PARENT),
    lambda client, parent, id: client.workflows(PARENT, "x"),
    lambda client, parent, id: client.account.connections(),
    lambda client, parent, id: client.account.connection_id("s3"),
    lambda client, parent, id: client.account.users(),
    lambda client, parent, id: client.account.check_settings("1", msgspec.Raw(b"{}")),
)
"""What is asked of funnels, activations, templates and the account (`entity_api`)."""


def entities(change: Change) -> httpx.MockTransport:
    """An API with a funnel, an activation, a template, a connection and a user."""
    api = fresh(None, MANNERS[0])
    api.connections = [{"name": "s3", "url": "s3://x", "secret_id": 1}]
    api.users = [{"id": 1, "email": "a@example.com"}]

    def handle(request: httpx.Request) -> httpx.Response:
        try:
            answer = api(request)
        except (KeyError, TypeError, ValueError, IndexError, StopIteration):
            # What was sent follows from an answer that was mutated.
            answer = httpx.Response(400, json={"errors": {"base": ["no such thing"]}})
        return change(request, answer)

    return httpx.MockTransport(handle)


async def ask_all(
    change: Change,
    questions: tuple[Question, ...],
    server: Callable[[Change], httpx.MockTransport] = lambda change: recorded(Replay(), change),
) -> None:
    """Each question, to a server of its own; only errors of the client may come of it."""
    replay = Replay()
    id = str(replay.segments[0]["id"])
    client = Client(
        "https://api-cdp.treasuredata.com",
        ApiKey(KEY),
        transport=server(change),
        retry_policy=QUICK,
    )
    async with client:
        for question in questions:
            said = ""
            try:
                await asyncio.wait_for(question(client, replay.id, id), 120)
            except ClientError as error:
                said = f"{error!r} {error.message} {error.help}"
            assert KEY not in said
            assert len(said) < 10_000


@pytest.fixture(autouse=True)
def unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked follows from answers that are not as they are described."""
    send = httpx.AsyncClient.send
    monkeypatch.setattr(httpx.AsyncClient, "send", getattr(send, "unrecorded", send))


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
@pytest.mark.parametrize("seed", range(6))
def test_mutated_answers(seed: int) -> None:
    random = Random(f"client {seed}")

    async def main() -> None:
        for share in (0.1, 0.5, 1.0):
            for _ in range(scaled(12)):
                questions = tuple(random.sample(QUESTIONS, len(QUESTIONS)))
                await ask_all(mutated(random, share), questions)

    asyncio.run(main())


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
@pytest.mark.parametrize("seed", range(6))
def test_mutated_answers_about_funnels_and_activations(seed: int) -> None:
    random = Random(f"entities {seed}")

    async def main() -> None:
        for share in (0.1, 0.5, 1.0):
            for _ in range(scaled(12)):
                questions = tuple(random.sample(ENTITY_QUESTIONS, len(ENTITY_QUESTIONS)))
                await ask_all(mutated(random, share), questions, entities)

    asyncio.run(main())


@pytest.mark.parametrize("found", ENTITIES_FOUND, ids=lambda found: f"{found[0]} {found[1]}")
def test_answers_about_activations_that_were_found(found: tuple[str, str, int, bytes]) -> None:
    asyncio.run(ask_all(_always(*found), ENTITY_QUESTIONS, entities))


# --- commands ----------------------------------------------------------------------------

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("list", "--json"),
    ("show", "Nulls everywhere"),
    ("schema", "pull"),
    ("schema", "show"),
    ("pull",),
    ("plan", "--prune"),
    ("plan", "--format", "json"),
    ("apply", "--yes", "new.seg"),
    ("preview", "new.seg"),
    ("preview", "--breakdown", "--sample", "2", "new.seg"),
    ("sql", "--remote", "new.seg"),
    ("create", "new.seg"),
    ("delete", "Nulls everywhere", "--yes"),
)
CODES = (0, 1, 2, 3, 4)


class Mutated(Replay):
    """Recorded answers, some of them changed; failures that pass are not among them."""

    change: Change

    def answer(
        self, method: str, target: str, content: bytes, headers: httpx.Headers | None = None
    ) -> Answer:
        try:
            found = super().answer(method, target, content, headers)
        except (KeyError, TypeError, ValueError, IndexError, StopIteration):
            found = Answer(400, {"errors": {"base": ["no such thing"]}})
        request = httpx.Request(method, f"http://x{target}")
        changed = self.change(request, httpx.Response(found.status, content=found.content))
        status = changed.status_code if 200 <= changed.status_code < 500 else 400
        return Sent(status, changed.content, found.media)


class Sent(Answer):
    """An answer whose body is bytes as they are."""

    @property
    def content(self) -> bytes:
        found: bytes = self.body
        return found


def run_all(replay: Mutated, folder: Path, commands: tuple[tuple[str, ...], ...]) -> None:
    column = next(
        each["matrixColumnName"]
        for each in replay.attributes
        if each["type"] == "string" and each.get("matrixColumnName")
    )
    (folder / "new.seg").write_text(f'segment "New one"\n\nwhere\n  {column} = "JP"\n')
    with on_a_port(replay) as url:
        (folder / "segdsl.toml").write_text(
            '[targets.real]\nkind = "treasuredata"\nregion = "us01"\n'
            f'parent_segment = {replay.id}\nurl = "{url}"\n'
        )
        for command in commands:
            done = segdsl(*command)
            assert done.exit_code in CODES, (command, done.output)
            assert "Traceback" not in done.output


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("segdsl.api.queries.RetryPolicy", lambda: QUICK)
    return tmp_path


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
@pytest.mark.parametrize("seed", range(12))
def test_commands_against_mutated_answers(seed: int, folder: Path) -> None:
    random = Random(f"commands {seed}")
    for share in (0.15, 0.6):
        replay = Mutated(answers_of("own"))
        replay.change = mutated(random, share)
        commands = tuple(random.sample(COMMANDS, len(COMMANDS)))
        run_all(replay, folder, commands)


def _always(method: str, end: str, status: int, body: bytes) -> Change:
    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method == method and request.url.path.endswith(end):
            return httpx.Response(status, content=body)
        return answer

    return change


@pytest.mark.parametrize("found", FOUND, ids=lambda found: f"{found[0]} {found[1]}")
def test_answers_that_were_found(found: tuple[str, str, int, bytes], folder: Path) -> None:
    asyncio.run(ask_all(_always(*found), QUESTIONS))
    replay = Mutated(answers_of("own"))
    replay.change = _always(*found)
    run_all(replay, folder, COMMANDS)
