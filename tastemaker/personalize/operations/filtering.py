"""What the filter of a request allows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.filters import Attributes, Expression, Facts, FilterError, bind, mask
from tastemaker.personalize.filters.events import OF_ACTIONS, OF_ITEMS, Counted, items_with_events
from tastemaker.personalize.filters.overlaid import Overlaid
from tastemaker.personalize.kinds import DATASET, DATASET_GROUP, FILTER
from tastemaker.personalize.operations.filters import checked_expression
from tastemaker.personalize.operations.serving import active
from tastemaker.personalize.recipes import Recipe
from tastemaker.personalize.store import Resource
from tastemaker.recommenders import locate

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import (
        GetActionRecommendationsRequestTypeDef,
        GetPersonalizedRankingRequestTypeDef,
        GetRecommendationsRequestTypeDef,
    )
    from numpy.typing import NDArray

    Request: TypeAlias = GetRecommendationsRequestTypeDef | GetPersonalizedRankingRequestTypeDef

Allowed: TypeAlias = "Callable[[NDArray[np.str_]], NDArray[np.bool_]]"
"""From a model's catalogue to the mask of what may be recommended."""


def allowed_items(here: AccountRegion, given: Request, group_arn: str, recipe: Recipe) -> Allowed | None:
    """From a model's catalogue to the mask of what the request's filter lets through; None without a filter."""
    return _allowed(here, given, group_arn, recipe, _ITEMS)


def allowed_actions(
    here: AccountRegion, given: GetActionRecommendationsRequestTypeDef, group_arn: str, recipe: Recipe
) -> Allowed | None:
    """From sorted ids of actions to the mask of what the request's filter lets through; None without a filter."""
    return _allowed(here, given, group_arn, recipe, _ACTIONS)


@dataclass(frozen=True)
class _Target:
    """What is filtered: the words of expressions for it, for the dataset of its records and for that of its events."""

    about: str
    records: str
    events: str
    counted: Counted


_ITEMS: Final = _Target("ItemID", "Items", "Interactions", OF_ITEMS)
_ACTIONS: Final = _Target("ActionID", "Actions", "Action_Interactions", OF_ACTIONS)


def _allowed(
    here: AccountRegion, given: Mapping[str, Any], group_arn: str, recipe: Recipe, target: _Target
) -> Allowed | None:
    if "filterArn" not in given:
        if "filterValues" in given:
            raise InvalidInput("filterValues need a filterArn.")
        return None
    filter_ = active(here, FILTER, given["filterArn"], "it can be used when it is ACTIVE")
    if filter_.members["datasetGroupArn"] != group_arn:
        raise InvalidInput(
            f"{filter_.arn} is a filter of {filter_.members['datasetGroupArn']}, and the campaign is of {group_arn}: "
            "use a filter of the same dataset group."
        )
    try:
        expression = checked_expression(here, filter_)
        _check_answerable(expression, filter_, given, recipe, target)
        bound = bind(expression, given.get("filterValues", {}))
    except FilterError as error:
        raise InvalidInput(str(error)) from error
    facts = _facts(here, bound, given, group_arn, target)
    return lambda catalogue: mask(bound, catalogue, facts)


def unseen_items(here: AccountRegion, group_arn: str, recipe: Recipe, user_id: str | None) -> Allowed | None:
    """The automatic filter of a use case: not the items of the user's latest events of the type that it hides."""
    if recipe.hides is None or user_id is None:
        return None
    interactions = dataset_arn(here, group_arn, "INTERACTIONS")
    streamed = here.streams.events_of(interactions, user_id)
    return without(items_with_events(here.snapshots.events(interactions), streamed, user_id, [recipe.hides], OF_ITEMS))


def without(ids: Collection[str]) -> Allowed | None:
    """All items but these."""
    if not ids:
        return None
    hidden = sorted(ids)

    def allowed(catalogue: NDArray[np.str_]) -> NDArray[np.bool_]:
        places = locate(catalogue, hidden)
        mask = np.ones(len(catalogue), dtype=np.bool_)
        mask[places[places >= 0]] = False
        return mask

    return allowed


def both(first: Allowed | None, second: Allowed | None) -> Allowed | None:
    """What both let through; None lets everything through."""
    if first is None or second is None:
        return first or second
    return lambda catalogue: first(catalogue) & second(catalogue)


def _check_answerable(
    expression: Expression, filter_: Resource, given: Mapping[str, Any], recipe: Recipe, target: _Target
) -> None:
    about = expression.clauses[0].target
    if about != target.about:
        raise InvalidInput(f"{filter_.arn} is about {about}, and recommendations are filtered by {target.about}.")
    if expression.mentions("CurrentItem") and recipe.type != "RELATED_ITEMS":
        raise InvalidInput(f"{filter_.arn} uses CurrentItem, which only RELATED_ITEMS recipes have, not {recipe.name}.")
    about_user = next((name for name in (target.events, "CurrentUser") if expression.mentions(name)), None)
    if about_user is not None and not given.get("userId"):
        raise InvalidInput(f"userId is required by {filter_.arn}, which uses {about_user}.")


def _facts(
    here: AccountRegion, expression: Expression, given: Mapping[str, Any], group_arn: str, target: _Target
) -> Facts:
    user_id = given.get("userId") or ""
    interactions = dataset_arn(here, group_arn, target.events.upper())

    def touched(types: Collection[str] | None) -> Collection[str]:
        streamed = here.streams.events_of(interactions, user_id)
        return items_with_events(here.snapshots.events(interactions), streamed, user_id, types, target.counted)

    return Facts(
        items=attributes_of(here, group_arn, target.records.upper()) if expression.mentions(target.records) else None,
        users=attributes_of(here, group_arn, "USERS") if expression.mentions("CurrentUser") else None,
        touched=touched,
        user_id=user_id,
        item_id=given.get("itemId"),
    )


def attributes_of(here: AccountRegion, group_arn: str, dataset_type: str) -> Attributes | Overlaid | None:
    """The records of the group's dataset of items, users or actions; None before there are any."""
    dataset = here.resources.peek(DATASET, dataset_arn(here, group_arn, dataset_type))
    return None if dataset is None else here.snapshots.attributes(dataset)


def dataset_arn(here: AccountRegion, group_arn: str, dataset_type: str) -> str:
    """The dataset of that type in the group, whether it exists or not."""
    name = group_arn.removeprefix(here.arn(DATASET_GROUP, ""))
    return here.arn(DATASET, f"{name}/{dataset_type}")
