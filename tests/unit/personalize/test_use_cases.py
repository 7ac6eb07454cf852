"""What recommenders answer, with models of the real training: who is asked, automatic filters, minima, live events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
from botocore.config import Config

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.instant_trainings import InstantTrainings
from tests.unit.personalize.recommender_scene import EVENTS, GROUP, ITEMS
from tests.unit.personalize.scene import ARN, RECIPE, ROLE, refused

N_ITEMS = 35
Domain: TypeAlias = Literal["ECOMMERCE", "VIDEO_ON_DEMAND"]


def shop_events() -> list[tuple[str, str, int, str]]:
    """50 users view what is of their colour, 20 visitors blue-01 alone. ann has bought red-00."""
    events = []
    for user in range(50):
        colour = "red" if user % 2 else "blue"
        for item in range(N_ITEMS - user // 2):
            events.append((f"user-{user}", f"{colour}-{item:02}", 1000 + item, "view"))
        for item in range(25):
            if user % 2 == 0 or item > 20:
                events.append((f"user-{user}", f"{colour}-{item:02}", 2000 + item, "Purchase"))
    events += [(f"visitor-{number}", "blue-01", 500 + number, "VIEW") for number in range(20)]
    return [*events, ("ann", "red-01", 3000, "View"), ("ann", "red-00", 3001, "purchase")]


def csv(rows: Sequence[Sequence[object]], *names: str) -> bytes:
    return "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]).encode()


class Shop:
    """A domain's dataset group with data, whose trainings are done at once."""

    def __init__(self, directory: Path, domain: Domain, events: Sequence[tuple[str, str, int, str]]) -> None:
        self.clock = ManualClock()
        self.objects = MemoryObjects({"bucket": {}})
        jobs = InstantTrainings(objects=self.objects, directory=directory)
        self.personalize = Personalize(objects=self.objects, clock=self.clock, data_dir=directory, jobs=jobs)
        unchecked = Config(parameter_validation=False)
        self.control: Any = client(self.personalize, "personalize")
        self.runtime: Any = client(self.personalize, "personalize-runtime", config=unchecked)
        self.events: Any = client(self.personalize, "personalize-events", config=unchecked)
        self.control.create_dataset_group(name="shop", domain=domain)
        self.clock.advance(60)
        items = sorted({item for _, item, _, _ in events})
        self.load("Interactions", EVENTS, domain, csv(events, "USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"))
        if domain == "ECOMMERCE":
            rows: list[tuple[object, ...]] = [(item, 5, item.partition("-")[0], 1.5) for item in items]
            names = ("ITEM_ID", "PRICE", "CATEGORY_L1", "RATING")
        else:
            rows = [(item, item.partition("-")[0], 1000, 1.5) for item in items]
            names = ("ITEM_ID", "GENRES", "CREATION_TIMESTAMP", "RATING")
        self.load("Items", ITEMS[domain], domain, csv(rows, *names))

    def load(self, dataset_type: str, schema: str, domain: Domain, content: bytes) -> None:
        schema_arn = self.control.create_schema(name=dataset_type, schema=schema, domain=domain)["schemaArn"]
        dataset = self.control.create_dataset(
            name=dataset_type, datasetGroupArn=GROUP, schemaArn=schema_arn, datasetType=dataset_type
        )["datasetArn"]
        self.clock.advance(60)
        self.objects.store("bucket", f"{dataset_type}.csv", content)
        self.control.create_dataset_import_job(
            jobName=dataset_type,
            datasetArn=dataset,
            dataSource={"dataLocation": f"s3://bucket/{dataset_type}.csv"},
            roleArn=ROLE,
        )
        self.clock.advance(60)

    def recommender(self, use_case: str, **config: Any) -> Any:
        """The recommender as Describe shows it."""
        arn = self.control.create_recommender(
            name=use_case[-60:], datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{use_case}", recommenderConfig=config
        )["recommenderArn"]
        self.clock.advance(60)
        return self.control.describe_recommender(recommenderArn=arn)["recommender"]

    def ask(self, use_case: str, k: int = 5, **given: Any) -> list[Any]:
        arn = f"{ARN}:recommender/{use_case}"
        items: list[Any] = self.runtime.get_recommendations(recommenderArn=arn, numResults=k, **given)["itemList"]
        return items

    def ids(self, use_case: str, k: int = 5, **given: Any) -> list[str]:
        return [item["itemId"] for item in self.ask(use_case, k, **given)]

    def filter(self, name: str, expression: str) -> str:
        arn = self.control.create_filter(name=name, datasetGroupArn=GROUP, filterExpression=expression)["filterArn"]
        self.clock.advance(60)
        return str(arn)

    def stream(self, user: str, kind: str, *items: str) -> None:
        trackers = self.control.list_event_trackers(datasetGroupArn=GROUP)["eventTrackers"]
        arn = trackers[0]["eventTrackerArn"] if trackers else self._tracker()
        tracking_id = self.control.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]["trackingId"]
        for item in items:
            self.clock.advance(1)
            event = {"eventType": kind, "itemId": item, "sentAt": self.clock.now()}
            self.events.put_events(trackingId=tracking_id, sessionId="s", userId=user, eventList=[event])

    def _tracker(self) -> str:
        arn = self.control.create_event_tracker(name="web", datasetGroupArn=GROUP)["eventTrackerArn"]
        self.clock.advance(60)
        return str(arn)


