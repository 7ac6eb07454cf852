"""An answer is explained by the events behind it, by what the filter took out, and by what exploration put in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.explaining import ExplainedAnswer, Ranked, explained
from tastemaker.personalize.exploration import Exploration
from tastemaker.personalize.histories import save_histories
from tastemaker.personalize.in_process import client
from tastemaker.personalize.kept import NothingKept, kept
from tastemaker.personalize.operations.recommendations import explained_recommendations
from tastemaker.personalize.runtime import Question, Runtime
from tastemaker.personalize.stream_log import StreamedEvent
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import SequenceRidge
from tests.unit.personalize.scene import Scene
from tests.unit.personalize.shop_scene import GROUP, NOON, Shop, interactions
from tests.unit.recommenders.planted import cycles

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from numpy.typing import NDArray

RECIPE = "aws-user-personalization"


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """The model of users who walk round a ring of six items, one a minute, and of two items that nobody has had."""
    files = ModelFiles(tmp_path / "model")
    files.directory.mkdir()
    model = SequenceRidge().fit(cycles()).with_items(["new-1", "new-2"])
    model.save(files.model)
    save_histories(files.histories, cycles(), model.item_ids)
    return files.directory


def test_the_event_before_is_the_cause_that_is_named_first(ring: Path) -> None:
    # u000 has had a, b, c, d and e
    answer = explained(Runtime(), ring, Question(RECIPE, 2, user_id="u000"))

    assert [event.item_id for event in answer.history] == list("abcde")
    assert [event.timestamp for event in answer.history] == [0, 60, 120, 180, 240]
    first = answer.items[0]
    assert first.item_id == "f"
    assert answer.history[first.strongest(3)[0].event].item_id == "e"
    assert first.value == pytest.approx(first.base + first.repeats + sum(cause.added for cause in first.causes))
    assert (answer.removed, answer.displaced, first.explored) == (None, (), False)


def test_what_was_streamed_is_a_cause_with_its_own_time(ring: Path) -> None:
    streamed = StreamedEvent(item_id="b", event_type="view", timestamp=1_000, event_id="e1", properties={})

    answer = explained(Runtime(), ring, Question(RECIPE, 1, user_id="somebody new", streamed=[streamed]))

    assert answer.items[0].item_id == "c"
    assert [(event.item_id, event.timestamp) for event in answer.history] == [("b", 1_000)]


def test_a_user_who_is_not_known_has_no_history_and_gets_what_everyone_gets(ring: Path) -> None:
    answer = explained(Runtime(), ring, Question(RECIPE, 3, user_id="nobody"))

    assert (answer.kind, answer.history) == ("everyone", ())
    assert all(item.causes == () for item in answer.items)


def test_the_filter_removes_items_from_the_ranks_that_they_had(ring: Path) -> None:
    def allowed(catalogue: NDArray[np.str_]) -> NDArray[np.bool_]:
        return ~np.isin(catalogue, ["f", "new-1"])

    whole = explained(Runtime(), ring, Question(RECIPE, 3, user_id="u000"))
    answer = explained(Runtime(), ring, Question(RECIPE, 3, user_id="u000", allowed=allowed))

    ranks = {item.item_id: rank for rank, item in enumerate(whole.items, start=1)}
    assert answer.removed == (Ranked("f", ranks["f"]),)
    assert "f" not in {item.item_id for item in answer.items}
    assert len(answer.items) == 3


def test_exploration_says_what_it_added_and_what_gave_way(ring: Path) -> None:
    exploration = Exploration(share=lambda new: 4 * new, days=1e6, seed="today", created_since=None)

    without = explained(Runtime(), ring, Question(RECIPE, 4, user_id="u000"))
    answer = explained(Runtime(), ring, Question(RECIPE, 4, user_id="u000", exploration=exploration))

    explored = [item.item_id for item in answer.items if item.explored]
    assert explored
    assert set(explored) <= {"new-1", "new-2"}
    there = {item.item_id for item in answer.items}
    before = [item.item_id for item in without.items]
    assert answer.displaced == tuple(Ranked(i, n) for n, i in enumerate(before, start=1) if i not in there)
    assert len(answer.displaced) == len(set(explored) - set(before))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with a campaign, a filter and an event that came after the training; it goes on running."""
    shop = Shop(tmp_path_factory.mktemp("shop"), types=["INTERACTIONS"])
    shop.load("INTERACTIONS", interactions())
    shop.campaign()
    made = shop.control.create_filter(
        name="not-had",
        datasetGroupArn=GROUP,
        filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")',
    )["filterArn"]
    Scene.until_active(lambda: shop.control.describe_filter(filterArn=made)["filter"])
    shop.put({"itemId": "item-39", "sentAt": NOON}, user="user-3")
    yield shop
    shop.personalize.close()


