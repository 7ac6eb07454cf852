"""Recipes by the names that the command line takes, and the baselines that are always measured beside them."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from typing import Final

from tastemaker.evaluation import RepeatLast
from tastemaker.recommenders import ACTION_RECIPES, RECIPES, SEGMENT_RECIPES, Popularity, Recipe

POPULARITY: Final = "popularity"
"""The baseline that all others are compared with."""

BASELINES: Final[Mapping[str, Recipe]] = {POPULARITY: Popularity(), "repeat-last": RepeatLast()}

OF_TEXTS: Final = "aws-semantic-similarity"
"""The recipe that learns from texts alone."""

_ELSEWHERE: Final = (
    "recommends {what}, and only recipes that recommend items are measured here: train it in Personalize, or in "
    "`tastemaker endpoint`, and GetSolutionMetrics tells its figures"
)


def recipe_name(text: str) -> str:
    """The text, where it names a recipe or a baseline; else ArgumentTypeError says which there are."""
    if text in RECIPES or text in BASELINES:
        return text
    for recipes, what in ((SEGMENT_RECIPES, "users for items"), (ACTION_RECIPES, "actions")):
        if text in recipes:
            raise ArgumentTypeError(f"{text} {_ELSEWHERE.format(what=what)}")
    raise ArgumentTypeError(
        f"there is no recipe {text!r}; known are {', '.join(RECIPES)}, and {', '.join(BASELINES)}, which are always "
        "measured"
    )


def trained_recipe_name(text: str) -> str:
    """The text, where it names a recipe; else ArgumentTypeError says which there are."""
    if text in RECIPES:
        return text
    raise ArgumentTypeError(f"there is no recipe {text!r}; known are {', '.join(RECIPES)}")


def with_baselines(names: Sequence[str]) -> dict[str, Recipe]:
    """The recipes of these names, each once and with its default hyperparameters, and after them the baselines."""
    return {name: RECIPES[name]({}) for name in names if name not in BASELINES} | dict(BASELINES)
