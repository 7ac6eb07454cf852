"""Who consumed what, when, and how: the one input of every recipe, as integer columns beside two catalogues."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders.context import Context

QUICK: Final = 2
"""Of an item that comes again within so many changes of item, one event counts for all."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Events sorted by user, then by time; events of the same second keep the order of the input.

    `user_ids` and `item_ids` are the catalogues, each sorted and without duplicates; `user`, `item` and
    `event_type` are positions in `user_ids`, `item_ids` and `event_types`; `timestamp` is in epoch seconds; `weight`
    says how much an event counts as something to be predicted, relative to the others (None: all alike); `context` what
    else was so (None: nothing is known). The columns all have the length of the number of events.
    """

    user_ids: NDArray[np.str_]
    item_ids: NDArray[np.str_]
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    timestamp: NDArray[np.int64]
    event_type: NDArray[np.int16]
    event_types: tuple[str, ...]
    weight: NDArray[np.float32] | None = None
    context: Context | None = None

    @classmethod
    def from_columns(
        cls,
        user_ids: Sequence[str] | NDArray[np.str_],
        item_ids: Sequence[str] | NDArray[np.str_],
        timestamps: Sequence[int] | NDArray[np.int64],
        event_types: Sequence[str] | NDArray[np.str_] | None = None,
        weights: Sequence[float] | NDArray[np.float32] | None = None,
        *,
        context: Context | None = None,
    ) -> Interactions:
        """The events of parallel columns, in any order. Without event types, all are of one unnamed type.

        Raises ValueError where the columns differ in length, or where a weight is not finite.
        """
        lengths = {"user_ids": len(user_ids), "item_ids": len(item_ids), "timestamps": len(timestamps)}
        if event_types is not None:
            lengths["event_types"] = len(event_types)
        if weights is not None:
            lengths["weights"] = len(weights)
        if context is not None:
            lengths |= context.lengths
        if len(set(lengths.values())) > 1:
            sizes = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise ValueError(f"the columns must be of equal length: {sizes}")
        if weights is not None and not np.isfinite(np.asarray(weights, dtype=np.float64)).all():
            raise ValueError("a weight is not finite: give every event a number, 0 where it does not count")
        users, user = np.unique(np.asarray(user_ids, dtype=np.str_), return_inverse=True)
        items, item = np.unique(np.asarray(item_ids, dtype=np.str_), return_inverse=True)
        types: tuple[str, ...] = ("",)
        kind = np.zeros(len(user), dtype=np.int16)
        if event_types is not None:
            names, inverse = np.unique(np.asarray(event_types, dtype=np.str_), return_inverse=True)
            types, kind = tuple(str(name) for name in names), inverse.astype(np.int16)
        timestamp = np.asarray(timestamps, dtype=np.int64)
        order = np.lexsort((timestamp, user))
        return cls(
            user_ids=users,
            item_ids=items,
            user=user[order].astype(np.int32),
            item=item[order].astype(np.int32),
            timestamp=timestamp[order],
            event_type=kind[order],
            event_types=types,
            weight=None if weights is None else np.asarray(weights, dtype=np.float32)[order],
            context=None if context is None else context.of_events(order),
        )

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(n_users + 1,): the events of user u are those from `starts[u]` up to `starts[u + 1]`."""
        return np.searchsorted(self.user, np.arange(len(self.user_ids) + 1))

    def history(self, user_index: int) -> NDArray[np.int32]:
        """The items of one user, oldest first."""
        return self.item[self.starts[user_index] : self.starts[user_index + 1]]

    def context_of(self, event: int) -> dict[str, str]:
        """What was so at the event of that position, by field, as a request names it."""
        return {} if self.context is None else self.context.at(event)

    def with_items(self, ids: Iterable[str]) -> Interactions:
        """The same events in a catalogue that has these items as well."""
        catalogue = np.unique(np.concatenate([self.item_ids, np.asarray(list(ids), dtype=np.str_)]))
        return replace(self, item_ids=catalogue, item=locate(catalogue, self.item_ids)[self.item])

    def of_events(self, chosen: NDArray[np.bool_]) -> Interactions:
        """The events that the mask (n_events,) chooses. Both catalogues stay whole."""
        return replace(
            self,
            user=self.user[chosen],
            item=self.item[chosen],
            timestamp=self.timestamp[chosen],
            event_type=self.event_type[chosen],
            weight=None if self.weight is None else self.weight[chosen],
            context=None if self.context is None else self.context.of_events(chosen),
        )

    def weighing(self, types: Mapping[str, float]) -> Interactions:
        """The same where an event of these types weighs as much, and any other 1. Weights that are given stay."""
        if self.weight is not None or not types:
            return self
        of_type = np.array([types.get(name, 1.0) for name in self.event_types], dtype=np.float32)
        return replace(self, weight=of_type[self.event_type])

    def without_quick_repeats(self) -> Interactions:
        """The same where each item that came again at once or after one other, as a click and a purchase, came once.

        The first event stays, with the largest weight of those that it stands for.
        """
        before = soon_before(self.user.astype(np.int64) * len(self.item_ids) + self.item)
        fresh = before < 0
        if fresh.all():
            return self
        once = self.of_events(fresh)
        if self.weight is None:
            return once
        weight, repeats = self.weight.copy(), np.flatnonzero(~fresh)
        first = np.where(fresh, np.arange(len(before)), before)
        while not fresh[first].all():
            first = first[first]
        np.maximum.at(weight, first[repeats], self.weight[repeats])
        return replace(once, weight=weight[fresh])

    def of_users(self, chosen: NDArray[np.bool_]) -> Interactions:
        """The events of the users that the mask (n_users,) chooses. The item catalogue stays whole."""
        events = self.of_events(chosen[self.user])
        renumbered = np.cumsum(chosen, dtype=np.int32) - 1
        return replace(events, user_ids=self.user_ids[chosen], user=renumbered[events.user].astype(np.int32))


def soon_before(items: NDArray[np.integer]) -> NDArray[np.int64]:
    """(n,): of events in order, the last one before each that was of the same item, where since then at most one other
    item came; −1 elsewhere."""
    order = np.argsort(items, kind="stable")
    one, next_one = order[:-1], order[1:]
    change = np.cumsum(changes(items))
    again = (items[one] == items[next_one]) & (change[next_one] - change[one] <= QUICK)
    before = np.full(len(items), -1, dtype=np.int64)
    before[next_one[again]] = one[again]
    return before


def changes(items: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(n,): of events in order, those of another item than the one before."""
    changed = np.ones(len(items), dtype=np.bool_)
    changed[1:] = items[1:] != items[:-1]
    return changed


def locate(catalogue: NDArray[np.str_], ids: Sequence[str] | NDArray[np.str_]) -> NDArray[np.int32]:
    """The position of each id in a sorted catalogue; −1 where it is not in it."""
    wanted = np.asarray(ids, dtype=np.str_)
    if not len(wanted) or not len(catalogue):
        return np.full(len(wanted), -1, dtype=np.int32)
    places = np.minimum(np.searchsorted(catalogue, wanted), len(catalogue) - 1)
    return np.where(catalogue[places] == wanted, places, -1).astype(np.int32)
