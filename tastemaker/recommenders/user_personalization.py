"""The sequence ridge: what comes next, regressed in closed form on everything that came before, the latest most."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.choice import Choice, Decays, choose, choose_nearness, mode_of, trial_users
from tastemaker.recommenders.circumstances import Circumstances
from tastemaker.recommenders.circumstances_choice import choose_strengths
from tastemaker.recommenders.event_weights_choice import with_event_weights
from tastemaker.recommenders.history_weights import HistoryWeights
from tastemaker.recommenders.item_relations import PER_STEP
from tastemaker.recommenders.kept_sums import KeptSums
from tastemaker.recommenders.lift import learn
from tastemaker.recommenders.likeness import alike
from tastemaker.recommenders.memory import Demand, affordable_items, available_memory
from tastemaker.recommenders.model import unheard
from tastemaker.recommenders.nearness import Scales, of_items
from tastemaker.recommenders.neighbours import nearest
from tastemaker.recommenders.normal_equations import NormalEquations, normal_equations
from tastemaker.recommenders.percentiles import EVERYONE, Percentiles
from tastemaker.recommenders.pool import Pool
from tastemaker.recommenders.popularity import PopularityModel, distinct_users
from tastemaker.recommenders.repeat_table import RepeatTable
from tastemaker.recommenders.ridge import largest, ridge_weights
from tastemaker.recommenders.sequence_ridge_model import HORIZON, SequenceRidgeModel
from tastemaker.recommenders.sequences import Sequences, mean_weight

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

_COLD = 0.01
"""Of the mean rate, what is expected of an item that nobody has had after one that is just like it."""
_FAR = 0.1
"""Of an item's rate, what is expected of it after a history that says nothing of it."""


