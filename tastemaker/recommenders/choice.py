"""Chooses what the sequence ridge cannot solve for, on users that it was not trained on."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from tastemaker.recommenders.holding import Strength
from tastemaker.recommenders.item_relations import PER_STEP
from tastemaker.recommenders.nearness import Scales, damped_cosines, of_items, transition_rates
from tastemaker.recommenders.normal_equations import normal_equations
from tastemaker.recommenders.pool import COMPANY_DECAY, COMPANY_MEMORY, Opinions, company_of, of_length, rarity_of
from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.ridge import ridge_answers
from tastemaker.recommenders.sequences import Sequences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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

_ENOUGH_FOR_SCALES = 600
_FEWEST_USERS = 50
_FOLDS = 5
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
    there is a history and where there is none. `pool`: how much second opinions do. `event_weights`: what an event of a
    type counts as something to be predicted, where that is not 1.
    """

    decays: Decays
    strength: float = STRENGTHS[0]
    share: float = _SHARE
    scales: Scales = _SCALES
    tried: dict[str, float] = field(default_factory=dict)
    mode: Mode = "sparse"
    circumstances: tuple[Strength, Strength] = (Strength(), Strength())
    pool: float = 0.0
    event_weights: dict[str, float] = field(default_factory=dict)

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
            + "".join(f", {kind or 'an event'} counted {weight:g} times" for kind, weight in self.event_weights.items())
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
    """The decays and strength, then the share, then the pool that answer held-out users best.

    `likeness`: of the items' attributes (`alike`), where they are known.

    Only the 1,200 most popular items and 300,000 events at most take part. A held-out user's sequence is cut at
    50, 70 and 90 %. The geometric mean of two things decides, over up to 2,000 such requests: how well the answers find
    the new items of the next tenth, and how well the very next item, if it is new (both in mean textbook NDCG@10).
    A fifth of the users is held out; where that gives fewer requests, the next fifth is too, answered by the other
    users, up to all five. Whatever the size of the interactions, all of it takes ten seconds at most on two cores.
    """
    trial = Trial.of(interactions, seed, likeness)
    if trial is None:
        return Choice(options[0])
    requests = trial.requests
    answers = trial.regressions(options, progress)
    tried = {settings: requests.quality(each) for settings, each in answers.items()}
    decays, strength = max(tried, key=lambda each: tried[each])
    regressed = answers[decays, strength]
    # the others take memory
    del answers
    near = trial.nearness()
    scales = requests.scales(near)
    of_nearness = _sum(near, scales)
    blends = {share: requests.quality(_sum((regressed, of_nearness), (1 - share, share))) for share in SHARES}
    share = max(SHARES, key=lambda each: blends[each])
    pools = {0.0: blends[share]}
    if share < 1:
        blended = _sum((regressed, of_nearness), (1 - share, share))
        rarity, opinions = trial.opinions()
        for exponent in POOLS:
            counted = replace(opinions, exponent=np.float32(exponent) * opinions.exponent)
            pools[exponent] = requests.quality(counted.pooled(blended, rarity))
    progress(1.0)
    told = {_NAMED.format(*each): quality for each, quality in tried.items()}
    told |= {f"share {share}": quality for share, quality in blends.items()}
    told |= {f"pool {exponent}": quality for exponent, quality in pools.items()}
    return Choice(decays, strength, share, scales, told, pool=max(pools, key=lambda each: pools[each]))


def quality_of(choice: Choice) -> float | None:
    """Of the chosen decays and strength, with the regression alone; None where nothing was tried."""
    return choice.tried.get(_NAMED.format(choice.decays, choice.strength))


