"""The runtime answers from a model and the histories that its training saw."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tastemaker.personalize.exploration import Exploration
from tastemaker.personalize.histories import load_histories, save_histories
from tastemaker.personalize.runtime import ModelUnavailable, Question, Recommended, Runtime
from tastemaker.personalize.stream_log import StreamedEvent
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import RECIPES, Interactions

USER_PERSONALIZATION = "aws-user-personalization"
POPULARITY = "aws-popularity-count"


def interactions() -> Interactions:
    """Two groups with 25 items each; red-0 is the item that most users have taken."""
    rng = np.random.default_rng(3)
    events = [
        (f"{taste}-user-{user}", f"{taste}-{item}", position)
        for taste, users in (("red", 40), ("blue", 30))
        for user in range(users)
        for position, item in enumerate([0, *(1 + rng.permutation(24)[:19])])
    ]
    users, items, times = zip(*events, strict=True)
    return Interactions.from_columns(users, items, times)


def trained(directory: Path, recipe: str) -> Path:
    files = ModelFiles(directory)
    directory.mkdir()
    model = RECIPES[recipe]({}).fit(interactions(), seed=0)
    model.save(files.model)
    save_histories(files.histories, interactions(), model.item_ids)
    return directory


def ask(
    runtime: Runtime, model_path: Path, user_id: str | None, *, recipe: str = USER_PERSONALIZATION, k: int = 5
) -> list[Recommended]:
    return runtime.recommend(model_path, Question(recipe, k, user_id=user_id))


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    return trained(tmp_path / "model", USER_PERSONALIZATION)


def test_users_get_what_is_like_their_history(model_path: Path) -> None:
    runtime = Runtime()

    for taste in ("red", "blue"):
        recommended = ask(runtime, model_path, f"{taste}-user-3")
        assert [item.item_id.split("-")[0] for item in recommended] == [taste] * 5


def test_scores_fall_and_have_seven_decimals_and_sum_to_one_over_the_catalogue(model_path: Path) -> None:
    recommended = ask(Runtime(), model_path, "red-user-3", k=50)

    scores = [item.score for item in recommended if item.score is not None]
    assert len(scores) == 50
    assert scores == sorted(scores, reverse=True)
    assert scores == [round(score, 7) for score in scores]
    assert sum(scores) == pytest.approx(1, abs=1e-5)


def test_no_more_come_back_than_were_asked_for_or_exist(model_path: Path) -> None:
    assert len(ask(Runtime(), model_path, "red-user-3", k=3)) == 3
    assert len(ask(Runtime(), model_path, "red-user-3", k=500)) == 50


@pytest.mark.parametrize("user_id", ["someone new", None])
def test_a_user_who_is_not_known_gets_what_is_popular(model_path: Path, user_id: str | None) -> None:
    assert ask(Runtime(), model_path, user_id)[0].item_id == "red-0"


def test_popularity_gives_everyone_the_same_and_no_scores(tmp_path: Path) -> None:
    model_path, runtime = trained(tmp_path / "popularity", POPULARITY), Runtime()

    answers = [ask(runtime, model_path, user_id, recipe=POPULARITY) for user_id in ("red-user-1", "blue-user-1", None)]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == Recommended("red-0", None)
    assert all(item.score is None for item in answers[0])


def test_a_recipe_that_scores_candidates_fills_up_with_the_most_popular_of_the_others(tmp_path: Path) -> None:
    """1,100 items, of which the first has most users; only the last 60 are allowed."""
    events = [
        (f"user-{user}", f"item-{item:04}", item) for item in range(1100) for user in range(1 + (1100 - item) // 50)
    ]
    many = Interactions.from_columns(*zip(*events, strict=True))
    model = RECIPES[POPULARITY]({}).fit(many)
    files = ModelFiles(tmp_path)
    model.save(files.model)
    save_histories(files.histories, many, model.item_ids)

    answer = Runtime().recommend(
        tmp_path, Question("aws-user-personalization-v2", 10, "user-1", allowed=lambda ids: ids >= "item-0994")
    )

    assert [item.item_id for item in answer] == [f"item-{number:04}" for number in range(994, 1004)]
    assert [item.reason for item in answer] == [None] * 6 + ["Popular item"] * 4
    assert [item.score is None for item in answer] == [False] * 6 + [True] * 4


def test_v2_explores_a_place_in_a_thousand_and_says_so(tmp_path: Path) -> None:
    """Half of the items are new: nobody has had them."""
    events = [(f"user-{user}", f"old-{item}", item) for item in range(30) for user in range(30)]
    old = Interactions.from_columns(*zip(*events, strict=True)).with_items([f"new-{item}" for item in range(30)])
    files = ModelFiles(tmp_path)
    model = RECIPES["aws-user-personalization-v2"]({}).fit(old)
    model.save(files.model)
    save_histories(files.histories, old, model.item_ids)
    runtime = Runtime()

    def answer(user: int) -> list[Recommended]:
        exploration = Exploration(
            share=lambda _: 0.001,
            days=30.0,
            seed=str(user),
            created_since=lambda ids, _: (np.char.startswith(ids, "new"), np.ones(len(ids), dtype=np.bool_)),
        )
        question = Question("aws-user-personalization-v2", 25, user_id=f"user-{user % 30}", exploration=exploration)
        return runtime.recommend(tmp_path, question)

    answers = [answer(user) for user in range(2000)]

    explored = [item for each in answers for item in each if item.reason == "Exploration"]
    assert 20 < len(explored) < 90  # of 50,000 places
    assert all(item.item_id.startswith("new") for item in explored)
    assert len({item.item_id for item in explored}) > 10
    assert all(len({item.item_id for item in each}) == 25 for each in answers)
    assert [answer(user) for user in range(20)] == answers[:20]


def test_a_model_is_read_once(model_path: Path) -> None:
    runtime = Runtime()
    first = ask(runtime, model_path, "red-user-3")

    model_path.rename(model_path.with_name("moved"))

    assert ask(runtime, model_path, "red-user-3") == first


def test_the_model_asked_longest_ago_makes_room(model_path: Path, tmp_path: Path) -> None:
    runtime = Runtime(capacity=2)
    others = [trained(tmp_path / name, POPULARITY) for name in ("second", "third")]
    for path in (model_path, others[0], model_path, others[1]):
        ask(runtime, path, None)
    for path in (model_path, *others):
        path.rename(path.with_name(f"{path.name}-moved"))

    ask(runtime, model_path, None)
    ask(runtime, others[1], None)
    with pytest.raises(ModelUnavailable):
        ask(runtime, others[0], None)


def test_a_model_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="nowhere cannot be read"):
        ask(Runtime(), tmp_path / "nowhere", None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.npz", b"something else"),
        ("model.npz", b""),
        ("histories.arrow", b"something else"),
        ("histories.arrow", b""),
    ],
)
def test_a_model_whose_files_are_damaged_is_named(model_path: Path, name: str, content: bytes) -> None:
    (model_path / name).write_bytes(content)

    with pytest.raises(ModelUnavailable, match="Train it again"):
        ask(Runtime(), model_path, None)


def test_a_model_that_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    runtime, path = Runtime(), tmp_path / "late"
    with pytest.raises(ModelUnavailable):
        ask(runtime, path, None)

    trained(path, POPULARITY)

    assert ask(runtime, path, None)


def test_many_threads_get_the_answers_of_one(model_path: Path) -> None:
    users = [f"{taste}-user-{number}" for taste in ("red", "blue") for number in range(20)]
    alone = [ask(Runtime(), model_path, user) for user in users]
    shared = Runtime(capacity=1)

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda user: ask(shared, model_path, user), users))

    assert together == alone


def test_histories_come_back_as_they_were_saved(tmp_path: Path) -> None:
    events = Interactions.from_columns(['a, "x"', "🙂", 'a, "x"'], ["i", "j", "k"], [2, 1, 1])

    catalogue = np.array(["i", "k"])
    save_histories(tmp_path / "histories.arrow", events, catalogue)
    histories = load_histories(tmp_path / "histories.arrow", catalogue)

    assert histories.of('a, "x"').tolist() == [1, 0]
    assert histories.of("🙂").tolist() == [-1]
    assert histories.of("nobody").tolist() == []


def streamed(item_id: str | None, second: int) -> StreamedEvent:
    return StreamedEvent(item_id, "view", second, f"{item_id}-{second}", {})


def test_a_streamed_event_changes_the_next_answer_and_no_other_users(model_path: Path) -> None:
    runtime = Runtime()
    events = [streamed(f"blue-{number}", 100 + number) for number in range(1, 4)]

    known = runtime.recommend(model_path, Question(USER_PERSONALIZATION, 5, "red-user-3", streamed=events))
    new = runtime.recommend(model_path, Question(USER_PERSONALIZATION, 5, "someone new", streamed=events))

    assert "blue" in {item.item_id.split("-")[0] for item in known}
    assert {item.item_id.split("-")[0] for item in new} == {"blue"}
    assert {item.item_id.split("-")[0] for item in ask(runtime, model_path, "red-user-3")} == {"red"}


def test_streamed_events_stand_in_the_history_where_they_belong(tmp_path: Path) -> None:
    events = Interactions.from_columns(["ann"] * 3, ["b", "c", "b"], [10, 20, 30])
    catalogue = np.array(["b", "c", "d", "e"])
    save_histories(tmp_path / "histories.arrow", events, catalogue)
    histories = load_histories(tmp_path / "histories.arrow", catalogue)

    def of(user: str, *streamed_items: tuple[str | None, int]) -> list[str]:
        found = histories.of(user, [streamed(item, second) for item, second in streamed_items])
        return [str(item) for item in catalogue[found]]

    assert of("ann", ("d", 31), ("e", 40)) == ["b", "c", "b", "d", "e"]
    assert of("ann", ("e", 5), ("d", 20), ("e", 25), ("d", 30)) == ["e", "b", "c", "d", "e", "b", "d"]
    assert of("ann", ("c", 20), ("b", 30)) == ["b", "c", "b"]  # they came back by an export
    assert of("ann", ("unknown", 50), ("bb", 50), (None, 50), ("", 50)) == ["b", "c", "b"]
    assert of("new", ("d", 1), ("d", 1), ("e", 2)) == ["d", "d", "e"]
