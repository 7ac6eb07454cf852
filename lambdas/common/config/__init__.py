"""tastemaker.toml as one typed, frozen model; read when the stacks are synthesised, never by a function that runs."""

from lambdas.common.config.filters import Filter
from lambdas.common.config.loader import load
from lambdas.common.config.model import Api, Config, Dataset, Interactions, Items, Model, Retrain, Throttle, Users
from lambdas.common.config.problems import ConfigError

__all__ = [
    "Api",
    "Config",
    "ConfigError",
    "Dataset",
    "Filter",
    "Interactions",
    "Items",
    "Model",
    "Retrain",
    "Throttle",
    "Users",
    "load",
]
