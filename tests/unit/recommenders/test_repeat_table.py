"""Repeats are learned where there are some, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders import repeat_table
from tastemaker.recommenders.repeat_table import COUNTS, DEPTH, RepeatTable
from tests.unit.recommenders.planted import interactions_of, random_interactions


def test_where_everything_comes_twice_the_last_item_is_expected_again_after_the_first_time_only() -> None:
    log = interactions_of({f"u{n:03d}": [item for item in "abcdefgh" for _ in range(2)] for n in range(100)})

    table = RepeatTable.learn(log, 0.3)

    assert table.recent[0, 0] == pytest.approx(1.0, abs=0.1)
    assert table.recent[1, 0] < 0.1
    assert table.recent[0, 1] < 0.2


def test_where_nobody_repeats_nothing_is_expected_again() -> None:
    log = interactions_of({f"u{n:03d}": list("abcdefgh") for n in range(20)})

    table = RepeatTable.learn(log, 0.8)

    assert not table.recent.any()
    assert table.far == 0


def test_a_history_is_looked_up_newest_first_by_count_and_rank() -> None:
    recent = np.arange(COUNTS * DEPTH, dtype=np.float32).reshape(COUNTS, DEPTH)
    table = RepeatTable(recent, far=0.25)
    history = np.array([99, *range(DEPTH - 1), 7, 7, 7, 7], dtype=np.int32)

    items, values = table.values(history)

    looked_up = dict(zip(items.tolist(), values.tolist(), strict=True))
    assert items[0] == 7
    assert looked_up[7] == recent[2, 0]
    assert looked_up[DEPTH - 2] == recent[0, 1]
    assert looked_up[99] == recent[0, DEPTH - 1]
    further_back, far = table.values(np.append(np.int32(98), history).astype(np.int32))
    assert far[further_back.tolist().index(98)] == 0.25


@pytest.mark.parametrize("seed", [0, 1])
def test_the_table_equals_averages_over_explicit_positions(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log = random_interactions(n_users=4, n_items=30, n_events=400, seed=seed)
    monkeypatch.setattr(repeat_table, "_SMOOTHING", 1e-9)
    monkeypatch.setattr(repeat_table, "_NEGLIGIBLE", 1e-12)

    table = RepeatTable.learn(log, 0.5)

    recent, far = _explicit([log.history(user).tolist() for user in range(4)], 0.5)
    np.testing.assert_allclose(table.recent, recent, atol=1e-4)
    assert table.far == pytest.approx(far, abs=1e-4)


def _explicit(histories: list[list[int]], decay: float) -> tuple[np.ndarray, float]:
    seen, again = np.zeros((COUNTS, DEPTH + 1)), np.zeros((COUNTS, DEPTH + 1))
    for items in histories:
        for t in range(1, len(items)):
            newest_first = list(dict.fromkeys(reversed(items[:t])))
            for rank, item in enumerate(newest_first):
                cell = min(items[:t].count(item), COUNTS) - 1, min(rank, DEPTH)
                seen[cell] += 1
                again[cell] += sum(decay ** (s - t) for s in range(t, len(items)) if items[s] == item)
    far = float(again[:, DEPTH].sum() / seen[:, DEPTH].sum())
    by_rank = again.sum(axis=0) / seen.sum(axis=0)
    rates = np.where(seen > 0, again / np.maximum(seen, 1), by_rank)
    return rates[:, :DEPTH], far