@pytest.fixture
def data_dir(shop: Shop) -> Path:
    # the scene's jobs have a folder of their own there; an endpoint's are beside the resources
    folder: Path = shop.data_dir
    if not (folder / "datasets").exists():
        (folder / "datasets").symlink_to(folder / "jobs" / "datasets")
    return folder


def _explained(data_dir: Path, **more: object) -> ExplainedAnswer:
    runtime = Runtime()
    with kept(data_dir, clock=ManualClock(NOON), runtime=runtime) as personalize:
        ((account, region),) = personalize.accounts()
        here = personalize.account(account, region)
        given = {"campaignArn": GROUP.replace("dataset-group/shop", "campaign/live"), "numResults": 40, **more}
        return explained_recommendations(here, given, runtime)  # type: ignore[arg-type] # members of the request


def test_what_a_running_personalize_keeps_explains_its_answers(shop: Shop, data_dir: Path) -> None:
    campaign = GROUP.replace("dataset-group/shop", "campaign/live")
    filter_arn = GROUP.replace("dataset-group/shop", "filter/not-had")
    before = _files(data_dir)

    plain = _explained(data_dir, userId="user-3")
    filtered = _explained(data_dir, userId="user-3", filterArn=filter_arn)

    ask = partial(shop.runtime.get_recommendations, campaignArn=campaign, userId="user-3", numResults=40)
    for found, real in ((plain, ask()), (filtered, ask(filterArn=filter_arn))):
        assert [(i.item_id, i.score) for i in found.items] == [(i["itemId"], i["score"]) for i in real["itemList"]]
    assert plain.history[-1].item_id == "item-39"
    assert filtered.removed is not None
    had = {event.item_id for event in plain.history}
    ranks = [Ranked(item.item_id, rank) for rank, item in enumerate(plain.items, start=1) if item.item_id in had]
    assert len(ranks) == len(had)
    assert list(filtered.removed) == ranks
    assert _files(data_dir) == before


def _files(data_dir: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}


def test_it_is_refused_what_the_operation_refuses(data_dir: Path) -> None:
    with pytest.raises(InvalidInput, match="userId is required"):
        _explained(data_dir)


def test_a_folder_that_holds_nothing_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(NothingKept, match="endpoint --data-dir"),
        kept(tmp_path, clock=ManualClock(), runtime=Runtime()),
    ):
        pass


def test_what_is_begun_or_deleted_in_what_is_kept_touches_nothing_on_disk(data_dir: Path) -> None:
    before = _files(data_dir)
    with kept(data_dir, clock=ManualClock(NOON), runtime=Runtime()) as personalize:
        control: PersonalizeClient = client(personalize, "personalize")
        solution = GROUP.replace("dataset-group/shop", "solution/you")
        version = control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        looks = [
            control.describe_solution_version(solutionVersionArn=version)["solutionVersion"]["status"]
            for _ in range(10)
        ]
        campaign = GROUP.replace("dataset-group/shop", "campaign/live")
        control.delete_campaign(campaignArn=campaign)
        Scene.until_gone(lambda: control.describe_campaign(campaignArn=campaign)["campaign"])

    assert "ACTIVE" not in looks
    assert _files(data_dir) == before
