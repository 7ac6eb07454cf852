"""How near an item is to another: all that short histories tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tastemaker.recommenders.item_relations import UNSEEN_USERS, together, transition_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.interactions import Interactions

UNSEEN_EVENTS = 5.0


class Scales(NamedTuple):
    """What makes probabilities of transition rates, of damped cosines, and of how alike attributes are."""

    rates: float
    cosines: float
    likeness: float = 0.0


def transition_rates(interactions: Interactions) -> csr_array:
    """T_ij ÷ (events of i + 5), (n_items, n_items), without the diagonal; T as in `transition_counts`."""
    from scipy.sparse import csr_array, diags_array

    counts = transition_counts(interactions)
    counts.setdiag(0)
    events = np.bincount(interactions.item, minlength=len(interactions.item_ids))
    return csr_array(diags_array((1 / (events + UNSEEN_EVENTS)).astype(np.float32)) @ counts)


def damped_cosines(interactions: Interactions) -> csr_array:
    """C_ij ÷ √((C_ii + 3) (C_jj + 3)), (n_items, n_items), without the diagonal; C as in `together`.

    The 3 draw to nothing what only a few users have in common.
    """
    from scipy.sparse import csr_array, diags_array

    common = together(interactions)
    length = diags_array((1 / np.sqrt(common.diagonal() + UNSEEN_USERS)).astype(np.float32))
    common.setdiag(0)
    return csr_array(length @ common @ length)


def of_items(interactions: Interactions, items: NDArray[np.int32]) -> Interactions:
    """The events of `items` alone, numbered by their place in that array, as if there were no others."""
    place = np.full(len(interactions.item_ids), -1, dtype=np.int32)
    place[items] = np.arange(len(items), dtype=np.int32)
    some = interactions.of_events(place[interactions.item] >= 0)
    return replace(some, item_ids=some.item_ids[items], item=place[some.item])
