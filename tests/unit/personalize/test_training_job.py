"""What a training checks before it begins, and what it trains on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tastemaker.personalize.datasets import write_records
from tastemaker.personalize.histories import chosen_events, interactions_of
from tastemaker.personalize.training_data import TrainingRefused
from tastemaker.personalize.training_files import TrainingOrder, TrainingReport, records_path
from tastemaker.personalize.training_job import train


def records(users: list[str], *, event_type: str = "View", value: float = 1.0) -> pa.Table:
    count = len(users)
    return pa.table(
        {
            "USER_ID": pa.array(users).dictionary_encode(),
            "ITEM_ID": pa.array([f"i{n % 9}" for n in range(count)]).dictionary_encode(),
            "TIMESTAMP": pa.array(range(count), pa.int64()),
            "EVENT_TYPE": pa.array([event_type] * count).dictionary_encode(),
            "EVENT_VALUE": pa.array([value] * count, pa.float32()),
        }
    )


def train_on(
    directory: Path,
    table: pa.Table | None,
    *,
    recipe: str = "aws-popularity-count",
    event_type: str | None = None,
    threshold: str | None = None,
) -> TrainingReport:
    if table is not None:
        write_records(records_path(directory, "INTERACTIONS"), table)
    TrainingOrder(recipe, event_type, threshold, {}, 0).write(directory)
    return train(directory)


def returning(users: int, count: int) -> list[str]:
    return [f"u{n % users}" for n in range(count)]


def test_a_dataset_without_records_has_too_few(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match=r"^Dataset has fewer than 1000 interactions\.$"):
        train_on(tmp_path, None)


def test_a_thousand_interactions_are_needed(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match=r"^Dataset has fewer than 1000 interactions\.$"):
        train_on(tmp_path, records(returning(100, 999)))


def test_a_thousand_interactions_are_needed_after_filtering(tmp_path: Path) -> None:
    table = pa.concat_tables([records(returning(100, 2000)), records(returning(100, 999), event_type="Buy")])

    with pytest.raises(
        TrainingRefused, match=r"^Dataset has fewer than 1000 interactions after filtering by event type: Buy$"
    ):
        train_on(tmp_path, table.unify_dictionaries(), event_type="Buy")


def test_twenty_five_users_must_have_returned(tmp_path: Path) -> None:
    table = records([*returning(24, 1000), *(f"once-{n}" for n in range(50))])

    with pytest.raises(TrainingRefused, match=r"^Dataset has fewer than 25 users with at least 2 interactions each\.$"):
        train_on(tmp_path, table)


def test_one_user_in_a_hundred_must_have_returned(tmp_path: Path) -> None:
    table = records([*returning(25, 1000), *(f"once-{n}" for n in range(2500))])

    with pytest.raises(TrainingRefused, match="fewer than 1% of users"):
        train_on(tmp_path, table)


def test_the_minima_themselves_are_enough(tmp_path: Path) -> None:
    report = train_on(tmp_path, records([*returning(25, 975), *(f"once-{n}" for n in range(25))]))

    assert report.failure_reason is None
    assert len(report.metrics) == 8


def test_a_recipe_that_cannot_be_trained_is_refused_with_those_that_can(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match=r"The recipe aws-hrnn cannot be trained here.*aws-popularity-count"):
        train_on(tmp_path, records(returning(50, 1000)), recipe="aws-hrnn")


def test_where_memory_is_short_the_reason_says_what_is_needed_and_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tastemaker.recommenders.user_personalization.available_memory", lambda: 9_000_000)

    with pytest.raises(TrainingRefused, match=r"takes about \d+ MB of memory, and there are 9 MB: train on fewer"):
        train_on(tmp_path, records(returning(100, 2000)), recipe="aws-user-personalization-v2")


def test_a_threshold_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="threshold is no number: much"):
        train_on(tmp_path, records(returning(50, 1000)), threshold="much")


def test_events_are_chosen_by_type_and_value() -> None:
    table = pa.concat_tables(
        [records(["a"], event_type="Buy", value=0.7), records(["b"], value=0.8), records(["c"], value=0.6)]
    ).unify_dictionaries()

    def users(event_type: str | None, least_value: float | None) -> list[str]:
        return list(chosen_events(table, event_type=event_type, least_value=least_value)["USER_ID"].to_pylist())

    assert users(None, None) == ["a", "b", "c"]
    assert users("View", None) == ["b", "c"]
    assert users(None, 0.7) == ["a", "b"]
    assert users("View", 0.7) == ["b"]
    assert users("Sell", None) == []


def test_data_without_the_column_that_is_asked_for_have_no_such_events() -> None:
    table = records(["a"]).select(["USER_ID", "ITEM_ID", "TIMESTAMP"])

    assert chosen_events(table, event_type="View", least_value=None).num_rows == 0
    assert chosen_events(table, event_type=None, least_value=1.0).num_rows == 0


def test_interactions_are_sorted_by_user_and_time_under_sorted_catalogues() -> None:
    table = pa.table(
        {
            "USER_ID": pa.array(["zoë", "bob", "zoë", "bob"]).dictionary_encode(),
            "ITEM_ID": pa.array(["x", "ü", "a", "x"]).dictionary_encode(),
            "TIMESTAMP": pa.array([9, 2, 3, 1], pa.int64()),
            "EVENT_TYPE": pa.array(["View", None, "Buy", "View"]).dictionary_encode(),
        }
    )

    interactions = interactions_of(table)

    assert interactions.user_ids.tolist() == ["bob", "zoë"]
    assert interactions.item_ids.tolist() == ["a", "x", "ü"]
    assert interactions.history(0).tolist() == [1, 2]
    assert interactions.history(1).tolist() == [0, 1]
    assert [interactions.event_types[kind] for kind in interactions.event_type] == ["View", "", "Buy", "View"]


def test_values_that_were_filtered_away_are_in_no_catalogue() -> None:
    table = records(["a", "b"]).filter(pa.array([False, True]))

    assert interactions_of(table).user_ids.tolist() == ["b"]


def test_interactions_of_no_records_are_none() -> None:
    interactions = interactions_of(records(["a"]).slice(0, 0))

    assert len(interactions) == 0
    assert np.array_equal(interactions.starts, [0])
