"""GetRecommendations, and what holds for the service as a whole."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from pathlib import Path
from statistics import median

import pytest

from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.operations.registry import built_operations
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.scene import ACCOUNT, ARN, HeldJobs, Scene, refused

FILTER = f"{ARN}:filter/unseen"


def test_recommendations_come_from_the_campaigns_model(scene: Scene) -> None:
    arn = scene.campaign()
    version_id = scene.describe_campaign(arn)["solutionVersionArn"].rpartition("/")[2]

    answer = scene.runtime.get_recommendations(campaignArn=arn, userId="ann", numResults=2)

    assert scene.recommender.asked == [(Path("models") / version_id, "aws-user-personalization", "ann", 2)]
    assert answer["itemList"] == [
        {"itemId": f"{version_id}-0", "score": 0.1234567},
        {"itemId": f"{version_id}-1", "score": 0.1234567},
    ]
    assert re.fullmatch(r"RID-[0-9a-f-]{36}", answer["recommendationId"])


def test_a_recipe_without_scores_answers_without_the_member(scene: Scene) -> None:
    arn = scene.campaign(scene.version(scene.solution(recipe="aws-popularity-count")))

    answer = scene.runtime.get_recommendations(campaignArn=arn, userId="ann", numResults=1)

    assert list(answer["itemList"][0]) == ["itemId"]


@pytest.mark.parametrize(("asked", "given"), [(None, 25), (0, 25), (1, 1), (500, 500)])
def test_twenty_five_results_are_given_unless_another_number_is_asked(
    scene: Scene, asked: int | None, given: int
) -> None:
    more = {} if asked is None else {"numResults": asked}
    answer = scene.runtime.get_recommendations(campaignArn=scene.campaign(), userId="ann", **more)  # type: ignore[arg-type] # one member

    assert len(answer["itemList"]) == given


def test_five_hundred_results_are_the_most(scene: Scene) -> None:
    with refused("InvalidInputException", "numResults is 501"):
        scene.runtime.get_recommendations(campaignArn=scene.campaign(), userId="ann", numResults=501)


def test_a_user_is_required(scene: Scene) -> None:
    campaign = scene.campaign()
    with refused("InvalidInputException", "userId"):
        scene.runtime.get_recommendations(campaignArn=campaign)
    with refused("InvalidInputException", "userId"):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="")


def test_exactly_one_of_campaign_and_recommender_is_asked(scene: Scene) -> None:
    campaign = scene.campaign()
    with refused("InvalidInputException", "exactly one"):
        scene.runtime.get_recommendations(userId="ann")
    with refused("InvalidInputException", "exactly one"):
        scene.runtime.get_recommendations(campaignArn=campaign, recommenderArn=f"{ARN}:recommender/r", userId="ann")
    with refused("ResourceNotFoundException", "recommender/r", status=404):
        scene.runtime.get_recommendations(recommenderArn=f"{ARN}:recommender/r", userId="ann")


def test_a_campaign_answers_only_when_it_is_active(scene: Scene) -> None:
    version = scene.version()
    arn = scene.control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
    with refused("InvalidInputException", "CREATE PENDING"):
        scene.runtime.get_recommendations(campaignArn=arn, userId="ann")

    scene.until_active(lambda: scene.describe_campaign(arn))
    scene.runtime.get_recommendations(campaignArn=arn, userId="ann")

    scene.control.delete_campaign(campaignArn=arn)
    with refused("InvalidInputException", "DELETE PENDING"):
        scene.runtime.get_recommendations(campaignArn=arn, userId="ann")
    scene.clock.advance(10)
    with refused("ResourceNotFoundException", arn, status=404):
        scene.runtime.get_recommendations(campaignArn=arn, userId="ann")


def test_what_cannot_be_honoured_is_refused_rather_than_ignored(scene: Scene) -> None:
    campaign = scene.campaign()
    with refused("ResourceNotFoundException", FILTER, status=404):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="ann", filterArn=FILTER)
    with refused("InvalidInputException", "filterArn"):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="ann", filterValues={"A": '"b"'})
    with refused("InvalidInputException", "metadataColumns"):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="ann", metadataColumns={"ITEMS": ["T"]})
    with refused("InvalidInputException", "promotions"):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="ann", promotions=[{"name": "p"}])


def test_accounts_and_regions_do_not_see_each_other(scene: Scene) -> None:
    scene.group()
    other_account = client(scene.personalize, "personalize", account="210987654321")
    other_region = client(scene.personalize, "personalize", region="eu-west-1")

    assert other_account.list_dataset_groups()["datasetGroups"] == []
    assert other_region.list_dataset_groups()["datasetGroups"] == []
    with refused("ResourceNotFoundException"):
        other_account.describe_dataset_group(datasetGroupArn=f"{ARN}:dataset-group/shop")
    arn = other_region.create_dataset_group(name="shop")["datasetGroupArn"]
    assert arn == f"arn:aws:personalize:eu-west-1:{ACCOUNT}:dataset-group/shop"


def test_a_defect_is_answered_as_an_internal_failure_and_logged(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    campaign = scene.campaign()
    broken = json.dumps({"campaignArn": campaign, "userId": "ann"}).encode()

    def explode(*_: object, **__: object) -> list[object]:
        raise ZeroDivisionError("a defect")

    scene.recommender.recommend = explode  # type: ignore[method-assign,assignment] # the defect
    with caplog.at_level(logging.ERROR):
        answer = scene.send(path="/recommendations", body=broken)

    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (500, "InternalFailure")
    assert "a defect" in caplog.text
    assert "a defect" not in answer.json["message"]


def test_of_many_that_create_the_same_name_at_once_one_succeeds(scene: Scene) -> None:
    statuses: list[int] = []
    start = threading.Barrier(8)

    def create() -> None:
        start.wait()
        statuses.append(scene.send(target="CreateDatasetGroup", body=b'{"name": "shop"}').status)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, *[400] * 7]


def test_a_job_that_ends_in_another_thread_is_seen(scene: Scene) -> None:
    version = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]
    worker = threading.Thread(target=scene.jobs.succeed)
    worker.start()
    worker.join()

    scene.until_active(lambda: scene.describe_version(version))


def test_closing_stops_the_jobs_and_leaves_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    jobs = HeldJobs()
    personalize = Personalize(objects=MemoryObjects({}), jobs=jobs)
    assert list(tmp_path.iterdir())

    personalize.close()

    assert jobs.closed
    assert not list(tmp_path.iterdir())


def test_every_operation_that_the_pipeline_needs_is_built() -> None:
    kinds = ("DatasetGroup", "Schema", "Dataset", "DatasetImportJob", "Solution", "SolutionVersion", "Campaign")
    needed = {f"{verb}{kind}" for kind in kinds for verb in ("Create", "Describe")} | {f"List{kind}s" for kind in kinds}
    needed |= {f"Delete{kind}" for kind in ("DatasetGroup", "Schema", "Dataset", "Solution", "Campaign")}
    needed |= {"ListRecipes", "DescribeRecipe", "StopSolutionVersionCreation", "GetSolutionMetrics", "UpdateCampaign"}
    needed |= {"TagResource", "UntagResource", "ListTagsForResource", "GetRecommendations"}

    assert needed <= built_operations()


def test_a_request_costs_well_under_a_millisecond_beside_the_model(scene: Scene) -> None:
    campaign = scene.campaign()
    body = json.dumps({"campaignArn": campaign, "userId": "ann"}).encode()
    costs = []
    for _ in range(200):
        began = time.perf_counter()
        answer = scene.send(path="/recommendations", body=body)
        costs.append(time.perf_counter() - began)

    assert answer.status == 200
    assert median(costs) < 0.001


def test_the_events_of_a_dataset_are_there_as_a_training_would_take_them(scene: Scene) -> None:
    scene.imported()
    interactions = scene.personalize.interactions(f"{ARN}:dataset/shop/INTERACTIONS")
    assert (interactions.user_ids.tolist(), interactions.item_ids.tolist()) == (["u"], ["i"])
    with pytest.raises(LookupError, match="nothing has been imported into other"):
        scene.personalize.interactions("other")
