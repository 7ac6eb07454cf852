"""Second opinions on what a regression expects: who has had both items, and what comes soon after what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.recommenders.history_weights import HistoryWeights
from tastemaker.recommenders.item_relations import PER_STEP, together
from tastemaker.recommenders.model import positive
from tastemaker.recommenders.nearness import transition_rates
from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.ridge import largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions

COMPANY_DECAY: Final = 0.98
COMPANY_MEMORY: Final = 32
"""Of a user's distinct items, how many of the last are asked for their company."""

_DOUBT: Final = np.float32(0.02)
_OF_FOLLOWING: Final = 0.5
_LEAST: Final = np.float32(1e-6)
_TINY: Final = np.finfo(np.float32).tiny
_SHORT: Final = np.float32(20)
_RIDGE: Final = 20.0
_LONGEST_HISTORY: Final = 300
_KEPT_COMPANY: Final = 200
_KEPT_FOLLOWING: Final = 100


@dataclass(frozen=True, eq=False)
class Pool:
    """A logarithmic opinion pool over the n items of a regression: what is expected of item i becomes

        E_i ((C_i + ε) (F_i + ε)^½ ÷ (U_i + ε))^v      scaled to the sum that it had; where E_i > 0

    with E what the regression expects, blended with nearness, C what goes in company with the user's last 32 distinct
    items (`company_of`, an item a places back counting 0.98^a), F what follows the last events (`transition_rates`,
    0.8^a), U the users that have had the item, each divided by its largest; ε is 0.02. Company is learned from all that
    users had, so of a short history it says little: v = s w ÷ (w + 20), with w the sum of what its distinct items
    count. An opinion that says little of an item costs it much, where a sum would leave it what the others say. All of
    them know what is popular, which U takes back.

    `items` (n,): positions in the catalogue, in order; the columns of both weights are places in it. `usual_company`
    (n,): what any item adds to C, beyond its weights. `rarity` (n,): 1 ÷ (U + ε). `strength`: s.

    Sources: Genest and Zidek, "Combining probability distributions: a critique and an annotated bibliography", 1986;
    Hinton, "Training products of experts by minimizing contrastive divergence", 2002.
    """

    items: NDArray[np.int32]
    company: HistoryWeights
    usual_company: NDArray[np.float32]
    following: HistoryWeights
    rarity: NDArray[np.float32]
    strength: float

    @classmethod
    def learn(cls, interactions: Interactions, items: NDArray[np.int32], n_items: int, strength: float) -> Pool:
        """From events without quick repeats, of no others than `items` (`of_items`) of a catalogue of `n_items`.

        Of each item the 200 largest weights of its company are kept, and 100 of what follows it.
        """
        row = np.full(n_items, -1, dtype=np.int32)
        row[items] = np.arange(len(items))
        following = largest(transition_rates(interactions).toarray(), _KEPT_FOLLOWING)
        company = company_of(interactions)
        usual = company.mean(axis=0)
        company -= usual
        np.fill_diagonal(company, 0)
        return cls(
            items=items,
            company=HistoryWeights(COMPANY_DECAY, row, *largest(company, _KEPT_COMPANY), most=COMPANY_MEMORY),
            usual_company=usual,
            following=HistoryWeights(PER_STEP, row, *following),
            rarity=rarity_of(interactions),
            strength=strength,
        )

    def moved(self, place: NDArray[np.int32], n_items: int) -> Pool:
        """The same in another catalogue, where item i is at `place[i]`."""
        company, following = (each.seen_from(place, n_items) for each in (self.company, self.following))
        return replace(self, items=place[self.items], company=company, following=following)

    def opinions(self, consumed: NDArray[np.int32], distinct: NDArray[np.int32]) -> Opinions:
        """After events without quick repeats; `distinct`: their items, in the order in which the user had each last."""
        following = np.zeros(len(self.items), dtype=np.float32)
        columns, values = self.following.added(consumed)
        np.add.at(following, columns.ravel(), values.ravel())
        columns, values = self.company.added(distinct)
        weight = self._weight_of[len(columns)]
        company = self.usual_company * weight
        np.add.at(company, columns.ravel(), values.ravel())
        return Opinions(company, following, self._exponent_of[len(columns)])

    def apply(self, expected: NDArray[np.float32], consumed: NDArray[np.int32], distinct: NDArray[np.int32]) -> None:
        """Changes what is expected (n_items,) of the items of the pool, in place; the events as in `opinions`."""
        expected[self._places] = self.opinions(consumed, distinct).pooled(expected[self._places], self.rarity)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What `from_arrays` reads."""
        return {
            "pool_items": self.items,
            "pool_usual": self.usual_company,
            "pool_rarity": self.rarity,
            "pool_strength": np.array(self.strength),
            **self.company.arrays("company"),
            **self.following.arrays("following"),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> Pool | None:
        """Of what a model has saved; None where it has none."""
        if "pool_items" not in arrays:
            return None
        return cls(
            items=arrays["pool_items"].astype(np.int32),
            company=HistoryWeights.from_arrays(arrays, "company"),
            usual_company=arrays["pool_usual"].astype(np.float32),
            following=HistoryWeights.from_arrays(arrays, "following"),
            rarity=arrays["pool_rarity"].astype(np.float32),
            strength=float(arrays["pool_strength"].astype(np.float64)),
        )

    @cached_property
    def _weight_of(self) -> NDArray[np.float32]:
        """(COMPANY_MEMORY + 1, 1): what as many distinct items as the place says count together."""
        left = self.company.left(self.company.memory)[::-1]
        return np.cumsum(np.concatenate(([0], left)), dtype=np.float32)[:, None]

    @cached_property
    def _exponent_of(self) -> NDArray[np.float32]:
        """(COMPANY_MEMORY + 1, 1): v after as many."""
        return np.float32(self.strength) * of_length(self._weight_of)

    @cached_property
    def _places(self) -> slice | NDArray[np.intp]:
        """The items as an index: a slice where they are next to each other, as all items of a catalogue are."""
        first, n = int(self.items[0]), len(self.items)
        return slice(first, first + n) if self.items[-1] - first == n - 1 else self.items.astype(np.intp)


@dataclass(frozen=True, eq=False)
class Opinions:
    """`company`, `following` (…, n): C and F of `Pool`, not yet divided; `exponent` (…, 1): v."""

    company: NDArray[np.float32]
    following: NDArray[np.float32]
    exponent: NDArray[np.float32]

    def pooled(self, expected: NDArray[np.float32], rarity: NDArray[np.float32]) -> NDArray[np.float32]:
        """What `Pool` makes of what is expected (…, n); `rarity` (n,)."""
        # neither scale matters, as the sum is given; and a power of what is positive is faster by its logarithm
        factor = _raised(self.company)
        factor *= rarity
        factor *= factor
        factor *= _raised(self.following)
        np.log(factor, out=factor)
        factor *= np.float32(0.5) * self.exponent
        np.exp(factor, out=factor)
        above = positive(expected)
        factor *= above
        before, after = (each.sum(axis=-1, keepdims=True, initial=_TINY) for each in (above, factor))
        factor *= before / after
        # what is expected below 0 stays
        factor += np.subtract(expected, above, out=above)
        return factor

    def rates(self) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
        """Of C and F each: (…, n) how fast its part in the logarithm of the pooled value grows with it, before its
        exponent, and that (…, 1)."""
        powers = self.exponent, np.float32(_OF_FOLLOWING) * self.exponent
        return tuple(
            (np.where(opinion > 0, 1 / _raised(opinion), 0), power)
            for opinion, power in zip((self.company, self.following), powers, strict=True)
        )


def of_length(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """w ÷ (w + 20): how much second opinions count after histories whose distinct items count w together."""
    counted: NDArray[np.float32] = weight / (weight + _SHORT)
    return counted


def company_of(interactions: Interactions) -> NDArray[np.float32]:
    """B (n_items, n_items): how much having had item i speaks for item j, beside all else that a user has had.

    The matrix with zero diagonal that minimises Σ_u ‖x_u − x_u B‖² ÷ √n_u + λ ‖B‖², with x_u the distinct items of user
    u, n_u of them, the newest 300 at most; λ is 20. With P = (Σ_u x_u' x_u ÷ √n_u + λ I)^−1 it is B_ij = −P_ij ÷ P_jj.

    Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019.
    """
    # scipy takes longer to import than the rest of the package, and serving needs none of it
    from scipy.linalg import cho_factor
    from scipy.linalg.lapack import spotri

    gram = together(interactions, longest=_LONGEST_HISTORY).toarray(order="F")
    gram[np.diag_indices(len(gram))] += np.float32(_RIDGE)
    factor, _ = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    inverse, _ = spotri(factor, lower=True, overwrite_c=True)
    for place in range(len(inverse)):
        inverse[place, place + 1 :] = inverse[place + 1 :, place]
    inverse /= -inverse.diagonal().copy()
    np.fill_diagonal(inverse, 0)
    return np.ascontiguousarray(inverse)


def rarity_of(interactions: Interactions) -> NDArray[np.float32]:
    """(n_items,): 1 ÷ (U + ε) with U each item's users ÷ the most that an item has."""
    users = distinct_users(interactions)
    return np.asarray(1 / (users / max(1, users.max(initial=0)) + _DOUBT), dtype=np.float32)


def _raised(opinion: NDArray[np.float32]) -> NDArray[np.float32]:
    """(…, n): max(x, 0) + ε times the largest."""
    raised = positive(opinion)
    # of nothing at all no more than the same for all is left
    raised += _DOUBT * raised.max(axis=-1, keepdims=True, initial=_LEAST)
    return raised
