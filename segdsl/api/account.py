"""The account's own API (`/v3`): connections and users, and a check of a connector's settings.

It is on the host of the region that belongs to that of the Audience API (`hosts.ACCOUNT_HOSTS`),
and on the same address for an API of this machine. Only names, ids, types and e-mail addresses are
kept of what it answers: addresses and settings of connections can hold secrets.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import msgspec

from segdsl.api import errors as e
from segdsl.api.account_records import Connection, SettingsCheck, User
from segdsl.api.bodies import Body, decoded, listed, need_id, need_name, one
from segdsl.api.bounded_read import LIST
from segdsl.api.error_bodies import error_text
from segdsl.api.responses import Listed, Unreadable
from segdsl.api.transport import Transport
from segdsl.rules.json_values import ValueFormError, id_of, text_or_none

_TYPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.+-]{0,99}", re.ASCII)
_CHECK = "/v3/connector_configs/validate_with_connection"


class Account:
    """The methods of `Client.account`. Every method raises ClientError when a request fails."""

    def __init__(self, connect: Callable[[], Transport]) -> None:
        self._connect = connect
        self._connected: Transport | None = None

    @property
    def _transport(self) -> Transport:
        """The connection to the host, which most commands do not need."""
        if self._connected is None:
            self._connected = self._connect()
        return self._connected

    async def close(self) -> None:
        if self._connected is not None:
            await self._connected.close()

    async def _get(self, path: str, *, attempts: int | None = None, **query: str | int) -> bytes:
        return await self._transport.retry(
            lambda: self._transport.send("GET", path, query=query or None, most=LIST),
            attempts=attempts,
        )

    async def connections(self, *, attempts: int | None = None) -> Listed[Connection]:
        """The connections of the account, each with its id, which is looked up if need be.

        One whose id cannot be looked up is in `unreadable`. `attempts` limits the tries of the
        request for the list, for a caller that can do without it.
        """
        found = _connections(await self._get("/v3/result/list", attempts=attempts))
        whole = await asyncio.gather(*map(self._with_id, found))
        unreadable = (each for each in whole if isinstance(each, Unreadable))
        return Listed(
            (each for each in whole if isinstance(each, Connection)),
            (*found.unreadable, *unreadable),
        )

    async def _with_id(self, connection: Connection) -> Connection | Unreadable:
        if connection.id is not None:
            return connection
        try:
            id = await self._looked_up(connection.name)
        except (
            e.NotFoundError,
            e.ForbiddenError,
            e.RejectedError,
            e.InvalidResponseError,
        ) as error:
            return Unreadable("", connection.name, error.message)
        return Connection(connection.name, id, connection.type)

    async def connection_id(self, name: str) -> str | None:
        """The id of the connection with that name; None if there is none.

        That takes a 404 of the API itself and a list without it.
        """
        try:
            return await self._looked_up(name)
        except e.NotFoundError:
            listed = _connections(await self._get("/v3/result/list"))
        for each in listed:
            if each.name == name:
                if each.id is not None:
                    return each.id
                break
        else:
            if not listed.unreadable:
                return None
        raise e.InvalidResponseError(
            "the API reports the connection as not found, but its list does not confirm it",
            "try again later",
        )

    async def _looked_up(self, name: str) -> str:
        body = await self._get("/v3/connections/lookup", name=name)
        return one(body, _Id, lambda found: need_id(found.id))

    async def users(self, *, attempts: int | None = None) -> Listed[User]:
        """The users of the account who have an e-mail address; `attempts` as above."""
        body = await self._get("/v3/user/list", attempts=attempts)
        return listed(_list_under(body, "users"), _User, _user)

    async def check_settings(self, connection_id: str, settings: msgspec.Raw) -> SettingsCheck:
        """Asks the API whether a connector takes these settings (`connectorConfig`).

        The endpoint is observed and its body is assumed, so a rejection is a warning and not a
        proof. It changes nothing, so that it is sent again after a failure that may pass.
        """
        id = int(connection_id) if connection_id.isdecimal() else connection_id
        body = {"connection_id": id, "connector_config": settings}
        try:
            answer = await self._transport.retry(
                lambda: self._transport.send("POST", _CHECK, body=body)
            )
        except (e.NotFoundError, e.ForbiddenError, e.NotSupportedError, e.InvalidResponseError):
            return SettingsCheck("unknown")
        except (e.RejectedError, e.ConflictError) as error:
            return SettingsCheck("rejected", error.message)
        return self._judged(answer)

    def _judged(self, answer: bytes) -> SettingsCheck:
        """What a success says: `valid`, `errors` or `message` of its body, if it has one."""
        try:
            body = msgspec.json.decode(answer) if answer.strip() else {}
        except (ValueError, RecursionError):
            return SettingsCheck("unknown")
        if not isinstance(body, dict):
            return SettingsCheck("accepted")
        is_invalid = body.get("valid") is False or body.get("errors") or body.get("error")
        if not is_invalid:
            return SettingsCheck("accepted")
        said = error_text(answer, self._transport.display).line
        return SettingsCheck("rejected", said or None)


class _Id(Body, frozen=True):
    id: Any = None


class _Connection(Body, frozen=True):
    id: Any = None
    name: Any = None
    type: Any = None
    url: Any = None


class _User(Body, frozen=True):
    id: Any = None
    email: Any = None
    name: Any = None


def _list_under(body: bytes, key: str) -> bytes:
    """The list in a body: by itself, under that key (documented: both) or under `data`."""
    if body.lstrip()[:1] != b"{":
        return body
    wrapped = decoded(body, dict[str, msgspec.Raw])
    return bytes(wrapped[key]) if key in wrapped else body


def _connections(body: bytes) -> Listed[Connection]:
    return listed(_list_under(body, "results"), _Connection, _connection)


def _connection(connection: _Connection) -> Connection:
    return Connection(need_name(connection.name), id_of(connection.id), _type(connection))


def _type(connection: _Connection) -> str | None:
    """The connector's type: `type`, or that in the address (`s3://…`, `{"type": "s3_v2", …}`).

    Nothing else of the address is used: it can hold a password.
    """
    type = text_or_none(connection.type)
    url = (text_or_none(connection.url) or "").strip()
    if type is None and url.startswith("{"):
        try:
            inside = msgspec.json.decode(url)
        except (ValueError, RecursionError):
            inside = None
        type = text_or_none(inside.get("type")) if isinstance(inside, dict) else None
    elif type is None:
        scheme, colon, _ = url.partition("://")
        type = scheme if colon else None
    return type if type is not None and _TYPE.fullmatch(type) else None


def _user(user: _User) -> User:
    email = text_or_none(user.email)
    if not email or not email.strip():
        raise ValueFormError("it has no `email`")
    return User(need_id(user.id), email.strip(), text_or_none(user.name))
