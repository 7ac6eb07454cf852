"""Where the embedded Personalize does not do yet what the reference says: the case, and what is to be mended."""

from __future__ import annotations

from typing import Final

DISAGREEMENTS: Final[dict[str, str]] = {}
