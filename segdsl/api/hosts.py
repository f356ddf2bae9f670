"""The hosts that may receive the key: those of the regions, and this machine."""

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
# Documented for all but ap03, where it was observed.
ACCOUNT_HOSTS = {
    "api-cdp.treasuredata.com": "api.treasuredata.com",
    "api-cdp.treasuredata.co.jp": "api.treasuredata.co.jp",
    "api-cdp.eu01.treasuredata.com": "api.eu01.treasuredata.com",
    "api-cdp.ap02.treasuredata.com": "api.ap02.treasuredata.com",
    "api-cdp.ap03.treasuredata.com": "api.ap03.treasuredata.com",
}
"""The host of the account's own API (`/v3`), by that of the Audience API of the same region."""


class HostError(InputError):
    """An invalid address, or one that must not receive the key."""


def checked(base: str) -> httpx.URL:
    """Checks and parses the address of an Audience API; raises HostError.

    On this machine any base URL is allowed, with a port and a path prefix
    (`http://127.0.0.1:8801/replay`), so that recorded responses can replace a server. Any other
    address must be `https://` and the host of a region, and nothing more.
    """
    try:
        url = httpx.URL(base)
    except httpx.InvalidURL:
        raise HostError(f"`{base}` is not a valid URL: write it as https://host") from None
    if url.userinfo or url.query or url.fragment:
        raise HostError("the address of an Audience API must be https://host without anything else")
    if url.port is not None and not 1 <= url.port <= 65_535:
        raise HostError(f"`{base}` has an invalid port: use a number from 1 to 65535")
    if is_loopback(url) and url.scheme in ("http", "https"):
        return url
    if url.path not in ("", "/") or url.port is not None:
        raise HostError("the address of an Audience API must be https://host without anything else")
    if url.scheme != "https":
        raise HostError(
            f"{url} does not use https: only this machine may receive the key unencrypted"
        )
    if url.host not in REGIONS.values():
        raise HostError(
            f"{url.host} is not the host of a region; the key is only sent to "
            f"{', '.join(sorted(REGIONS.values()))}"
        )
    return url


def account_address(base: httpx.URL) -> httpx.URL:
    """The address of the account's own API, for a checked address of an Audience API.

    On this machine it is the same address.
    """
    return base if is_loopback(base) else base.copy_with(host=ACCOUNT_HOSTS[base.host])


def is_loopback(url: httpx.URL) -> bool:
    """Whether an address is `localhost` or a loopback IP address."""
    if url.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return False


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)
