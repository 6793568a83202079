"""Why an address of MongoDB cannot be used, or leads to no server: told with the remedy.

The texts of the driver quote the address, password and all. Of them only a short part is kept,
through :func:`linky_tui.text.formatting.plain`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from pymongo.errors import InvalidURI

from linky_tui.config.checks import Refused, mongodb_uri
from linky_tui.errors import ConfigError, LinkyError, ServerRefused, Side, StorageUnavailable
from linky_tui.text.formatting import plain

OLDEST_SERVER = "5.0"
"""The first MongoDB with time series collections."""
ADDRESS_CHECK = "Check mongodb.uri (or LINKY_TUI_MONGODB_URI)."

_NOT_VALID = "The address of MongoDB is not valid"
_URI_CAUSE = "It is no address of the form mongodb://user:password@host:port/?option=value."
_URI_CAUSES = (
    ("Port ", "What follows the colon of the host is no port number. (In a user name and a "
     "password, characters like : / ? # [ ] @ % must be percent-encoded.)"),
    ("port number", "An address that begins with mongodb+srv:// names no port."),
    ("only one, hostname", "An address that begins with mongodb+srv:// names exactly one host."),
    ("RFC 3986", "In the user name and the password, characters like : / ? # [ ] @ % must be "
     "percent-encoded."),
    ("username", "It has a password but no user name."),
    ("must be percent-encoded", "A / in a password or in a socket's path must be written %2F."),
    ("key=value", "Its options are not of the form ?name=value&name=value."),
    ("database name", "The database named after the host has characters that cannot be in one."),
)  # fmt: skip
# Of MongoDB's own list: what a misspelt option may have meant.
_OPTIONS = (
    *("appName", "authMechanism", "authMechanismProperties", "authSource", "compressors"),
    *("connectTimeoutMS", "directConnection", "heartbeatFrequencyMS", "journal", "loadBalanced"),
    *("localThresholdMS", "maxConnecting", "maxIdleTimeMS", "maxPoolSize", "maxStalenessSeconds"),
    *("minPoolSize", "proxyHost", "proxyPort", "readConcernLevel", "readPreference"),
    *("readPreferenceTags", "replicaSet", "retryReads", "retryWrites", "serverMonitoringMode"),
    *("serverSelectionTimeoutMS", "socketTimeoutMS", "srvMaxHosts", "srvServiceName", "ssl"),
    *("timeoutMS", "tls", "tlsCAFile", "tlsCertificateKeyFile", "tlsCertificateKeyFilePassword"),
    *("tlsCRLFile", "tlsDisableOCSPEndpointCheck", "uuidRepresentation", "w"),
    *("waitQueueTimeoutMS", "wTimeoutMS", "zlibCompressionLevel"),
)
_OTHER_WAYS = (
    "a VPN off or on, another name server (such as 1.1.1.1), or the address without +srv that "
    "Atlas shows for older drivers"
)
# What the TLS library says, the cause and the remedy.
_CERTIFICATES = (
    ("mismatch|doesn't match|not valid for",
     "The certificate of the server is for another name than the one in mongodb.uri",
     "Write the host in mongodb.uri as the certificate names it."),
    ("has expired|not yet valid",
     "The time of the server's certificate is over or has not come",
     "Check the date of this computer; if it is right, whoever runs the server has to renew the "
     "certificate."),
    ("certificate verify failed",
     "No authority that this machine knows has signed the certificate of the server",
     "Name the authority's certificate in mongodb.uri: tlsCAFile=/path/to/ca.pem. With Atlas none "
     "is needed: there this machine lacks the usual ones (package ca-certificates), or a proxy "
     "opens the connection."),
    ("CERTIFICATE_REQUIRED|BAD_CERTIFICATE|ALERT_UNKNOWN_CA|CERTIFICATE_UNKNOWN",
     "The server wants a certificate of ours, or does not accept the one it got",
     "Name it in mongodb.uri: tlsCertificateKeyFile=/path/to/client.pem."),
)  # fmt: skip


def check_address(uri: str) -> None:
    """Refuse what the driver would take for something else, such as half a password for a host.

    Raises:
        ConfigError: it cannot be an address; the text does not repeat it.
    """
    cause = ""
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        cause = "It begins neither with mongodb:// nor with mongodb+srv://."
    else:
        try:
            mongodb_uri(uri)
        except Refused as refusal:
            cause = f"It {refusal}."
    if cause:
        raise _not_valid(cause)


def address_error(error: Exception, uri: str = "") -> LinkyError:
    """The error to show for an address that the driver refuses, or whose name is unknown.

    Args:
        error: what building the client raised; a ``ValueError`` for a wrong option and an
            ``OSError`` for a file named there, too.
        uri: the address; the values of its options are kept out of the text.
    """
    text = str(error)
    names: list[str] = []
    for option in re.split("[&;]", uri.partition("?")[2]):
        name, _, value = option.partition("=")
        names.append(name)
        # A longer value may be a secret, a shorter one may be part of a word. Paths are shown.
        if len(value) > 3 and not name.lower().endswith("file"):
            text = text.replace(value, "…").replace(unquote_plus(value), "…")
    if "reports wire version" in text or "reports maximum wire version" in text:
        return too_old()
    quoting = isinstance(error, InvalidURI)  # its text quotes the address, password and all
    if not quoting and any(word in text for word in ("DNS", "resol", "nameserver")):
        return _name_error(text)
    cause = next((said for part, said in _URI_CAUSES if part in text), "")
    if not cause and text.startswith("Unknown option"):
        # Not the driver's own words: a piece of a password may stand where an option is looked for.
        cause = next(filter(None, map(_misspelt, names)), "Unknown option in the address.")
    if not cause:
        cause = (
            _URI_CAUSE
            if quoting
            else f"The driver refuses it: {sentence(plain(text.split(' or maybe')[0]))}"
        )
    return _not_valid(cause)


def unreachable(text: str, uri: str = "") -> LinkyError:
    """The error for a server that was not reached.

    Args:
        text: of the driver, ``host:port: reason (configured timeouts …), Timeout: …, Topology …``.
        uri: the address, where it is tried for the first time.
    """
    short = re.split(
        r"\s*\(configured timeouts|, Timeout: |, Topology Description|, full error:", text
    )[0]
    short = plain(short, 160)
    encrypted = "SSL" in text or "TLS" in text or "certificate" in text
    for pattern, cause, todo in _CERTIFICATES:
        if encrypted and re.search(pattern, text):
            return _configured("MongoDB's certificate is not accepted", f"{cause} ({short})", todo)
    if "a replica set named" in text or "for replica set name" in text:
        return _configured(
            "The replica set has another name",
            short,
            "Correct the option replicaSet in mongodb.uri, or leave it out.",
        )
    if inner := _inner_names(text, uri):
        return _configured(
            "The replica set names hosts that are not reached from here",
            f"A member answered, but the set calls its members {inner}, and no such host answers",
            "Add directConnection=true to the options of mongodb.uri, with the primary as its "
            "host; or make these names known to this machine.",
        )
    if re.search(r"\[Errno -[25]\]|Name or service not known|Name does not resolve", text):
        return _configured(
            "MongoDB's host name is unknown",
            short,
            f"{ADDRESS_CHECK} If the name is right, this machine may be offline.",
        )
    todo = "Check that it runs and can be reached from here, then try again."
    if "ALERT_INTERNAL_ERROR" in text or "alert internal error" in text:
        todo = (
            "With Atlas this mostly means that this machine's IP address is not on the project's "
            "access list."
        )
    elif encrypted:
        todo = (
            "If that server speaks no TLS, take tls=true (or ssl=true) out of mongodb.uri; with "
            "Atlas, see whether this machine's IP address is on the project's access list."
        )
    elif uri and ("connection closed" in text or "reset by peer" in text):
        todo = "If that server speaks only TLS, add tls=true to the options of mongodb.uri."
    elif "match selector" in text or "No primary" in text or "not primary" in text.lower():
        short = f"There is no primary at the moment ({short})"
        todo = "Try again later; nothing that was stored is lost."
    return StorageUnavailable(
        "MongoDB cannot be reached", sentence(short), todo, sides=(Side.YOURS, Side.MONGODB)
    )


def never_primary(hello: Mapping[str, Any]) -> LinkyError | None:
    """The error for an address that leads to a member of a replica set that takes no writes.

    None where that may pass by itself, such as during an election.

    Args:
        hello: what the member answers.
    """
    if hello.get("isWritablePrimary") or not hello.get("setName"):
        return None
    primary = plain(str(hello.get("primary") or ""), 80)
    kinds = {
        "arbiterOnly": "an arbiter",
        "hidden": "a hidden member",
        "passive": "a member of priority 0",
        "secondary": "a secondary",
    }
    kind = next((text for key, text in kinds.items() if hello.get(key)), "")
    if not kind or (hello.keys().isdisjoint(("arbiterOnly", "hidden", "passive")) and not primary):
        return None
    name, me = plain(str(hello["setName"]), 60), plain(str(hello.get("me") or "It"), 80)
    return _configured(
        "The address leads to a member that takes no writes",
        f"{me} is {kind} of the replica set {name}"
        + (f", whose primary is {primary}" if primary else ""),
        "Take directConnection=true out of mongodb.uri, so that the primary is found, or name the "
        "primary there.",
    )


def too_old(version: str = "") -> ServerRefused:
    """The error for a server without time series collections."""
    which = f"MongoDB {version}" if version else "an older version"
    return ServerRefused(
        "This MongoDB is too old",
        f"linky-tui needs MongoDB {OLDEST_SERVER} or newer for time series; this is {which}.",
        "Upgrade that server, or name another one in mongodb.uri (mongodb.mongod for the local "
        "one).",
    )


def hosts_of(uri: str) -> str:
    """The hosts of an address, without the user, the password and the options."""
    match = re.match(r"mongodb(?:\+srv)?://(?:[^/?]*@)?([^/?@]*)", uri)
    return match[1] if match else ""


def clause(text: str) -> str:
    """A text for the middle of a sentence."""
    return text.rstrip(" .") or "no reason given"


def sentence(text: str) -> str:
    """A text as a sentence."""
    return f"{clause(text)}."


def _not_valid(cause: str) -> ConfigError:
    return ConfigError(_NOT_VALID, cause, ADDRESS_CHECK, (f"mongodb.uri: {cause}",))


def _configured(title: str, cause: str, todo: str) -> ConfigError:
    return ConfigError(title, sentence(cause), todo, (f"mongodb.uri: {sentence(cause)}",))


def _misspelt(name: str) -> str:
    known = {option.lower(): option for option in _OPTIONS}
    # Anything else may be a piece of a password.
    if name.lower() in known or not re.fullmatch("[A-Za-z]{1,40}", name):
        return ""
    near = difflib.get_close_matches(name.lower(), known, n=1)
    meant = f"; did you mean {known[near[0]]}?" if near else "."
    return f"MongoDB knows no option {name}{meant}"


def _name_error(text: str) -> LinkyError:
    short = sentence(plain(text, 160))
    if "does not contain an answer" in text:
        return _configured(
            "MongoDB's address has no SRV entry",
            short,
            "If it is a single server, write mongodb:// instead of mongodb+srv://. If it is a "
            f"cluster, its name is wrong or the name server here hides it: try {_OTHER_WAYS}.",
        )
    if "does not exist" in text:
        return _configured(
            "MongoDB's host name is unknown",
            short,
            f"{ADDRESS_CHECK} A copied cluster name often lacks a letter. If it is right, the name "
            f"server here hides it: try {_OTHER_WAYS}.",
        )
    return StorageUnavailable(
        "MongoDB's host name cannot be looked up",
        short,
        f"The name server does not answer: check the network, then try {_OTHER_WAYS}.",
        sides=(Side.YOURS,),
    )


def _inner_names(text: str, uri: str) -> str:
    """The members that were tried, where none of them is named in the address."""
    tried = re.findall(r"(?:^|, ?)([^\s,]+:\d+): ", text.split(", Timeout:")[0])
    if "internal hostnames" in text:
        tried = [f"{host}:{port}" for host, port in re.findall(r"\('([^']+)', (\d+)\)", text)]
    elif not uri.startswith("mongodb://") or _named(uri) & set(tried):
        return ""
    return plain(", ".join(dict.fromkeys(tried)), 80)


def _named(uri: str) -> set[str]:
    hosts = hosts_of(uri).lower().split(",")
    return {host if re.search(r":\d+$", host) else f"{host}:27017" for host in hosts}
