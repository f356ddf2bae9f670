"""The account's own API (`/v3`): names of connections and users, as `parent_segment.toml` has them.

A real account answers it on another host (observed); here it is the same address. Shapes are those
that public clients read: `{"id": 1}`, `{"results": […]}`, `{"users": […]}`. How a connector's
configuration is checked is assumed: nothing public says more than the path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from segdsl.engine.description import Connection, User
from segdsl.server.errors import missing, refuse
from segdsl.server.http.request_models import Body, Id, decode, whole
from segdsl.server.http.responses import iso
from segdsl.server.service import Call, Collection, Kind, Route, Service

MAX_ACTIVATION_ROWS = 20
"""The events of a behavior that an activation exports of a profile, at most."""


class Account(Collection):
    """The connections and users of the account."""

    @property
    def connections(self) -> tuple[Connection, ...]:
        return self.service.data.parent.connections

    @property
    def users(self) -> tuple[User, ...]:
        return self.service.data.parent.users

    def connection(self, id: int | str) -> Connection | None:
        return next((each for each in self.connections if each.id == str(id)), None)

    def user(self, id: int | str) -> User | None:
        return next((each for each in self.users if each.id == str(id)), None)

    def connection_of_name(self, name: str) -> Connection:
        """Raises ApiError (404)."""
        for connection in self.connections:
            if connection.name == name:
                return connection
        raise missing(f"there is no connection with the name `{name}`")


class ConfigBody(Body, frozen=True):
    """A connector's configuration, with its connection by id or by name.

    Keys are taken in both spellings, as nothing says which one a real server reads (assumed).
    """

    connection_id: Id | UnsetType = UNSET
    connection_name: str | UnsetType = UNSET
    connector_config: dict[str, Any] | UnsetType = UNSET


_SPELLINGS = {
    "connection_id": "connectionId",
    "connection_name": "connectionName",
    "connector_config": "connectorConfig",
    "config": "connectorConfig",
}


def lookup(service: Service, call: Call) -> Any:
    name = call.query.get("name")
    if not name:
        raise refuse("the parameter `name` is required")
    return {"id": int(service[Account].connection_of_name(name).id)}


def list_connections(service: Service, call: Call) -> Any:
    """`url` is the type with nothing behind it: addresses of real accounts may hold secrets."""
    return {
        "results": [
            {
                "name": connection.name,
                "type": connection.type,
                "url": f"{connection.type}://",
                "organization": None,
            }
            for connection in service[Account].connections
        ]
    }


def list_users(service: Service, call: Call) -> Any:
    return {
        "users": [
            {
                "id": int(user.id),
                "name": user.name,
                "email": user.email,
                "administrator": True,
                "created_at": iso(service.opened),
                "updated_at": iso(service.opened),
            }
            for user in service[Account].users
        ]
    }


def validate(service: Service, call: Call) -> Any:
    """Whether the configuration has what its connection requires, and what it lacks."""
    body = decode(_with_one_spelling(call.body), ConfigBody)
    account = service[Account]
    if not isinstance(body.connection_id, UnsetType):
        id = whole(body.connection_id, "$.connection_id", 1)
        connection = account.connection(id)
        if connection is None:
            raise missing(f"there is no connection with the id `{id}`")
    elif not isinstance(body.connection_name, UnsetType):
        connection = account.connection_of_name(body.connection_name)
    else:
        raise refuse("the configuration needs a `connection_id`", "$")
    if isinstance(body.connector_config, UnsetType):
        raise refuse("the body needs a `connector_config`", "$")
    errors = list(config_errors(connection, body.connector_config))
    return {"valid": not errors, "errors": errors}


def config_errors(connection: Connection, config: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a configuration of a connection's connector, without its values."""
    for name in connection.required:
        if config.get(name) in (None, ""):
            yield f"`{name}` is required by the connection `{connection.name}`"


def _with_one_spelling(body: bytes) -> bytes:
    try:
        keys = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body  # Reading it as its type reports that.
    return msgspec.json.encode({_SPELLINGS.get(key, key): value for key, value in keys.items()})


ROUTES = (
    Route("GET", "/v3/connections/lookup", lookup),
    Route("GET", "/v3/result/list", list_connections),
    Route("GET", "/v3/user/list", list_users),
    Route("POST", "/v3/connector_configs/validate_with_connection", validate),
)
ACCOUNT = Kind("connection", Account, ROUTES)
