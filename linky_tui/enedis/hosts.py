"""The API's address: whose budget it falls under, and whether it may be used at all."""

from __future__ import annotations

from urllib.parse import urlsplit

from linky_tui.config import checks as config_checks
from linky_tui.errors import ConfigError


def checked_url(api_url: str) -> str:
    """The address without its last slash.

    Raises:
        ConfigError: it is no address, not encrypted though not loopback, or carries a user name,
            a query or a fragment. The text does not repeat it.
    """
    try:
        return config_checks.api_url(api_url)
    except config_checks.Refused as refused:
        raise ConfigError(
            "The gateway's address cannot be used",
            f"The setting api_url {refused}.",
            "Correct api_url in the settings, or leave it out for the usual one.",
        ) from None


def hostname_of(api_url: str) -> str:
    """The name or address of the API's host alone, in lower case.

    Raises:
        ConfigError: see :func:`checked_url`.
    """
    return (urlsplit(checked_url(api_url)).hostname or "").rstrip(".")


def host_of(api_url: str) -> str:
    """The host that requests are counted for: one spelling, the port only where it is unusual.

    Raises:
        ConfigError: see :func:`checked_url`.
    """
    parts = urlsplit(checked_url(api_url))
    name = hostname_of(api_url)
    if ":" in name:
        name = f"[{name}]"
    usual = {"https": 443, "http": 80}[parts.scheme]
    return name if parts.port in (None, usual) else f"{name}:{parts.port}"