VIEWS, SALES = "aws-ecomm-popular-items-by-views", "aws-ecomm-popular-items-by-purchases"
TOGETHER, ALSO = "aws-ecomm-frequently-bought-together", "aws-ecomm-customers-who-viewed-x-also-viewed"
FOR_YOU = "aws-ecomm-recommended-for-you"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop"), "ECOMMERCE", shop_events())
    for use_case in (VIEWS, ALSO, FOR_YOU):
        assert shop.recommender(use_case)["status"] == "ACTIVE"
    shop.filter("red", "INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ('red')")
    shop.filter("mine", "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('View')")
    yield shop
    shop.personalize.close()


def test_a_recommender_is_measured_as_a_solution_version(shop: Shop) -> None:
    (metrics,) = [
        shop.control.describe_recommender(recommenderArn=f"{ARN}:recommender/{FOR_YOU}")["recommender"]["modelMetrics"]
    ]

    assert set(metrics) == {
        "coverage",
        "mean_reciprocal_rank_at_25",
        *(f"{name}_at_{k}" for name in ("normalized_discounted_cumulative_gain", "precision") for k in (5, 10, 25)),
    }


def test_a_use_case_counts_the_events_it_is_about_whatever_their_case(shop: Shop) -> None:
    assert shop.ids(VIEWS, 1, userId="anyone") == ["blue-01"]


def test_too_few_events_of_the_type_fail_the_recommender_in_words(shop: Shop) -> None:
    failed = shop.recommender(SALES)

    assert failed["status"] == "CREATE FAILED"
    assert failed["failureReason"] == "Dataset has fewer than 1000 interactions after filtering by event type: Purchase"
    shop.control.delete_recommender(recommenderArn=failed["recommenderArn"])
    shop.clock.advance(60)


def test_what_the_user_has_bought_does_not_come_again(shop: Shop) -> None:
    assert "red-00" not in shop.ids(FOR_YOU, 100, userId="ann")
    assert "red-00" not in shop.ids(ALSO, 100, userId="ann", itemId="red-02")
    assert "red-00" in shop.ids(ALSO, 100, userId="user-1", itemId="red-02")
    assert "red-00" in shop.ids(VIEWS, 100, userId="ann")  # it has no such filter
    assert "red-01" in shop.ids(FOR_YOU, 100, userId="ann")  # it was viewed only


def test_what_is_bought_now_is_hidden_in_the_next_answer(shop: Shop) -> None:
    before = shop.ids(FOR_YOU, 100, userId="eve")

    shop.stream("eve", "PURCHASE", "blue-03")

    assert "blue-03" in before
    assert "blue-03" not in shop.ids(FOR_YOU, 100, userId="eve")


def test_only_the_hundred_latest_purchases_are_hidden(shop: Shop) -> None:
    shop.stream("bob", "Purchase", "red-05", *["blue-05"] * 99)
    assert "red-05" not in shop.ids(FOR_YOU, 100, userId="bob")

    shop.stream("bob", "Purchase", "blue-05")

    assert "red-05" in shop.ids(FOR_YOU, 100, userId="bob")


def test_the_callers_filter_comes_on_top(shop: Shop) -> None:
    red = shop.ids(FOR_YOU, 100, userId="ann", filterArn=f"{ARN}:filter/red")

    assert {item.partition("-")[0] for item in red} == {"red"}
    assert "red-00" not in red
    assert {"red-00", "red-01"}.isdisjoint(shop.ids(FOR_YOU, 100, userId="ann", filterArn=f"{ARN}:filter/mine"))


