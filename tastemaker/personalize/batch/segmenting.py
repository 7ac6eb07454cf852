"""Answers the lines of batch segment jobs: the users who are likeliest to turn to an item, or to such items."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile

import numpy as np

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.batch.lines import SEGMENTS, Answer, Line, LineRefused, Style
from tastemaker.personalize.batch.orders import BatchOrder
from tastemaker.personalize.batch.queries import parse_query
from tastemaker.personalize.filters import Expression, Facts, FilterError, bind, check, mask, user_mask
from tastemaker.personalize.filters.events import OF_ITEMS, items_with_events
from tastemaker.personalize.kinds import DATASET, FILTER
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.filtering import attributes_of, dataset_arn
from tastemaker.personalize.operations.filters import checked_expression
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.runtime import ModelUnavailable
from tastemaker.personalize.store import Resource
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import SegmentModel, load, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MEMBER: Final = "usersList"
_BY_ITEM: Final = "aws-item-affinity"


class UserAnswers:
    """What `order` asks for, of the copy `here` of the account. Made inside `here.resources.changing()`."""

    style: Style = SEGMENTS

    def __init__(self, here: AccountRegion, order: BatchOrder, version: Resource) -> None:
        self._here = here
        self._results = order.results
        self._recipe = BY_ARN[version.members["recipeArn"]]
        self._group_arn = version.members["datasetGroupArn"]
        self._model = _loaded(Path(version.hidden["modelPath"]))
        items = here.resources.find(dataset_arn(here, self._group_arn, "ITEMS"))
        self._schemas = {} if items is None else {"ITEMS": schema_of(here, here.resources.get(DATASET, items.arn))}
        self._filter = (
            None if order.filter_arn is None else checked_expression(here, here.resources.get(FILTER, order.filter_arn))
        )
        self._with_events: dict[frozenset[str] | None, NDArray[np.bool_]] = {}

    def answer(self, line: Line) -> Answer:
        """Raises LineRefused."""
        items = self._item(line) if self._recipe.name == _BY_ITEM else self._items(line)
        allowed = self._allowed(line)
        if allowed is None:
            users = self._model.users_for(items, self._results)
        else:
            users = self._model.users_for(items, len(self._model.user_ids))
            users = users[allowed[users]][: self._results]
        return Answer(_MEMBER, self._model.user_ids[users].tolist())

    def _item(self, line: Line) -> NDArray[np.int32]:
        item_id = line.string("itemId")
        items = locate(self._model.item_ids, [item_id])
        if items[0] < 0:
            raise LineRefused(f"The model knows no item {item_id}: nobody's affinity to it is known.")
        return items

    def _items(self, line: Line) -> NDArray[np.int32]:
        query = line.string("itemAttributes")
        try:
            expression = check(parse_query(query), self._schemas)
        except FilterError as error:
            raise LineRefused(str(error)) from error
        attributes = attributes_of(self._here, self._group_arn, "ITEMS")
        facts = Facts(items=attributes, users=None, touched=lambda _: ())
        items = np.flatnonzero(mask(expression, self._model.item_ids, facts)).astype(np.int32)
        if not len(items):
            raise LineRefused(f"The model knows no item with {query}.")
        return items

    def _allowed(self, line: Line) -> NDArray[np.bool_] | None:
        """(n_users,): what the filter lets through; None without one."""
        if self._filter is None:
            return None
        try:
            bound: Expression = bind(self._filter, line.filter_values())
        except FilterError as error:
            raise LineRefused(str(error)) from error
        users = attributes_of(self._here, self._group_arn, "USERS") if bound.mentions("Users") else None
        return user_mask(bound, self._model.user_ids, users, self._has_events)

    def _has_events(self, types: Collection[str] | None) -> NDArray[np.bool_]:
        wanted = None if types is None else frozenset(types)
        found = self._with_events.get(wanted)
        if found is None:
            arn = dataset_arn(self._here, self._group_arn, "INTERACTIONS")
            events, streams = self._here.snapshots.events(arn), self._here.streams
            found = self._with_events[wanted] = np.array(
                [
                    bool(items_with_events(events, streams.events_of(arn, user_id), user_id, wanted, OF_ITEMS))
                    for user_id in self._model.user_ids.tolist()
                ],
                dtype=np.bool_,
            )
        return found


def _loaded(model_path: Path) -> SegmentModel:
    try:
        return load(ModelFiles(model_path).model, SegmentModel)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise ModelUnavailable(f"The model {model_path} cannot be read: {error}. Train it again.") from error
