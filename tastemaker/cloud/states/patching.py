"""How moto's modules are changed: by attribute, and in every module that imported the original by name."""

from __future__ import annotations

import sys
from typing import Any


def replace(owner: Any, name: str, replacement: Any) -> None:
    """Put `replacement` where `owner.name` is; a name that moto does not have means another moto than ours."""
    if not hasattr(owner, name):
        raise AttributeError(
            f"{owner!r} has no '{name}': the adapters are written for moto 5.2.5, install that version"
        )
    setattr(owner, name, replacement)


def replace_everywhere(original: Any, replacement: Any) -> None:
    """Replace `original` in each Step Functions module that holds it, since `from x import y` copies the reference."""
    for module in [m for name, m in sys.modules.items() if name.startswith("moto.stepfunctions")]:
        for name, value in list(vars(module).items()):
            if value is original:
                setattr(module, name, replacement)