def test_what_was_bought_is_not_promoted_either(shop: Shop) -> None:
    promotion = {"name": "sale", "percentPromotedItems": 50, "filterArn": f"{ARN}:filter/red"}

    answer = shop.ask(FOR_YOU, 10, userId="ann", promotions=[promotion])

    assert sum("promotionName" in item for item in answer) == 5
    assert "red-00" not in [item["itemId"] for item in answer]


def test_an_event_changes_the_next_answer_of_the_personal_use_case_only(shop: Shop) -> None:
    views = shop.ids(VIEWS, userId="new")
    before = shop.ids(FOR_YOU, userId="new")

    shop.stream("new", "View", "blue-07", "blue-08", "blue-09")

    assert shop.ids(FOR_YOU, 1, userId="new") == ["blue-10"]
    assert "blue-10" not in before
    assert shop.ids(VIEWS, userId="new") == views


def test_no_use_case_gives_scores(shop: Shop) -> None:
    for use_case in (VIEWS, FOR_YOU, ALSO):
        assert all(set(item) == {"itemId"} for item in shop.ask(use_case, userId="user-1", itemId="red-01"))


def test_users_and_items_are_named_as_the_use_case_needs(shop: Shop) -> None:
    for use_case in (VIEWS, FOR_YOU):
        with refused("InvalidInputException", "userId is required", use_case):
            shop.ask(use_case)
    with refused("InvalidInputException", "userId is required", ALSO):
        shop.ask(ALSO, itemId="red-01")
    with refused("InvalidInputException", "itemId is required", ALSO):
        shop.ask(ALSO, userId="ann")


def test_metadata_are_given_once_they_are_enabled(shop: Shop) -> None:
    columns = {"ITEMS": ["CATEGORY_L1", "PRICE"]}
    with refused("InvalidInputException", "enableMetadataWithRecommendations"):
        shop.ask(VIEWS, userId="ann", metadataColumns=columns)
    shop.control.update_recommender(
        recommenderArn=f"{ARN}:recommender/{VIEWS}", recommenderConfig={"enableMetadataWithRecommendations": True}
    )
    shop.clock.advance(60)

    assert shop.ask(VIEWS, 1, userId="ann", metadataColumns=columns) == [
        {"itemId": "blue-01", "metadata": {"categoryL1": "blue", "price": "5.0"}}
    ]


def test_what_is_bought_together_needs_a_user_only_for_a_filter(tmp_path: Path) -> None:
    events = [(f"u-{user}", f"i-{item}", 100 + item, "Purchase") for user in range(60) for item in range(20)]
    shop = Shop(tmp_path, "ECOMMERCE", events)
    assert shop.recommender(TOGETHER)["status"] == "ACTIVE"
    mine = shop.filter("mine", "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('*')")

    assert len(shop.ids(TOGETHER, itemId="i-3")) == 5
    with refused("InvalidInputException", "userId is required by", "Interactions"):
        shop.ask(TOGETHER, itemId="i-3", filterArn=mine)
    assert shop.ids(TOGETHER, itemId="i-3", filterArn=mine, userId="u-1") == []
    shop.personalize.close()


def test_videos_that_were_watched_do_not_come_again(tmp_path: Path) -> None:
    watched = [
        (f"u-{user}", f"{'ab'[user % 2]}-{item:02}", 100 + item, "Watch") for user in range(60) for item in range(20)
    ]
    shop = Shop(tmp_path, "VIDEO_ON_DEMAND", [*watched, ("eve", "a-03", 500, "watch"), ("eve", "a-04", 501, "Click")])
    use_cases: dict[str, dict[str, Any]] = {
        "aws-vod-because-you-watched-x": {"itemId": "a-01"},
        "aws-vod-more-like-x": {"itemId": "a-01"},
        "aws-vod-top-picks": {},
    }
    for use_case, more in use_cases.items():
        assert shop.recommender(use_case)["status"] == "ACTIVE"
        answer = shop.ids(use_case, 100, userId="eve", **more)
        assert "a-03" not in answer
        assert "a-04" in answer
    assert shop.recommender("aws-vod-most-popular")["status"] == "ACTIVE"
    assert "a-03" in shop.ids("aws-vod-most-popular", 100, userId="eve")
    assert shop.recommender("aws-vod-trending-now")["status"] == "ACTIVE"
    assert len(shop.ids("aws-vod-trending-now")) == 5  # nobody need be named
    shop.personalize.close()


