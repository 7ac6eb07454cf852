"""Second opinions on what a regression expects: who has had both items, and what comes soon after what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.recommenders.history_weights import HistoryWeights
from tastemaker.recommenders.item_relations import PER_STEP, together, transition_counts
from tastemaker.recommenders.nearness import UNSEEN_EVENTS
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
_LEAST: Final = np.float32(1e-12)
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
    def of(cls, sums: PoolSums, items: NDArray[np.int32], n_items: int, strength: float) -> Pool:
        """The opinions that follow from the sums over `items` in a catalogue. The sums are used up.

        Of each item the 200 largest weights of its company are kept, and 100 of what follows it.
        """
        row = np.full(n_items, -1, dtype=np.int32)
        row[items] = np.arange(len(items))
        columns, values = largest(sums.rates(), _KEPT_FOLLOWING)
        following = HistoryWeights(PER_STEP, row, columns, values)
        company = company_of(sums.gram)
        usual = company.mean(axis=0)
        company -= usual
        np.fill_diagonal(company, 0)
        columns, values = largest(company, _KEPT_COMPANY)
        return cls(
            items=items,
            company=HistoryWeights(COMPANY_DECAY, row, columns, values, most=COMPANY_MEMORY),
            usual_company=usual,
            following=following,
            rarity=rarity_of(sums.users),
            strength=strength,
        )

    def moved(self, place: NDArray[np.int32], n_items: int) -> Pool:
        """The same in another catalogue, where item i is at `place[i]`."""
        company, following = (each.seen_from(place, n_items) for each in (self.company, self.following))
        return replace(self, items=place[self.items], company=company, following=following)

    def opinions(
        self, consumed: NDArray[np.int32], distinct: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(n,) twice: C and F, not yet divided, after events without quick repeats; `distinct`: their items, in
        the order in which the user had each last."""
        company = self.usual_company * self.company.total(distinct)
        following = np.zeros(len(self.items), dtype=np.float32)
        for weights, history, sums in ((self.company, distinct, company), (self.following, consumed, following)):
            columns, values = weights.added(history)
            np.add.at(sums, columns.ravel(), values.ravel())
        return company, following

    def exponent(self, distinct: NDArray[np.int32]) -> NDArray[np.float32]:
        """(1,): v, after a history of these distinct items."""
        return np.float32(self.strength) * of_length(self.company.total(distinct))

    def apply(self, expected: NDArray[np.float32], consumed: NDArray[np.int32], distinct: NDArray[np.int32]) -> None:
        """Changes what is expected (n_items,) of the items of the pool, in place; the events as in `opinions`."""
        expected[self._places] = pooled(
            expected[self._places], *self.opinions(consumed, distinct), self.rarity, self.exponent(distinct)
        )

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
    def _places(self) -> slice | NDArray[np.intp]:
        """The items as an index: a slice where they are next to each other, as all items of a catalogue are."""
        first, n = int(self.items[0]), len(self.items)
        return slice(first, first + n) if self.items[-1] - first == n - 1 else self.items.astype(np.intp)


def pooled(
    expected: NDArray[np.float32],
    company: NDArray[np.float32],
    following: NDArray[np.float32],
    rarity: NDArray[np.float32],
    exponent: NDArray[np.float32],
) -> NDArray[np.float32]:
    """What `Pool` makes of what is expected, (…, n) as both opinions; `rarity` (n,), `exponent` (…, 1)."""
    # neither scale matters, as the sum is given; and a power of what is positive is faster by its logarithm
    factor = _raised(company)
    factor *= np.sqrt(_raised(following))
    factor *= rarity
    np.log(factor, out=factor)
    factor *= exponent
    np.exp(factor, out=factor)
    positive = np.maximum(expected, 0)
    factor *= positive
    before, after = positive.sum(axis=-1, keepdims=True), factor.sum(axis=-1, keepdims=True)
    factor *= before / np.maximum(after, np.finfo(np.float32).tiny)
    return np.where(positive > 0, factor, expected)


