"""Chooses what the sequence ridge cannot solve for, on users that it was not trained on."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from tastemaker.recommenders.holding import Strength
from tastemaker.recommenders.item_relations import PER_STEP
from tastemaker.recommenders.nearness import Scales, damped_cosines, of_items, transition_rates
from tastemaker.recommenders.normal_equations import NormalEquations, normal_equations
from tastemaker.recommenders.pool import COMPANY_DECAY, COMPANY_MEMORY, Opinions, company_of, of_length, rarity_of
from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.ridge import ridge_weights
from tastemaker.recommenders.sequences import Sequences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.interactions import Interactions

Decays = tuple[float, ...]
Settings = tuple[Decays, float]
"""Decays and strength."""
Mode = Literal["exact", "hybrid", "sparse"]

STRENGTHS: Final = (1.0, 3.0, 0.3)
"""Of the ridge's regularisation; the first is what is taken where nothing can be tried."""
SHARES: Final = (0.0, 0.25, 0.5, 1.0)
"""Of what nearness says, in a blend with the ridge."""
POOLS: Final = (0.5, 1.0)
"""Of how much second opinions count (`Pool`), where they do."""

MOST_EVENTS: Final = 300_000
MOST_REQUESTS: Final = 2_000
MOST_ITEMS: Final = 1_200
"""What the trial of a choice is bounded by."""

_FEWEST_USERS = 50
_TRAINED_ON = 0.8
_MOST_OF_ONE = 0.1
_CUTS = (0.5, 0.7, 0.9)
_DEPTH = 10
_MEMORY = 100
_SHARE, _SCALES = 0.0, Scales(0.1, 0.01)
_NAMED = "decays {}, strength {}"


@dataclass(frozen=True)
class Choice:
    """What a sequence ridge is trained with.

    `share`: how much of what is expected of an item comes from its nearness to the history, the rest from the ridge;
    1: no ridge at all. `scales`: what makes nearness a probability. `tried`: the quality on
    the held-out users, by what was tried; empty where there were too few of them. `mode`: whether all items are in the
    ridge, the most popular ones, or none. `circumstances`: how much users' attributes and the context count, where
    there is a history and where there is none. `pool`: how much second opinions do.
    """

    decays: Decays
    strength: float = STRENGTHS[0]
    share: float = _SHARE
    scales: Scales = _SCALES
    tried: dict[str, float] = field(default_factory=dict)
    mode: Mode = "sparse"
    circumstances: tuple[Strength, Strength] = (Strength(), Strength())
    pool: float = 0.0

    def to_json(self) -> dict[str, object]:
        return asdict(self)

    def in_words(self) -> str:
        return self._of_histories() + "".join(
            f", {what} to the power of {of_source[0]:g}, of {of_source[1]:g} without a history"
            for what, of_source in zip(("attributes", "context"), zip(*self.circumstances, strict=True), strict=True)
            if any(of_source)
        )

    def _of_histories(self) -> str:
        if self.mode == "sparse":
            return "nearness alone"
        items = "all items" if self.mode == "exact" else "the most popular items"
        decays = " and ".join(map(str, self.decays))
        return (
            f"decays {decays}, strength {self.strength:g} and {self.share:.0%} nearness, with {items} in the regression"
            + f", second opinions to the power of {self.pool:g}" * (self.pool > 0)
        )

    @classmethod
    def from_json(cls, text: str) -> Choice:
        """Of what `to_json` gives, as JSON text."""
        told = json.loads(text)
        some, none = told.get("circumstances", (Strength(), Strength()))
        of_circumstances = Strength(*some), Strength(*none)
        known = {"decays": tuple(told["decays"]), "scales": Scales(*told["scales"]), "circumstances": of_circumstances}
        return cls(**told | known)


def mode_of(exact_items: int, items: int) -> Mode:
    """What a ridge of `exact_items` among `items` makes of a training."""
    if not exact_items:
        return "sparse"
    return "exact" if exact_items == items else "hybrid"


