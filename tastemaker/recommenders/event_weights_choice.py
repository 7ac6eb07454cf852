"""Chooses how much a type of event counts as something to be predicted, on users that the ridge was not trained on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.recommenders.choice import Trial, quality_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tastemaker.recommenders.choice import Choice
    from tastemaker.recommenders.interactions import Interactions

WEIGHT: Final = 3.0
"""Of the type that is tried; the others weigh 1."""
MOST_TYPES: Final = 4

_RARE = 0.02
_BETTER = 1.02


def with_event_weights(
    choice: Choice, interactions: Interactions, *, seed: int, progress: Callable[[float], None]
) -> Choice:
    """The choice with the weight of a type of event, if that finds more of what the held-out users of `seed` turn to.

    What they turn to is judged by events of all types alike, as Personalize does: types of which nobody can tell what
    comes next only disturb the others, and then it helps that these count three times. The four most frequent types are
    tried, one after the other; less than 2 % more is taken for luck. Weights that are given stay, and with nearness
    alone there is nothing to try. `interactions`: with quick repeats, of the `trial_users`.
    """
    alike = quality_of(choice)
    if alike is None or choice.share == 1 or interactions.weight is not None:
        return choice
    types = _frequent(interactions)
    found: dict[str, float] = {}
    for before, kind in enumerate(types):
        trial = _trial(interactions.weighing({kind: WEIGHT}).without_quick_repeats(), seed)
        if trial is not None:
            answers = trial.regressions(
                (choice.decays,), partial(_of_one, progress, before, len(types)), (choice.strength,)
            )
            found[kind] = trial.requests.quality(answers[choice.decays, choice.strength])
    progress(1.0)
    tried = choice.tried | {f"{kind} {WEIGHT:g} times": quality for kind, quality in found.items()}
    best = max(found, key=found.__getitem__, default="")
    weights = {best: WEIGHT} if found and found[best] > _BETTER * alike else {}
    return replace(choice, tried=tried, event_weights=weights)


def _of_one(progress: Callable[[float], None], before: int, all_of_them: int, share: float) -> None:
    """Tells the share of all types that is done, where that of one is `share`."""
    progress((before + share) / all_of_them)


def _frequent(interactions: Interactions) -> list[str]:
    """The most frequent types of events, where there are several."""
    events = np.bincount(interactions.event_type, minlength=len(interactions.event_types))
    order = [kind for kind in np.argsort(-events, kind="stable").tolist() if events[kind] > _RARE * len(interactions)]
    return [interactions.event_types[kind] for kind in order[:MOST_TYPES]] if np.count_nonzero(events) > 1 else []


def _trial(consumed: Interactions, seed: int) -> Trial | None:
    """None where nearly all events weigh the same, so that there is nothing to see."""
    heavy = np.count_nonzero(consumed.weight == WEIGHT)
    few = _RARE * len(consumed)
    return Trial.of(consumed, seed) if few < heavy < len(consumed) - few else None
