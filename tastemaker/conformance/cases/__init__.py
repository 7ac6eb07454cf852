"""The cases, a module per few operations. Importing one registers what is in it."""

from __future__ import annotations

import importlib
import pkgutil

from tastemaker.conformance.case import Case, registered


def all_cases() -> tuple[Case, ...]:
    """Every case there is."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return registered()