def choose(
    interactions: Interactions,
    options: Sequence[Decays],
    *,
    seed: int,
    progress: Callable[[float], None],
    likeness: csr_array | None = None,
) -> Choice:
    """The decays, the strength, the share and the pool that answer a fifth of the users best, one after the other.

    `likeness`: of the items' attributes (`alike`), where they are known.

    Only the 1,200 most popular items and 300,000 events at most take part. A held-out user's sequence is cut at
    50, 70 and 90 %. The geometric mean of two things decides, over up to 2,000 such requests: how well the answers find
    the new items of the next tenth, and how well the very next item, if it is new (both in mean textbook NDCG@10).
    Whatever the size of the interactions, that takes about five seconds on two cores: the normal equations and the
    requests' histories, which only the decays change, are reckoned once for all strengths.
    """
    trial = Trial.of(interactions, seed, likeness)
    if trial is None:
        return Choice(options[0])
    requests = trial.requests
    best, tried = _best_regression(trial, options, progress)
    near = trial.nearness()
    scales = requests.scales(near)
    of_nearness = _sum(near, scales)
    blends = {share: requests.quality(_sum((best.answers, of_nearness), (1 - share, share))) for share in SHARES}
    share = max(SHARES, key=lambda each: blends[each])
    pools = {0.0: blends[share]}
    if share < 1:
        blended = _sum((best.answers, of_nearness), (1 - share, share))
        rarity, opinions = trial.opinions()
        for strength in POOLS:
            counted = replace(opinions, exponent=np.float32(strength) * opinions.exponent)
            pools[strength] = requests.quality(counted.pooled(blended, rarity))
    progress(1.0)
    told = {_NAMED.format(*each): quality for each, quality in tried.items()}
    told |= {f"share {share}": quality for share, quality in blends.items()}
    told |= {f"pool {strength}": quality for strength, quality in pools.items()}
    pool = max(pools, key=lambda each: pools[each])
    return Choice(best.regression.equations.decays, best.strength, share, scales, told, pool=pool)


def _best_regression(
    trial: Trial, options: Sequence[Decays], progress: Callable[[float], None]
) -> tuple[_Attempt, dict[Settings, float]]:
    """The best decays, then the best strength of these; and the quality of all that were tried."""
    tried: dict[Settings, float] = {}

    def attempt(regression: _Regression, strength: float) -> _Attempt:
        answers = regression.answers(strength)
        quality = tried[regression.equations.decays, strength] = trial.requests.quality(answers)
        progress(len(tried) / (len(options) + len(STRENGTHS)))
        return _Attempt(regression, strength, answers, quality)

    # the first of equals is the best, and the regressions of the others are given up
    best = attempt(trial.regression(options[0]), STRENGTHS[0])
    for decays in options[1:]:
        best = max(best, attempt(trial.regression(decays), STRENGTHS[0]), key=_Attempt.by_quality)
    for strength in STRENGTHS[1:]:
        best = max(best, attempt(best.regression, strength), key=_Attempt.by_quality)
    return best, tried


