"""GetRecommendations lets through what a naive evaluator does: random filters on random data, all over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.runtime import Question, Recommended
from tastemaker.personalize.schemas import Field
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.instant_jobs import InstantJobs
from tests.unit.personalize.naive_filters import (
    CATALOGUE,
    ITEM_FIELDS,
    USER_FIELDS,
    Condition,
    Part,
    Row,
    World,
    draw_parts,
    draw_world,
    naive,
)
from tests.unit.personalize.scene import ARN, RECIPE, ROLE

GROUP = f"{ARN}:dataset-group/shop"
START = 1_700_000_000
EVENT_FIELDS = (
    Field("USER_ID", "string"),
    Field("ITEM_ID", "string"),
    Field("EVENT_TYPE", "string"),
    Field("TIMESTAMP", "long"),
)


class Catalogue:
    """Recommends all that the question allows."""

    def recommend(self, model_path: Path, question: Question) -> Sequence[Recommended]:  # noqa: ARG002 # the protocol's
        allowed = np.ones(len(CATALOGUE), dtype=np.bool_) if question.allowed is None else question.allowed(CATALOGUE)
        return [Recommended(str(item_id), None) for item_id in CATALOGUE[allowed]]

    def rank(self, model_path: Path, question: Question, items: Sequence[str]) -> Sequence[Recommended]:  # noqa: ARG002 # the protocol's
        raise AssertionError("nobody asks for a ranking")

    def recommend_actions(self, model_path: Path, question: Question, taken: Sequence[str]) -> Sequence[Recommended]:  # noqa: ARG002 # the protocol's
        raise AssertionError("nobody asks for actions")

    def forget(self, model_path: Path) -> None:
        """There is nothing to forget."""


class Shop:
    """A world as an embedded Personalize holds it: what is imported in bulk, and what is streamed."""

    def __init__(self, directory: Path, world: World) -> None:
        self.clock = ManualClock()
        self.objects = MemoryObjects({"bucket": {}})
        self.personalize = Personalize(
            objects=self.objects,
            clock=self.clock,
            jobs=InstantJobs(objects=self.objects, directory=directory),
            recommender=Catalogue(),
            trainable_recipes=["aws-similar-items"],
        )
        self.control = client(self.personalize, "personalize")
        self.runtime = client(self.personalize, "personalize-runtime")
        self.settled(self.control.create_dataset_group(name="shop"))
        self.load("Items", ITEM_FIELDS, world.items)
        self.load("Users", USER_FIELDS, world.users)
        self.load("Interactions", EVENT_FIELDS, [*map(event, world.imported), *OTHERS])
        self.stream(world)
        self.campaign = self.deployed()

    def settled(self, answer: Any) -> str:
        """The ARN in an answer, of what is ACTIVE, or gone, by now."""
        self.clock.advance(60)
        return next(str(value) for name, value in answer.items() if name.endswith("Arn"))

    def load(self, kind: str, fields: Sequence[Field], rows: Sequence[Row]) -> None:
        described = [
            {"name": field.name, "type": ["null", field.type] if field.nullable else field.type}
            | ({"categorical": True} if field.categorical else {})
            for field in fields
        ]
        schema = json.dumps({"type": "record", "name": kind, "version": "1.0", "fields": described})
        schema_arn = self.control.create_schema(name=kind, schema=schema)["schemaArn"]
        dataset = self.settled(
            self.control.create_dataset(name=kind, datasetGroupArn=GROUP, schemaArn=schema_arn, datasetType=kind)
        )
        names = [field.name for field in fields]
        lines = [",".join("" if row[name] is None else str(row[name]) for name in names) for row in rows]
        self.objects.store("bucket", f"{kind}.csv", "\n".join([",".join(names), *lines]).encode())
        self.settled(
            self.control.create_dataset_import_job(
                jobName=kind, datasetArn=dataset, dataSource={"dataLocation": f"s3://bucket/{kind}.csv"}, roleArn=ROLE
            )
        )

    def stream(self, world: World) -> None:
        tracker = self.control.create_event_tracker(name="web", datasetGroupArn=GROUP)
        self.settled(tracker)
        events: Any = client(self.personalize, "personalize-events")
        for user_id, item_id, event_type, when in world.streamed:
            sent = {"eventType": event_type, "itemId": item_id, "sentAt": START + when}
            events.put_events(trackingId=tracker["trackingId"], sessionId="s", userId=user_id, eventList=[sent])

    def deployed(self) -> str:
        solution = self.settled(
            self.control.create_solution(
                name="s",
                datasetGroupArn=GROUP,
                recipeArn=f"{RECIPE}/aws-similar-items",
                performAutoTraining=False,
            )
        )
        version = self.settled(self.control.create_solution_version(solutionArn=solution))
        return self.settled(self.control.create_campaign(name="live", solutionVersionArn=version))

    def ask(self, expression: str, values: dict[str, str], user_id: str, current: str) -> set[str]:
        """What a filter of its own lets through."""
        created = self.control.create_filter(name="f", datasetGroupArn=GROUP, filterExpression=expression)
        arn = self.settled(created)
        answer = self.runtime.get_recommendations(
            campaignArn=self.campaign,
            itemId=current,
            userId=user_id,
            numResults=100,
            filterArn=arn,
            filterValues=values,
        )
        self.control.delete_filter(filterArn=arn)
        self.clock.advance(60)
        return {item["itemId"] for item in answer["itemList"]}


def event(given: tuple[str, str, str, int]) -> Row:
    user_id, item_id, event_type, when = given
    return {"USER_ID": user_id, "ITEM_ID": item_id, "EVENT_TYPE": event_type, "TIMESTAMP": START + when}


# an import takes no less than a thousand interactions
OTHERS = [event(("other", f"i{number % 30:02}", "view", number)) for number in range(1000)]


@pytest.fixture(params=range(6))
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Shop, World]]:
    world = draw_world(Random(1000 + request.param))
    shop = Shop(tmp_path, world)
    yield shop, world
    shop.personalize.close()


def test_recommendations_are_those_that_the_naive_evaluator_lets_through(shop: tuple[Shop, World]) -> None:
    served, world = shop
    seen: set[frozenset[str]] = set()

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        luck=st.randoms(use_true_random=False),
        user_id=st.sampled_from(["u0", "u1", "u2", "stranger"]),
        current=st.sampled_from([*CATALOGUE.tolist()[:6], "nothing"]),
    )
    def agrees(luck: Random, user_id: str, current: str) -> None:
        parts = draw_parts(luck)
        values = {name: text for part in parts for name, text in values_of(part, luck).items()}
        expression = " | ".join(part.text() for part in parts)

        found = served.ask(cased(expression, luck), values, user_id, current)

        applying = [part for part in parts if parameters(part) <= values.keys()]
        expected = {str(each) for each in CATALOGUE if naive(world, applying, str(each), user_id, current)}
        assert found == expected, (expression, values)
        seen.add(frozenset(found))

    agrees()
    # the filters do differ in what they let through
    assert len(seen) > 4


def parameters(part: Part) -> set[str]:
    return {each.parameter for each in conditions(part) if each.parameter is not None}


def conditions(part: Part) -> list[Condition]:
    return [each for row in [*part.where, part.users] for each in row]


def values_of(part: Part, luck: Random) -> dict[str, str]:
    """`filterValues` for a part. An EXCLUDE goes without one of them now and then, and by that goes itself."""
    given = {
        each.parameter: ",".join(quoted(value, luck) for value in each.values)
        for each in conditions(part)
        if each.parameter is not None
    }
    if given and not part.include and luck.random() < 0.3:
        del given[luck.choice(sorted(given))]
    return given


def quoted(value: str | float, luck: Random) -> str:
    """Numbers need no quotes."""
    return str(value) if isinstance(value, float) and luck.random() < 0.5 else f'"{value}"'


def cased(expression: str, luck: Random) -> str:
    """The same filter: words of the language and names of fields may be written in any case."""
    if luck.random() < 0.5:
        return expression
    for word in ("INCLUDE", "EXCLUDE", "WHERE", "ItemID", "Interactions.EVENT_TYPE", "Items.GENRE", "CurrentItem."):
        expression = expression.replace(word, luck.choice([word.lower(), word.upper(), word]))
    return expression
