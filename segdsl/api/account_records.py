"""Typed, frozen records of the account's own API (`/v3`): connections and users."""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec


class Connection(msgspec.Struct, frozen=True):
    """A connection of the account. Its settings and its address, which can hold secrets, are not
    kept; `type` is the connector's, such as `s3_v2`, None if it is not said.

    `id` is None if the list has none (described): `Client.connection_id` looks it up.
    """

    name: str
    id: str | None = None
    type: str | None = None


class User(msgspec.Struct, frozen=True):
    """A user of the account; `id` is what `emailRecipients` of an activation has."""

    id: str
    email: str
    name: str | None = None


class SettingsCheck(msgspec.Struct, frozen=True):
    """What the API says of a connector's settings; `reason` is its sentence, if it rejects them.

    `unknown` is for a server that does not offer the check, and for a key that may not ask.
    """

    outcome: OneOf["accepted", "rejected", "unknown"]
    reason: str | None = None
