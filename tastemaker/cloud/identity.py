"""Who makes a call: credentials for each role and function of the embedded cloud, and the way back from a key."""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import dataclass

ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Credentials:
    """What a client signs with."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(frozen=True)
class Caller:
    """Who made a call: an execution role, and the function it ran in where there was one.

    Both are None for whoever signs with a key that no role was given: the user at the laptop, who may do all.
    """

    role_arn: str | None
    function: str | None = None


ADMIN = Caller(role_arn=None)
ADMIN_CREDENTIALS = Credentials("AKIATASTEMAKERADMIN0", "tastemaker", "")


class Identities:
    """The credentials that were handed out, and to whom. The same role and function always get the same ones."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}
        self._lock = threading.Lock()

    def credentials_for(self, role_arn: str, function: str | None = None) -> Credentials:
        """Credentials whose calls are attributed to `role_arn`, and to `function` where it is given."""
        digest = hashlib.sha256(f"{role_arn}\n{function or ''}".encode()).digest()
        # AWS's shape for temporary keys: ASIA and sixteen capitals and digits
        access_key_id = "ASIA" + base64.b32encode(digest).decode()[:16]
        with self._lock:
            self._callers[access_key_id] = Caller(role_arn, function)
        secret = base64.b64encode(digest).decode()
        return Credentials(access_key_id, secret_access_key=secret[:40], session_token=secret)

    def caller(self, access_key_id: str) -> Caller:
        """Who was given this key; the administrator where nobody was."""
        return self._callers.get(access_key_id, ADMIN)
