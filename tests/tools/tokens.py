"""Tokens as the gateway makes them: whatever is in them, nobody here can verify them."""

from __future__ import annotations

from typing import Any

import jwt

KEY = "a key that only the gateway knows, and no test"


def token(*, kid: str = "", **claims: Any) -> str:
    """A token with these claims, such as ``sub`` (a list of PRMs) and ``exp``."""
    headers = {"kid": kid} if kid else None
    return jwt.encode(claims, KEY, algorithm="HS256", headers=headers)
