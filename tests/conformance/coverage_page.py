"""`docs/conformance.md`, written from the cases that pass on the embedded Personalize."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import tastemaker
from tastemaker.conformance.cases import all_cases
from tastemaker.conformance.coverage import table
from tastemaker.conformance.runner import Outcome, run
from tests.conformance.embedded import embedded_world

PAGE: Final = Path(tastemaker.__file__).parents[1] / "docs" / "conformance.md"


def page(outcomes: Iterable[Outcome]) -> str:
    """The page for a run of all cases."""
    return table(outcome.case for outcome in outcomes if outcome.verdict == "passed")


if __name__ == "__main__":
    with embedded_world() as world:
        PAGE.write_text(page(run(all_cases(), world)), encoding="utf-8")
