"""Ids of requests and of answers: each request makes two."""

from __future__ import annotations

import os


def new_uuid() -> str:
    """A random UUID (version 4) as text, at half the price of `str(uuid.uuid4())`."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
