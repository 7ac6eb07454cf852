"""The answers of a campaign that a data directory keeps, explained without disturbing whoever works with it."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tastemaker.cli.catalogue import TITLES
from tastemaker.cli.errors import CommandError
from tastemaker.cli.explanations import Report
from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.errors import PersonalizeError
from tastemaker.personalize.kept import NothingKept, kept
from tastemaker.personalize.kinds import CAMPAIGN, DATASET, FILTER, RECOMMENDER, SOLUTION_VERSION
from tastemaker.personalize.operations.filtering import dataset_arn
from tastemaker.personalize.operations.recommendations import explained_recommendations
from tastemaker.personalize.recipes import BY_ARN, Recipe
from tastemaker.personalize.resource_files import ResourcesUnreadable
from tastemaker.personalize.runtime import ModelUnavailable, Runtime
from tastemaker.personalize.streams import LogUnreadable

if TYPE_CHECKING:
    from tastemaker.personalize.account import AccountRegion
    from tastemaker.personalize.service import Personalize
    from tastemaker.personalize.store import Resource

_FOR_USERS: Final = frozenset({"USER_PERSONALIZATION", "POPULAR_ITEMS"})


def kept_answer(arguments: Namespace) -> Report:
    """What `tastemaker explain --data-dir` tells. Raises CommandError."""
    runtime = Runtime()
    try:
        # exploration goes by the hour, so the time is the machine's; it stands still, so that nothing falls due
        with kept(arguments.data_dir, clock=ManualClock(time.time()), runtime=runtime) as personalize:
            return _explained(personalize, arguments, runtime)
    except (PersonalizeError, NothingKept, ResourcesUnreadable, LogUnreadable, ModelUnavailable) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{arguments.data_dir} cannot be read: {error}") from error


def _explained(personalize: Personalize, arguments: Namespace, runtime: Runtime) -> Report:
    here, served = _served(personalize, arguments.campaign)
    given: dict[str, Any] = {
        "campaignArn" if served.kind is CAMPAIGN else "recommenderArn": served.arn,
        "userId": arguments.user,
        "numResults": arguments.num_results,
    }
    group_arn = served.members["datasetGroupArn"]
    if arguments.filter is not None:
        filters = here.resources.peek_where(FILTER, datasetGroupArn=group_arn)
        given["filterArn"] = _named(filters, arguments.filter, "filter").arn
    if arguments.values:
        given["filterValues"] = dict(arguments.values)
    if arguments.context:
        given["context"] = dict(arguments.context)
    return Report(
        user_id=arguments.user,
        source=served.arn,
        # what the operations refuse, they refuse here too
        answer=explained_recommendations(here, given, runtime),  # type: ignore[arg-type] # the request's members
        labels=_labels(here, group_arn),
    )


def _served(personalize: Personalize, wanted: str | None) -> tuple[AccountRegion, Resource]:
    """The campaign or recommender that is wanted, or the only one that recommends to users."""
    homes = [personalize.account(account, region) for account, region in personalize.accounts()]
    all_ = [
        (here, each) for here in homes for kind in (CAMPAIGN, RECOMMENDER) for each in here.resources.peek_where(kind)
    ]
    served = all_ if wanted is not None else [(here, each) for here, each in all_ if _recommends(here, each)]
    found = _named([each for _, each in served], wanted, "campaign or recommender")
    return next(pair for pair in served if pair[1] is found)


def _recommends(here: AccountRegion, served: Resource) -> bool:
    recipe = _recipe(here, served)
    return recipe is not None and recipe.type in _FOR_USERS


def _recipe(here: AccountRegion, served: Resource) -> Recipe | None:
    if served.kind is RECOMMENDER:
        return BY_ARN[served.members["recipeArn"]]
    version = here.resources.peek(SOLUTION_VERSION, served.members["solutionVersionArn"])
    return None if version is None else BY_ARN[version.members["recipeArn"]]


def _named(resources: Sequence[Resource], wanted: str | None, what: str) -> Resource:
    """The one of that name or ARN; without either, the only one there is."""
    found = [each for each in resources if wanted is None or wanted in (each.arn, each.members["name"])]
    if len(found) == 1:
        return found[0]
    there = ", ".join(each.arn for each in (found or resources)) or "none"
    if not found:
        asked = f"there is no {what} {wanted!r}" if wanted is not None else f"there is no {what} for users"
        raise CommandError(f"{asked} in the data directory; there is {there}")
    raise CommandError(f"there is more than one {what}: name one of {there}")


def _labels(here: AccountRegion, group_arn: str) -> dict[str, str]:
    """The titles of items, where their dataset has a field for it."""
    dataset = here.resources.peek(DATASET, dataset_arn(here, group_arn, "ITEMS"))
    records = None if dataset is None else here.records.records_of(dataset, "ALL")
    title = None if records is None else next((n for n in records.column_names if n.upper() in TITLES), None)
    if records is None or title is None:
        return {}
    pairs = zip(records["ITEM_ID"].to_pylist(), records[title].to_pylist(), strict=True)
    return {item_id: text for item_id, text in pairs if text}
