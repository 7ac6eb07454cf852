"""Circumstances: what a user is and what is so at the moment of a request, and which items that speaks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.recommenders.attributes import BETWEEN_CATEGORIES
from tastemaker.recommenders.holding import Category, Edges, Held, Strength, bucket_of
from tastemaker.recommenders.interactions import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes

_KEPT_BYTES: Final = 16_000_000
_FEWEST_KEPT: Final = 16
_FURTHEST: Final = np.float32(25)
"""The logarithm of the most that circumstances multiply or divide by: beyond it sums of expectations overflow."""


@dataclass(frozen=True, eq=False)
class Holding:
    """The categories that hold of each user, as positions: those of `ids[u]` (sorted) from `starts[u]` on."""

    ids: NDArray[np.str_]
    starts: NDArray[np.int64]
    places: NDArray[np.int32]

    @classmethod
    def of_nobody(cls) -> Holding:
        return cls(np.empty(0, dtype=np.str_), np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int32))

    def of(self, user_id: str) -> tuple[int, ...]:
        """None of a user of whom nothing is known."""
        (row,) = locate(self.ids, [user_id]).tolist()
        return () if row < 0 else tuple(self.places[self.starts[row] : self.starts[row + 1]].tolist())


@dataclass(frozen=True, eq=False)
class Circumstances:
    """What `lift.learn` found: of category c and item i, log lift_ic, where it is not near 0.

    Those of category c are `log_lift[starts[c]:starts[c + 1]]`, of the positions `items[…]` in the catalogue. What is
    expected of item i is multiplied by Π_c lift_ic^s over the categories that hold; `strengths`: s by their source,
    where the history is not empty, and where it is; 0: such categories change nothing.
    """

    n_items: int
    categories: tuple[Category, ...]
    edges: Edges
    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    log_lift: NDArray[np.float32]
    strengths: tuple[Strength, Strength] = (Strength(), Strength())

    @classmethod
    def none(cls, n_items: int) -> Circumstances:
        """Nothing is known that would speak for items."""
        nothing = np.empty(0, dtype=np.int32)
        return cls(n_items, (), {}, np.zeros(1, dtype=np.int64), nothing, nothing.astype(np.float32))

    @property
    def matter(self) -> bool:
        """Whether any of them changes an answer."""
        return bool(self.categories) and any(map(any, self.strengths))

    def of_context(self, context: Mapping[str, str]) -> tuple[int, ...]:
        """The categories, as positions, that hold with these values by field; what is not known is passed over."""
        return tuple(sorted({place for field, text in context.items() for place in self._of_field(field, text)}))

    def _of_field(self, field: str, text: str) -> list[int]:
        edges = self.edges.get(("context", field))
        values = text.split(BETWEEN_CATEGORIES) if edges is None else [bucket_of(text, edges)]
        found = (self._places.get(Category("context", field, value)) for value in values)
        return [place for place in found if place is not None]

    def of_users(self, users: Attributes) -> Holding:
        """Which categories hold of each user."""
        from scipy.sparse import csr_array

        held = Held.of_users(users, self.edges)
        columns = np.array([self._places.get(name, -1) for name in held.names], dtype=np.int64)
        chosen = np.flatnonzero(columns >= 0)
        places = csr_array(held.rows[:, chosen])
        order = columns[chosen]
        return Holding(users.ids, places.indptr.astype(np.int64), order[places.indices].astype(np.int32))

    def factors(self, held: tuple[int, ...], *, strength: Strength) -> NDArray[np.float32]:
        """(n_items,): Π_c lift_ic^s over the categories `held`; not to be written into, others may get the same.

        From e^−25 to e^25, however many categories hold.
        """
        return self._product(held, strength)

    @cached_property
    def _product(self) -> Callable[[tuple[int, ...], Strength], NDArray[np.float32]]:
        """By categories and strength. What was asked for last is kept: of each category, and of all that held."""
        kept = max(_FEWEST_KEPT, _KEPT_BYTES // (4 * max(1, self.n_items)))

        @lru_cache(maxsize=kept)
        def of_one(category: int) -> NDArray[np.float32]:
            own = slice(self.starts[category], self.starts[category + 1])
            logarithm = np.zeros(self.n_items, dtype=np.float32)
            logarithm[self.items[own]] = self.log_lift[own]
            return logarithm

        @lru_cache(maxsize=kept)
        def of_all(held: tuple[int, ...], strength: Strength) -> NDArray[np.float32]:
            logarithm = np.zeros(self.n_items, dtype=np.float32)
            for category in held:
                exponent = getattr(strength, self.categories[category].of)
                if exponent:
                    logarithm += np.float32(exponent) * of_one(category)
            return np.asarray(np.exp(np.clip(logarithm, -_FURTHEST, _FURTHEST)), dtype=np.float32)

        return of_all

    @cached_property
    def _places(self) -> dict[Category, int]:
        return {category: place for place, category in enumerate(self.categories)}

    def moved(self, place: NDArray[np.int32], n_items: int) -> Circumstances:
        """The same in a catalogue of `n_items`, in which item i has the position `place[i]`."""
        return replace(self, n_items=n_items, items=place[self.items])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What `from_arrays` reads."""
        told = {
            "categories": self.categories,
            "edges": [[*name, edges.tolist()] for name, edges in self.edges.items()],
            "strengths": self.strengths,
        }
        return {
            "circumstances": np.array(json.dumps(told)),
            "circumstances_starts": self.starts,
            "circumstances_items": self.items,
            "circumstances_log_lift": self.log_lift,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], n_items: int) -> Circumstances:
        """Those of what `arrays` gave; none of a model that was saved before there were any."""
        if "circumstances" not in arrays:
            return cls.none(n_items)
        told = json.loads(str(arrays["circumstances"]))
        with_history, without = told["strengths"]
        return cls(
            n_items=n_items,
            categories=tuple(Category(*names) for names in told["categories"]),
            edges={(of, field): np.array(edges, dtype=np.float64) for of, field, edges in told["edges"]},
            starts=arrays["circumstances_starts"].astype(np.int64),
            items=arrays["circumstances_items"].astype(np.int32),
            log_lift=arrays["circumstances_log_lift"].astype(np.float32),
            strengths=(Strength(*with_history), Strength(*without)),
        )
