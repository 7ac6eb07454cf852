"""Filters through boto3 clients: their lifecycle, their limits, and recommendations from a real model with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.engine import Recommender
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.runtime import Question, Recommended, Runtime
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.instant_jobs import InstantJobs
from tests.unit.personalize.scene import ARN, RECIPE, ROLE, Scene, refused

GROUP = f"{ARN}:dataset-group/shop"
UNSEEN = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('Buy')"
GENRE = "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"
N_ITEMS = 30


def fields(**types: Any) -> list[dict[str, Any]]:
    return [{"name": name, "type": type_} for name, type_ in types.items()]


def avro(name: str, fields: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"type": "record", "name": name, "namespace": "n", "version": "1.0", "fields": list(fields)})


CATEGORICAL = {"type": ["null", "string"], "categorical": True}
SCHEMAS = {
    "Interactions": avro(
        "Interactions", fields(USER_ID="string", ITEM_ID="string", TIMESTAMP="long", EVENT_TYPE="string")
    ),
    "Items": avro(
        "Items",
        [
            *fields(ITEM_ID="string", PRICE=["null", "float"], **{f"N{number}": "int" for number in range(22)}),
            {"name": "GENRE", **CATEGORICAL},
            {"name": "TEXT", "type": "string", "textual": True},
        ],
    ),
    "Users": avro("Users", [*fields(USER_ID="string", AGE="int"), {"name": "TIER", **CATEGORICAL}]),
}


def interactions(*more: str) -> bytes:
    """40 users; item-0 is bought by all of them, the next one by all but one, and so on. ann sees and buys little."""
    rows = [
        f"user-{user},item-{item:02},{1000 + item},Buy" for user in range(40) for item in range(min(N_ITEMS, 40 - user))
    ]
    rows += [f"user-{user},item-00,{5000 + user * 10 + again},View" for user in range(40) for again in range(8)]
    rows += ["ann,item-00,9000,Buy", "ann,item-01,9001,BUY", "ann,item-02,9002,View", *more]
    return "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows]).encode()


def items(*, price: float = 1.0) -> bytes:
    """Even items are dramas, those that three divides comedies; item n costs n × `price`; the last has no record."""
    numbers = [f"N{number}" for number in range(22)]
    rows = [",".join(["ITEM_ID", "PRICE", "GENRE", "TEXT", *numbers])]
    for number in range(N_ITEMS - 1):
        genres = [name for name, by in (("drama", 2), ("comedy", 3)) if number % by == 0]
        rows.append(f"item-{number:02},{number * price},{'|'.join(genres)},words,{','.join(['1'] * 22)}")
    return "\n".join(rows).encode()


USERS = b"USER_ID,AGE,TIER\nann,20,gold|old\nuser-3,50,\n"


class World:
    """A shop with data in all its datasets."""

    def __init__(
        self,
        directory: Path,
        recommender: Recommender | None = None,
        trainable_recipes: Collection[str] | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.objects = MemoryObjects({"bucket": {}})
        self.jobs = InstantJobs(objects=self.objects, directory=directory)
        self.personalize = Personalize(
            objects=self.objects,
            clock=self.clock,
            data_dir=directory,
            jobs=self.jobs,
            recommender=recommender or Runtime(),
            trainable_recipes=trainable_recipes,
        )
        self.control = client(self.personalize, "personalize")
        self.runtime = client(self.personalize, "personalize-runtime")

    def fill(self, interactions: bytes, items: bytes, users: bytes) -> World:
        self.group("shop")
        for name, content in (("Interactions", interactions), ("Items", items), ("Users", users)):
            schema = self.control.create_schema(name=name, schema=SCHEMAS[name])["schemaArn"]
            self.control.create_dataset(name=name, datasetGroupArn=GROUP, schemaArn=schema, datasetType=name)
            self.clock.advance(60)
            self.load(name, content)
        return self

    def group(self, name: str) -> str:
        arn = self.control.create_dataset_group(name=name)["datasetGroupArn"]
        self.clock.advance(60)
        return arn

    def load(self, dataset_type: str, content: bytes) -> None:
        number = len(self.control.list_dataset_import_jobs()["datasetImportJobs"])
        self.objects.store("bucket", f"{number}.csv", content)
        self.control.create_dataset_import_job(
            jobName=f"load-{number}",
            datasetArn=f"{ARN}:dataset/shop/{dataset_type.upper()}",
            dataSource={"dataLocation": f"s3://bucket/{number}.csv"},
            roleArn=ROLE,
        )
        self.clock.advance(60)

    def campaign(self, recipe: str = "aws-popularity-count") -> str:
        solution = self.control.create_solution(
            name="s", datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{recipe}", performAutoTraining=False
        )["solutionArn"]
        self.clock.advance(60)
        version = self.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        self.clock.advance(60)
        arn = self.control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
        self.clock.advance(60)
        return arn

    def filter(self, expression: str, name: str = "f", group: str = GROUP) -> str:
        """An ACTIVE filter."""
        arn = self.create(expression, name, group)
        self.clock.advance(60)
        return arn

    def create(self, expression: str, name: str = "f", group: str = GROUP) -> str:
        return self.control.create_filter(name=name, datasetGroupArn=group, filterExpression=expression)["filterArn"]

    def recommended(self, expression: str, user: str = "ann", k: int = 5, **values: str) -> list[int]:
        """The numbers of the recommended items, the best first, with a filter of its own."""
        number = len(self.control.list_filters(maxResults=100)["Filters"])
        arn = self.filter(expression, f"f{number}")
        return self.ask(arn, user, k, **values)

    def ask(self, filter_arn: str, user: str = "ann", k: int = 5, **values: str) -> list[int]:
        answer = self.runtime.get_recommendations(
            campaignArn=self.live, userId=user, numResults=k, filterArn=filter_arn, filterValues=values
        )
        return [int(item["itemId"].removeprefix("item-")) for item in answer["itemList"]]

    @cached_property
    def live(self) -> str:
        return f"{ARN}:campaign/live"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path).fill(interactions(), items(), USERS)
    world.campaign()
    yield world
    world.personalize.close()


@pytest.fixture
def empty(scene: Scene) -> Scene:
    """A group with schemas and datasets, and no data."""
    scene.group()
    for name, text in SCHEMAS.items():
        schema = scene.schema(name, text)
        scene.control.create_dataset(name=name, datasetGroupArn=GROUP, schemaArn=schema, datasetType=name)
    return scene


def create(scene: Scene, expression: str = UNSEEN, name: str = "f", **more: Any) -> str:
    return scene.control.create_filter(name=name, datasetGroupArn=GROUP, filterExpression=expression, **more)[
        "filterArn"
    ]


# --- as a resource ---


def test_a_filter_passes_through_its_states_and_is_shown_as_it_was_given(empty: Scene) -> None:
    arn = create(empty, tags=[{"tagKey": "k", "tagValue": "v"}])

    def described() -> Any:
        return empty.control.describe_filter(filterArn=arn)["filter"]

    assert arn == f"{ARN}:filter/f"
    assert empty.until_active(described) == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    assert (described()["name"], described()["datasetGroupArn"]) == ("f", GROUP)
    assert described()["filterExpression"] == UNSEEN
    assert empty.control.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "k", "tagValue": "v"}]
    empty.control.delete_filter(filterArn=arn)
    assert empty.until_gone(described) == ["DELETE PENDING", "DELETE IN_PROGRESS"]


def test_filters_are_listed_by_group_without_their_expressions(empty: Scene) -> None:
    other = empty.group("other")
    for name in ("a", "b"):
        create(empty, name=name)

    listed = empty.control.list_filters(datasetGroupArn=GROUP)["Filters"]

    assert [summary["name"] for summary in listed] == ["b", "a"]
    assert listed[0]["filterArn"] == f"{ARN}:filter/b"
    assert "filterExpression" not in listed[0]
    assert empty.control.list_filters(datasetGroupArn=other)["Filters"] == []
    pages = empty.control.get_paginator("list_filters").paginate(PaginationConfig={"PageSize": 1})
    assert [summary["name"] for page in pages for summary in page["Filters"]] == ["b", "a"]


def test_what_a_filter_needs_has_to_be_there(scene: Scene) -> None:
    with refused("ResourceNotFoundException", GROUP):
        create(scene)
    scene.control.create_dataset_group(name="shop")
    with refused("InvalidInputException", GROUP, "CREATE PENDING", "needs an ACTIVE dataset group"):
        create(scene)
    scene.clock.advance(60)
    with refused("InvalidInputException", "needs a dataset of type INTERACTIONS", "create it first"):
        create(scene)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("INCLUDE ItemID WHERE Items.TEXT IN ('x')", "Items.TEXT is textual"),
        ("INCLUDE ItemID WHERE Items.GENRE NOT IN ($G)", "Placeholders are not allowed with NOT_IN operator."),
        ("INCLUDE ItemID WHERE Items.COLOUR IN ('x')", "Items.COLOUR does not exist"),
        ("INCLUDE ItemID", "it ends where WHERE should follow"),
        (f"INCLUDE ItemID WHERE Items.GENRE IN ('{'x' * 2500}')", "filterExpression"),
    ],
)
def test_an_expression_that_breaks_a_rule_makes_no_filter(empty: Scene, expression: str, words: str) -> None:
    with refused("InvalidInputException", words):
        create(empty, expression)
    assert empty.control.list_filters()["Filters"] == []


def test_names_are_taken_once_in_an_account_and_region(empty: Scene) -> None:
    arn, other = create(empty), empty.group("other")

    with refused("ResourceAlreadyExistsException", arn):
        empty.control.create_filter(name="f", datasetGroupArn=other, filterExpression="nonsense")


def test_a_filter_that_is_being_made_or_deleted_cannot_be_deleted_and_keeps_its_group(empty: Scene) -> None:
    arn = create(empty)
    with refused("ResourceInUseException", "CREATE PENDING"):
        empty.control.delete_filter(filterArn=arn)
    empty.clock.advance(60)
    with refused("ResourceInUseException", arn):
        empty.control.delete_dataset_group(datasetGroupArn=GROUP)
    empty.control.delete_filter(filterArn=arn)
    with refused("ResourceInUseException", "DELETE PENDING"):
        empty.control.delete_filter(filterArn=arn)


def test_a_group_has_thirty_filters_at_most(empty: Scene) -> None:
    for number in range(30):
        create(empty, name=f"f{number}")
    with refused("LimitExceededException", GROUP, "has 30 filters", "delete one"):
        create(empty, name="one-more")

    empty.clock.advance(60)
    empty.control.delete_filter(filterArn=f"{ARN}:filter/f7")
    empty.clock.advance(60)
    create(empty, name="one-more")


def test_the_filters_of_a_group_use_twenty_distinct_fields_at_most(empty: Scene) -> None:
    def of(numbers: Sequence[int]) -> str:
        return "INCLUDE ItemID WHERE " + " AND ".join(f"Items.N{number} > 1" for number in numbers)

    for name, numbers in (("a", range(10)), ("b", range(10, 20)), ("c", range(5, 15))):
        create(empty, of(numbers), name)

    with refused("LimitExceededException", "21 distinct fields", "20 is the most"):
        create(empty, UNSEEN, "d")
    with refused("InvalidInputException", "uses 11 fields", "10"):
        create(empty, of(range(11)), "e")


# --- asked with a request ---


def test_recommendations_leave_out_what_the_user_has_bought(world: World) -> None:
    assert world.recommended("INCLUDE ItemID WHERE Items.PRICE >= 0") == [0, 1, 2, 3, 4]
    assert world.recommended(UNSEEN) == [2, 3, 4, 5, 6]
    assert world.recommended(UNSEEN, user="user-38") == [2, 3, 4, 5, 6]
    assert world.recommended(UNSEEN, user="stranger") == [0, 1, 2, 3, 4]
    assert world.recommended("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('*')") == [0, 1, 2]
    assert world.recommended("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('view')") == [2]


def test_recommendations_hold_to_what_the_request_asks_of_the_items(world: World) -> None:
    arn = world.filter(GENRE)

    assert world.ask(arn, GENRE='"drama"') == [0, 2, 4, 6, 8]
    assert world.ask(arn, GENRE='"drama","comedy"') == [0, 2, 3, 4, 6]
    assert world.ask(arn, GENRE='"none"') == []
    assert len(world.ask(arn, k=100, GENRE='"comedy"')) == 10
    with refused("InvalidInputException", "$GENRE", "INCLUDE"):
        world.ask(arn, genre='"drama"')
    with refused("InvalidInputException", "$GENRE", "double quotes"):
        world.ask(arn, GENRE="drama")
    # the last item has no record, and so no genre
    assert 29 in world.recommended(f"EXCLUDE{GENRE[7:]}", k=100, GENRE='"drama"')
    assert 29 not in world.recommended("INCLUDE ItemID WHERE Items.PRICE >= $P", k=100, P="0")


def test_an_exclusion_without_its_value_is_left_out(world: World) -> None:
    joined = f"EXCLUDE ItemID WHERE Items.PRICE < $P | {UNSEEN}"

    assert world.recommended(joined, P="4") == [4, 5, 6, 7, 8]
    assert world.recommended(joined) == [2, 3, 4, 5, 6]


def test_a_part_holds_for_the_users_that_it_is_about(world: World) -> None:
    expression = "INCLUDE ItemID WHERE Items.PRICE > 5 IF CurrentUser.TIER IN ('gold') AND CurrentUser.AGE < 30"

    assert world.recommended(expression) == [6, 7, 8, 9, 10]
    assert world.recommended(expression, user="user-3") == [0, 1, 2, 3, 4]
    assert world.recommended(expression, user="user-4") == [0, 1, 2, 3, 4]


def test_what_is_imported_later_counts_from_the_next_request_on(world: World) -> None:
    cheap = world.filter("INCLUDE ItemID WHERE Items.PRICE < 3", "cheap")
    unseen = world.filter(UNSEEN, "unseen")
    grown = world.filter("EXCLUDE ItemID WHERE Items.PRICE < 9 IF CurrentUser.AGE >= 21", "grown")
    assert (world.ask(cheap), world.ask(unseen), world.ask(grown)) == ([0, 1, 2], [2, 3, 4, 5, 6], [0, 1, 2, 3, 4])

    world.load("Items", items(price=2.0))
    world.load("Interactions", interactions("ann,item-04,9500,buy"))
    world.load("Users", USERS.replace(b"ann,20", b"ann,21"))

    assert (world.ask(cheap), world.ask(unseen), world.ask(grown)) == ([0, 1], [2, 3, 5, 6, 7], [5, 6, 7, 8, 9])


def test_a_field_that_the_schema_gets_is_null_until_the_next_import(world: World) -> None:
    assert world.ask(world.filter("INCLUDE ItemID WHERE Items.PRICE < 3", "cheap")) == [0, 1, 2]
    schema = json.loads(SCHEMAS["Items"])
    schema["fields"].append({"name": "CITY", **CATEGORICAL})
    arn = world.control.create_schema(name="more", schema=json.dumps(schema))["schemaArn"]
    world.control.update_dataset(datasetArn=f"{ARN}:dataset/shop/ITEMS", schemaArn=arn)
    world.clock.advance(60)

    assert world.ask(world.filter('INCLUDE ItemID WHERE Items.CITY IN ("Ulm")', "from")) == []
    assert world.ask(world.filter('EXCLUDE ItemID WHERE Items.CITY IN ("Ulm")', "but")) == [0, 1, 2, 3, 4]


def test_streamed_events_count_at_once(world: World) -> None:
    tracker = world.control.create_event_tracker(name="tracker", datasetGroupArn=GROUP)
    world.clock.advance(60)
    unseen = world.filter(UNSEEN)

    def buy(item_id: str, event_type: str) -> None:
        client(world.personalize, "personalize-events").put_events(
            trackingId=tracker["trackingId"],
            sessionId="session",
            userId="ann",
            eventList=[{"itemId": item_id, "eventType": event_type, "sentAt": "1970-01-01T02:45:00Z"}],
        )

    buy("item-03", "buy")
    assert world.ask(unseen)[:3] == [2, 4, 5]
    buy("item-04", "Buy")
    assert world.ask(unseen)[:3] == [2, 5, 6]


def test_a_deleted_filter_is_not_found_and_another_of_its_name_is_another(world: World) -> None:
    arn = world.filter(UNSEEN)
    assert world.ask(arn) == [2, 3, 4, 5, 6]

    world.control.delete_filter(filterArn=arn)
    with refused("InvalidInputException", arn, "DELETE PENDING"):
        world.ask(arn)
    world.clock.advance(60)
    with refused("ResourceNotFoundException", arn, status=404):
        world.ask(arn)
    assert world.create("INCLUDE ItemID WHERE Items.PRICE > 20") == arn
    with refused("InvalidInputException", arn, "CREATE PENDING", "when it is ACTIVE"):
        world.ask(arn)
    world.clock.advance(60)
    assert world.ask(arn) == [21, 22, 23, 24, 25]


def test_a_filter_that_cannot_be_answered_is_refused(world: World) -> None:
    other = world.group("other")
    schema = world.control.create_schema(name="more", schema=SCHEMAS["Interactions"])["schemaArn"]
    world.control.create_dataset(name="d", datasetGroupArn=other, schemaArn=schema, datasetType="INTERACTIONS")

    with refused("InvalidInputException", "filter/theirs", other, GROUP):
        world.ask(world.filter(UNSEEN, "theirs", other))
    with refused("InvalidInputException", "filter/current", "CurrentItem", "aws-popularity-count"):
        world.ask(world.filter("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "current"))
    with refused("InvalidInputException", "filter/users", "UserID"):
        world.ask(world.filter("INCLUDE UserID WHERE Users.AGE > 3", "users"))


def test_the_same_filters_answer_after_a_restart(world: World, tmp_path: Path) -> None:
    arns = [world.filter(UNSEEN, "a"), world.filter(GENRE, "b")]
    before = [world.ask(arn, GENRE='"comedy"') for arn in arns]
    world.personalize.close()

    again = World(tmp_path)
    try:
        assert [again.ask(arn, GENRE='"comedy"') for arn in arns] == before == [[2, 3, 4, 5, 6], [0, 3, 6, 9, 12]]
        assert [each["name"] for each in again.control.list_filters()["Filters"]] == ["b", "a"]
        with refused("ResourceAlreadyExistsException"):
            again.create(UNSEEN, "a")
    finally:
        again.personalize.close()


class Listing(Runtime):
    """Recommends the catalogue in its order, as far as the question allows it."""

    def recommend(self, model_path: Path, question: Question) -> list[Recommended]:  # noqa: ARG002 # the protocol's
        catalogue = np.array([f"item-{number:02}" for number in range(N_ITEMS)])
        allowed = np.ones(N_ITEMS, dtype=np.bool_) if question.allowed is None else question.allowed(catalogue)
        return [Recommended(str(item_id), None) for item_id in catalogue[allowed][: question.k]]

    def forget(self, model_path: Path) -> None:
        """There is nothing to forget."""


@pytest.fixture
def beside_an_item(tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """Asks a campaign for related items with a filter."""
    world = World(tmp_path, Listing(), trainable_recipes=["aws-similar-items"]).fill(interactions(), items(), USERS)
    campaign = world.campaign("aws-similar-items")

    def ask(expression: str, **given: Any) -> list[str]:
        number = len(world.control.list_filters()["Filters"])
        arn = world.filter(expression, f"f{number}")
        answer = world.runtime.get_recommendations(campaignArn=campaign, numResults=5, filterArn=arn, **given)
        return [item["itemId"][-2:] for item in answer["itemList"]]

    yield ask
    world.personalize.close()


def test_related_items_are_held_against_the_one_that_is_asked_about(beside_an_item: Callable[..., list[str]]) -> None:
    expression = "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE"

    assert beside_an_item(expression, itemId="item-09") == ["00", "03", "06"]
    assert beside_an_item(expression, itemId="item-08") == ["00", "02", "04", "06"]
    assert beside_an_item(expression, itemId="item-29") == []
    assert beside_an_item(expression, itemId="unknown") == []


def test_related_items_need_a_user_where_the_filter_does(beside_an_item: Callable[..., list[str]]) -> None:
    assert beside_an_item(UNSEEN, itemId="item-09", userId="ann") == ["02", "03", "04", "05", "06"]
    with refused("InvalidInputException", "userId is required by", "Interactions"):
        beside_an_item(UNSEEN, itemId="item-09")
    with refused("InvalidInputException", "userId is required by", "CurrentUser"):
        beside_an_item("EXCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.AGE > 1", itemId="item-09")
