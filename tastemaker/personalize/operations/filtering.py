"""What the filter of a request allows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, not_found
from tastemaker.personalize.filters import Attributes, Expression, Facts, FilterError, bind, mask
from tastemaker.personalize.filters.events import items_with_events
from tastemaker.personalize.kinds import DATASET, DATASET_GROUP, FILTER
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.filters import checked_expression
from tastemaker.personalize.recipes import Recipe
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    import numpy as np
    from mypy_boto3_personalize_runtime.type_defs import GetRecommendationsRequestTypeDef
    from numpy.typing import NDArray


def allowed_items(
    here: AccountRegion, given: GetRecommendationsRequestTypeDef, group_arn: str, recipe: Recipe
) -> Callable[[NDArray[np.str_]], NDArray[np.bool_]] | None:
    """From a model's catalogue to the mask of what the request's filter lets through; None without a filter."""
    if "filterArn" not in given:
        if "filterValues" in given:
            raise InvalidInput("filterValues need a filterArn.")
        return None
    filter_ = _active(here, given["filterArn"])
    if filter_.members["datasetGroupArn"] != group_arn:
        raise InvalidInput(
            f"{filter_.arn} is a filter of {filter_.members['datasetGroupArn']}, and the campaign is of {group_arn}: "
            "use a filter of the same dataset group."
        )
    try:
        expression = checked_expression(here, filter_)
        _check_answerable(expression, filter_, given, recipe)
        bound = bind(expression, given.get("filterValues", {}))
    except FilterError as error:
        raise InvalidInput(str(error)) from error
    facts = _facts(here, bound, given, group_arn)
    return lambda catalogue: mask(bound, catalogue, facts)


def _active(here: AccountRegion, arn: str) -> Resource:
    filter_ = here.resources.peek(FILTER, arn)
    if filter_ is not None and filter_.passage is not None:
        with here.resources.changing():
            filter_ = here.resources.get(FILTER, arn)
    if filter_ is None:
        raise not_found(arn)
    if filter_.status != "ACTIVE":
        raise InvalidInput(f"The filter {arn} is {filter_.status}: it can be used when it is ACTIVE.")
    return filter_


def _check_answerable(
    expression: Expression, filter_: Resource, given: GetRecommendationsRequestTypeDef, recipe: Recipe
) -> None:
    target = expression.clauses[0].target
    if target != "ItemID":
        raise InvalidInput(f"{filter_.arn} is about {target}, and recommendations are filtered by ItemID.")
    if expression.mentions("CurrentItem") and recipe.type != "RELATED_ITEMS":
        raise InvalidInput(f"{filter_.arn} uses CurrentItem, which only RELATED_ITEMS recipes have, not {recipe.name}.")
    about_user = next((name for name in ("Interactions", "CurrentUser") if expression.mentions(name)), None)
    if about_user is not None and not given.get("userId"):
        raise InvalidInput(f"userId is required by {filter_.arn}, which uses {about_user}.")


def _facts(
    here: AccountRegion, expression: Expression, given: GetRecommendationsRequestTypeDef, group_arn: str
) -> Facts:
    user_id = given.get("userId") or ""
    interactions = _dataset_arn(here, group_arn, "INTERACTIONS")

    def touched(types: Collection[str] | None) -> Collection[str]:
        streamed = here.streams.events_of(interactions, user_id)
        return items_with_events(here.snapshots.events(interactions), streamed, user_id, types)

    return Facts(
        items=_attributes(here, group_arn, "ITEMS") if expression.mentions("Items") else None,
        users=_attributes(here, group_arn, "USERS") if expression.mentions("CurrentUser") else None,
        touched=touched,
        user_id=user_id,
        item_id=given.get("itemId"),
    )


def _attributes(here: AccountRegion, group_arn: str, dataset_type: str) -> Attributes | None:
    arn = _dataset_arn(here, group_arn, dataset_type)

    def schema() -> Schema:
        with here.resources.changing():
            return schema_of(here, here.resources.get(DATASET, arn))

    dataset = here.resources.peek(DATASET, arn)
    return here.snapshots.attributes(arn, "" if dataset is None else dataset.members["schemaArn"], schema)


def _dataset_arn(here: AccountRegion, group_arn: str, dataset_type: str) -> str:
    name = group_arn.removeprefix(here.arn(DATASET_GROUP, ""))
    return here.arn(DATASET, f"{name}/{dataset_type}")
