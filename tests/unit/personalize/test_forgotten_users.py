"""Users leave the files of a trained model, of which the rest stays what it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tastemaker.personalize.forgotten_users import forget_users
from tastemaker.personalize.histories import load_histories, save_histories
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import RECIPES, SEGMENT_RECIPES, Holding, SegmentModel, load
from tests.unit.recommenders.planted import checkerboard


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    return ModelFiles(tmp_path)


def test_a_model_that_recommends_items_loses_histories_and_stays_the_same(files: ModelFiles) -> None:
    log = checkerboard()
    model = RECIPES["aws-user-personalization"]({}).fit(log, seed=0)
    model.save(files.model)
    save_histories(files.histories, log, model.item_ids)
    before, weights = load_histories(files.histories, model.item_ids), files.model.read_bytes()
    first, second, *others = (str(name) for name in log.user_ids)

    forget_users(files.directory, {first, second, "nobody"})

    after = load_histories(files.histories, model.item_ids)
    assert set(after.users) == set(others)
    assert after.of(first).tolist() == []
    for user in others:
        np.testing.assert_array_equal(after.of(user), before.of(user))
    assert files.model.read_bytes() == weights
    assert first.encode() not in files.histories.read_bytes()


def test_what_was_known_of_users_goes_with_them_even_without_a_history(files: ModelFiles) -> None:
    log = checkerboard()
    ids = np.array(["newcomer", "other", *log.user_ids[:2]])
    holding = Holding(ids, starts=np.array([0, 1, 3, 4, 6]), places=np.array([7, 5, 6, 4, 2, 3], dtype=np.int32))
    save_histories(files.histories, log, log.item_ids, holding)

    forget_users(files.directory, {"newcomer", str(ids[2])})

    after = load_histories(files.histories, log.item_ids)
    assert [after.circumstances(str(user)) for user in ids] == [(), (5, 6), (), (2, 3)]
    assert after.of("other").tolist() == []
    assert after.of(str(ids[3])).tolist() == log.history(1).tolist()


def test_a_model_that_recommends_users_loses_them(files: ModelFiles) -> None:
    log = checkerboard()
    SEGMENT_RECIPES["aws-item-affinity"]({}).fit(log, seed=0).save(files.model)
    gone = str(log.user_ids[3])

    forget_users(files.directory, {gone})

    left = load(files.model, SegmentModel)
    assert left.user_ids.tolist() == [name for name in log.user_ids.tolist() if name != gone]
    assert [path.name for path in files.directory.iterdir()] == ["model.npz"]


def test_where_there_is_no_model_there_is_nothing_to_do(tmp_path: Path) -> None:
    forget_users(tmp_path / "removed", {"ann"})

    assert list(tmp_path.iterdir()) == []
