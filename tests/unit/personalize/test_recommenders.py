"""Recommenders as resources: their lifecycle, configuration and trainings, through a boto3 client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.due import DAY
from tastemaker.personalize.quotas import Quotas
from tests.unit.personalize.recommender_scene import GROUP, RECOMMENDER, RecommenderScene
from tests.unit.personalize.scene import ARN, METRICS, RECIPE, Scene, refused

CREATING = ["CREATE PENDING", "CREATE IN_PROGRESS"]


@pytest.fixture
def shop() -> Iterator[RecommenderScene]:
    scene = RecommenderScene()
    yield scene
    scene.personalize.close()


def test_a_recommender_is_active_with_metrics_when_its_model_is_trained(shop: RecommenderScene) -> None:
    arn = shop.create(tags=[{"tagKey": "k", "tagValue": "v"}])

    running = [shop.described() for _ in range(3)]
    shop.jobs.succeed()
    recommender = shop.described()

    assert arn == RECOMMENDER
    assert [each["status"] for each in running] == [*CREATING, CREATING[-1]]
    assert "modelMetrics" not in running[-1]
    assert (recommender["status"], recommender["modelMetrics"]) == ("ACTIVE", METRICS)
    assert (recommender["name"], recommender["datasetGroupArn"]) == ("picks", GROUP)
    assert recommender["recipeArn"] == f"{RECIPE}/aws-ecomm-recommended-for-you"
    assert "latestRecommenderUpdate" not in recommender
    assert shop.control.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "k", "tagValue": "v"}]


@pytest.mark.parametrize(
    ("use_case", "event_type"),
    [
        ("aws-ecomm-popular-items-by-views", "View"),
        ("aws-ecomm-popular-items-by-purchases", "Purchase"),
        ("aws-ecomm-frequently-bought-together", "Purchase"),
        ("aws-ecomm-customers-who-viewed-x-also-viewed", "View"),
        ("aws-ecomm-recommended-for-you", None),
    ],
)
def test_a_use_case_is_trained_on_the_events_it_is_about(
    shop: RecommenderScene, use_case: str, event_type: str | None
) -> None:
    shop.create(use_case)

    (_, spec) = shop.jobs.trainings[-1]

    assert (spec.recipe, spec.event_type) == (use_case, event_type)
    assert set(spec.dataset_arns) == {"INTERACTIONS", "ITEMS"}


def test_a_training_that_fails_leaves_its_reason(shop: RecommenderScene) -> None:
    shop.create("aws-ecomm-popular-items-by-views")
    reason = "Dataset has fewer than 1000 interactions after filtering by event type: View"

    shop.jobs.fail(reason)
    shop.clock.advance(60)

    assert (shop.described()["status"], shop.described()["failureReason"]) == ("CREATE FAILED", reason)
    with refused("InvalidInputException", "CREATE FAILED"):
        shop.runtime.get_recommendations(recommenderArn=RECOMMENDER, userId="ann")
    shop.control.delete_recommender(recommenderArn=RECOMMENDER)
    assert shop.until_gone(shop.described) == ["DELETE PENDING", "DELETE IN_PROGRESS"]


def test_recommenders_are_listed_by_group_with_their_configuration(shop: RecommenderScene) -> None:
    for name in ("a", "b"):
        shop.create(name=name, recommenderConfig={"minRecommendationRequestsPerSecond": 3})
    other = shop.group("other")

    listed = shop.control.list_recommenders(datasetGroupArn=GROUP)["recommenders"]

    assert [each["name"] for each in listed] == ["b", "a"]
    assert listed[0]["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 3
    assert shop.control.list_recommenders(datasetGroupArn=other)["recommenders"] == []
    pages = shop.control.get_paginator("list_recommenders").paginate(PaginationConfig={"PageSize": 1})
    assert [each["name"] for page in pages for each in page["recommenders"]] == ["b", "a"]


def test_a_recommender_needs_a_use_case_of_its_groups_domain(shop: RecommenderScene) -> None:
    with refused("InvalidInputException", "aws-vod-top-picks", "VIDEO_ON_DEMAND", "ECOMMERCE"):
        shop.create("aws-vod-top-picks")
    with refused("InvalidInputException", "CreateSolution"):
        shop.create("aws-popularity-count")
    with refused("ResourceNotFoundException", "aws-ecomm-nothing"):
        shop.create("aws-ecomm-nothing")


def test_a_group_without_a_domain_has_no_recommenders(scene: Scene) -> None:
    group = scene.group()

    with refused("InvalidInputException", group, "no domain"):
        scene.control.create_recommender(
            name="r", datasetGroupArn=group, recipeArn=f"{RECIPE}/aws-ecomm-recommended-for-you"
        )


def test_a_group_has_to_be_there_and_active(shop: RecommenderScene) -> None:
    recipe = f"{RECIPE}/aws-ecomm-recommended-for-you"
    missing = f"{ARN}:dataset-group/nowhere"
    with refused("ResourceNotFoundException", missing):
        shop.control.create_recommender(name="r", datasetGroupArn=missing, recipeArn=recipe)
    pending = shop.control.create_dataset_group(name="new", domain="ECOMMERCE")["datasetGroupArn"]
    with refused("ResourceInUseException", pending):
        shop.control.create_recommender(name="r", datasetGroupArn=pending, recipeArn=recipe)


def test_a_use_case_needs_its_datasets() -> None:
    scene = RecommenderScene("VIDEO_ON_DEMAND", with_items=False)
    with refused("InvalidInputException", "no ITEMS dataset", "aws-vod-more-like-x"):
        scene.create("aws-vod-more-like-x")
    scene.create("aws-vod-most-popular")
    scene.personalize.close()


def test_a_use_case_without_a_model_is_refused_in_words(scene: Scene) -> None:
    group = scene.group("domain", domain="ECOMMERCE")

    with refused("InvalidInputException", "aws-ecomm-recommended-for-you is not implemented", "aws-popularity-count"):
        scene.control.create_recommender(
            name="r", datasetGroupArn=group, recipeArn=f"{RECIPE}/aws-ecomm-recommended-for-you"
        )


def test_names_are_taken_once(shop: RecommenderScene) -> None:
    shop.create()
    with refused("ResourceAlreadyExistsException", RECOMMENDER):
        shop.create("aws-ecomm-popular-items-by-views")


def test_a_group_has_five_recommenders_at_most() -> None:
    scene = RecommenderScene(quotas=Quotas(recommenders=2))
    for name in ("a", "b"):
        scene.live(name=name)
    with refused("LimitExceededException", "recommender"):
        scene.create(name="c")
    scene.control.delete_recommender(recommenderArn=f"{ARN}:recommender/a")
    scene.clock.advance(60)
    scene.create(name="c")
    scene.personalize.close()


@pytest.mark.parametrize(
    ("use_case", "config", "words"),
    [
        ("recommended-for-you", {"minRecommendationRequestsPerSecond": 0}, "minRecommendationRequestsPerSecond"),
        ("recommended-for-you", {"itemExplorationConfig": {"explorationWeight": "2"}}, "number from 0.0 to 1.0"),
        ("recommended-for-you", {"itemExplorationConfig": {"depth": "2"}}, "has no hyperparameter depth"),
        ("popular-items-by-views", {"itemExplorationConfig": {"explorationWeight": "0.1"}}, "explorationWeight"),
        (
            "recommended-for-you",
            {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["COLOUR"]}}},
            "no column COLOUR",
        ),
        (
            "recommended-for-you",
            {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["EVENT_TYPE"]}}},
            "EVENT_TYPE of INTERACTIONS cannot be excluded",
        ),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(
    shop: RecommenderScene, use_case: str, config: dict[str, Any], words: str
) -> None:
    with refused("InvalidInputException", words):
        shop.create(f"aws-ecomm-{use_case}", recommenderConfig=config)
    assert shop.control.list_recommenders()["recommenders"] == []


def test_an_update_shows_in_its_summary_and_then_in_the_recommender(shop: RecommenderScene) -> None:
    shop.live(recommenderConfig={"minRecommendationRequestsPerSecond": 2})

    shop.update(enableMetadataWithRecommendations=True)
    first = shop.described()
    seen = shop.until_active(lambda: shop.described()["latestRecommenderUpdate"])
    last = shop.described()

    assert (first["status"], first["latestRecommenderUpdate"]["status"]) == ("ACTIVE", "CREATE PENDING")
    assert first["recommenderConfig"]["enableMetadataWithRecommendations"] is False
    assert seen == ["CREATE IN_PROGRESS", "ACTIVE"]
    assert last["recommenderConfig"] == {
        "minRecommendationRequestsPerSecond": 2,
        "enableMetadataWithRecommendations": True,
    }
    assert len(shop.jobs.trainings) == 1


def test_other_training_columns_train_a_new_model_while_the_old_one_serves(shop: RecommenderScene) -> None:
    shop.live()
    without = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["RATING"]}}}

    shop.update(**without)
    shop.clock.advance(60)
    while_training = (shop.described()["latestRecommenderUpdate"]["status"], shop.answering_model())
    shop.jobs.succeed()
    shop.clock.advance(60)
    after = (shop.described()["latestRecommenderUpdate"]["status"], shop.answering_model())
    shop.update(**without)
    shop.clock.advance(60)

    assert (while_training, after) == (("CREATE IN_PROGRESS", "1"), ("ACTIVE", "2"))
    assert [spec.item_fields.numbers for _, spec in shop.jobs.trainings] == [("PRICE", "RATING"), ("PRICE",)]
    assert shop.described()["recommenderConfig"]["trainingDataConfig"] == without["trainingDataConfig"]


def test_an_update_that_fails_leaves_what_was(shop: RecommenderScene) -> None:
    shop.live()
    shop.update(trainingDataConfig={"excludedDatasetColumns": {"ITEMS": ["RATING"]}})
    shop.jobs.fail("no luck")
    shop.clock.advance(60)

    recommender = shop.described()
    shop.update(minRecommendationRequestsPerSecond=7)
    shop.clock.advance(60)

    assert (recommender["status"], recommender["latestRecommenderUpdate"]["status"]) == ("ACTIVE", "CREATE FAILED")
    assert recommender["latestRecommenderUpdate"]["failureReason"] == "no luck"
    assert "trainingDataConfig" not in shop.described()["recommenderConfig"]
    assert shop.described()["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 7
    assert shop.answering_model() == "1"


def test_a_stopped_recommender_answers_again_with_the_same_model(shop: RecommenderScene) -> None:
    shop.live()

    shop.control.stop_recommender(recommenderArn=RECOMMENDER)
    stopping = [shop.described()["status"] for _ in range(3)]
    with refused("InvalidInputException", "INACTIVE"):
        shop.answering_model()
    with refused("ResourceInUseException", "INACTIVE"):
        shop.control.stop_recommender(recommenderArn=RECOMMENDER)
    with refused("ResourceInUseException", "INACTIVE"):
        shop.update(minRecommendationRequestsPerSecond=2)
    shop.control.start_recommender(recommenderArn=RECOMMENDER)
    starting = [shop.described()["status"] for _ in range(3)]

    assert stopping == ["STOP PENDING", "STOP IN_PROGRESS", "INACTIVE"]
    assert starting == ["START PENDING", "START IN_PROGRESS", "ACTIVE"]
    assert shop.answering_model() == "1"
    assert len(shop.jobs.trainings) == 1


def test_what_is_under_way_is_left_alone(shop: RecommenderScene) -> None:
    shop.create()
    for refuse in ("stop", "start", "delete"):
        with refused("ResourceInUseException", "CREATE PENDING"):
            getattr(shop.control, f"{refuse}_recommender")(recommenderArn=RECOMMENDER)
    with refused("ResourceInUseException", "CREATE PENDING"):
        shop.update(minRecommendationRequestsPerSecond=2)
    shop.jobs.succeed()
    shop.clock.advance(60)
    with refused("ResourceInUseException", "ACTIVE", "INACTIVE"):
        shop.control.start_recommender(recommenderArn=RECOMMENDER)


@pytest.mark.parametrize("operation", ["describe", "stop", "start", "delete"])
def test_one_that_is_not_there_is_not_found(shop: RecommenderScene, operation: str) -> None:
    with refused("ResourceNotFoundException", RECOMMENDER):
        getattr(shop.control, f"{operation}_recommender")(recommenderArn=RECOMMENDER)


def test_a_recommender_keeps_its_group_and_while_it_trains_its_datasets(shop: RecommenderScene) -> None:
    shop.create()
    with refused("ResourceInUseException", RECOMMENDER, "CREATE PENDING"):
        shop.control.delete_dataset(datasetArn=f"{ARN}:dataset/shop/ITEMS")
    with refused("ResourceInUseException", RECOMMENDER):
        shop.control.delete_dataset_group(datasetGroupArn=GROUP)


def test_a_deleted_recommender_shows_no_metrics_on_its_way(shop: RecommenderScene) -> None:
    shop.live()
    shop.control.delete_recommender(recommenderArn=RECOMMENDER)

    assert "modelMetrics" not in shop.described()
    with refused("InvalidInputException", "DELETE PENDING"):
        shop.answering_model()
    with refused("ResourceInUseException", "DELETE PENDING"):
        shop.control.delete_recommender(recommenderArn=RECOMMENDER)


def test_trainings_and_models_outlive_the_process(tmp_path: Path) -> None:
    before = RecommenderScene(data_dir=tmp_path)
    before.live(name="other")
    before.create()
    before.personalize.close()

    again = RecommenderScene(data_dir=tmp_path)
    assert [key.rpartition("/")[0] for key, _ in again.jobs.trainings] == [RECOMMENDER]
    again.jobs.succeed()
    again.clock.advance(1000)  # its clock begins anew
    assert again.described()["status"] == "ACTIVE"
    again.runtime.get_recommendations(recommenderArn=f"{ARN}:recommender/other", userId="ann")
    assert again.models_asked()[-1] == "1"
    again.personalize.close()


def test_an_update_that_was_training_goes_on_after_a_restart(tmp_path: Path) -> None:
    before = RecommenderScene(data_dir=tmp_path)
    before.live()
    before.update(trainingDataConfig={"includedDatasetColumns": {"ITEMS": ["PRICE"]}})
    before.personalize.close()

    again = RecommenderScene(data_dir=tmp_path)
    again.jobs.succeed()
    again.clock.advance(1000)  # its clock begins anew

    assert again.jobs.trainings[-1][1].item_fields.numbers == ("PRICE",)
    assert again.described()["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert again.answering_model() == "3"
    again.personalize.close()


def test_a_week_later_it_is_trained_again_where_events_have_come(shop: RecommenderScene) -> None:
    shop.load()
    shop.live()

    shop.clock.advance(7 * DAY + 1)
    shop.described()
    without_news = len(shop.jobs.trainings)
    shop.load()
    shop.clock.advance(6 * DAY)
    shop.described()
    early = len(shop.jobs.trainings)
    shop.clock.advance(DAY)
    shop.described()
    old = shop.answering_model()
    shop.jobs.succeed()

    assert (without_news, early, len(shop.jobs.trainings)) == (1, 1, 2)
    assert (old, shop.answering_model()) == ("1", "2")
    assert shop.described()["status"] == "ACTIVE"
    shop.clock.advance(301)
    shop.described()
    assert [path.name for path in shop.jobs.deleted] == ["1"]


def test_a_stopped_recommender_is_not_trained(shop: RecommenderScene) -> None:
    shop.live()
    shop.control.stop_recommender(recommenderArn=RECOMMENDER)
    shop.load()
    shop.clock.advance(8 * DAY)
    shop.described()

    assert len(shop.jobs.trainings) == 1


def test_columns_that_come_later_stay_out_of_the_training(shop: RecommenderScene) -> None:
    shop.live()
    more = shop.schema("wider", shop.items_schema({"name": "WEIGHT", "type": ["null", "float"]}), domain="ECOMMERCE")
    shop.control.update_dataset(datasetArn=f"{ARN}:dataset/shop/ITEMS", schemaArn=more)
    shop.clock.advance(60)

    shop.update(minRecommendationRequestsPerSecond=3)
    shop.clock.advance(60)
    shop.update(trainingDataConfig={"includedDatasetColumns": {"ITEMS": ["PRICE", "WEIGHT"]}})

    assert [spec.item_fields.numbers for _, spec in shop.jobs.trainings] == [("PRICE", "RATING"), ("PRICE", "WEIGHT")]
