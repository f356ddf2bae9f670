"""The key goes where it must, and is told to nobody: not to a terminal, not to a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from running import process
from segdsl.api import LOCAL_KEY
from segdsl.cli.group import cli
from test_machine_output import GROUPS, leaves, option_names
from workspace import serving, write_project

pytestmark = pytest.mark.heavy

SECRET = "c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7abcd"
KEY = f"12345/{SECRET}"
COMMANDS = (
    ("schema", "pull"),
    ("schema", "show", "--sample"),
    ("plan",),
    ("apply", "--yes"),
    ("pull",),
    ("preview", "."),
    ("preview", ".", "--breakdown"),
    ("preview", ".", "--sample", "3", "--json"),
    ("create", ".", "--count"),
    ("create", "."),
    ("list",),
    ("list", "--json"),
    ("show", "Japan"),
    ("show", "Japan", "--json"),
    ("sql", "."),
    ("sql", "--remote", "japan.seg"),
    ("run", "activation", "nobody", "--yes"),
    ("run", "predictive-segment", "nobody", "--yes"),
    ("journey", "launch", "nobody", "--yes"),
    ("journey", "pause", "nobody", "--yes"),
    ("journey", "resume", "nobody", "--yes"),
    ("parent", "pull", "--file", "parent.toml"),
    ("parent", "plan", "--file", "parent.toml"),
    ("parent", "apply", "--file", "parent.toml", "--yes"),
    ("parent", "run", "--yes"),
    ("parent", "status"),
    ("delete", "Buyers in Japan", "--yes"),
    ("delete", "Japan", "--yes"),
)
# Whatever a library might print when it is asked to say more.
LOUD = {"PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1", "HTTPX_LOG_LEVEL": "trace", "DEBUG": "1"}


def target(url: str, region: str = "us01") -> str:
    return (
        f'[targets.live]\nkind = "treasuredata"\nregion = "{region}"\n'
        f'parent_segment = 1\nurl = "{url}"\n'
    )


def run(folder: Path, *arguments: str, key: str = KEY, **environment: str) -> tuple[int, str]:
    done = process(
        *arguments,
        cwd=folder,
        environment={"HOME": str(folder), "TD_API_KEY": key, **LOUD, **environment},
    )
    text = (done.stdout + done.stderr).decode()
    assert "Traceback" not in text, text
    return done.returncode, text


def assert_untold(folder: Path, texts: list[str]) -> None:
    for text in texts:
        assert SECRET not in text
        assert SECRET[:20] not in text
    for file in folder.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file


def test_every_command_that_sends_the_key_is_looked_at() -> None:
    sending = {names for names in leaves(cli) if "--send-key" in option_names(names)}
    assert sending == {each[: 2 if each[0] in GROUPS else 1] for each in COMMANDS}


@pytest.mark.slow
def test_no_command_tells_the_key(tmp_path: Path) -> None:
    write_project(tmp_path, "")
    texts = []
    with serving(tmp_path, "--store", "store.sqlite", SEGDSL_LOCAL_KEY=KEY) as url:
        (tmp_path / "segdsl.toml").write_text(target(url))
        for command in COMMANDS:
            code, text = run(tmp_path, *command, "--send-key")
            # There is no activation, model or journey of that name: it is looked for on the server.
            # Of a parent segment the server has no runs.
            wanted = (
                {2}
                if command[0] in ("journey", "run") or command[:2] == ("parent", "run")
                else {0, 3}
                if command[0] == "parent"
                else {0}
            )
            assert code in wanted, (command, text)
            texts.append(text)
    assert_untold(tmp_path, texts)
    # The server is gone: every command says so.
    for command in COMMANDS:
        code, text = run(tmp_path, *command, "--send-key")
        assert code == 3, (command, text)
        texts.append(text)
    assert_untold(tmp_path, texts)


def test_a_wrong_key_is_not_printed_either(tmp_path: Path) -> None:
    write_project(tmp_path, "")
    with serving(tmp_path) as url:
        (tmp_path / "segdsl.toml").write_text(target(url))
        code, text = run(tmp_path, "list", "--send-key")
        assert code == 3
        assert "key" in text
        assert_untold(tmp_path, [text])
        for odd in (SECRET, f"{KEY}\n", f"{KEY} x", f"{KEY}é", f"x\r\nX-Evil: {KEY}"):
            code, text = run(tmp_path, "list", "--send-key", key=odd)
            assert code in (2, 3)
            assert_untold(tmp_path, [text])


class _Elsewhere(BaseHTTPRequestHandler):
    """Answers every request with a redirect, or an error that repeats what it was sent."""

    redirect_to: ClassVar[str | None] = None
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        type(self).seen.append(self.headers.get("Authorization", ""))
        if self.redirect_to is not None:
            self.send_response(307)
            self.send_header("Location", self.redirect_to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = json.dumps({"code": "x", "message": str(self.headers)}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def elsewhere(redirect_to: str | None) -> Iterator[tuple[str, list[str]]]:
    handler = type("Handler", (_Elsewhere,), {"redirect_to": redirect_to, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.seen  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def test_a_redirect_to_another_host_does_not_carry_the_key(tmp_path: Path) -> None:
    write_project(tmp_path, "")
    with ExitStack() as stack:
        there, seen_there = stack.enter_context(elsewhere(None))
        onward = there.replace("127.0.0.1", "localhost") + "/x"
        first, seen_first = stack.enter_context(elsewhere(onward))
        (tmp_path / "segdsl.toml").write_text(target(first))
        code, text = run(tmp_path, "list", "--send-key")
    assert code in (2, 3)
    assert any(SECRET in each for each in seen_first)
    assert not any(SECRET in each for each in seen_there)
    assert_untold(tmp_path, [text])


def test_an_answer_that_repeats_the_key_is_not_passed_on(tmp_path: Path) -> None:
    write_project(tmp_path, "")
    with elsewhere(None) as (url, _):
        (tmp_path / "segdsl.toml").write_text(target(url))
        code, text = run(tmp_path, "list", "--send-key")
    assert code == 3
    assert_untold(tmp_path, [text])


@pytest.mark.parametrize(
    "url",
    [
        "http://api-cdp.treasuredata.com",
        "https://example.com",
        "http://192.0.2.1:80",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "ftp://127.0.0.1",
        "not a url",
    ],
)
def test_the_key_is_not_sent_to_strangers(url: str, tmp_path: Path) -> None:
    write_project(tmp_path, target(url))
    code, text = run(tmp_path, "list", "--send-key")
    assert code == 2, text
    assert_untold(tmp_path, [text])


def test_a_key_in_the_project_file_is_refused(tmp_path: Path) -> None:
    write_project(tmp_path, target("http://127.0.0.1:1") + f'apikey = "{KEY}"\n')
    code, text = run(tmp_path, "list", "--send-key")
    assert code == 2
    assert "remove it" in text
    assert SECRET not in text


def test_without_a_key_it_says_where_to_put_one(tmp_path: Path) -> None:
    write_project(tmp_path, target("https://api-cdp.treasuredata.com"))
    code, text = run(tmp_path, "list", key="")
    assert code == 2
    assert "TD_API_KEY" in text
    assert "td.conf" in text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("profile", ["", 'profile = "production"\n'])
def test_a_url_on_this_machine_gets_the_key_of_a_local_api(
    profile: str, host: str, tmp_path: Path
) -> None:
    """Whoever wrote the project file, and whatever listens there."""
    credentials = tmp_path / ".config" / "segdsl" / "credentials.toml"
    credentials.parent.mkdir(parents=True)
    credentials.write_text(f'[production]\napikey = "{KEY}"\n')
    credentials.chmod(0o600)
    with elsewhere(None) as (url, seen):
        write_project(tmp_path, target(url.replace("127.0.0.1", host)) + profile)
        code, _ = run(tmp_path, "list")
        assert code == 3
        assert set(seen) == {f"TD1 {LOCAL_KEY}"}
        # Another key of local APIs, where one is chosen.
        seen.clear()
        run(tmp_path, "list", SEGDSL_LOCAL_KEY="7/another-key-of-local-apis")
        assert set(seen) == {"TD1 7/another-key-of-local-apis"}
        # The account's key goes there only where the person who runs the command says so.
        seen.clear()
        run(tmp_path, "list", "--send-key")
        assert set(seen) == {f"TD1 {KEY}"}


def test_neither_a_file_nor_a_variable_sends_the_key(tmp_path: Path) -> None:
    write_project(tmp_path, "")
    with elsewhere(None) as (url, seen):
        for said in ("send_key = true\n", "send-key = true\n"):
            (tmp_path / "segdsl.toml").write_text(target(url) + said)
            code, _ = run(tmp_path, "list")
            assert code == 2
        assert seen == []
        (tmp_path / "segdsl.toml").write_text(target(url))
        run(tmp_path, "list", SEGDSL_SEND_KEY="1", SEGDSL_LIST_SEND_KEY="1", SEND_KEY="1")
        assert set(seen) == {f"TD1 {LOCAL_KEY}"}


@pytest.mark.parametrize("flag", [(), ("--send-key",)])
@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:99999", "http://127.0.0.1:-1", "http://[::1]:65536"),
        *("http://127.0.0.1:0", "http://localhost:x", "https://api-cdp.treasuredata.com:99999"),
        "https://api-cdp.treasuredata.com:8443",
    ],
)
@pytest.mark.parametrize("kind", ["treasuredata", "local"])
def test_a_url_without_a_valid_port(
    kind: str, url: str, flag: tuple[str, ...], tmp_path: Path
) -> None:
    local = f'[targets.live]\nkind = "local"\nurl = "{url}"\n'
    write_project(tmp_path, local if kind == "local" else target(url))
    code, text = run(tmp_path, "list", *flag)
    assert code == 2, text
    assert_untold(tmp_path, [text])


@pytest.mark.parametrize("port", ["99999", "-1", "65536", "x", "", "1.5", "1e3"])
def test_a_port_to_serve_on_that_is_none(port: str, tmp_path: Path) -> None:
    write_project(tmp_path, "")
    code, text = run(tmp_path, "serve", "--data", "data", "--port", port)
    assert code == 2, text
    assert "port" in text


def test_a_local_target_is_never_sent_the_key(tmp_path: Path) -> None:
    with elsewhere(None) as (url, seen):
        write_project(tmp_path, f'[targets.local]\nkind = "local"\nurl = "{url}"\n')
        run(tmp_path, "list", "--send-key")
    assert seen
    assert not any(SECRET in each for each in seen)
