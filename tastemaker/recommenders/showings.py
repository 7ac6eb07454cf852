"""Which actions were shown to whom, and whether they were taken: what a propensity is learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions

DAY = 24 * 60 * 60
_TAKEN, _NOT_TAKEN, _VIEWED, _OTHER = range(4)
_KINDS = {"taken": _TAKEN, "nottaken": _NOT_TAKEN, "viewed": _VIEWED}


@dataclass(frozen=True, eq=False)
class Showings:
    """Showings (n,) by user, then by time.

    `user` and `action` are positions in the catalogues of the action interactions; `timestamp` is in epoch seconds;
    `taken` says how it ended. `takes_before`: how often the user had taken any action at an earlier time; `own_before`:
    whether this one.
    """

    user: NDArray[np.int32]
    action: NDArray[np.int32]
    timestamp: NDArray[np.int64]
    taken: NDArray[np.bool_]
    takes_before: NDArray[np.int64]
    own_before: NDArray[np.bool_]

    @classmethod
    def of(cls, action_interactions: Interactions, *, period: int) -> Showings:
        """Each event whose type is taken, not taken or viewed, whatever its case and separators.

        A view that the same user's next event with the action within `period` days resolves is that event's showing,
        and not one of its own.
        """
        kind = _kinds(action_interactions)
        user, action, times = action_interactions.user, action_interactions.item, action_interactions.timestamp
        order = np.lexsort((kind, action, times, user))
        order = order[kind[order] != _OTHER]
        kind, user, action, times = kind[order], user[order], action[order], times[order]
        # together: a user's events with an action, oldest first
        by_pair = np.lexsort((np.arange(len(user)), action, user))
        now, following = by_pair[:-1], by_pair[1:]
        follows = (user[now] == user[following]) & (action[now] == action[following])
        soon = times[following] - times[now] <= period * DAY
        resolved = np.zeros(len(user), dtype=np.bool_)
        resolved[now] = (kind[now] == _VIEWED) & (kind[following] != _VIEWED) & follows & soon
        taken = kind == _TAKEN
        own = np.empty(len(user), dtype=np.int64)
        own[by_pair] = _earlier(taken[by_pair], (user[by_pair], action[by_pair]), times[by_pair])
        showings = cls(user, action, times, taken, _earlier(taken, (user,), times), own > 0)
        return showings.where(~resolved)

    def __len__(self) -> int:
        return len(self.user)

    def where(self, chosen: NDArray[np.bool_]) -> Showings:
        """Those that the mask (n,) chooses."""
        return Showings(
            self.user[chosen],
            self.action[chosen],
            self.timestamp[chosen],
            self.taken[chosen],
            self.takes_before[chosen],
            self.own_before[chosen],
        )


def outcomes(action_interactions: Interactions, *, since: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n_actions,) twice: events from `since` (epoch seconds) on that are taken, and those that are not (or views)."""
    kind, n_actions = _kinds(action_interactions), len(action_interactions.item_ids)
    late = action_interactions.timestamp >= since
    taken = action_interactions.item[late & (kind == _TAKEN)]
    not_taken = action_interactions.item[late & ((kind == _NOT_TAKEN) | (kind == _VIEWED))]
    return np.bincount(taken, minlength=n_actions), np.bincount(not_taken, minlength=n_actions)


def _kinds(action_interactions: Interactions) -> NDArray[np.int64]:
    """(n_events,)"""
    words = ["".join(filter(str.isalnum, name)).lower() for name in action_interactions.event_types]
    kinds = np.array([_KINDS.get(word, _OTHER) for word in words], dtype=np.int64)
    return kinds[action_interactions.event_type]


def _earlier(
    flags: NDArray[np.bool_], groups: tuple[NDArray[np.int32], ...], times: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(n,): how many flags of each row's group are set at an earlier time. Rows come by group, then by time."""
    opens, moment = np.ones(len(flags), dtype=np.bool_), np.ones(len(flags), dtype=np.bool_)
    opens[1:] = np.any([column[1:] != column[:-1] for column in groups], axis=0)
    moment[1:] = opens[1:] | (times[1:] != times[:-1])
    before: NDArray[np.int64] = np.cumsum(flags) - flags
    counted: NDArray[np.int64] = before[moment][np.cumsum(moment) - 1] - before[opens][np.cumsum(opens) - 1]
    return counted
