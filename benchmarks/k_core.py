"""The k-core of interactions: what is left when rare users and rare items are taken away until none is rare."""

from __future__ import annotations

import numpy as np

from tastemaker.recommenders import Interactions


def k_core(interactions: Interactions, k: int) -> Interactions:
    """The largest part in which each user and each item has k events or more; it may be empty.

    Users and items without events leave the catalogues. Most papers on Amazon's reviews use the 5-core.
    """
    kept = np.ones(len(interactions), dtype=np.bool_)
    while True:
        of_users = np.bincount(interactions.user[kept], minlength=len(interactions.user_ids))
        of_items = np.bincount(interactions.item[kept], minlength=len(interactions.item_ids))
        still = kept & (of_users[interactions.user] >= k) & (of_items[interactions.item] >= k)
        if still.sum() == kept.sum():
            break
        kept = still
    return Interactions.from_columns(
        interactions.user_ids[interactions.user[kept]],
        interactions.item_ids[interactions.item[kept]],
        interactions.timestamp[kept],
        np.asarray(interactions.event_types, dtype=np.str_)[interactions.event_type[kept]],
    )
