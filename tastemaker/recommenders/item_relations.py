"""How items are related: sparse matrices (n_items, n_items) whose rows are scaled to a strongest neighbour of 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.interactions import Interactions

LONGEST_HISTORY = 100
"""Of each user, the newest distinct items: co-occurrence costs the square of it."""

STEPS = 8
PER_STEP = 0.8
"""Of what follows, the weight of each step in relation to the one before."""

UNSEEN_USERS = 3.0
"""Added to what users of an item add up to: draws to nothing what only a few users have in common."""

BACKWARD = 0.5
_AT_ONCE = 1_000_000
_PAIRS_AT_ONCE = 4_000_000


def cooccurrence(interactions: Interactions, *, discount: float = 0.5, least_together: int = 1) -> csr_array:
    """C_ij ÷ ((C_ii + 3)^½ (C_jj + 3)^discount) with C of `together`: by default the cosine, damped.

    The 3 (`UNSEEN_USERS`) draw to nothing what only a few users have in common. Pairs of which fewer than
    `least_together` users have both are 0.
    """
    from scipy.sparse import csr_array

    common = together(interactions)
    length = ((common.diagonal() + UNSEEN_USERS) ** discount).astype(np.float32)
    if least_together > 1:
        consumed = consumption(interactions)
        consumed.data[:] = 1
        common = csr_array(common.multiply(csr_array(consumed.T @ consumed) >= least_together))
    # the row's own length goes with the scaling
    common.data /= length[common.indices]
    return scaled(common)


def together(interactions: Interactions, *, longest: int = LONGEST_HISTORY) -> csr_array:
    """C_ij = Σ_u x_ui x_uj / √n_u.

    x_ui is 1 where the user has consumed the item, n_u the number of items of the user, who so counts less the more
    there are; of each user the newest `longest` items count.
    """
    from scipy.sparse import csr_array

    consumed = consumption(interactions, longest)
    return csr_array(consumed.T @ consumed)


def consumption(interactions: Interactions, longest: int = LONGEST_HISTORY) -> csr_array:
    """(n_users, n_items): x_ui / n_u^¼."""
    from scipy.sparse import csr_array

    user, item = _newest_distinct(interactions, longest)
    n_users, n_items = len(interactions.user_ids), len(interactions.item_ids)
    lengths = np.bincount(user, minlength=n_users)
    weights = (lengths[user] ** -0.25).astype(np.float32)
    return csr_array((weights, (user, item)), shape=(n_users, n_items))


def transitions(interactions: Interactions, *, steps: int = STEPS, per_step: float = PER_STEP) -> csr_array:
    """`transition_counts`, scaled."""
    return scaled(transition_counts(interactions, steps=steps, per_step=per_step))


def transition_counts(interactions: Interactions, *, steps: int = STEPS, per_step: float = PER_STEP) -> csr_array:
    """T_ij = Σ g^(d−1) over the events of i that j follows d events later, and half of that where it precedes.

    d goes up to `steps`; g is `per_step`.
    """
    from scipy.sparse import csr_array

    n_items = len(interactions.item_ids)
    forward = csr_array((n_items, n_items), dtype=np.float32)
    # some steps at a time: one matrix of all pairs would take `steps` times the memory
    at_once = max(1, _PAIRS_AT_ONCE // max(1, len(interactions)))
    for start in range(1, steps + 1, at_once):
        forward = forward + _following(interactions, range(start, min(start + at_once, steps + 1)), per_step)
    return csr_array(forward + np.float32(BACKWARD) * forward.T)


def _following(interactions: Interactions, steps: range, per_step: float) -> csr_array:
    """(n_items, n_items): the sum of the weights of the pairs of events that are one of `steps` apart."""
    from scipy.sparse import csr_array

    item, user, n_items = interactions.item, interactions.user, len(interactions.item_ids)
    later = [np.flatnonzero(user[step:] == user[:-step]) for step in steps]
    weight = [np.full(len(each), per_step ** (step - 1), np.float32) for step, each in zip(steps, later, strict=True)]
    row = np.concatenate([item[each] for each in later])
    column = np.concatenate([item[each + step] for step, each in zip(steps, later, strict=True)])
    return csr_array((np.concatenate(weight), (row, column)), shape=(n_items, n_items))


def strongest(relation: csr_array, kept: int) -> csr_array:
    """The `kept` largest positive entries of each row, the earlier column first among equals."""
    from scipy.sparse import csr_array

    relation.sort_indices()
    length = np.diff(relation.indptr)
    row = np.repeat(np.arange(len(length), dtype=np.int32), length)
    least = _least_kept(relation, kept)[row]
    chosen = relation.data > np.maximum(least, 0)
    equal = np.flatnonzero((relation.data == least) & (least > 0))
    if len(equal):
        # how many places those above leave, and how many equals came before in the row
        room = kept - np.bincount(row[chosen], minlength=len(length))
        first = np.searchsorted(row[equal], row[equal], side="left")
        chosen[equal[np.arange(len(equal)) - first < room[row[equal]]]] = True
    starts = np.concatenate(([0], np.cumsum(np.bincount(row[chosen], minlength=len(length)))))
    return csr_array((relation.data[chosen], relation.indices[chosen], starts), shape=relation.shape)


def _least_kept(relation: csr_array, kept: int) -> NDArray[np.float32]:
    """(n_rows,): of the rows of more entries the `kept`-th largest, of the others −∞."""
    length = np.diff(relation.indptr)
    least = np.full(len(length), -np.inf, dtype=np.float32)
    longer = np.flatnonzero(length > kept)
    longer = longer[np.argsort(length[longer], kind="stable")]
    start = 0
    while start < len(longer):
        # rows of about the same length go as one matrix, filled up with −∞
        widest = min(int(1.25 * length[longer[start]]), int(length[longer[-1]]))
        most = start + max(1, _AT_ONCE // widest)
        end = min(most, int(np.searchsorted(length[longer], widest, side="right")))
        rows = longer[start : max(end, start + 1)]
        width = int(length[rows[-1]])
        place = relation.indptr[rows].astype(np.int64)[:, None] + np.arange(width)
        values = relation.data[np.minimum(place, relation.nnz - 1)]
        values[np.arange(width) >= length[rows, None]] = -np.inf
        least[rows] = np.partition(values, width - kept, axis=1)[:, width - kept]
        start += len(rows)
    return least


def csr_sum(weighted: Sequence[tuple[csr_array, float]]) -> csr_array:
    """Σ weight · relation."""
    (first, weight), *others = weighted
    total = first * np.float32(weight)
    for relation, weight in others:
        total = total + relation * np.float32(weight)
    return total


def scaled(relation: csr_array) -> csr_array:
    """In place: without the diagonal, and with a maximum of 1 in every row that has a positive entry."""
    row = np.repeat(np.arange(relation.shape[0]), np.diff(relation.indptr))
    relation.data[row == relation.indices] = 0
    most = np.zeros(relation.shape[0], dtype=np.float32)
    filled = np.flatnonzero(np.diff(relation.indptr))
    most[filled] = np.maximum.reduceat(relation.data, relation.indptr[filled]) if len(filled) else 0
    relation.data /= np.where(most > 0, most, 1)[row]
    return relation


def _newest_distinct(interactions: Interactions, longest: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Users and items, each pair once: of each user the items that came last."""
    backwards = slice(None, None, -1)
    pair = interactions.user.astype(np.int64) * len(interactions.item_ids) + interactions.item
    _, newest = np.unique(pair[backwards], return_index=True)
    newest = np.sort(newest)
    user, item = interactions.user[backwards][newest], interactions.item[backwards][newest]
    # users come in falling order now, each with the newest item first
    first = np.flatnonzero(np.r_[True, user[1:] != user[:-1]]) if len(user) else np.empty(0, dtype=np.int64)
    rank = np.arange(len(user)) - np.repeat(first, np.diff(np.r_[first, len(user)]))
    return user[rank < longest], item[rank < longest]