def _sum(answers: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    weighted = [np.float32(weight) * each for each, weight in zip(answers, weights, strict=False)]
    return np.asarray(np.sum(weighted, axis=0), dtype=np.float32)


def choose_nearness(
    interactions: Interactions, options: Sequence[Decays], *, seed: int, likeness: csr_array | None = None
) -> Choice:
    """Nearness alone, for what is too large for a ridge: only its scales are found, on the same users and items."""
    trial = Trial.of(interactions, seed, likeness)
    scales = _SCALES if trial is None else trial.requests.scales(trial.nearness())
    return Choice(options[0], share=SHARES[-1], scales=scales)


@dataclass(frozen=True, eq=False)
class Trial:
    """`train`: what the users who are not held out did with the most popular items, which alone are numbered;
    `likeness` (n_items, n_items): of their attributes, None where they are not known."""

    train: Interactions
    requests: Requests
    likeness: csr_array | None = None

    @classmethod
    def of(cls, interactions: Interactions, seed: int, likeness: csr_array | None = None) -> Trial | None:
        """None where there are too few users, or none of the held-out ones turned to anything new."""
        n_users = len(interactions.user_ids)
        if n_users < _FEWEST_USERS:
            return None
        luck = np.random.default_rng(seed).random(n_users)
        trained_on, held_out = luck < _TRAINED_ON, luck >= _TRAINED_ON
        if len(interactions) > MOST_EVENTS:
            length = np.diff(interactions.starts)
            trained_on &= _fitting(length, luck, int(_TRAINED_ON * MOST_EVENTS))
            held_out &= _fitting(length, 1 - luck, MOST_EVENTS - int(_TRAINED_ON * MOST_EVENTS))
        train = interactions.of_users(trained_on)
        head = np.sort(np.argsort(-distinct_users(train), kind="stable")[:MOST_ITEMS]).astype(np.int32)
        requests = Requests.of(Sequences.of(interactions.of_users(held_out), head))
        if not len(requests.before):
            return None
        return cls(of_items(train, head), requests, None if likeness is None else likeness[head][:, head])

    def regression(self, decays: Decays) -> _Regression:
        equations = normal_equations(Sequences.of(self.train), decays)
        return _Regression(equations, tuple(self.requests.histories(decay) for decay in decays))

    def nearness(self) -> list[NDArray[np.float32]]:
        """(requests, n_items) each: what transition rates say, what damped cosines say, and what attributes do."""
        recent = self.requests.histories(PER_STEP)
        relations = [transition_rates(self.train), damped_cosines(self.train)]
        return [recent @ each for each in (*relations, *(() if self.likeness is None else (self.likeness,)))]

    def opinions(self) -> tuple[NDArray[np.float32], Opinions]:
        """The rarity (n_items,), and the second opinions on all requests, of a strength of 1."""
        distinct = self.requests.last_distinct(COMPANY_DECAY, COMPANY_MEMORY)
        company = distinct @ company_of(self.train)
        following = self.requests.histories(PER_STEP) @ transition_rates(self.train)
        exponent = of_length(distinct.sum(axis=1, keepdims=True))
        return rarity_of(self.train), Opinions(company, following, exponent)


def _fitting(length: NDArray[np.int64], order: NDArray[np.float64], most: int) -> NDArray[np.bool_]:
    """(n_users,): who come first by `order`, as long as they have `most` events together.

    Who alone has more than a tenth of that is passed over, so that nobody stands for all.
    """
    first = np.argsort(order, kind="stable")
    first = first[length[first] <= _MOST_OF_ONE * most]
    fitting = np.zeros(len(length), dtype=np.bool_)
    fitting[first[np.cumsum(length[first]) <= most]] = True
    return fitting


@dataclass(frozen=True, eq=False)
class _Regression:
    """What ridges of the same decays have in common, whatever their strength: `histories` (requests, n_items) each."""

    equations: NormalEquations
    histories: tuple[NDArray[np.float32], ...]

    def answers(self, strength: float) -> NDArray[np.float32]:
        """(requests, n_items): those of the ridge of this strength."""
        # the solution uses the products up
        weights = ridge_weights(replace(self.equations, products=self.equations.products.copy()), strength)
        answers = np.tile(weights.intercept, (len(self.histories[0]), 1))
        for history, block in zip(self.histories, weights.blocks, strict=True):
            answers += history @ block
        return answers


@dataclass(frozen=True, eq=False)
class _Attempt:
    """A strength that was tried, its answers and how good they are."""

    regression: _Regression
    strength: float
    answers: NDArray[np.float32]
    quality: float

    def by_quality(self) -> float:
        return self.quality


@dataclass(frozen=True, eq=False)
class Requests:
    """`before`: histories of places, the latest last; `truth`, `seen` (requests, n_items): masks; `following`: what
    came at once, −1 where that was not new."""

    before: tuple[NDArray[np.int32], ...]
    truth: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    following: NDArray[np.int32]

    @classmethod
    def of(cls, sequences: Sequences) -> Requests:
        before, after = [], []
        starts = sequences.steps[0] if sequences.steps else np.empty(0, dtype=np.int64)
        for start in starts[: MOST_REQUESTS // len(_CUTS)]:
            items = sequences.item[start : start + sequences.remaining[start] + 1]
            for cut in sorted({max(1, int(cut * len(items))) for cut in _CUTS}):
                rest = items[cut : cut + max(1, len(items) // 10)]
                if not np.isin(rest, items[:cut]).all():
                    before.append(items[:cut])
                    after.append(rest)
        truth = np.zeros((len(before), sequences.n_items), dtype=np.bool_)
        seen = np.zeros_like(truth)
        for row, (earlier, later) in enumerate(zip(before, after, strict=True)):
            seen[row, earlier] = True
            truth[row, later] = True
        first = np.array([later[0] for later in after], dtype=np.int32)
        following = np.where(seen[np.arange(len(first)), first], -1, first)
        return cls(tuple(before), truth & ~seen, seen, following)

    def histories(self, decay: float) -> NDArray[np.float32]:
        """(requests, n_items): decayed histories."""
        rows = np.zeros(self.truth.shape, dtype=np.float32)
        for row, items in zip(rows, self.before, strict=True):
            recent = items[-_MEMORY:]
            np.add.at(row, recent, np.power(decay, np.arange(len(recent) - 1, -1, -1)).astype(np.float32))
        return rows

    def last_distinct(self, decay: float, most: int) -> NDArray[np.float32]:
        """(requests, n_items): the same of the last distinct items, each where it came last."""
        rows = np.zeros(self.truth.shape, dtype=np.float32)
        for row, items in zip(rows, self.before, strict=True):
            backwards = items[::-1]
            distinct = backwards[np.sort(np.unique(backwards, return_index=True)[1])][:most]
            row[distinct] = np.power(decay, np.arange(len(distinct)))
        return rows

    def scales(self, answers: Sequence[NDArray[np.float32]]) -> Scales:
        """The factors ≥ 0 that bring the sum of the answers nearest to what came at once, in the least squares."""
        row = np.flatnonzero(self.following >= 0)
        unseen = [np.where(self.seen, 0, each).astype(np.float64) for each in answers]
        products = np.array([[np.vdot(one, other) for other in unseen] for one in unseen])
        came = np.array([each[row, self.following[row]].sum() for each in unseen])
        return Scales(*non_negative(products, came).tolist())

    def quality(self, answers: NDArray[np.float32]) -> float:
        """√(NDCG@10 of what comes · NDCG@10 of what comes at once), of new items."""
        scores = np.where(self.seen, -np.inf, answers)
        depth = min(_DEPTH, scores.shape[1])
        top = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        ranked = np.take_along_axis(top, order, axis=1)
        gains = 1 / np.log2(np.arange(2, depth + 2))
        ideal = np.cumsum(gains)[np.minimum(self.truth.sum(axis=1), depth) - 1]
        coming = ((np.take_along_axis(self.truth, ranked, axis=1) @ gains) / ideal).mean()
        at_once = (ranked == self.following[:, None]) @ gains
        known = self.following >= 0
        # without anyone whose next item is new, what comes later has to decide
        return round(float(np.sqrt(coming * (at_once[known].mean() if known.any() else coming))), 6)


def non_negative(products: NDArray[np.float64], came: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k,): the x ≥ 0 that minimises x' P x − 2 c' x, with P the `products` (k, k) of a few vectors and c what `came`.

    It is the solution without the limit of those that are not 0, so all choices of these are tried: for two or three it
    takes less than to import scipy.optimize.
    """
    best, most = np.zeros(len(came)), 0.0
    for chosen in itertools.product((False, True), repeat=len(came)):
        some = np.flatnonzero(chosen)
        part = np.linalg.solve(products[np.ix_(some, some)] + 1e-9 * np.eye(len(some)), came[some])
        gain = float(came[some] @ part)
        if gain > most and (part >= 0).all():
            best, most = np.zeros(len(came)), gain
            best[some] = part
    return best
