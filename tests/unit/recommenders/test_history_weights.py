"""What the events of a history add, against its definition written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders.history_weights import HistoryWeights, without_quick_repeats
from tests.unit.recommenders.planted import random_interactions

if TYPE_CHECKING:
    from numpy.typing import NDArray

HISTORIES = [[], [3], [2, 2, 5], [0, 6, 1, 6, 3, 3, 4], list(range(7)) * 8]


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("decay", [0.3, 0.9])
def test_an_event_adds_its_row_the_less_the_more_came_after_it(decay: float, history: list[int]) -> None:
    weights = _weights(decay)

    columns, values = weights.added(np.array(history, dtype=np.int32))

    found = np.bincount(columns.ravel(), values.ravel(), 7)
    # what is left of an event after that many others is below a hundredth
    np.testing.assert_allclose(found, _added(weights, history), atol=0.01 / (1 - decay) * np.abs(weights.values).max())
    recent = [item for item in history if weights.row[item] >= 0][-weights.memory :]
    np.testing.assert_allclose(found, _added(weights, recent), rtol=1e-5, atol=1e-6)


def test_what_has_no_row_does_not_make_the_others_older() -> None:
    weights = _weights(0.5)

    history = np.array([0, 6, 3, 6, 6], dtype=np.int32)

    assert weights.row[6] == -1
    assert weights.recent(history).tolist() == [0, 2]
    for all_added, added in zip(weights.added(history), weights.added(history[[0, 2]]), strict=True):
        np.testing.assert_array_equal(all_added, added)


def test_memory_ends_where_less_than_a_hundredth_is_left() -> None:
    for decay in (0.3, 0.5, 0.8, 0.95):
        memory = _weights(decay).memory

        assert decay ** (memory - 1) >= 0.01 > decay**memory


@pytest.mark.parametrize("items", [[], [4], [5, 0, 2], list(range(7))])
def test_of_some_items_each_row_says_what_it_adds_to_them(items: list[int]) -> None:
    weights = _weights(0.5)

    of_items = weights.of_items(np.array(items, dtype=np.int32))

    np.testing.assert_array_equal(of_items, _dense(weights)[:, items])


def test_in_a_larger_catalogue_the_same_items_add_the_same() -> None:
    weights, place = _weights(0.5), np.array([1, 2, 4, 5, 6, 8, 9], dtype=np.int32)

    larger = weights.moved(place, 11)

    columns, values = larger.added(place[[0, 3, 5]])
    there = np.bincount(columns.ravel(), values.ravel(), 11)
    np.testing.assert_allclose(there[place], _added(weights, [0, 3, 5]), rtol=1e-5)
    assert not there[[0, 3, 7, 10]].any()
    assert larger.recent(np.array([0, 3, 7, 10], dtype=np.int32)).tolist() == []


def test_of_a_sparse_matrix_the_rows_that_are_empty_are_left_out() -> None:
    from scipy.sparse import csr_array

    matrix = csr_array(np.array([[0, 2, 0], [0, 0, 0], [3, 4, 5]], dtype=np.float32))

    weights = HistoryWeights.of_rows(0.5, matrix)

    assert weights.row.tolist() == [0, -1, 1]
    np.testing.assert_array_equal(_dense(weights), matrix.toarray()[[0, 2]])


def test_a_matrix_without_entries_adds_nothing() -> None:
    from scipy.sparse import csr_array

    weights = HistoryWeights.of_rows(0.5, csr_array(np.zeros((3, 3), dtype=np.float32)))

    assert weights.recent(np.array([0, 1, 2], dtype=np.int32)).tolist() == []
    assert weights.of_items(np.array([0, 2], dtype=np.int32)).shape == (0, 2)


def test_what_comes_again_at_once_or_after_one_other_counts_once() -> None:
    history = np.array([4, 4, 4, 1, 4, 2, 2, 0, 3, 1, 5, 4], dtype=np.int32)

    # thrice 4 comes again so, and once 2
    assert without_quick_repeats(history).tolist() == [4, 1, 2, 0, 3, 1, 5, 4]
    assert without_quick_repeats(history[:1]).tolist() == [4]
    assert without_quick_repeats(history[:0]).tolist() == []


def test_the_interactions_of_all_users_are_freed_of_repeats_as_each_history_is() -> None:
    log = random_interactions(n_users=20, n_items=6, n_events=300, seed=0)

    once = log.without_quick_repeats()

    assert len(once) < len(log)
    for user in range(20):
        assert once.history(user).tolist() == without_quick_repeats(log.history(user)).tolist()


def _weights(decay: float) -> HistoryWeights:
    """Of seven items, of which the last has no row, each row with three columns; none of them twice."""
    rng = np.random.default_rng(0)
    columns = np.array([rng.permutation(7)[:3] for _ in range(6)], dtype=np.int32)
    row = np.array([2, 0, 1, 5, 4, 3, -1], dtype=np.int32)
    return HistoryWeights(decay, row, columns, rng.normal(size=(6, 3)).astype(np.float32))


def _dense(weights: HistoryWeights) -> NDArray[np.float64]:
    """(n_rows, n_items): what each row adds."""
    dense = np.zeros((len(weights.columns), len(weights.row)))
    for row, (columns, values) in enumerate(zip(weights.columns, weights.values, strict=True)):
        for column, value in zip(columns, values, strict=True):
            dense[row, column] += value
    return dense


def _added(weights: HistoryWeights, history: list[int]) -> NDArray[np.float64]:
    rows = [int(weights.row[item]) for item in history if weights.row[item] >= 0]
    added = np.zeros(len(weights.row))
    for ago, row in enumerate(reversed(rows)):
        added += weights.decay**ago * _dense(weights)[row]
    return added
