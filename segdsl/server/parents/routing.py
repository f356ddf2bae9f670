"""The operations of a local API over raw tables: its own, and those of services.

A request goes to the parent segment that it names: by its id under `/audiences`, by the range of
another id under `/entities`, and by the parent folder of what a body creates.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from segdsl.server.errors import refuse
from segdsl.server.http.responses import document
from segdsl.server.kinds.parent_segments import responses as of_tables
from segdsl.server.kinds.parent_segments.sample_values import behavior_sample_values
from segdsl.server.kinds.statistics import daily
from segdsl.server.parents import responses
from segdsl.server.parents.account import LocalAccount
from segdsl.server.service import JSON, JSON_API, Call, Operation, Route, Service

_FOLDERS = ("folder_id", "folderId")
"""Parameters of a URL with the id of a folder."""
_PARENT_SEGMENTS = "/entities/parent_segments/"


def operations(account: LocalAccount) -> tuple[Operation, ...]:
    """Everything that the account answers."""
    own = tuple(
        Operation(method, path, _media(path), partial(handler, account))
        for method, path, handler in _OWN
    )
    taken = {(each.method, each.path) for each in own}
    routes = (route for kind in account.kinds for route in kind.routes)
    others = tuple(
        Operation(
            route.method,
            route.path,
            route.media_type,
            partial(_answer, account, route),
            route.accepts,
        )
        for route in routes
        if (route.method, route.path) not in taken
    )
    return (*own, *others)


def _media(path: str) -> str:
    return JSON_API if path.startswith("/entities/") else JSON


def _answer(account: LocalAccount, route: Route, call: Call) -> Any:
    return route.handler(_service(account, route, call), call)


def _service(account: LocalAccount, route: Route, call: Call) -> Service:
    """The service that a request is for; raises ApiError (400, 404)."""
    if "audience" in call.path:
        return account.service(account.find(call.path["audience"]))
    if not route.path.startswith("/entities/"):
        return account.any_service()
    if route.path.startswith(_PARENT_SEGMENTS):
        return account.service(account.find(next(iter(call.path.values()))))
    if "audience_id" in call.query:
        return account.service(account.find(call.query["audience_id"]))
    numbers = [value for value in call.path.values() if _is_number(value)]
    numbers += [call.query[name] for name in _FOLDERS if _is_number(call.query.get(name))]
    numbers += [] if numbers else _numbers_in(call.body)
    if numbers:
        return account.service_of(int(numbers[0]))
    parents = account.table.all()
    if len(parents) == 1:
        return account.service(parents[0])
    raise refuse("the body names no parent segment: give it a `parentFolder`", "$.relationships")


def _numbers_in(body: bytes) -> list[str]:
    """The ids in a body that say where it belongs: of its parent folder, or of what it copies."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []  # Reading it as its type reports that.
    found = []
    for holder in (content, content.get("data") if isinstance(content, dict) else None):
        if isinstance(holder, dict):
            for keys in (("relationships", "parentFolder", "data", "id"), ("id",)):
                value: Any = holder
                for key in keys:
                    value = value.get(key) if isinstance(value, dict) else None
                if _is_number(value):
                    found.append(str(value))
    return found


def _is_number(value: Any) -> bool:
    text = str(value)
    return not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) < 19


# --- its own operations ------------------------------------------------------------------


def _list(account: LocalAccount, call: Call) -> Any:
    return [
        responses.plain(each, account.root(each), account.policy) for each in account.table.all()
    ]


def _create(account: LocalAccount, call: Call) -> Any:
    parent = account.create(call.body)
    return responses.plain(parent, account.root(parent), account.policy)


def _read(account: LocalAccount, call: Call) -> Any:
    parent = account.find(call.path["audience"])
    return responses.plain(parent, account.root(parent), account.policy)


def _update(account: LocalAccount, call: Call) -> Any:
    parent = account.update(call.path["audience"], call.body)
    return responses.plain(parent, account.root(parent), account.policy)


def _delete(account: LocalAccount, call: Call) -> Any:
    """The parent segment as it was (observed: clients read its id)."""
    parent, root = account.delete(call.path["audience"])
    return responses.plain(parent, root, account.policy)


def _run(account: LocalAccount, call: Call) -> Any:
    return responses.execution(account.run(call.path["audience"]))


def _executions(account: LocalAccount, call: Call) -> Any:
    parent = account.find(call.path["audience"])
    return [responses.execution(each) for each in account.table.executions(parent.id)]


def _statistics(account: LocalAccount, call: Call) -> Any:
    """The population after each run: the last of each day."""
    parent = account.find(call.path["audience"])
    return daily(account.service(parent), call, account.table.populations(parent.id))


def _attributes(account: LocalAccount, call: Call) -> Any:
    return responses.fields(account.find(call.path["audience"]), account.policy)


def _behaviors(account: LocalAccount, call: Call) -> Any:
    parent = account.find(call.path["audience"])
    is_realtime = call.query.get("realtime") == "true"
    listed = responses.built_behaviors(parent, account.policy)
    return [each for each in listed if not is_realtime or each["isRealtime"]]


def _behavior_sample_values(account: LocalAccount, call: Call) -> Any:
    parent = account.find(call.path["audience"])
    service = account.service(parent)
    tables = {
        each["id"]: each["matrixTableName"]
        for each in responses.built_behaviors(parent, account.policy)
    }
    wanted = tables.get(call.path["behavior"])
    own = next((id for id, table in of_tables.behaviors(service) if table.name == wanted), "none")
    path = {**call.path, "behavior": own}
    return behavior_sample_values(service, msgspec.structs.replace(call, path=path))


def _master_segments(account: LocalAccount, call: Call) -> Any:
    return [responses.master_segment(each) for each in account.table.all()]


def _list_resources(account: LocalAccount, call: Call) -> Any:
    return document([responses.resource(each, account.root(each)) for each in account.table.all()])


def _read_resource(account: LocalAccount, call: Call) -> Any:
    parent = account.find(call.path["id"])
    return document(responses.resource(parent, account.root(parent)))


_ONE = "/audiences/{audience}"
_OWN: tuple[tuple[str, str, Callable[[LocalAccount, Call], Any]], ...] = (
    ("GET", "/audiences", _list),
    ("POST", "/audiences", _create),
    ("GET", _ONE, _read),
    ("PUT", _ONE, _update),
    ("DELETE", _ONE, _delete),
    ("POST", f"{_ONE}/run", _run),
    ("GET", f"{_ONE}/executions", _executions),
    ("GET", f"{_ONE}/statistics", _statistics),
    ("GET", f"{_ONE}/attributes", _attributes),
    ("GET", f"{_ONE}/behaviors", _behaviors),
    ("GET", f"{_ONE}/behaviors/{{behavior}}/sample_values", _behavior_sample_values),
    ("GET", "/master_segments", _master_segments),
    ("GET", "/entities/parent_segments", _list_resources),
    ("GET", "/entities/parent_segments/{id}", _read_resource),
)
