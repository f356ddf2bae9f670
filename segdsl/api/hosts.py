"""Whom the key may be sent to: the hosts of the regions, and this machine."""

from __future__ import annotations

import ipaddress

import httpx

from segdsl.errors import InputError

# Described.
REGIONS = {
    "us01": "api-cdp.treasuredata.com",
    "jp01": "api-cdp.treasuredata.co.jp",
    "eu01": "api-cdp.eu01.treasuredata.com",
    "ap02": "api-cdp.ap02.treasuredata.com",
    "ap03": "api-cdp.ap03.treasuredata.com",
}


class HostError(InputError):
    """An address that the key must not be sent to."""


def checked(base: str) -> httpx.URL:
    """The address of an Audience API; raises HostError where it is a stranger's.

    On this machine it may be any base URL, with a port and a path in front of those of the API
    (`http://127.0.0.1:8801/replay`), so that recorded answers can stand in for a server. Any other
    address is `https://` and the host of a region, and nothing more.
    """
    try:
        url = httpx.URL(base)
    except httpx.InvalidURL:
        raise HostError(f"`{base}` is no address: write it as https://host") from None
    if url.userinfo or url.query or url.fragment:
        raise HostError("the address of an Audience API is https://host, and nothing more")
    if url.port is not None and not 1 <= url.port <= 65_535:
        raise HostError(f"`{base}` has no valid port: a port is a number from 1 to 65535")
    if is_loopback(url) and url.scheme in ("http", "https"):
        return url
    if url.path not in ("", "/") or url.port is not None:
        raise HostError("the address of an Audience API is https://host, and nothing more")
    if url.scheme != "https":
        raise HostError(
            f"{url} is not https: a key goes unencrypted to nobody but this machine itself"
        )
    if url.host not in REGIONS.values():
        raise HostError(
            f"{url.host} is no host of a region, and a key goes to no other: "
            f"{', '.join(sorted(REGIONS.values()))}"
        )
    return url


def is_loopback(url: httpx.URL) -> bool:
    """Whether an address is this machine's own: `localhost`, or a loopback address."""
    if url.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return False


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)
