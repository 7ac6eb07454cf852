"""Read a configuration file into its model, or say everything that is wrong with it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError

from lambdas.common.config.model import Config
from lambdas.common.config.problems import ConfigError, describe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def load(path: Path) -> Config:
    """The configuration in `path`; a `ConfigError` names every problem at once."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(path, ["there is no such file"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, [f"it cannot be read: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"it is not valid TOML: {error}"]) from error
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        found = [describe(dict(problem), _known_keys(problem["loc"])) for problem in error.errors()]
        raise ConfigError(path, found) from error


def _known_keys(location: Sequence[str | int]) -> list[str]:
    """The keys of the table that `location` ends in."""
    table: type[BaseModel] = Config
    for key in location[:-1]:
        if isinstance(key, str) and key in table.model_fields:
            table = _section(table.model_fields[key].annotation) or table
    return list(table.model_fields)


def _section(annotation: object) -> type[BaseModel] | None:
    """The model within `Model`, `tuple[Model, ...]` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _section(inner))), None)
