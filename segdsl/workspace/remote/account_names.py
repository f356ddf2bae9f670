"""Reads what activations name beside segments: templates, connections and users.

Connections and users are the account's, on a host of their own that a key may not be allowed to
ask: what it refuses is not known then, and noted. Of the users only those are kept whom somebody
notifies, since a schema file is committed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from typing import NamedTuple, TypeVar

from segdsl.api import (
    ClientError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    RejectedError,
)
from segdsl.api import User as ApiUser
from segdsl.api import responses as a
from segdsl.schema.model import Connection as SchemaConnection
from segdsl.schema.model import Folder, Template, User
from segdsl.workspace.remote.connect import Connection

_T = TypeVar("_T")
LEFT_OUT = (NotFoundError, ForbiddenError, RejectedError, InvalidResponseError)
"""Errors for a part that an account lacks: 403 or 404 (described), or no list (assumed)."""


class AccountNames(NamedTuple):
    """What was read; None is not known. `missing` says what could not be read, and why."""

    templates: tuple[Template, ...] | None
    connections: tuple[SchemaConnection, ...] | None
    users: tuple[User, ...] | None
    missing: tuple[str, ...]


async def read_account_names(
    connection: Connection,
    folders: dict[str | None, Folder],
    named: Collection[str] = (),
) -> AccountNames:
    """The templates of a parent segment, the connections of its account, and some of its users.

    `folders` are the paths of folders by id, and `named` the e-mail addresses in the workspace, in
    lower case. Without these, and if nothing notifies anybody, no user is asked for.
    """
    client, parent = connection.client, connection.parent
    missing: list[str] = []

    async def known(
        what: str, one: str, reading: Awaitable[a.Listed[_T]], errors: tuple[type[ClientError], ...]
    ) -> tuple[_T, ...] | None:
        try:
            listed = await reading
        except errors as error:
            missing.append(f"{what}: {error.message}")
            return None
        missing.extend(f"{each.titled(one)}: {each.why}" for each in listed.unreadable)
        return tuple(listed)

    templates = await known(
        "activation templates", "activation template", client.templates(parent.id), LEFT_OUT
    )
    connections = await known(
        "connections", "connection", client.account.connections(), (ClientError,)
    )
    notified = {id for each in templates or () for id in each.recipients}
    users = await _users(connection, notified, named, missing)
    return AccountNames(
        None
        if templates is None
        else tuple(
            Template(each.id, each.name, folders[each.folder_id])
            for each in templates
            if each.folder_id in folders
        ),
        None
        if connections is None
        else tuple(
            SchemaConnection(each.id, each.name, each.type)
            for each in connections
            if each.id is not None
        ),
        users,
        tuple(missing),
    )


async def _users(
    connection: Connection, notified: Collection[str], named: Collection[str], missing: list[str]
) -> tuple[User, ...] | None:
    """The users whose ids templates or activations notify, or that are named; None if not known.

    What could not be read is added to `missing`.
    """
    client = connection.client
    try:
        ids = {*notified, *await client.notified_users(connection.parent.id)}
    except LEFT_OUT as error:
        missing.append(f"users notified by activations: {error.message}")
        return None
    if not ids and not named:
        return ()
    try:
        users: a.Listed[ApiUser] = await client.account.users()
    except ClientError as error:
        missing.append(f"users: {error.message}")
        return None
    missing.extend(
        f"{each.titled('user')}: {each.why}" for each in users.unreadable if each.id in ids
    )
    return tuple(
        User(each.id, each.email) for each in users if each.id in ids or each.email.lower() in named
    )
