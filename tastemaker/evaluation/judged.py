"""What a ranker's answers came to, request by request, and the metrics that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.metrics import DIGITS, means

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tastemaker.evaluation.split import Request

_NOTHING = -1


@dataclass(frozen=True, eq=False)
class Judged:
    """n requests in the order of their split, the first `depth` answers to each, and m held-out items.

    `recommended` (n, depth): positions in the catalogue of `catalogue_size` items, best first, −1 beyond the end of
    a shorter list. `values`: by key of a metric that is a mean over requests, what each is worth, (n,); NaN where
    a request is not in the mean. `coverage_key`: what the share of the catalogue that `recommended` covers is called.
    `truth_request`, `truth_item` (m,): each held-out item of a request once; `truth_found` (m,): whether it is among
    the recommended.
    """

    user_ids: tuple[str, ...]
    history_lengths: NDArray[np.int64]
    recommended: NDArray[np.int32]
    values: Mapping[str, NDArray[np.float64]]
    coverage_key: str
    catalogue_size: int
    truth_request: NDArray[np.int64]
    truth_item: NDArray[np.int32]
    truth_found: NDArray[np.bool_]

    @property
    def depth(self) -> int:
        return int(self.recommended.shape[1])

    @property
    def metrics(self) -> dict[str, float]:
        """The means of `values` and the coverage; rounded, in order of their keys."""
        figures = means(self.values)
        figures[self.coverage_key] = round(float(self.coverage_curve()[-1]), DIGITS)
        return {key: figures[key] for key in sorted(figures)}

    def coverage_curve(self) -> NDArray[np.float64]:
        """(depth,): after 1, 2, … recommendations to each, distinct items among them ÷ `catalogue_size`."""
        first = np.full(self.catalogue_size, self.depth)
        for rank in range(self.depth - 1, -1, -1):
            column = self.recommended[:, rank]
            first[column[column != _NOTHING]] = rank
        distinct = np.cumsum(np.bincount(first, minlength=self.depth + 1)[: self.depth])
        return distinct / max(1, self.catalogue_size)

    def only(self, asked: NDArray[np.bool_]) -> Judged:
        """The requests that the mask (n,) chooses."""
        renumbered = np.cumsum(asked) - 1
        kept = asked[self.truth_request]
        return Judged(
            user_ids=tuple(user_id for user_id, chosen in zip(self.user_ids, asked, strict=True) if chosen),
            history_lengths=self.history_lengths[asked],
            recommended=self.recommended[asked],
            values={key: value[asked] for key, value in self.values.items()},
            coverage_key=self.coverage_key,
            catalogue_size=self.catalogue_size,
            truth_request=renumbered[self.truth_request[kept]],
            truth_item=self.truth_item[kept],
            truth_found=self.truth_found[kept],
        )


@dataclass(frozen=True, eq=False)
class Answers:
    """The first `depth` answers to n requests beside what was held out: what judges reckon the worth of requests from.

    `recommended`, `truth_request`, `truth_item`, `truth_found`: as in `Judged`. `hits` (n, depth): whether the
    recommendation at each rank was held out.
    """

    requests: Sequence[Request]
    recommended: NDArray[np.int32]
    hits: NDArray[np.bool_]
    truth_request: NDArray[np.int64]
    truth_item: NDArray[np.int32]
    truth_found: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        requests: Sequence[Request],
        lists: Sequence[NDArray[np.int32]],
        truths: Sequence[NDArray[np.int32]],
        *,
        depth: int,
    ) -> Answers:
        """Of parallel lists: what was recommended, however long, and what was held out, repeats included."""
        recommended = np.full((len(lists), depth), _NOTHING, dtype=np.int32)
        for row, items in zip(recommended, lists, strict=True):
            row[: min(len(items), depth)] = items[:depth]
        truth = np.concatenate([np.empty(0, dtype=np.int32), *truths])
        # a request and an item in one number, so that all are looked up at once; nothing is no item
        size = 1 + int(max(recommended.max(initial=0), truth.max(initial=0)))
        held_out = np.unique(np.repeat(np.arange(len(truths)), [len(items) for items in truths]) * size + truth)
        given = np.where(recommended == _NOTHING, _NOTHING, np.arange(len(lists))[:, None] * size + recommended)
        return cls(
            requests=requests,
            recommended=recommended,
            hits=np.isin(given, held_out),
            truth_request=held_out // size,
            truth_item=(held_out % size).astype(np.int32),
            truth_found=np.isin(held_out, given),
        )

    def judged(self, values: Mapping[str, NDArray[np.float64]], *, coverage_key: str, catalogue_size: int) -> Judged:
        """With what each request is worth."""
        return Judged(
            user_ids=tuple(request.user_id for request in self.requests),
            history_lengths=np.array([len(request.history) for request in self.requests], dtype=np.int64),
            recommended=self.recommended,
            values=values,
            coverage_key=coverage_key,
            catalogue_size=catalogue_size,
            truth_request=self.truth_request,
            truth_item=self.truth_item,
            truth_found=self.truth_found,
        )
