"""A model that is brought up to date has learned from the new events what a training would have learned from all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders import Context, Interactions, NotEnoughMemory, SequenceRidge, load, locate
from tastemaker.recommenders.kept_sums import KeptSums
from tastemaker.recommenders.nearness import of_items
from tastemaker.recommenders.normal_equations import normal_equations
from tastemaker.recommenders.pool import Pool
from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.repeat_table import RepeatTable
from tastemaker.recommenders.ridge_update import with_new_events
from tastemaker.recommenders.sequence_ridge_model import HORIZON, SequenceRidgeModel
from tastemaker.recommenders.sequences import Sequences
from tastemaker.recommenders.user_personalization import rate_of
from tests.unit.recommenders.planted import cycles, interactions_of, names, places, random_interactions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

RIDGE = SequenceRidge(decays=((0.5, 0.95),))


def _known(log: Interactions, until: int) -> NDArray[np.int64]:
    """(n_users,): how many events each user has before a time."""
    return np.bincount(log.user[log.timestamp < until], minlength=len(log.user_ids))


def _before(log: Interactions, until: int) -> Interactions:
    """The events before a time, as if there were no other users and items."""
    old = log.of_events(log.timestamp < until)
    columns = log.user_ids[old.user], log.item_ids[old.item], old.timestamp, None, old.weight
    return Interactions.from_columns(*columns)


def _log(*, weighted: bool) -> Interactions:
    """Users and items of which some come late, and quick repeats, some of them at any cut."""
    log = random_interactions(n_users=70, n_items=9, n_events=900, seed=7)
    late = interactions_of({f"v{n}": ["i3", "0", "i3", "j"] for n in range(5)})
    log = Interactions.from_columns(
        [*log.user_ids[log.user], *log.user_ids[log.user], *late.user_ids[late.user]],
        [*log.item_ids[log.item], *log.item_ids[log.item], *late.item_ids[late.item]],
        # each of the first comes twice at once
        [*(2 * log.timestamp), *(2 * log.timestamp + 1), *(1_200 + late.timestamp)],
    )
    if not weighted:
        return log
    # a repeat may weigh more than what it repeats
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(log))
    late_user = np.char.startswith(log.user_ids, "v")[log.user]
    return replace(log, weight=(weight * np.where(late_user, 9, 1)).astype(np.float32))


def _as_counted(log: Interactions, head: NDArray[np.int32], *cuts: int) -> Sequences:
    """All events, of which those before each cut, latest first, are as late as they were then."""
    whole = Sequences.of(log.without_quick_repeats(), head)
    late = whole.lateness.copy()
    for cut in cuts:
        part = Sequences.of(log.of_events(log.timestamp < cut).without_quick_repeats(), head)
        count = np.bincount(part.user, minlength=len(log.user_ids))
        late[whole.position < count[whole.user]] = part.lateness
    return replace(whole, lateness=late)


def _update(
    model: SequenceRidgeModel, log: Interactions, known: NDArray[np.int64], folder: Path, step: int = 0
) -> SequenceRidgeModel:
    return with_new_events(RIDGE, model, log, known, sums=folder / f"{step}.npz", kept=folder / f"{step + 1}.npz")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("until", [1_000, 1_199])
def test_what_is_learned_is_what_all_events_say_of_the_same_items_with_the_same_choice(
    weighted: bool, until: int, tmp_path: Path
) -> None:
    log = _log(weighted=weighted)
    before = RIDGE.fit(_before(log, until), sums=tmp_path / "0.npz")

    after = _update(before, log, _known(log, until), tmp_path)

    head = places(after, [f"i{n}" for n in range(9)])
    once = log.without_quick_repeats()
    whole = normal_equations(_as_counted(log, head, until), before.choice.decays)
    kept = KeptSums.load(tmp_path / "1.npz")
    assert kept.item_ids.tolist() == after.item_ids[head].tolist()
    np.testing.assert_allclose(kept.equations.products, np.triu(whole.products), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(kept.equations.targets, whole.targets, rtol=1e-4, atol=1e-3)
    expected, intercept = RIDGE.solved(whole, head, len(after.item_ids), before.choice, lambda _: None)
    for found, wanted in zip(after.weights, expected, strict=False):
        np.testing.assert_array_equal(found.columns, wanted.columns)
        np.testing.assert_allclose(found.values, wanted.values, atol=1e-5)
    assert np.abs(after.weights[0].values - before.weights[0].values).max() > 1e-3
    np.testing.assert_allclose(after.rate[head], rate_of(once)[head])
    assert after.base[head] == pytest.approx(before.choice.share * 0.1 * after.rate[head] + intercept, abs=1e-5)
    np.testing.assert_array_equal(after.popularity.users[head], distinct_users(log)[head])
    np.testing.assert_array_equal(after.repeats.recent, RepeatTable.beside(log, once, HORIZON).recent)


@pytest.mark.parametrize("until", [400, 800])
def test_second_opinions_are_what_all_events_say_of_the_same_items(tmp_path: Path, until: int) -> None:
    log = _log(weighted=False)
    before = replace(RIDGE, second_opinions=1.0).fit(_before(log, until), sums=tmp_path / "0.npz")

    # of the known events, the training has not seen all
    after = _update(before, log, _known(log, until + 50), tmp_path)

    head = locate(after.item_ids, KeptSums.load(tmp_path / "1.npz").item_ids)
    anew = Pool.learn(of_items(log.without_quick_repeats(), head), head, len(after.item_ids), 1.0)
    was = before.with_items(after.item_ids.tolist()).pool
    assert after.pool is not None
    assert was is not None
    said, then, found = (pool.opinions(head[:4], head[:4]) for pool in (anew, was, after.pool))
    np.testing.assert_array_equal(found.company, said.company)
    np.testing.assert_array_equal(found.following, said.following)
    assert np.abs(then.following - said.following).max() > 1e-3


def test_updates_of_updates_add_up_as_well(tmp_path: Path) -> None:
    log = _log(weighted=False)
    first = RIDGE.fit(_before(log, 800), sums=tmp_path / "0.npz")

    middle = _before(log, 1_100)
    second = _update(first, middle, _known(log, 800)[np.isin(log.user_ids, middle.user_ids)], tmp_path)
    _update(second, log, _known(log, 1_100), tmp_path, step=1)

    kept = KeptSums.load(tmp_path / "2.npz")
    head = locate(log.item_ids, kept.item_ids)
    whole = normal_equations(_as_counted(log, head, 1_100, 800), first.choice.decays)
    np.testing.assert_allclose(kept.equations.products, np.triu(whole.products), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(kept.equations.targets, whole.targets, rtol=1e-4, atol=1e-3)


def test_what_follows_in_new_events_alone_is_recommended_after_them_and_was_not_before(tmp_path: Path) -> None:
    # round the ring at first; then new users turn from a to d, and from there to b
    old = {f"u{n:03d}": ("abcdef"[n % 6 :] + "abcdef"[: n % 6])[:5] for n in range(60)}
    before = RIDGE.fit(interactions_of(old), sums=tmp_path / "0.npz")
    log = interactions_of(old | {f"v{n:03d}": "adb" for n in range(120)})

    after = _update(before, log, _known(log, 10**9) * np.char.startswith(log.user_ids, "u"), tmp_path)

    def following(model: SequenceRidgeModel, *history: str) -> list[str]:
        return names(model, model.recommend(places(model, history), 1)[0])

    assert (following(before, "a"), following(before, "a", "d")) == (["b"], ["e"])
    assert (following(after, "a"), following(after, "a", "d")) == (["d"], ["b"])
    assert following(before, "c") == following(after, "c") == ["d"]


def test_an_update_copies_no_context_as_it_learns_nothing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _log(weighted=False)
    before = RIDGE.fit(_before(log, 1_000), sums=tmp_path / "0.npz")
    fields = Context(numbers={"HOUR": np.arange(len(log), dtype=np.float64)})
    without = _update(before, log, _known(log, 1_000), tmp_path)

    # a number of each event takes 8 bytes a copy, which the estimate of memory leaves out
    monkeypatch.setattr(Context, "of_events", lambda *_: pytest.fail("the context is copied"))
    after = _update(before, replace(log, context=fields), _known(log, 1_000), tmp_path)

    np.testing.assert_array_equal(after.weights[0].values, without.weights[0].values)


def test_items_that_came_since_are_known_and_stay_unlearned(tmp_path: Path) -> None:
    before = RIDGE.fit(cycles(), sums=tmp_path / "0.npz")
    log = interactions_of({f"u{n}": ["a", "aa", "new"] for n in range(50)})

    after = _update(before, log, np.zeros(50, dtype=np.int64), tmp_path)

    assert after.item_ids.tolist() == ["a", "aa", "b", "c", "d", "e", "f", "new"]
    unlearned = places(after, ["aa", "new"])
    assert after.popularity.users[unlearned].tolist() == [0, 0]
    assert names(after, after.recommend(places(after, ["a"]), 8)[0])[-2:] == ["aa", "new"]
    after.save(tmp_path / "model.npz")
    np.testing.assert_array_equal(load(tmp_path / "model.npz", SequenceRidgeModel).base, after.base)


def test_without_news_the_weights_are_what_they_were(tmp_path: Path) -> None:
    log = _log(weighted=False)
    before = RIDGE.fit(log, sums=tmp_path / "0.npz")

    after = _update(before, log, np.diff(log.starts), tmp_path)

    for found, wanted in zip(after.weights, before.weights, strict=True):
        np.testing.assert_array_equal(found.values, wanted.values)
    np.testing.assert_allclose(after.base, before.base, atol=1e-7)
    assert (tmp_path / "0.npz").read_bytes() == (tmp_path / "1.npz").read_bytes()


def test_the_file_has_the_upper_triangle_and_the_targets_in_single_precision(tmp_path: Path) -> None:
    log = random_interactions(n_users=300, n_items=200, n_events=9_000, seed=0)
    equations = normal_equations(Sequences.of(log), (0.5, 0.95))

    KeptSums(equations, log.item_ids, 0.25).save(tmp_path / "0.npz")

    found = KeptSums.load(tmp_path / "0.npz")
    np.testing.assert_array_equal(found.equations.products, np.triu(equations.products))
    np.testing.assert_array_equal(found.equations.targets, equations.targets)
    assert (found.equations.decays, found.equations.n_items, found.weight) == ((0.5, 0.95), 200, 0.25)
    assert found.item_ids.tolist() == log.item_ids.tolist()
    assert (tmp_path / "0.npz").stat().st_size == pytest.approx(16 * 200**2, rel=0.05)


def test_where_nothing_is_regressed_there_are_no_sums(tmp_path: Path) -> None:
    replace(RIDGE, exact_items=0).fit(cycles(), sums=tmp_path / "0.npz")

    assert list(tmp_path.iterdir()) == []


def test_progress_rises_and_whatever_it_raises_ends_the_update(tmp_path: Path) -> None:
    log = _log(weighted=False)
    model, told = RIDGE.fit(log, sums=tmp_path / "0.npz"), list[float]()

    def update(progress: Callable[[float], None]) -> None:
        known = np.zeros(len(log.user_ids), dtype=np.int64)
        with_new_events(RIDGE, model, log, known, sums=tmp_path / "0.npz", kept=tmp_path / "1.npz", progress=progress)

    def stops(share: float) -> None:
        if share > 0.3:
            raise TimeoutError

    update(told.append)
    with pytest.raises(TimeoutError):
        update(stops)

    assert (told[0], told[-1]) == (0.0, 1.0)
    assert told == sorted(told)
    assert len(told) > 10


def test_with_too_little_memory_an_update_is_refused_before_it_starts(tmp_path: Path) -> None:
    log = cycles()
    model = RIDGE.fit(log, sums=tmp_path / "0.npz")

    with pytest.raises(NotEnoughMemory, match="train on fewer interactions"):
        with_new_events(
            replace(RIDGE, memory=10_000_000),
            model,
            log,
            np.zeros(60, dtype=np.int64),
            sums=tmp_path / "0.npz",
            kept=tmp_path / "1.npz",
        )

    assert not (tmp_path / "1.npz").exists()