def of_length(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """w ÷ (w + 20): how much second opinions count after histories whose distinct items count w together."""
    counted: NDArray[np.float32] = weight / (weight + _SHORT)
    return counted


def parts_of(
    opinions: tuple[NDArray[np.float32], NDArray[np.float32]], exponent: float
) -> tuple[tuple[NDArray[np.float32], float], ...]:
    """Of C and F each: (n,) what a unit added to it adds to the logarithm of the pooled value, before its exponent, and
    the exponent."""
    rates = []
    for opinion, power in zip(opinions, (exponent, _OF_FOLLOWING * exponent), strict=True):
        most = float(opinion.max(initial=0))
        most = most if most > _LEAST else 1.0
        rates.append((np.where(opinion > 0, 1 / (np.maximum(opinion, 0) + _DOUBT * most), 0), power))
    return tuple(rates)


@dataclass(frozen=True, eq=False)
class PoolSums:
    """What second opinions on n items are made of: sums over users.

    `gram` (n, n): Σ_u x_u' x_u ÷ √n_u with x_u the distinct items of user u, n_u of them, the newest 300 at most;
    `following` (n, n): `transition_counts`; `events`, `users` (n,): how many each item has.
    """

    gram: NDArray[np.float32]
    following: NDArray[np.float32]
    events: NDArray[np.float32]
    users: NDArray[np.float32]

    @classmethod
    def of(cls, interactions: Interactions) -> PoolSums:
        """Of events without quick repeats, of no other items than these."""
        return cls(
            gram=together(interactions, longest=_LONGEST_HISTORY).toarray(),
            following=transition_counts(interactions).toarray(),
            events=np.bincount(interactions.item, minlength=len(interactions.item_ids)).astype(np.float32),
            users=distinct_users(interactions).astype(np.float32),
        )

    def rates(self) -> NDArray[np.float32]:
        """(n, n): `transition_rates`, in the place of `following`."""
        rates = self.following
        rates /= (self.events + np.float32(UNSEEN_EVENTS))[:, None]
        np.fill_diagonal(rates, 0)
        return rates


def company_of(gram: NDArray[np.float32]) -> NDArray[np.float32]:
    """B (n, n): how much having had item i speaks for item j, beside all else that a user has had.

    The matrix with zero diagonal that minimises Σ_u ‖x_u − x_u B‖² ÷ √n_u + λ ‖B‖², with λ = 20: of the inverse P of
    the `gram` plus λ I it is B_ij = −P_ij ÷ P_jj. The gram is used up.

    Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019.
    """
    # scipy takes longer to import than the rest of the package, and serving needs none of it
    from scipy.linalg import cho_factor
    from scipy.linalg.lapack import spotri

    gram[np.diag_indices(len(gram))] += np.float32(_RIDGE)
    # it is its own transpose, which LAPACK works on in place
    factor, _ = cho_factor(gram.T, lower=True, overwrite_a=True, check_finite=False)
    inverse, _ = spotri(factor, lower=True, overwrite_c=True)
    for place in range(len(inverse)):
        inverse[place, place + 1 :] = inverse[place + 1 :, place]
    inverse /= -inverse.diagonal().copy()
    np.fill_diagonal(inverse, 0)
    return np.ascontiguousarray(inverse)


def rarity_of(users: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,): 1 ÷ (U + ε) with U each item's `users` ÷ the most that an item has."""
    return np.asarray(1 / (users / max(1.0, float(users.max(initial=0))) + _DOUBT), dtype=np.float32)


def _raised(opinion: NDArray[np.float32]) -> NDArray[np.float32]:
    """(…, n): max(x, 0) + ε times the largest."""
    raised = np.maximum(opinion, 0)
    most = raised.max(axis=-1, keepdims=True)
    # of nothing at all no more than the same for all is left
    raised += _DOUBT * np.where(most > _LEAST, most, np.float32(1))
    return raised
