"""What every recipe and every model offers, and how scores become a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions


_GROUP = 64
_NOTHING = np.float32(-np.inf)


class Model(Protocol):
    """A trained recipe. It keeps no users: whoever asks brings the history along."""

    @property
    def item_ids(self) -> NDArray[np.str_]:
        """(n_items,): the sorted catalogue; items are known by their positions in it."""

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_items,): a probability for each item of the catalogue, summing to one.

        `history` holds positions, oldest first; positions outside the catalogue (−1: unknown) are passed over. An
        empty history gets popularity.
        """

    def recommend(
        self, history: NDArray[np.int32], k: int, candidates: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The k best items and their scores, best first; only those that the mask `candidates` (n_items,) allows.

        The scores are those of `scores`, whatever the mask. Equal items come in the order of the catalogue. Fewer
        than k come back where fewer are allowed.
        """

    def save(self, path: Path) -> None:
        """Write the model to one `.npz` file, which `tastemaker.recommenders.load` reads."""


class Recipe(Protocol):
    """A way to train a model."""

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        users: Attributes | None = None,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> Model:
        """Train. `items`, `users`: what is known of them. `progress` hears the share that is done, from 0 to 1."""


class Chosen(Protocol):
    """What a training has chosen by its data, and the quality of what it tried."""

    def to_json(self) -> dict[str, object]:
        """For programs, by name; `tried` has the quality by what was tried, empty where there was too little data."""

    def in_words(self) -> str:
        """For people, in a part of a line."""


@runtime_checkable
class ChosenModel(Protocol):
    """A model that can say how it was trained."""

    @property
    def choice(self) -> Chosen | None:
        """None where nothing was there to choose."""


def choice_of(model: object) -> Chosen | None:
    """What was chosen when the model was trained; None where nothing was, or the model cannot say."""
    return model.choice if isinstance(model, ChosenModel) else None


def unheard(share: float) -> None:
    """Hears the progress where nobody asked for it."""


def best(values: NDArray[np.float32], k: int, candidates: NDArray[np.bool_] | None = None) -> NDArray[np.int32]:
    """The positions of the k largest allowed values, largest first, the earlier position first among equals."""
    k = min(k, len(values) if candidates is None else int(np.count_nonzero(candidates)))
    if k <= 0:
        return np.empty(0, dtype=np.int32)
    found = values if candidates is None else np.where(candidates, values, _NOTHING)
    floor = _floor(found, k)
    places = (found >= floor).nonzero()[0]
    if candidates is not None and floor == _NOTHING:
        # what is allowed is worth as little as what is not
        places = places[candidates[places]]
    return places[(-found[places]).argsort(kind="stable")[:k]].astype(np.int32)


def _floor(values: NDArray[np.float32], k: int) -> float:
    """What k values or more reach, and not many others: the k-th largest of the maxima of groups of 64."""
    groups = len(values) // _GROUP
    if groups < 2 * k:
        return float(np.partition(values, len(values) - k)[len(values) - k])
    maxima = values[: groups * _GROUP].reshape(_GROUP, groups).max(axis=0)
    return float(np.partition(maxima, groups - k)[groups - k])


def best_with(
    surely: Sequence[int], values: NDArray[np.float32], k: int, candidates: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """The same with the positions `surely` among them, whatever their values, in place of the last."""
    if not surely:
        return best(values, k, candidates)
    others = [place for place in best(values, k, candidates).tolist() if place not in surely]
    chosen = np.array([*others[: max(0, k - len(surely))], *surely], dtype=np.int32)
    return chosen[np.argsort(-values[chosen], kind="stable")]


def positive(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(…, n): the values above 0, and 0 for the others."""
    # beside a scalar numpy takes three times as long
    return np.maximum(values, np.zeros(values.shape[-1], dtype=np.float32))


def known(history: NDArray[np.int32], n_items: int) -> NDArray[np.int32]:
    """The history without what is no position of the catalogue."""
    return history[(history >= 0) & (history < n_items)]
