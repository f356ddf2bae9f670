"""A server that replays recorded answers of the Audience API, as real servers shape them.

It keeps what is written to it, records every request, and answers writes in the manners that real
servers have (observed: 200, 201, 202 or 204, with a body or without). `answers/` beside this file
has answers with invented values, every oddity among them; `fixtures` of the contract, where that
is at hand, are others in the same shapes.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx

OWN = Path(__file__).parent / "answers"
PREFIX = "/replay"
"""Where the server is on its port, so that its base URL has a path."""
JSON = "application/json"
JSON_API = "application/vnd.treasuredata.v1+json"
UPDATED = "2025-05-01T01:02:03.004Z"
NOT_THERE = {"code": "not_found", "message": "it was not recorded"}

Json = Any


class Recorded(NamedTuple):
    """A request that came; `body` is None where it had none."""

    method: str
    path: str
    query: dict[str, str]
    body: Json


class Manner(NamedTuple):
    """How writes are answered: a status, and whether there is a body."""

    create: int = 200
    update: int = 200
    delete: int = 200
    has_body: bool = True


MANNERS = (
    Manner(),
    Manner(201, 200, 204, True),
    Manner(202, 202, 202, False),
    Manner(204, 204, 204, False),
)


class Answer(NamedTuple):
    status: int
    body: Json = None
    media: str = JSON

    @property
    def content(self) -> bytes:
        if self.body is None and self.status < 300:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class Replay:
    """The state of one server: recorded answers, and what was written since."""

    def __init__(self, folder: Path = OWN, manner: Manner = MANNERS[0]) -> None:
        def load(name: str) -> Json:
            return json.loads((folder / f"{name}.json").read_text())

        self.parents = load("parent_segments")
        self.audience = load("audience")
        self.attributes = load("attributes")
        self.behaviors = load("behaviors")
        self.folders: list[Json] = load("folders")
        self.by_folder = load("by_folder")
        self.segments: list[Json] = load("segments")
        self.errors: list[Json] = load("errors")
        self.query: list[Json] = load("query")
        # What a segment read by itself has otherwise than the list.
        alone = folder / "alone.json"
        self.alone: dict[str, Json] = json.loads(alone.read_text()) if alone.is_file() else {}
        self.manner = manner
        self.id = str(self.audience["id"])
        self.root = str(self.audience["rootFolderId"])
        self.recorded: list[Recorded] = []
        self.failing: Json | None = None
        """One of `errors`, where each write is to fail with it."""
        self.untold_by_reads: tuple[str, ...] = ()
        self.untold_by_writes: tuple[str, ...] = ()
        """Keys that answers of segments leave out."""
        self.polls = 0
        self.lock = threading.Lock()
        # A list that leaves a rule out and a segment that has one need a rule to have.
        ruled = next(each["rule"] for each in self.segments if each.get("rule"))
        for each in self.segments:
            if "rule" not in each:
                self.alone.setdefault(str(each["id"]), {"rule": copy.deepcopy(ruled)})

    # --- what tests ask ----------------------------------------------------------------

    def sent(self, method: str, path: str = "") -> list[Json]:
        """The bodies of the requests with that method and that in their path."""
        return [each.body for each in self.recorded if each.method == method and path in each.path]

    def named(self, name: str) -> Json:
        """The segment of that name, as it is read by itself."""
        found = next(each for each in self.segments if each["name"] == name)
        return self._alone(str(found["id"]))

    # --- requests ----------------------------------------------------------------------

    def answer(
        self, method: str, target: str, content: bytes, headers: httpx.Headers | None = None
    ) -> Answer:
        """What comes of a request; `target` is its path with its query."""
        url = urlsplit(target)
        path = url.path.removeprefix(PREFIX).rstrip("/")
        body = json.loads(content) if content else None
        with self.lock:
            self.recorded.append(Recorded(method, path, dict(parse_qsl(url.query)), body))
            if headers is not None and not headers.get("Authorization", "").startswith("TD1 "):
                return Answer(401, {"code": "unauthorized", "message": "no key"})
            return self._answer(method, path.strip("/").split("/"), body)

    def _answer(self, method: str, parts: list[str], body: Json) -> Answer:
        if self.failing is not None and method != "GET" and "queries" not in parts:
            return Answer(self.failing["status"], self.failing["body"])
        match method, parts:
            case "GET", ["entities", "parent_segments"]:
                return Answer(200, self.parents, JSON_API)
            case "GET", ["entities", "by-folder", id] if id == self.root:
                return Answer(200, self._everything(), JSON_API)
            case "GET", ["entities", "realtime_journeys", "abtest_variants"]:
                return Answer(200, {"data": [], "included": []}, JSON_API)
            case "POST", ["entities", "folders"]:
                return self._create_folder(body)
            case "GET", ["entities", "segments", id] if self._find(id) is not None:
                return Answer(200, {"data": _resource(self._alone(id))}, JSON_API)
            case "DELETE", ["entities", "segments", id]:
                return self._delete(id)
            case "GET", ["audiences"]:
                return Answer(200, [self.audience])
            case "GET", ["audiences", self.id]:
                return Answer(200, self.audience)
            case _, ["audiences", self.id, *rest]:
                return self._of_audience(method, rest, body)
            case _:
                return Answer(404, NOT_THERE)

    def _of_audience(self, method: str, parts: list[str], body: Json) -> Answer:
        match method, parts:
            case "GET", ["attributes"]:
                return Answer(200, self.attributes)
            case "GET", ["behaviors"]:
                return Answer(200, self.behaviors)
            case "GET", ["funnels" | "predictive_segments"]:
                return Answer(200, [])
            case "GET", ["sample_values"] | ["behaviors", _, "sample_values"]:
                return Answer(200, [["JP", 12], ["NZ", 3.0], [None, "1"]])
            case "GET", ["folders"]:
                return Answer(200, self.folders)
            case "GET", ["folders", id, "segments"]:
                listed = map(self._shown, self.segments)
                return Answer(200, [x for x in listed if str(x.get("segmentFolderId")) == id])
            case "GET", ["segments"]:
                return Answer(200, [self._shown(each) for each in self.segments])
            case "POST", ["segments"]:
                return self._create(body)
            case "POST", ["segments", "query"]:
                return Answer(
                    200, {"sql": 'select a.* from "cdp_audience_1"."customers" a\nwhere 1=1'}
                )
            case "POST", ["segments", "queries"]:
                self.polls = 0
                return Answer(self.manner.create if self.manner.has_body else 200, self.query[0])
            case "GET", ["segments", "queries", _]:
                self.polls = min(self.polls + 1, len(self.query) - 1)
                return Answer(200, self.query[self.polls])
            case "POST", ["segments", "queries", _, "kill"]:
                return self._written(self.manner.update, None)
            case "GET", ["segments", "queries", _, "customers"]:
                return self._page()
            case "GET", ["segments", id]:
                return self._segment(id)
            case "PUT", ["segments", id]:
                return self._update(id, body)
            case "DELETE", ["segments", id]:
                return self._delete(id)
            case _:
                return Answer(404, NOT_THERE)

    def _page(self) -> Answer:
        page = int(self.recorded[-1].query.get("page", "1"))
        if page > 1:
            return Answer(200, {"queryId": 1, "type": "end", "names": None, "rows": None})
        names = ["cdp_customer_id", "x"]
        return Answer(200, {"queryId": "1", "type": "rows", "names": names, "rows": [["c1", 1.0]]})

    # --- segments ----------------------------------------------------------------------

    def _find(self, id: str) -> Json | None:
        return next((each for each in self.segments if str(each.get("id")) == id), None)

    def _alone(self, id: str) -> Json:
        return {**(self._find(id) or {}), **self.alone.get(id, {})}

    def _segment(self, id: str) -> Answer:
        found = self._find(id)
        if found is None:
            return Answer(404, {"code": "not_found", "message": f"no segment {id}"})
        own = self.alone.get(id, {})
        if "status" in own:
            return Answer(own["status"], own["body"])
        return Answer(200, self._shown({**found, **own}))

    def _shown(self, of: Json) -> Json:
        """A segment with those that refer to it by now."""
        users = self._users(str(of.get("id")))
        shown = {key: value for key, value in of.items() if key not in self.untold_by_reads}
        return {**shown, "referencedBy": [str(each["id"]) for each in users]} if users else shown

    def _users(self, id: str) -> list[Json]:
        return [each for each in self.segments if id in _references(self._alone(str(each["id"])))]

    def _everything(self) -> Json:
        """What lies in folders, with what was made since."""
        listed = {str(each["id"]) for each in self.by_folder["data"]}
        new = [each for each in self.segments if str(each["id"]) not in listed]
        return {**self.by_folder, "data": [*self.by_folder["data"], *map(_resource, new)]}

    def _taken(self, body: Json, but: str | None = None) -> bool:
        return any(
            each["name"] == body["name"]
            and str(each.get("segmentFolderId")) == str(body.get("segmentFolderId", self.root))
            and str(each["id"]) != but
            for each in self.segments
        )

    def _create(self, body: Json) -> Answer:
        if self._taken(body):
            return Answer(self.errors[0]["status"], self.errors[0]["body"])
        made = {
            **copy.deepcopy(self._template()),
            "id": self._new_id(),
            "rule": None,
            "isVisible": True,
            **_kept(body),
            # The path counts, whatever the body says.
            "audienceId": self.id,
        }
        self.segments.append(made)
        return self._written(self.manner.create, made)

    def _template(self) -> Json:
        keys = ("createdAt", "updatedAt", "createdBy", "updatedBy", "realtime")
        return {
            **{key: self.segments[0].get(key) for key in keys},
            "segmentFolderId": self.root,
            "population": None,
            "numSyndications": 0,
            "description": None,
            "kind": 0,
            "referencedBy": [],
        }

    def _update(self, id: str, body: Json) -> Answer:
        found = self._find(id)
        if found is None:
            return Answer(404, NOT_THERE)
        if "name" in body and self._taken({**found, **body}, id):
            return Answer(self.errors[0]["status"], self.errors[0]["body"])
        self.alone.pop(id, None)
        # Without a rule it has none from now on; all else that is left out stays (observed).
        found.update({"rule": None, **_kept(body), "updatedAt": UPDATED})
        return self._written(self.manner.update, found)

    def _delete(self, id: str) -> Answer:
        found = self._find(id)
        if found is None:
            return Answer(404, NOT_THERE)
        users = self._users(id)
        if users:
            names = [{"id": str(each["id"]), "name": each["name"]} for each in users]
            error = {"status": 409, "code": "conflict", "title": "Conflict", "detail": "referenced"}
            body = {"errors": [{**error, "meta": {"referencedBySegments": names}}]}
            return Answer(409, body, JSON_API)
        self.segments.remove(found)
        return self._written(self.manner.delete, found)

    def _written(self, status: int, body: Json) -> Answer:
        if not isinstance(body, dict) or not self.manner.has_body or status == 204:
            return Answer(status, body if self.manner.has_body and status != 204 else None)
        told = {key: value for key, value in body.items() if key not in self.untold_by_writes}
        return Answer(status, told)

    # --- folders -----------------------------------------------------------------------

    def _create_folder(self, body: Json) -> Answer:
        of = body.get("data", body)
        id = self._new_id()
        parent = str(of["relationships"]["parentFolder"]["data"]["id"])
        name = of["attributes"]["name"]
        made = {
            "id": id,
            "type": "folder-segment",
            "attributes": {**of["attributes"], "audienceId": self.id},
            "relationships": {"parentFolder": {"data": {"id": parent, "type": "folder-segment"}}},
        }
        self.by_folder["data"].append(made)
        plain = {**self.folders[0], "id": id, "name": name, "parentFolderId": parent}
        self.folders.append(plain)
        return self._written(self.manner.create, {"data": made})._replace(media=JSON_API)

    def _new_id(self) -> str:
        known = [int(each["id"]) for each in (*self.segments, *self.folders)]
        return str(max(known) + 1)


def _kept(body: Json) -> Json:
    """What a create or an update keeps of its body."""
    keys = ("name", "description", "kind", "rule", "isVisible")
    kept = {key: body[key] for key in keys if key in body}
    if body.get("segmentFolderId") is not None:
        kept["segmentFolderId"] = str(body["segmentFolderId"])
    return kept


def _resource(of: Json) -> Json:
    """A segment as a resource without its rule."""
    shown = ("audienceId", "name", "description", "population", "numSyndications", "isVisible")
    folder = {"data": {"id": str(of.get("segmentFolderId")), "type": "folder-segment"}}
    times = {key: of.get(key) for key in ("createdAt", "updatedAt")}
    return {
        "id": str(of["id"]),
        "type": "segment-realtime" if of.get("kind") == 1 else "segment-batch",
        "attributes": {**{key: of.get(key) for key in shown}, **times, "isEmptyRule": True},
        "relationships": {"parentFolder": folder},
    }


def _references(of: Json) -> set[str]:
    """The ids that anything in a segment's rule refers to."""
    match of:
        case {"type": "Reference", "id": id}:
            return {str(id)}
        case dict():
            return set().union(*map(_references, of.values()))
        case list():
            return set().union(*map(_references, of))
        case _:
            return set()


# --- reaching it -------------------------------------------------------------------------


def transport(replay: Replay) -> httpx.MockTransport:
    """The server in this process, for a client of httpx."""

    def handle(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        found = replay.answer(request.method, target, request.content, request.headers)
        return httpx.Response(
            found.status, content=found.content, headers={"Content-Type": found.media}
        )

    return httpx.MockTransport(handle)


@contextmanager
def on_a_port(replay: Replay) -> Iterator[str]:
    """The server on a free port of this machine; its base URL, which has a path."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _respond(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = httpx.Headers(list(self.headers.items()))
            found = replay.answer(self.command, self.path, content, headers)
            self.send_response(found.status)
            self.send_header("Content-Type", found.media)
            if found.status != 204:
                self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            if found.status != 204:
                self.wfile.write(found.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing is written of it."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Nothing is written of clients that went away."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
