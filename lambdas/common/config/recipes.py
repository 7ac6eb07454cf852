"""The recipes that a model may name, and what may be set on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Setting = bool | int | float | str


@dataclass(frozen=True)
class Hyperparameter:
    """A range of numbers, or a switch where there is none. Personalize takes every value as a string."""

    lowest: int | None = None
    highest: int | None = None
    whole: bool = True

    def check(self, value: Setting) -> None:
        """Raise a ValueError that says what is allowed."""
        if self.lowest is None or self.highest is None:
            if not isinstance(value, bool):
                raise ValueError("is true or false")
        elif (
            isinstance(value, bool)
            or not isinstance(value, int if self.whole else (int, float))
            or not self.lowest <= value <= self.highest
        ):
            raise ValueError(f"is a {'whole ' if self.whole else ''}number from {self.lowest} to {self.highest}")


@dataclass(frozen=True)
class Recipe:
    """What Personalize documents of a recipe."""

    routes: frozenset[str]
    hyperparameters: Mapping[str, Hyperparameter]


RECIPES: Final[Mapping[str, Recipe]] = {
    "aws-user-personalization-v2": Recipe(frozenset({"recommendations"}), {"apply_recency_bias": Hyperparameter()}),
    "aws-user-personalization": Recipe(
        frozenset({"recommendations"}),
        {
            "hidden_dimension": Hyperparameter(32, 256),
            "bptt": Hyperparameter(2, 32),
            "recency_mask": Hyperparameter(),
        },
    ),
    "aws-similar-items": Recipe(
        frozenset({"similar-items"}), {"popularity_discount_factor": Hyperparameter(0, 1, whole=False)}
    ),
    "aws-popularity-count": Recipe(frozenset({"popular-items", "recommendations"}), {}),
}
