"""A training tells how far it is, and ends where whoever hears it wants no more."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from tastemaker.recommenders import SequenceRidge
from tests.unit.recommenders.planted import checkerboard


class _Cancelled(Exception):
    """Wants no more."""


def test_progress_rises_from_nothing_to_all_in_small_steps() -> None:
    told: list[float] = []

    SequenceRidge().fit(checkerboard(), progress=told.append)

    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)
    assert max(later - earlier for earlier, later in itertools.pairwise(told)) <= 0.3


@pytest.mark.parametrize("heard", [0, 3, 10, 14])
def test_what_the_listener_raises_ends_the_training_at_that_step_and_the_next_is_as_if_it_had_not_been(
    heard: int,
) -> None:
    interactions = checkerboard()
    undisturbed = SequenceRidge().fit(interactions)
    told, threads = [], threading.active_count()

    def raises(share: float) -> None:
        told.append(share)
        if len(told) > heard:
            raise _Cancelled

    with pytest.raises(_Cancelled):
        SequenceRidge().fit(interactions, progress=raises)

    assert len(told) == heard + 1
    assert threading.active_count() == threads
    history = interactions.history(0)
    np.testing.assert_array_equal(SequenceRidge().fit(interactions).scores(history), undisturbed.scores(history))
