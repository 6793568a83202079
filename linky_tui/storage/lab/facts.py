"""What server and machine say of themselves: nothing of it is assumed."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from linky_tui.storage.connection import SHORT_LIMIT_S, friendly
from linky_tui.storage.lab.ground import Ground
from linky_tui.text.formatting import plain


def server_facts(ground: Ground) -> dict[str, Any]:
    """Fields of :class:`linky_tui.domain.laboratory.Conditions` that the server knows.

    Raises:
        LinkyError: it does not answer.
    """
    with friendly(), pymongo.timeout(SHORT_LIMIT_S):
        version = plain(str(ground.client.server_info()["version"]), 40)
        hello: Mapping[str, Any] = ground.client.admin.command("hello")
    cache = ground.status("wiredTiger", "cache").get("maximum bytes configured")
    engine = ground.status("storageEngine").get("name")
    return {
        "server_version": version,
        "compatibility": _compatibility(ground),
        "engine": plain(str(engine), 40) if engine else None,
        "topology": _topology(hello),
        "cache_bytes": int(cache) if cache is not None else None,
        "settings": ground.settings,
        "driver": f"pymongo {pymongo.version}",
    }


def machine_facts() -> dict[str, Any]:
    """Fields of :class:`linky_tui.domain.laboratory.Conditions` that this machine knows."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_bytes": memory_bytes(),
        "system": plain(f"{platform.system()} {platform.release()} {platform.machine()}", 80),
        "python": platform.python_version(),
    }


def memory_bytes() -> int | None:
    """Memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _topology(hello: Mapping[str, Any]) -> str:
    if hello.get("msg") == "isdbgrid":
        return "sharded cluster"
    members = len(hello.get("hosts", ()))
    return f"replica set of {members}" if hello.get("setName") else "standalone"


def _compatibility(ground: Ground) -> str | None:
    try:
        with pymongo.timeout(SHORT_LIMIT_S):
            found: Any = ground.client.admin.command(
                {"getParameter": 1, "featureCompatibilityVersion": 1}
            )
    except PyMongoError:
        return None
    version = found.get("featureCompatibilityVersion", {}).get("version")
    return plain(str(version), 20) if version else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return plain(next(named, "").strip() or platform.processor(), 80)
