"""How near items are, against its definition written out."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders.nearness import damped_cosines, of_items, transition_rates
from tests.unit.recommenders.planted import interactions_of, random_interactions


@pytest.mark.parametrize("seed", [0, 1])
def test_transition_rates_are_sums_over_explicit_pairs_of_events(seed: int) -> None:
    log = random_interactions(n_users=6, n_items=8, n_events=120, seed=seed)
    counts, events = np.zeros((8, 8)), np.bincount(log.item, minlength=8)
    for user in range(6):
        items = log.history(user).tolist()
        for p, earlier in enumerate(items):
            for apart, later in enumerate(items[p + 1 : p + 9]):
                counts[earlier, later] += 0.8**apart
                counts[later, earlier] += 0.5 * 0.8**apart

    rates = transition_rates(log).toarray()

    np.fill_diagonal(counts, 0)
    np.testing.assert_allclose(rates, counts / (events + 5)[:, None], rtol=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_damped_cosines_are_sums_over_explicit_users(seed: int) -> None:
    log = random_interactions(n_users=12, n_items=8, n_events=60, seed=seed)
    common = np.zeros((8, 8))
    for user in range(12):
        had = set(log.history(user).tolist())
        for one in had:
            for other in had:
                common[one, other] += len(had) ** -0.5

    cosines = damped_cosines(log).toarray()

    lengths = np.sqrt(np.diag(common) + 3)
    np.fill_diagonal(common, 0)
    np.testing.assert_allclose(cosines, common / np.outer(lengths, lengths), rtol=1e-5)


def test_what_many_have_in_common_is_nearer_than_what_few_have() -> None:
    log = interactions_of({f"u{n:02d}": ["a", "b"] if n < 30 else ["y", "z"] for n in range(32)})

    for relation in (transition_rates(log), damped_cosines(log)):
        near = relation.toarray()
        # the same of everyone who has them, but of thirty users and of two
        assert near[0, 1] > 2 * near[2, 3] > 0


def test_of_chosen_items_their_events_stay_as_if_there_were_no_others() -> None:
    log = interactions_of({"al": ["a", "b", "c", "a"], "bo": ["b"]})

    some = of_items(log, np.array([0, 2], dtype=np.int32))

    assert some.item_ids.tolist() == ["a", "c"]
    assert some.history(0).tolist() == [0, 1, 0]
    assert some.history(1).tolist() == []
    # b between them is gone, so c follows a at once
    assert transition_rates(some).toarray()[0, 1] == pytest.approx(1.5 / 7)
