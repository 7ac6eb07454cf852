"""What users have done since a model was trained: which of their events are new to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.personalize.histories import Histories
    from tastemaker.recommenders import Interactions


def known_events(had: Histories, interactions: Interactions) -> NDArray[np.int64]:
    """(n_users,): how many events of each user, the first, are not new to a model with the histories `had`.

    They are those that the history has, and nothing else may have come before or between. Otherwise, as after a late
    event, nothing tells what the model has learned from: then none of the user's events is new, and they wait for the
    next training.
    """
    length = np.diff(interactions.starts)
    known = np.zeros(len(length), dtype=np.int64)
    user = locate(interactions.user_ids, list(had.users))
    before = np.diff(had.starts)
    here = np.flatnonzero((user >= 0) & (before > 0))
    known[user[here]] = before[here]
    # each event of a history beside the one that is at its place today, or that user's last
    number = np.repeat(here, before[here])
    place = np.arange(len(number)) - np.repeat(np.cumsum(before[here]) - before[here], before[here])
    then = had.starts[number] + place
    now = interactions.starts[user[number]] + np.minimum(place, length[user[number]] - 1)
    item = np.append(locate(interactions.item_ids, had.catalogue), -1)
    same = (item[had.items[then]] == interactions.item[now]) & (had.times[then] == interactions.timestamp[now])
    waiting = np.unique(user[number[~same | (place >= length[user[number]])]])
    known[waiting] = length[waiting]
    return known
