"""A few users of a draw, drawn by chance: what they last did, what was recommended, and what they did next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tastemaker.cli.catalogue import Catalogue
from tastemaker.evaluation import Evaluation, Request
from tastemaker.evaluation.split import keyed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_USERS: Final = 5
_ITEMS: Final = 6


@dataclass(frozen=True)
class Shown:
    """An item by its id or title; `hit`: whether it is one of those that the user went on to."""

    label: str
    hit: bool = False


@dataclass(frozen=True)
class ExampleUser:
    """`history`: the last items, the newest last; `truth`: those held out; `recommended`: by recipe, the best first."""

    user_id: str
    history: Sequence[Shown]
    truth: Sequence[Shown]
    recommended: Mapping[str, Sequence[Shown]]


def example_users(
    requests: Sequence[Request],
    evaluations: Mapping[str, Evaluation],
    item_ids: NDArray[np.str_],
    catalogue: Catalogue,
    *,
    seed: int = 0,
) -> list[ExampleUser]:
    """Five of the requests, those with the smallest keyed hashes of their users, whatever became of them.

    `evaluations`: by recipe, of exactly these requests; of the events as imported.
    """

    def shown(item: int, truth: frozenset[int] = frozenset()) -> Shown:
        return Shown(catalogue.label(str(item_ids[item])), hit=item in truth)

    chosen = sorted(range(len(requests)), key=lambda row: keyed(seed, requests[row].user_id))[:_USERS]
    examples = []
    for row in chosen:
        request = requests[row]
        truth = frozenset(request.truth.tolist())
        examples.append(
            ExampleUser(
                user_id=request.user_id,
                history=[shown(item) for item in request.history[-_ITEMS:].tolist()],
                truth=[shown(item) for item in list(dict.fromkeys(request.truth.tolist()))[:_ITEMS]],
                recommended={
                    name: [
                        shown(item, truth)
                        for item in evaluation.requests.recommended[row, :_ITEMS].tolist()
                        if item >= 0
                    ]
                    for name, evaluation in evaluations.items()
                },
            )
        )
    return examples
