"""Metric attributions as resources: what is accepted, the states, the lists, and what they keep others from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.attribution.sink import MemoryMetrics
from tastemaker.personalize.objects import MemoryObjects
from tests.unit.personalize.event_scene import interactions_schema
from tests.unit.personalize.scene import ARN, ROLE, Scene, refused
from tests.unit.personalize.shop_scene import GROUP, Shop

ATTRIBUTION = f"{ARN}:metric-attribution/effect"
VIEWS = {"eventType": "view", "metricName": "views", "expression": "SAMPLECOUNT()"}
VALUE = {"eventType": "buy", "metricName": "value", "expression": "SUM(Interactions.EVENT_VALUE)"}
PRICES = {"eventType": "buy", "metricName": "prices", "expression": "SUM(Items.PRICE)"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.personalize.close()


def create(shop: Shop | Scene, *metrics: dict[str, str], name: str = "effect", **output: Any) -> str:
    # what the stubs would refuse is what is tested
    given: Any = {
        "name": name,
        "datasetGroupArn": GROUP,
        "metrics": metrics,
        "metricsOutputConfig": {"roleArn": ROLE, **output},
    }
    return shop.control.create_metric_attribution(**given)["metricAttributionArn"]


def describe(shop: Shop | Scene, arn: str = ATTRIBUTION) -> Any:
    return shop.control.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]


def active(shop: Shop, *metrics: dict[str, str], **output: Any) -> str:
    arn = create(shop, *(metrics or (VIEWS,)), **output)
    Scene.until_active(lambda: describe(shop))
    return arn


def names(shop: Shop) -> list[str]:
    listed = shop.control.list_metric_attribution_metrics(metricAttributionArn=ATTRIBUTION)["metrics"]
    return [metric["metricName"] for metric in listed]


def update(shop: Shop, **given: Any) -> str:
    return shop.control.update_metric_attribution(metricAttributionArn=ATTRIBUTION, **given)["metricAttributionArn"]


def test_an_attribution_passes_through_its_states_and_is_described_and_listed(shop: Shop) -> None:
    output: dict[str, Any] = {"s3DataDestination": {"path": "s3://bucket/metrics/"}}

    assert create(shop, VIEWS, VALUE, **output) == ATTRIBUTION

    states = Scene.until_active(lambda: describe(shop))
    assert states == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    found = describe(shop)
    assert found["name"] == "effect"
    assert found["datasetGroupArn"] == GROUP
    assert found["metricsOutputConfig"] == {"roleArn": ROLE, **output}
    (listed,) = shop.control.list_metric_attributions(datasetGroupArn=GROUP)["metricAttributions"]
    assert listed["metricAttributionArn"] == ATTRIBUTION
    assert shop.control.list_metric_attributions(datasetGroupArn=f"{GROUP}-2")["metricAttributions"] == []
    assert shop.control.list_metric_attribution_metrics()["metrics"] == [VIEWS, VALUE]


def test_metrics_are_listed_page_by_page(shop: Shop) -> None:
    active(shop, VIEWS, VALUE)

    first = shop.control.list_metric_attribution_metrics(metricAttributionArn=ATTRIBUTION, maxResults=1)
    last = shop.control.list_metric_attribution_metrics(
        metricAttributionArn=ATTRIBUTION, maxResults=1, nextToken=first["nextToken"]
    )

    assert first["metrics"] + last["metrics"] == [VIEWS, VALUE]
    assert "nextToken" not in last
    with refused("InvalidNextTokenException"):
        shop.control.list_metric_attribution_metrics(nextToken=first["nextToken"])


def test_items_can_be_summed_when_there_are_some(shop: Shop) -> None:
    with refused("InvalidInputException", "prices", "ITEMS dataset with data"):
        create(shop, PRICES)
    shop.load("ITEMS", "ITEM_ID,PRICE,TITLE\nlamp,2.5,Lamp\n")
    active(shop, PRICES)
    assert names(shop) == ["prices"]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("COUNT()", "write SAMPLECOUNT(), SUM(Interactions.COLUMN) or SUM(Items.COLUMN)"),
        ("SUM(EVENT_VALUE)", "The expression SUM(EVENT_VALUE)"),
        ("SUM(Users.AGE)", "The expression SUM(Users.AGE)"),
        ("SUM(Interactions.NOTHING)", "has no column NOTHING"),
        ("SUM(Interactions.DEVICE)", "The column DEVICE is a string"),
    ],
)
def test_an_expression_that_cannot_be_computed_is_refused(shop: Shop, expression: str, word: str) -> None:
    with refused("InvalidInputException", "The metric views", word):
        create(shop, VIEWS | {"expression": expression})


def test_metrics_are_counted_and_have_names_of_their_own(shop: Shop) -> None:
    with refused("InvalidInputException", "several metrics of the name views"):
        create(shop, VIEWS, VIEWS | {"eventType": "buy"})
    with refused("InvalidInputException", "metrics"):
        create(shop, *(VIEWS | {"metricName": f"m{number}"} for number in range(11)))
    with refused("InvalidInputException", "needs an eventType"):
        create(shop, VIEWS | {"eventType": ""})
    with refused("InvalidInputException", "1 to 255 characters"):
        create(shop, VIEWS | {"metricName": ""})
    active(shop, *(VIEWS | {"metricName": f"m{number}"} for number in range(10)))


def test_a_group_has_one_attribution_and_a_name_is_used_once(shop: Shop) -> None:
    create(shop, VIEWS)
    with refused("ResourceAlreadyExistsException", ATTRIBUTION):
        create(shop, VIEWS)
    with refused("ResourceAlreadyExistsException", ATTRIBUTION):
        create(shop, VIEWS, name="another")


def test_a_group_and_its_interactions_are_needed(scene: Scene) -> None:
    with refused("ResourceNotFoundException", GROUP):
        create(scene, VIEWS)
    scene.control.create_dataset_group(name="shop")
    with refused("ResourceInUseException", "CREATE PENDING"):
        create(scene, VIEWS)
    Scene.until_active(lambda: scene.control.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"])
    with refused("InvalidInputException", "needs an INTERACTIONS dataset", "EVENT_TYPE"):
        create(scene, VIEWS)


def test_interactions_without_event_types_are_not_enough(scene: Scene) -> None:
    scene.dataset()

    with refused("InvalidInputException", "EVENT_TYPE"):
        create(scene, VIEWS)


def test_the_output_is_checked_at_once(tmp_path: Path) -> None:
    objects = MemoryObjects({"bucket": {}, "closed": {}}, readers={"closed": frozenset({"other"})})
    shop = Shop(tmp_path, objects=objects)

    with refused("InvalidInputException", "Invalid S3 output path"):
        create(shop, VIEWS, s3DataDestination={"path": "s3://bucket/file"})
    with refused("InvalidInputException", "Insufficient privileges for accessing data in S3"):
        create(shop, VIEWS, s3DataDestination={"path": "s3://closed/"})
    active(shop)
    with refused("InvalidInputException", "Insufficient privileges for accessing data in S3"):
        update(shop, metricsOutputConfig={"roleArn": ROLE, "s3DataDestination": {"path": "s3://closed/"}})
    shop.personalize.close()


def test_a_role_that_may_not_send_metrics_fails_the_creation_which_can_then_be_deleted(tmp_path: Path) -> None:
    shop = Shop(tmp_path, metrics=MemoryMetrics(refused=frozenset({ROLE})))
    create(shop, VIEWS)

    Shop.until("CREATE FAILED", lambda: describe(shop))

    assert "cloudwatch:PutMetricData" in describe(shop)["failureReason"]
    shop.control.delete_metric_attribution(metricAttributionArn=ATTRIBUTION)
    assert Scene.until_gone(lambda: describe(shop)) == ["DELETE PENDING", "DELETE IN_PROGRESS"]
    shop.personalize.close()


def test_a_validation_that_a_restart_interrupted_is_done(tmp_path: Path) -> None:
    before = Scene(tmp_path)
    before.group()
    schema = before.schema(text=interactions_schema())
    dataset = before.control.create_dataset(
        name="events", datasetGroupArn=GROUP, schemaArn=schema, datasetType="Interactions"
    )["datasetArn"]
    Scene.until_active(lambda: before.control.describe_dataset(datasetArn=dataset)["dataset"])
    create(before, VIEWS)
    before.personalize.close()

    after = Scene(tmp_path)
    assert after.jobs.tasks == [ATTRIBUTION]
    after.jobs.succeed()

    assert Scene.until_active(lambda: describe(after))[-1] == "ACTIVE"
    assert after.control.list_metric_attribution_metrics()["metrics"] == [VIEWS]
    after.personalize.close()


def test_an_update_adds_and_removes_metrics_and_moves_the_output(shop: Shop) -> None:
    active(shop, VIEWS, VALUE)
    moved = {"roleArn": ROLE, "s3DataDestination": {"path": "s3://bucket/elsewhere/"}}

    arn = update(shop, addMetrics=[VIEWS | {"metricName": "more"}], removeMetrics=["views"], metricsOutputConfig=moved)

    assert arn == ATTRIBUTION
    states = [describe(shop)["status"] for _ in range(3)]
    assert states == ["UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE"]
    assert names(shop) == ["value", "more"]
    assert describe(shop)["metricsOutputConfig"] == moved


def test_a_name_can_be_taken_again_in_the_update_that_removes_it(shop: Shop) -> None:
    active(shop, VIEWS)

    update(shop, addMetrics=[VIEWS | {"eventType": "buy"}], removeMetrics=["views"])

    Scene.until_active(lambda: describe(shop))
    (metric,) = shop.control.list_metric_attribution_metrics()["metrics"]
    assert metric["eventType"] == "buy"


def test_an_update_is_checked(shop: Shop) -> None:
    with refused("ResourceNotFoundException", ATTRIBUTION):
        update(shop, removeMetrics=[])
    with refused("InvalidInputException", "metricAttributionArn is required"):
        shop.control.update_metric_attribution(removeMetrics=["views"])
    create(shop, VIEWS)
    with refused("ResourceInUseException", "CREATE PENDING"):
        update(shop, removeMetrics=["views"])
    Scene.until_active(lambda: describe(shop))
    with refused("ResourceAlreadyExistsException", "already has a metric views"):
        update(shop, addMetrics=[VIEWS])
    with refused("ResourceAlreadyExistsException", "already has a metric new"):
        update(shop, addMetrics=[VIEWS | {"metricName": "new"}] * 2)
    with refused("InvalidInputException", "has no metric other"):
        update(shop, removeMetrics=["other"])
    with refused("InvalidInputException", "11 metrics"):
        update(shop, addMetrics=[VIEWS | {"metricName": f"m{number}"} for number in range(10)])
    with refused("InvalidInputException", "has no column X"):
        update(shop, addMetrics=[VALUE | {"expression": "SUM(Interactions.X)"}])


def test_a_deletion_goes_through_its_states_and_frees_group_and_name(shop: Shop) -> None:
    with refused("ResourceNotFoundException", ATTRIBUTION):
        shop.control.delete_metric_attribution(metricAttributionArn=ATTRIBUTION)
    create(shop, VIEWS)
    with refused("ResourceInUseException", "CREATE PENDING"):
        shop.control.delete_metric_attribution(metricAttributionArn=ATTRIBUTION)
    Scene.until_active(lambda: describe(shop))

    shop.control.delete_metric_attribution(metricAttributionArn=ATTRIBUTION)

    with refused("ResourceInUseException", "DELETE PENDING"):
        shop.control.delete_metric_attribution(metricAttributionArn=ATTRIBUTION)
    assert Scene.until_gone(lambda: describe(shop)) == ["DELETE PENDING", "DELETE IN_PROGRESS"]
    active(shop)


def test_a_group_with_an_attribution_cannot_be_deleted(tmp_path: Path) -> None:
    shop = Shop(tmp_path, types=("INTERACTIONS",))
    active(shop)
    (tracker,) = shop.control.list_event_trackers()["eventTrackers"]
    shop.control.delete_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])
    shop.clock.advance(60)

    with refused("ResourceInUseException", f"delete {ATTRIBUTION} first"):
        shop.control.delete_dataset_group(datasetGroupArn=GROUP)
    shop.personalize.close()


def test_an_attribution_has_no_tags(shop: Shop) -> None:
    active(shop)

    with refused("InvalidInputException"):
        shop.control.tag_resource(resourceArn=ATTRIBUTION, tags=[{"tagKey": "a", "tagValue": "b"}])
