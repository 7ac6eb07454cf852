"""The items, or actions, that a user has events of a type on, among the user's most recent ones of that type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import numpy as np

from tastemaker.personalize.action_events import letters
from tastemaker.recommenders import Interactions, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Counted:
    """Which events count. `most`: how many of a user's events of one type, imported and streamed ones together.

    `same` gives what event types that are the same have in common, however they are written.
    """

    most: int
    same: Callable[[str], str]


OF_ITEMS: Final = Counted(100, str.lower)
OF_ACTIONS: Final = Counted(300, letters)

_Event: TypeAlias = tuple[int, str]  # when, on which item


class Happened(Protocol):
    """A streamed event. `timestamp` is in epoch seconds; `item_id` is None where it was with no item."""

    @property
    def item_id(self) -> str | None: ...

    @property
    def event_type(self) -> str: ...

    @property
    def timestamp(self) -> int: ...


class Events:
    """One snapshot of the imported interactions, in which a user's events are found without a search."""

    def __init__(self, interactions: Interactions, counted: Counted) -> None:
        self._interactions = interactions
        self._most = counted.most
        names = [counted.same(name) for name in interactions.event_types]
        self._types = sorted(set(names))
        self._type_of = np.array([self._types.index(name) for name in names], dtype=np.int64)

    def latest(self, user_id: str, types: Collection[str] | None) -> Iterator[tuple[str, list[_Event]]]:
        """The user's events of each of `types` (None: all), the most recent at most, oldest first.

        Types are as `Counted.same` gives them.
        """
        events = self._interactions
        place = int(locate(events.user_ids, [user_id])[0])
        if place < 0:
            return
        mine = slice(*self._starts[place : place + 2].tolist())
        kinds = self._type_of[events.event_type[mine]]
        for kind in np.unique(kinds).tolist():
            if types is None or self._types[kind] in types:
                places = mine.start + np.flatnonzero(kinds == kind)[-self._most :]
                items = events.item_ids[events.item[places]]
                yield self._types[kind], list(zip(events.timestamp[places].tolist(), items.tolist(), strict=True))

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return self._interactions.starts


def items_with_events(
    imported: Events | None,
    streamed: Sequence[Happened],
    user_id: str,
    types: Collection[str] | None,
    counted: Counted,
) -> set[str]:
    """The ids of the items that the user has events of one of `types` on (None: of any type)."""
    wanted = None if types is None else {counted.same(name) for name in types}
    by_type: defaultdict[str, list[_Event]] = defaultdict(list)
    for name, events in imported.latest(user_id, wanted) if imported is not None else ():
        by_type[name] = events
    for event in streamed:
        name = counted.same(event.event_type)
        if event.item_id is not None and (wanted is None or name in wanted):
            by_type[name].append((event.timestamp, event.item_id))
    latest = (sorted(events, key=itemgetter(0))[-counted.most :] for events in by_type.values())
    return {item_id for events in latest for _, item_id in events}
