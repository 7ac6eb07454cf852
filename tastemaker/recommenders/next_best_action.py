"""Next best action: how likely a user takes each action when it is shown, learned from what was taken before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.interactions import locate
from tastemaker.recommenders.item_vectors import item_vectors
from tastemaker.recommenders.logistic import fit_logistic, sigmoid
from tastemaker.recommenders.model import known
from tastemaker.recommenders.showings import DAY, Showings, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

FEWEST_OUTCOMES = 50
"""An action has a propensity from as many events on that took it, and as many that did not."""
COUNTED_DAYS = 6 * 7
"""The days before the newest action interaction in which those must lie."""
VALUE = "VALUE"
"""The numeric field of actions that breaks ties."""

_MEMORY = 50
_MOST_SHOWINGS = 200_000
_DECIMALS = 7


@dataclass(frozen=True)
class NextBestAction:
    """A logistic regression of each action's outcome on the user, independent of the other actions'.

    The user is described by the mean of the `item_vectors` of the last 50 items, log(1 + actions taken so far), and
    whether this one was among them; brought to mean 0 and variance 1 (of the vectors the widest dimension; the others
    in proportion, so that the ridge holds them down), and 0 where nothing is known. Showings (`showings`) of the last
    `period` days count, the newest 200,000 at most; `logistic` draws each action's weights to nothing but its overall
    rate of the last six weeks. An action with fewer than 50 outcomes of either kind in these has propensity 0.

    `dimensions`: of the item vectors.
    """

    period: int = 14
    dimensions: int = 32

    def fit(
        self,
        interactions: Interactions,
        action_interactions: Interactions,
        actions: Attributes | None = None,
        *,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> ActionModel:
        """Train. The items of `action_interactions` are the actions; `actions`: what is known of these, among it VALUE.

        Both logs have user ids in common, and each its own catalogue of users. `seed` draws the start of the vectors.
        """
        tell = progress or (lambda _: None)
        if actions is not None:
            action_interactions = action_interactions.with_items(actions.ids.tolist())
        ids = action_interactions.item_ids
        newest = int(action_interactions.timestamp.max()) if len(action_interactions) else 0
        taken, not_taken = outcomes(action_interactions, since=newest - COUNTED_DAYS * DAY)
        enough = np.minimum(taken, not_taken) >= FEWEST_OUTCOMES
        showings = Showings.of(action_interactions, period=self.period)
        recent = showings.where((showings.timestamp >= newest - COUNTED_DAYS * DAY) & enough[showings.action])
        rates = _rates(recent, len(ids))
        recent = recent.where(_newest(recent.timestamp, since=newest - self.period * DAY))
        vectors = item_vectors(interactions, self.dimensions, seed=seed)
        tell(0.3)
        summaries = summaries_before(interactions, vectors, action_interactions.user_ids[recent.user], recent.timestamp)
        model = ActionModel(
            item_ids=interactions.item_ids,
            action_ids=ids,
            vectors=vectors,
            **_scaling(described(summaries, recent)),
            weights=np.zeros((len(ids), vectors.shape[1] + 2)),
            intercepts=np.zeros(len(ids)),
            rates=rates,
            values=_values(actions, ids),
        )
        features = model.scaled(described(summaries, recent))
        chosen = np.flatnonzero(enough)
        for done, action in enumerate(chosen, start=1):
            rows = recent.action == action
            found = fit_logistic(features[rows], recent.taken[rows], rate=float(rates[action]))
            model.intercepts[action], model.weights[action] = found[0], found[1:]
            tell(0.3 + 0.7 * done / len(chosen))
        tell(1.0)
        return model


@dataclass(frozen=True, eq=False)
class ActionModel:
    """`item_ids` (n_items,), `action_ids` (n_actions,): sorted catalogues, histories and actions are positions in them.

    `vectors` (n_items, d); `mean`, `scale` (d + 2,): of the features; `weights` (n_actions, d + 2), `intercepts`,
    `rates` (0 where an action has no propensity) and `values` (n_actions,): NaN where an action has none.
    """

    item_ids: NDArray[np.str_]
    action_ids: NDArray[np.str_]
    vectors: NDArray[np.float32]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    rates: NDArray[np.float64]
    values: NDArray[np.float64]

    def propensities(self, history: NDArray[np.int32], taken: NDArray[np.int32]) -> NDArray[np.float64]:
        """(n_actions,): the probability, from 0 to 1, that the user takes each action when it is shown.

        `history`: positions of items, oldest first; `taken`: of the actions that the user has taken, repeats included.
        Positions outside the catalogues are passed over. They do not add up to 1. 0 where too little is known.
        """
        taken = known(taken, len(self.action_ids))
        features = np.empty((len(self.action_ids), self.weights.shape[1]))
        features[:, :-2] = summary(known(history, len(self.item_ids)), self.vectors)
        features[:, -2] = np.log1p(len(taken))
        features[:, -1] = np.isin(np.arange(len(self.action_ids)), taken)
        return self.propensities_of(np.arange(len(self.action_ids)), features)

    def propensities_of(self, actions: NDArray[np.int64], features: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,): of an action and the features (d + 2,) of a user in each row."""
        logits = self.intercepts[actions] + np.einsum("nf,nf->n", self.scaled(features), self.weights[actions])
        return np.where(self.rates[actions] > 0, sigmoid(logits), 0.0)

    def recommend(
        self,
        history: NDArray[np.int32],
        taken: NDArray[np.int32],
        k: int,
        candidates: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The k likeliest of the actions that the mask (n_actions,) allows, and their propensities.

        Equal propensities, to seven places, come by falling VALUE, actions without one last; then by id.
        """
        propensities = self.propensities(history, taken).round(_DECIMALS)
        order = np.lexsort((-np.nan_to_num(self.values, nan=-np.inf), -propensities)).astype(np.int32)
        found = (order if candidates is None else order[candidates[order]])[: max(0, k)]
        return found, propensities[found]

    def with_actions(self, actions: Attributes) -> ActionModel:
        """The same model in a catalogue that has these actions as well, with their values.

        The new ones have propensity 0 until a training knows how they are taken.
        """
        catalogue = np.unique(np.concatenate([self.action_ids, actions.ids]))
        place = locate(catalogue, self.action_ids)
        weights = np.zeros((len(catalogue), self.weights.shape[1]))
        intercepts, rates = np.zeros(len(catalogue)), np.zeros(len(catalogue))
        weights[place], intercepts[place], rates[place] = self.weights, self.intercepts, self.rates
        values = _values(actions, catalogue)
        return replace(self, action_ids=catalogue, weights=weights, intercepts=intercepts, rates=rates, values=values)

    def scaled(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Features (n, d + 2) to mean 0 and variance 1; NaN, nothing known, to 0."""
        return np.nan_to_num((features - self.mean) * self.scale, nan=0.0)

    def save(self, path: Path) -> None:
        """Write the model to one `.npz` file, which `tastemaker.recommenders.load(path, ActionModel)` reads."""
        with path.open("wb") as file:
            np.savez(
                file,
                kind=np.array("actions"),
                item_ids=self.item_ids,
                action_ids=self.action_ids,
                vectors=self.vectors,
                mean=self.mean,
                scale=self.scale,
                weights=self.weights,
                intercepts=self.intercepts,
                rates=self.rates,
                values=self.values,
            )

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> ActionModel:
        """The model of what `save` wrote."""
        return cls(
            item_ids=arrays["item_ids"].astype(np.str_),
            action_ids=arrays["action_ids"].astype(np.str_),
            vectors=arrays["vectors"].astype(np.float32),
            mean=arrays["mean"].astype(np.float64),
            scale=arrays["scale"].astype(np.float64),
            weights=arrays["weights"].astype(np.float64),
            intercepts=arrays["intercepts"].astype(np.float64),
            rates=arrays["rates"].astype(np.float64),
            values=arrays["values"].astype(np.float64),
        )


def summary(history: NDArray[np.int32], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """(d,): the mean vector of the last 50 items of a history; NaN where it is empty."""
    if not len(history):
        return np.full(vectors.shape[1], np.nan)
    return np.asarray(vectors[history[-_MEMORY:]].mean(axis=0, dtype=np.float64))


def summaries_before(
    interactions: Interactions, vectors: NDArray[np.float32], user_ids: NDArray[np.str_], times: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n, d): the `summary` of each user's history up to each time (included); NaN where there is none."""
    user = locate(interactions.user_ids, user_ids)
    start = interactions.starts[np.maximum(user, 0)]
    # users and times in one order: searched together
    moments = np.unique(np.concatenate([interactions.timestamp, times]))
    key = interactions.user.astype(np.int64) * (len(moments) + 1) + np.searchsorted(moments, interactions.timestamp)
    asked = user.astype(np.int64) * (len(moments) + 1) + np.searchsorted(moments, times)
    end = np.where(user >= 0, np.searchsorted(key, asked, side="right"), start)
    count = np.minimum(end - start, _MEMORY)
    sums = np.zeros((len(times), vectors.shape[1]))
    for back in range(int(count.max(initial=0))):
        rows = np.flatnonzero(count > back)
        sums[rows] += vectors[interactions.item[end[rows] - 1 - back]]
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / np.where(count > 0, count, np.nan)[:, None], dtype=np.float64)


def described(summaries: NDArray[np.float64], showings: Showings) -> NDArray[np.float64]:
    """(n, d + 2): the features of the user of each showing."""
    return np.column_stack([summaries, np.log1p(showings.takes_before), showings.own_before])


def _scaling(features: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """`mean` and `scale`, 1 ÷ standard deviation, of each feature where it is known; 0 where it never varies.

    The features of the vectors, all but the last two, have one scale in common.
    """
    there = ~np.isnan(features)
    count = np.maximum(1, there.sum(axis=0))
    mean = np.where(there, features, 0).sum(axis=0) / count
    deviation = np.sqrt(np.where(there, (features - mean) ** 2, 0).sum(axis=0) / count)
    deviation[:-2] = deviation[:-2].max(initial=0)
    return {"mean": mean, "scale": np.where(deviation > 1e-9, 1 / np.maximum(deviation, 1e-9), 0.0)}


def _rates(showings: Showings, n_actions: int) -> NDArray[np.float64]:
    """(n_actions,): the share of showings that were taken, with one imagined outcome of each kind; 0 without any."""
    shown = np.bincount(showings.action, minlength=n_actions)
    taken = np.bincount(showings.action[showings.taken], minlength=n_actions)
    return np.where(shown > 0, (taken + 1.0) / (shown + 2.0), 0.0)


def _newest(times: NDArray[np.int64], *, since: int) -> NDArray[np.bool_]:
    """A mask of the times from `since` on, of the newest about 200,000 at most."""
    if len(times) > _MOST_SHOWINGS:
        since = max(since, int(np.partition(times, -_MOST_SHOWINGS)[-_MOST_SHOWINGS]))
    return times >= since


def _values(actions: Attributes | None, ids: NDArray[np.str_]) -> NDArray[np.float64]:
    return np.full(len(ids), np.nan) if actions is None else actions.of(ids).number(VALUE)