def _sum(answers: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    weighted = [np.float32(weight) * each for each, weight in zip(answers, weights, strict=False)]
    return np.asarray(np.sum(weighted, axis=0), dtype=np.float32)


def choose_nearness(
    interactions: Interactions, options: Sequence[Decays], *, seed: int, likeness: csr_array | None = None
) -> Choice:
    """Nearness alone, for what is too large for a ridge: only its scales are found, on the same users and items."""
    trial = Trial.of(interactions, seed, likeness, most=_ENOUGH_FOR_SCALES)
    scales = _SCALES if trial is None else trial.requests.scales(trial.nearness())
    return Choice(options[0], share=SHARES[-1], scales=scales)


@dataclass(frozen=True, eq=False)
class Trial:
    """`interactions`: what the users who take part did with the most popular items, which alone are numbered.

    `folds`: the requests of a fifth of the users each, who are answered by what the others did; `held_out` (n_folds,
    n_users) has which. There are as many folds as give up to 2,000 requests: of a few users only all of them together
    tell a better setting from luck. `likeness` (n_items, n_items): of attributes, None where they are not known.
    """

    interactions: Interactions
    folds: tuple[Requests, ...]
    held_out: NDArray[np.bool_]
    likeness: csr_array | None = None

    @classmethod
    def of(
        cls, interactions: Interactions, seed: int, likeness: csr_array | None = None, most: int = MOST_REQUESTS
    ) -> Trial | None:
        """With a fold more as long as there are up to `most` requests.

        None where there are too few users, or none of them turned to anything new.
        """
        n_users = len(interactions.user_ids)
        if n_users < _FEWEST_USERS:
            return None
        interactions = interactions.of_users(trial_users(interactions, seed))
        head = np.sort(np.argsort(-distinct_users(interactions), kind="stable")[:MOST_ITEMS]).astype(np.int32)
        some = of_items(interactions, head)
        fold = np.random.default_rng(seed).integers(0, _FOLDS, len(some.user_ids))
        folds: list[Requests] = []
        # a fold more as long as it fits
        while len(folds) < _FOLDS and sum(map(len, folds)) * (len(folds) + 1) <= most * len(folds):
            folds.append(Requests.of(Sequences.of(some.of_users(fold == len(folds)))))
        if not any(map(len, folds)):
            return None
        held_out = fold == np.arange(len(folds))[:, None]
        return cls(some, tuple(folds), held_out, None if likeness is None else likeness[head][:, head])

    @cached_property
    def requests(self) -> Requests:
        """Those of all folds, one fold after the other, as all answers are."""
        return Requests.together(self.folds)

    def regressions(
        self, options: Sequence[Decays], progress: Callable[[float], None], strengths: Sequence[float] = STRENGTHS
    ) -> dict[Settings, NDArray[np.float32]]:
        """(requests, n_items) each: the answers of ridges of all `options` and `strengths`."""
        answers: dict[Settings, NDArray[np.float32]] = {}
        n_requests, n_items = self.requests.truth.shape
        solutions = len(options) * len(strengths) * len(self.folds)
        done = itertools.count(1)
        for decays in options:
            answers |= {(decays, each): np.empty((n_requests, n_items), dtype=np.float32) for each in strengths}
            histories = [self.requests.histories(decay) for decay in decays]
            for train, rows in self._parts():
                equations = normal_equations(Sequences.of(train), decays)
                for strength in strengths:
                    # the solution uses the products up
                    given = replace(equations, products=equations.products.copy())
                    answers[decays, strength][rows] = ridge_answers(given, strength, [each[rows] for each in histories])
                    progress(next(done) / (1 + solutions))
        return answers

    def nearness(self) -> list[NDArray[np.float32]]:
        """(requests, n_items) each: what transition rates say, what damped cosines say, and what attributes do."""
        recent = self.requests.histories(PER_STEP)
        near = [
            np.concatenate([recent[rows] @ relation_of(train) for train, rows in self._parts()])
            for relation_of in (transition_rates, damped_cosines)
        ]
        return near if self.likeness is None else [*near, recent @ self.likeness]

    def opinions(self) -> tuple[NDArray[np.float32], Opinions]:
        """The rarity (n_items,), and the second opinions on all requests, of a strength of 1."""
        distinct, recent = self.requests.last_distinct(COMPANY_DECAY, COMPANY_MEMORY), self.requests.histories(PER_STEP)
        company = [distinct[rows] @ company_of(train) for train, rows in self._parts()]
        following = [recent[rows] @ transition_rates(train) for train, rows in self._parts()]
        exponent = of_length(distinct.sum(axis=1, keepdims=True))
        return rarity_of(self.interactions), Opinions(np.concatenate(company), np.concatenate(following), exponent)

    def _parts(self) -> Iterator[tuple[Interactions, slice]]:
        """Of each fold what it may be answered by, and the rows of its requests."""
        start = 0
        for requests, held_out in zip(self.folds, self.held_out, strict=True):
            yield self.interactions.of_users(~held_out), slice(start, start + len(requests))
            start += len(requests)


def trial_users(interactions: Interactions, seed: int) -> NDArray[np.bool_]:
    """(n_users,): those who take part in a trial, all of them up to 300,000 events."""
    n_users = len(interactions.user_ids)
    if len(interactions) <= MOST_EVENTS:
        return np.ones(n_users, dtype=np.bool_)
    # another stream than that of the folds
    return _fitting(np.diff(interactions.starts), np.random.default_rng([seed, 1]).random(n_users), MOST_EVENTS)


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
            new = sequences.occurrence[start : start + len(items)] == 1
            for cut in sorted({max(1, int(cut * len(items))) for cut in _CUTS}):
                rest = slice(cut, cut + max(1, len(items) // 10))
                if new[rest].any():
                    before.append(items[:cut])
                    after.append(items[rest])
        truth = np.zeros((len(before), sequences.n_items), dtype=np.bool_)
        seen = np.zeros_like(truth)
        for row, (earlier, later) in enumerate(zip(before, after, strict=True)):
            seen[row, earlier] = True
            truth[row, later] = True
        first = np.array([later[0] for later in after], dtype=np.int32)
        following = np.where(seen[np.arange(len(first)), first], -1, first)
        return cls(tuple(before), truth & ~seen, seen, following)

    @classmethod
    def together(cls, parts: Sequence[Requests]) -> Requests:
        """One after the other."""
        return cls(
            before=tuple(items for part in parts for items in part.before),
            truth=np.concatenate([part.truth for part in parts]),
            seen=np.concatenate([part.seen for part in parts]),
            following=np.concatenate([part.following for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.before)

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