@dataclass(frozen=True)
class SequenceRidge:
    """Ridge regression of a user's next item on exponentially decayed histories, blended with the nearness of items.

    With x_0 … x_{n−1} the items of a user and e_i a one-hot vector, for each position t ≥ 1 and decay g_k

        h_k(t) = Σ_{p<t} g_k^(t−1−p) e_{x_p}      a history
        y(t) = a_t e_{x_t}                        what comes next, if it is new to the user at t; a_t: its weight
        w_t = √((t + 1) ÷ n)                      requests come after the end, so late positions count more

    and the weights W_k minimise Σ w_t ‖y(t) − Σ_k W_k' h_k(t) − c‖² + λ ‖W‖² (`ridge`), by one Cholesky solution of the
    normal equations, which are sums over pairs of events (`normal_equations`). One decay is short and one is long: what
    follows, and what goes with the user's taste. Where histories are short and items many, counting what follows what
    and who has had both is as good (`nearness`), and of rare items their attributes tell as much (`likeness`); all are
    blended, and items that are too rare for the regression are expected by their nearness alone. Of items that nobody
    has had, only attributes tell to which histories they are near: little is expected of them, which ranks them among
    each other.

    What both expect of the regression's items is then weighed by two other opinions (`Pool`), learned from all that
    users had, earlier and later alike, and from what follows soon.

    Items that the user had before are scored by the `RepeatTable`, plus a fiftieth of the rest. All of it together is
    what is expected of an item: its discounted count from now on. What a user has again at once or after one other
    item, as a click and a purchase, counts as one event, but for the repeat table.

    `decays`: those tried; decays, λ, the blend and how much second opinions count are chosen on held-out users
    (`choice`). `exact_items`: how many of the most popular items enter the regression at most; time grows with its
    cube, memory with its square (4,000: 600 MB). `fewest_users`: of an item in the regression, which would take what a
    few users did for a rule. `nearness`: whether it is blended in; without, items outside the regression are expected
    by how often they come next, whatever the history. `second_opinions`: how much they count (None: as is chosen).
    `kept_weights`: of each item and decay, the largest; the rest changes nothing that shows in the metrics. `memory`:
    how many bytes training may take beyond the interactions (None: what is left at the start); the fewer there are, the
    fewer items enter the regression. `percentiles`: the users who take part.

    Where users have attributes or events a context, what is expected is multiplied by how much more such users have the
    item, or it is had in such a context (`lift`), as far as that finds more of what held-out users turn to
    (`circumstances_choice`): `SequenceRidgeModel.under` answers so.

    Related: EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019), whose histories have no order.
    """

    decays: tuple[Decays, ...] = ((0.5, 0.95), (0.3, 0.8))
    exact_items: int = 4_000
    nearness: bool = True
    second_opinions: float | None = None
    fewest_users: int = 8
    kept_weights: int = 100
    percentiles: Percentiles = EVERYONE
    memory: int | None = None

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        users: Attributes | None = None,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
        sums: Path | None = None,
    ) -> SequenceRidgeModel:
        """Train; `seed` draws the users on whom the choice is made. Whatever `progress` raises ends it at once.

        `sums`: a file to write for a later update (`ridge_update`); without a regression there is none. Raises
        NotEnoughMemory, before it starts.
        """
        tell = progress or unheard
        tell(0.0)
        interactions = self.percentiles.apply(interactions)
        # circumstances alone are learned from the context, and every copy of it takes memory
        events = replace(interactions, context=None)
        had_by = distinct_users(events)
        exact_items = self._affordable(len(events), had_by, alike=0 if items is None else len(had_by))
        likeness = None if items is None else alike(items.of(events.item_ids), had_by)
        choice = self._chosen(events, exact_items, likeness, seed=seed, tell=lambda share: tell(0.3 * share))
        # before the model is there, so that both have to find room one after the other
        circumstances = Circumstances.none(len(interactions.item_ids))
        if users is not None or interactions.context is not None:
            circumstances = learn(interactions.without_quick_repeats(), users)
        if circumstances.categories:
            found = choose_strengths(
                interactions,
                users,
                lambda some: self._trained(some, choice, exact_items, tell=lambda share: tell(0.3 + 0.1 * share)),
                seed=seed,
            )
            circumstances = replace(circumstances, strengths=found.strengths)
            choice = replace(choice, tried=choice.tried | found.tried, circumstances=found.strengths)
        model = self._trained(
            events,
            choice,
            exact_items,
            likeness=likeness,
            tell=lambda share: tell(0.4 + 0.6 * share),
            sums=sums,
        )
        tell(1.0)
        return replace(model, circumstances=circumstances)

    def _chosen(
        self,
        interactions: Interactions,
        exact_items: int,
        likeness: csr_array | None,
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Choice:
        """What is best for held-out users; no copy of the events stays."""
        consumed = interactions.without_quick_repeats()
        # chosen is what finds what comes; how much it counts is for the weights to say, of both parts alike
        unweighted = replace(consumed, weight=None)
        choice = (
            choose(unweighted, self.decays, seed=seed, progress=lambda share: tell(0.7 * share), likeness=likeness)
            if exact_items
            else choose_nearness(unweighted, self.decays, seed=seed, likeness=likeness)
        )
        if not self.nearness:
            choice = replace(choice, share=0.0, scales=Scales(0.0, 0.0))
        if self.second_opinions is not None:
            choice = replace(choice, pool=self.second_opinions)
        taking_part = interactions.of_users(trial_users(consumed, seed))
        return with_event_weights(choice, taking_part, seed=seed, progress=lambda share: tell(0.7 + 0.3 * share))

    def _trained(
        self,
        interactions: Interactions,
        choice: Choice,
        exact_items: int,
        *,
        likeness: csr_array | None = None,
        tell: Callable[[float], None] = unheard,
        sums: Path | None = None,
    ) -> SequenceRidgeModel:
        """By what was chosen, of the `exact_items` most popular items; without circumstances."""
        aimed_at = interactions.weighing(choice.event_weights).without_quick_repeats()
        # chosen weights are those of the regression's targets alone
        consumed = aimed_at if interactions.weight is not None else replace(aimed_at, weight=None)
        had_by = distinct_users(consumed)
        popular = np.argsort(-had_by, kind="stable")[: exact_items if choice.share < 1 else 0]
        head = np.sort(popular[had_by[popular] >= self.fewest_users]).astype(np.int32)
        mode = mode_of(len(head), int((had_by > 0).sum()))
        choice = replace(choice, mode=mode, pool=choice.pool if len(head) else 0.0)
        rate = rate_of(consumed)
        ridge, intercept = self._ridge(aimed_at, head, choice, lambda share: tell(0.6 * share), sums)
        n_items = len(interactions.item_ids)
        part = np.full(n_items, 1.0, dtype=np.float32)
        part[head] = choice.share
        near = nearest(
            consumed,
            choice.scales,
            part * _worth(consumed),
            self.kept_weights,
            likeness=likeness,
            progress=lambda share: tell(0.6 + 0.2 * share),
        )
        pool = None
        if choice.pool and len(head):
            pool = Pool.learn(of_items(consumed, head), head, n_items, choice.pool)
        if likeness is not None:
            near = near + np.float32(_COLD * rate.mean()) * _towards_unseen(likeness, had_by)
        return SequenceRidgeModel(
            popularity=PopularityModel(interactions.item_ids, had_by),
            weights=(*ridge, HistoryWeights.of_rows(PER_STEP, near)),
            rate=rate,
            base=base_of(rate, head, intercept, choice),
            repeats=RepeatTable.beside(interactions, consumed, HORIZON),
            choice=choice,
            circumstances=Circumstances.none(n_items),
            pool=pool,
        )

    def _affordable(self, events: int, users: NDArray[np.int64], *, alike: int) -> int:
        demand = Demand(events, int((users > 0).sum()), self.kept_weights, max(map(len, self.decays)), alike)
        return affordable_items(demand, self.exact_items, available_memory() if self.memory is None else self.memory)

    def _ridge(
        self,
        interactions: Interactions,
        head: NDArray[np.int32],
        choice: Choice,
        tell: Callable[[float], None],
        sums: Path | None,
    ) -> tuple[list[HistoryWeights], NDArray[np.float32]]:
        """What the ridge says of the items `head`, and their intercepts, as far as the choice lets it."""
        if not len(head):
            return [], np.zeros(0, dtype=np.float32)
        # of the sequences nothing is kept: the solution needs the memory
        equations = normal_equations(
            Sequences.of(interactions, head), choice.decays, progress=lambda share: tell(0.3 * share)
        )
        if sums is not None:
            KeptSums(equations, interactions.item_ids[head], mean_weight(interactions)).save(sums)
        return self.solved(equations, head, len(interactions.item_ids), choice, lambda share: tell(0.3 + 0.7 * share))

    def solved(
        self,
        equations: NormalEquations,
        head: NDArray[np.int32],
        n_items: int,
        choice: Choice,
        progress: Callable[[float], None],
    ) -> tuple[list[HistoryWeights], NDArray[np.float32]]:
        """The weights and intercepts of the items `head` in a catalogue; the `products` of the equations are used up.

        They are a part of what is expected: as much as the choice leaves to the regression.
        """
        solution = ridge_weights(equations, choice.strength, progress=progress)
        share = np.float32(1 - choice.share)
        row = np.full(n_items, -1, dtype=np.int32)
        row[head] = np.arange(len(head))
        pruned = [largest(block, self.kept_weights) for block in solution.blocks]
        weights = [
            HistoryWeights(decay, row, head[columns], share * values)
            for decay, (columns, values) in zip(choice.decays, pruned, strict=True)
        ]
        return weights, share * solution.intercept


def base_of(
    rate: NDArray[np.float32], head: NDArray[np.int32], intercept: NDArray[np.float32], choice: Choice
) -> NDArray[np.float32]:
    """(n_items,): what is expected of each item before any event adds something; `intercept`: of the items `head`."""
    base = np.float32(_FAR if any(choice.scales) else 1) * rate
    base[head] = np.float32(choice.share) * base[head] + intercept
    return base


def rate_of(interactions: Interactions) -> NDArray[np.float32]:
    """(n_items,): how probable each item is to come next, new to the user, whatever came before."""
    everything = Sequences.of(interactions)
    later = everything.position > 0
    gain = (later & (everything.occurrence == 1)) * everything.weights(np.arange(len(everything)))
    return (np.bincount(everything.item, gain, everything.n_items) / max(1, int(later.sum()))).astype(np.float32)


def _towards_unseen(likeness: csr_array, users: NDArray[np.int64]) -> csr_array:
    """(n_items, n_items): the likeness of each item to those that nobody has had; 0 to others."""
    from scipy.sparse import csr_array, diags_array

    unseen = (users == 0).astype(np.float32)
    return csr_array((diags_array(unseen) @ likeness @ diags_array(1 - unseen)).T)


def _worth(interactions: Interactions) -> NDArray[np.float32]:
    """(n_items,): the mean weight of each item's events, where that of all events is 1."""
    everything = Sequences.of(interactions)
    if everything.weight is None:
        return np.ones(everything.n_items, dtype=np.float32)
    events = np.bincount(everything.item, minlength=everything.n_items)
    total = np.bincount(everything.item, everything.weight, everything.n_items)
    return (total / np.maximum(events, 1)).astype(np.float32)
