"""What comes after an item: who is asked, what counts as found, and what answers are worth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from tastemaker.recommenders.coming import Questions
from tests.unit.recommenders.planted import cycles, interactions_of, random_interactions


def test_who_is_asked_is_not_learned_from() -> None:
    # each user has an item of their own
    log = interactions_of({f"u{n:03d}": [f"own{n:03d}", "a", "b"] for n in range(200)})

    learned, questions = Questions.held_out(log, seed=0)

    asked = {name for name in log.item_ids[questions.items].tolist() if name.startswith("own")}
    known = {name for name in log.item_ids[learned.item].tolist() if name.startswith("own")}
    assert 10 < len(asked) < 60
    assert len(asked) + len(known) == 200
    assert not asked & known


def test_what_counts_is_the_next_tenth_of_the_users_events_and_never_the_item_asked_about() -> None:
    names = [f"i{n:02d}" for n in range(40)]
    log = interactions_of({f"u{n}": [*names, "i39", "i39"] for n in range(40)})

    _, questions = Questions.held_out(log, seed=0)

    found = {
        int(questions.items[asked]): coming.tolist()
        for asked, coming in zip(questions.asked, questions.coming, strict=True)
    }
    assert found[0] == [1, 2, 3, 4]
    assert found[37] == [38, 39]
    assert found[39] == []


def test_answers_are_worth_textbook_ndcg_and_a_hit_among_ten() -> None:
    asked = np.array([0, 1, 0])
    questions = Questions(
        np.array([5, 6], dtype=np.int32), asked, tuple(np.array(c, dtype=np.int32) for c in ([3, 40], [7], [11]))
    )
    neighbours = np.zeros((2, 50))
    neighbours[0, :13] = np.arange(50, 37, -1)  # 0, 1, 2, 3, …: 3 is fourth and 11 twelfth
    neighbours[1, 7:9] = 1  # of equals the earlier first
    ideal = 1 + 1 / np.log2(3)
    expected = np.mean([(1 / np.log2(5) / ideal + 1) / 2, (1 + 1) / 2, (1 / np.log2(13) + 0) / 2])

    assert questions.quality(csr_array(neighbours)) == pytest.approx(expected, abs=1e-6)


def test_no_answer_is_worth_nothing_and_what_is_planted_nearly_all() -> None:
    log = cycles(120)
    _, questions = Questions.held_out(log, seed=0)
    after = np.roll(np.eye(6), 1, axis=1)[questions.items]

    assert questions.quality(csr_array(np.zeros_like(after))) == 0
    assert questions.quality(csr_array(after)) == 1
    assert questions.quality(csr_array(np.roll(after, 1, axis=1))) == 0


def test_the_seed_alone_draws() -> None:
    log = random_interactions(n_users=200, n_items=30, n_events=4_000, seed=1)

    (one, first), (two, again), (_, other) = (Questions.held_out(log, seed) for seed in (3, 3, 4))

    np.testing.assert_array_equal(one.item, two.item)
    np.testing.assert_array_equal(first.asked, again.asked)
    assert len(first.asked) != len(other.asked) or (first.asked != other.asked).any()
