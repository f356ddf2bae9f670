"""Asks the account whether a connector takes the settings that are about to be sent."""

from __future__ import annotations

import msgspec

from segdsl.api import Client, ClientError
from segdsl.language import activations as a
from segdsl.language.values import ById
from segdsl.rules.activations.settings import encode_settings
from segdsl.rules.rule.model import encode


class RejectedSettingsError(ClientError):
    """Settings that the account's API does not take."""

    def __init__(self, reason: str | None) -> None:
        why = "" if reason is None else f": {reason}"
        super().__init__(
            f"the connection rejected these settings{why}",
            "fix the `with (…)` clause; nothing was sent",
        )


async def check_settings(client: Client, new: a.Delivery, old: a.Delivery | None) -> None:
    """Raises RejectedSettingsError; where the account does not offer the check, nothing is known.

    Settings that are sent unchanged to the same connection are not asked about.
    """
    connection = new.connection
    if connection is None or not isinstance(connection.target, ById):
        return
    if old is not None and (old.connection, old.settings) == (connection, new.settings):
        return
    settings = encode_settings(new.settings or a.MapSetting())
    raw = msgspec.Raw(encode(settings, pretty=False).encode())
    checked = await client.account.check_settings(connection.target.id, raw)
    if checked.outcome == "rejected":
        raise RejectedSettingsError(checked.reason)