def with_new_videos(directory: Path) -> Shop:
    """20 videos that 40 users have watched, and 20 that have just been added."""
    watched = [(f"u-{user}", f"old-{item:02}", 100 + item + user, "Watch") for user in range(60) for item in range(20)]
    shop = Shop(directory, "VIDEO_ON_DEMAND", watched)
    for item in range(20):
        shop.events.put_items(
            datasetArn=f"{ARN}:dataset/shop/ITEMS",
            items=[{"itemId": f"new-{item:02}", "properties": '{"genres": "old", "creationTimestamp": 170}'}],
        )
    return shop


def test_new_items_are_explored_as_much_as_the_configuration_says(tmp_path: Path) -> None:
    shop, use_case = with_new_videos(tmp_path), "aws-vod-top-picks"
    shop.recommender(use_case, itemExplorationConfig={"explorationWeight": "1", "explorationItemAgeCutOff": "1"})
    arn = f"{ARN}:recommender/{use_case}"

    def explored(**config: str) -> float:
        """The share of new items in the answers for 100 users."""
        if config:
            shop.control.update_recommender(recommenderArn=arn, recommenderConfig={"itemExplorationConfig": config})
            shop.clock.advance(60)
        answers = [shop.ids(use_case, 10, userId=f"visitor-{number}") for number in range(100)]
        assert all(len(set(answer)) == 10 for answer in answers)
        return sum(item.startswith("new") for answer in answers for item in answer) / 1000

    everything = explored()
    assert 0.4 < everything < 0.6  # half of the catalogue is new
    assert 0.1 < explored(explorationWeight="0.3", explorationItemAgeCutOff="1") < 0.2
    assert explored(explorationWeight="0") == 0
    assert shop.ids(use_case, 10, userId="visitor-1") == shop.ids(use_case, 10, userId="visitor-1")
    shop.personalize.close()


def test_of_new_items_those_are_explored_that_few_have_seen(tmp_path: Path) -> None:
    shop, use_case = with_new_videos(tmp_path), "aws-vod-top-picks"
    shop.recommender(use_case, itemExplorationConfig={"explorationWeight": "0.2"})
    tracker = shop.control.create_event_tracker(name="web", datasetGroupArn=f"{ARN}:dataset-group/shop")
    shop.clock.advance(60)
    seen = [f"new-{item:02}" for item in range(10)]

    def explored() -> list[str]:
        answers = [shop.ids(use_case, 10, userId=f"visitor-{number}") for number in range(200)]
        return [item for answer in answers for item in answer if item.startswith("new")]

    def tell(**more: Any) -> None:
        event = {"eventType": "Click", "itemId": "old-01", "sentAt": 200, **more}
        shop.events.put_events(trackingId=tracker["trackingId"], sessionId="s", eventList=[event])

    assert 0.35 < sum(item in seen for item in explored()) / len(explored()) < 0.65
    tell(impression=seen)
    assert sum(item in seen for item in explored()) / len(explored()) < 0.1
    # what an answer had was shown as well, once the user says that it was seen
    others = [f"new-{item:02}" for item in range(10, 20)]
    for number in range(200):
        arn = f"{ARN}:recommender/{use_case}"
        answer = shop.runtime.get_recommendations(recommenderArn=arn, userId=f"visitor-{number}", numResults=10)
        tell(recommendationId=answer["recommendationId"], eventId=str(number))
    assert sum(item in others for item in explored()) / len(explored()) < 0.7
    shop.personalize.close()


def test_items_that_are_no_longer_new_are_not_explored(tmp_path: Path) -> None:
    shop, use_case = with_new_videos(tmp_path), "aws-vod-top-picks"
    shop.recommender(use_case, itemExplorationConfig={"explorationWeight": "1"})
    assert any(item.startswith("new") for item in shop.ids(use_case, 20, userId="visitor"))

    for item in range(20):
        shop.events.put_items(
            datasetArn=f"{ARN}:dataset/shop/ITEMS",
            items=[{"itemId": f"new-{item:02}", "properties": '{"genres": "old", "creationTimestamp": -9000000}'}],
        )

    assert not any(item.startswith("new") for item in shop.ids(use_case, 20, userId="visitor"))
    shop.personalize.close()
