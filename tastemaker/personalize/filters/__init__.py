"""Filters: their language, the checks of an expression against a dataset group, and masks over a model's catalogue."""

from tastemaker.personalize.filters.attributes import Attributes
from tastemaker.personalize.filters.checks import check, dataset_fields
from tastemaker.personalize.filters.evaluation import Facts, mask, user_mask
from tastemaker.personalize.filters.expression import Expression, FilterError
from tastemaker.personalize.filters.grammar import parse
from tastemaker.personalize.filters.values import bind

__all__ = [
    "Attributes",
    "Expression",
    "Facts",
    "FilterError",
    "bind",
    "check",
    "dataset_fields",
    "mask",
    "parse",
    "user_mask",
]
