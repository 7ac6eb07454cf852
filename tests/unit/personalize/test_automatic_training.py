"""What solutions do by themselves as time passes: trainings by their schedule, and updates every two hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.in_process import client
from tests.unit.personalize.scene import ARN, LOCATION, RECIPE, ROLE, USERS, Scene, refused
from tests.unit.personalize.solution_scene import ACTIONS, EVENTS, TEXTS, active, add_dataset

GROUP = f"{ARN}:dataset-group/shop"
DATASET = f"{ARN}:dataset/shop/INTERACTIONS"
HOUR, DAY = 3600.0, 86400.0
EVERY_THREE_DAYS: Any = {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}}


def automatic(scene: Scene, **more: Any) -> str:
    """An ACTIVE solution with automatic training, on data where there is none yet."""
    if not scene.control.list_dataset_groups()["datasetGroups"]:
        scene.imported()
    arn = scene.control.create_solution(
        name="auto", datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/aws-user-personalization", **more
    )["solutionArn"]
    scene.until_active(lambda: scene.control.describe_solution(solutionArn=arn)["solution"])
    return arn


def versions(scene: Scene, solution: str) -> list[Any]:
    """The newest first."""
    listed = scene.control.list_solution_versions(solutionArn=solution)["solutionVersions"]
    return [scene.describe_version(version["solutionVersionArn"]) for version in listed]


def pass_time(scene: Scene, seconds: float) -> None:
    """Let time pass, and whatever begins in it end well."""
    scene.clock.advance(seconds)
    scene.control.list_solutions()
    scene.jobs.succeed()
    scene.clock.advance(60)


def bring_events(scene: Scene, name: str = "more") -> None:
    job = scene.control.create_dataset_import_job(
        jobName=name, datasetArn=DATASET, dataSource={"dataLocation": LOCATION}, roleArn=ROLE
    )["datasetImportJobArn"]
    scene.jobs.succeed()
    scene.until_active(lambda: scene.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"])


def test_the_first_training_begins_an_hour_after_the_solution_is_active(scene: Scene) -> None:
    solution = automatic(scene)

    scene.clock.advance(HOUR - 1)
    assert versions(scene, solution) == []
    scene.clock.advance(1)
    [version] = versions(scene, solution)

    assert (version["trainingType"], version["trainingMode"]) == ("AUTOMATIC", "FULL")
    assert scene.jobs.trainings[0][0] == version["solutionVersionArn"]


def test_without_automatic_training_nothing_begins(scene: Scene) -> None:
    solution = automatic(scene, performAutoTraining=False)

    pass_time(scene, 30 * DAY)

    assert versions(scene, solution) == []


def test_a_version_that_is_made_in_the_first_hour_takes_the_first_ones_place(scene: Scene) -> None:
    solution = automatic(scene)
    scene.clock.advance(HOUR / 2)
    scene.version(solution)

    pass_time(scene, HOUR)
    bring_events(scene)
    pass_time(scene, 7 * DAY - 2 * HOUR)
    assert [version["trainingType"] for version in versions(scene, solution)] == ["MANUAL"]
    pass_time(scene, HOUR)

    assert [version["trainingType"] for version in versions(scene, solution)] == ["AUTOMATIC", "MANUAL"]


@pytest.mark.parametrize(("config", "days"), [({}, 7), ({"solutionConfig": EVERY_THREE_DAYS}, 3)])
def test_the_next_training_is_timed_from_the_start_of_the_last_automatic_one(
    scene: Scene, config: dict[str, Any], days: int
) -> None:
    solution = automatic(scene, **config)
    scene.clock.advance(HOUR)
    scene.control.list_solutions()
    began = scene.clock.now()
    scene.clock.advance(5 * HOUR)
    scene.jobs.succeed()
    bring_events(scene)

    scene.clock.advance(began + days * DAY - 1 - scene.clock.now())
    assert len(versions(scene, solution)) == 1
    scene.clock.advance(1)

    assert len(versions(scene, solution)) == 2


def test_without_new_events_a_training_is_passed_over(scene: Scene) -> None:
    solution = automatic(scene)
    pass_time(scene, HOUR)

    pass_time(scene, 7 * DAY)
    assert len(versions(scene, solution)) == 1
    bring_events(scene)
    pass_time(scene, 5 * DAY)
    assert len(versions(scene, solution)) == 1
    pass_time(scene, 2 * DAY)

    assert len(versions(scene, solution)) == 2


def test_a_streamed_event_is_a_new_event(scene: Scene) -> None:
    solution = automatic(scene)
    tracker = scene.control.create_event_tracker(name="live", datasetGroupArn=GROUP)
    scene.until_active(
        lambda: scene.control.describe_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])["eventTracker"]
    )
    pass_time(scene, HOUR)
    client(scene.personalize, "personalize-events").put_events(
        trackingId=tracker["trackingId"],
        userId="ann",
        sessionId="s",
        eventList=[{"eventType": "View", "itemId": "i", "sentAt": datetime(2020, 1, 1, tzinfo=UTC)}],
    )

    pass_time(scene, 7 * DAY)

    assert len(versions(scene, solution)) == 2


def test_the_first_training_waits_for_events(scene: Scene) -> None:
    scene.dataset()
    solution = automatic(scene)
    pass_time(scene, 2 * DAY)
    assert versions(scene, solution) == []

    bring_events(scene)

    assert len(versions(scene, solution)) == 1


def test_a_training_waits_for_one_that_runs(scene: Scene) -> None:
    solution = automatic(scene)
    scene.clock.advance(HOUR + 1)
    scene.control.update_solution(solutionArn=solution, solutionUpdateConfig=EVERY_THREE_DAYS)
    for _ in range(3):
        scene.control.describe_solution(solutionArn=solution)
    scene.jobs.datasets.imports[DATASET] = 9

    scene.clock.advance(2 * HOUR)
    assert len(versions(scene, solution)) == 1
    pass_time(scene, 0)

    assert len(versions(scene, solution)) == 2


def test_another_frequency_begins_anew_within_the_hour(scene: Scene) -> None:
    solution = automatic(scene)
    pass_time(scene, HOUR)
    bring_events(scene)
    scene.control.update_solution(solutionArn=solution, solutionUpdateConfig=EVERY_THREE_DAYS)
    for _ in range(3):
        scene.control.describe_solution(solutionArn=solution)

    scene.clock.advance(HOUR - 1)
    assert len(versions(scene, solution)) == 1
    scene.clock.advance(1)

    assert len(versions(scene, solution)) == 2


def test_automatic_training_is_switched_off_and_on(scene: Scene) -> None:
    solution = automatic(scene)
    scene.control.update_solution(solutionArn=solution, performAutoTraining=False)
    for _ in range(3):
        scene.control.describe_solution(solutionArn=solution)
    pass_time(scene, DAY)
    assert versions(scene, solution) == []

    scene.control.update_solution(solutionArn=solution, performAutoTraining=True)
    for _ in range(3):
        scene.control.describe_solution(solutionArn=solution)
    pass_time(scene, HOUR)

    assert len(versions(scene, solution)) == 1


def test_a_campaign_that_follows_the_latest_version_gets_the_automatic_one(scene: Scene) -> None:
    solution = automatic(scene)
    scene.version(solution)
    arn = scene.campaign(f"{solution}/$LATEST", campaignConfig={"syncWithLatestSolutionVersion": True})
    pass_time(scene, HOUR)
    bring_events(scene)

    pass_time(scene, 7 * DAY)
    latest = versions(scene, solution)[0]["solutionVersionArn"]

    assert scene.describe_campaign(arn)["latestCampaignUpdate"]["solutionVersionArn"] == latest


def test_a_schedule_survives_a_restart(tmp_path: Path) -> None:
    first = Scene(tmp_path)
    solution = automatic(first)
    first.personalize.close()
    second = Scene(tmp_path)
    second.jobs.datasets.imports[DATASET] = 1
    second.clock.advance(HOUR + 60)

    assert [version["trainingType"] for version in versions(second, solution)] == ["AUTOMATIC"]
    second.personalize.close()


def deployed(scene: Scene) -> str:
    """The version of a campaign's model, without automatic training."""
    version = scene.version()
    scene.campaign(version)
    return version


def model_asked(scene: Scene) -> Path:
    """The folder of the model that answers."""
    scene.runtime.get_recommendations(campaignArn=f"{ARN}:campaign/live", userId="ann")
    return scene.recommender.asked[-1][0]


def test_a_deployed_model_takes_in_what_is_new_after_two_hours_and_remains_the_same_version(scene: Scene) -> None:
    version = deployed(scene)
    before = model_asked(scene)
    bring_events(scene)
    [trained] = scene.jobs.trainings
    pass_time(scene, HOUR)
    assert [trained] == scene.jobs.trainings

    scene.clock.advance(HOUR)
    scene.control.list_solutions()
    assert model_asked(scene) == before
    scene.jobs.succeed()

    _, update = scene.jobs.trainings
    assert update[1].extends == before
    assert model_asked(scene) != before
    assert len(versions(scene, version.rpartition("/")[0])) == 1
    assert scene.jobs.deleted == []
    pass_time(scene, 600)
    assert scene.jobs.deleted == [before]


def test_a_model_is_not_updated_where_nothing_is_new_or_nobody_serves_it(scene: Scene) -> None:
    scene.version()
    bring_events(scene)
    pass_time(scene, 3 * HOUR)
    assert len(scene.jobs.trainings) == 1

    scene.campaign(versions(scene, f"{ARN}:solution/you")[0]["solutionVersionArn"])
    pass_time(scene, 60)
    assert len(scene.jobs.trainings) == 2
    pass_time(scene, 30 * DAY)

    assert len(scene.jobs.trainings) == 2


def test_a_semantic_model_with_incremental_updates_learns_of_new_items_after_half_an_hour(shop: Scene) -> None:
    add_dataset(shop, "ITEMS", TEXTS)
    items = f"{ARN}:dataset/shop/ITEMS"
    shop.start_import(items, "first")
    shop.jobs.succeed()
    shop.clock.advance(60)
    solution = active(shop, "aws-semantic-similarity", performIncrementalUpdate=True)
    shop.campaign(shop.version(solution))
    pass_time(shop, HOUR)
    assert len(shop.jobs.trainings) == 1

    shop.start_import(items, "second")
    shop.jobs.succeed()
    pass_time(shop, HOUR / 2)

    assert len(shop.jobs.trainings) == 2
    assert shop.jobs.trainings[-1][1].extends is None
    assert len(versions(shop, solution)) == 1


def test_a_deployed_model_of_actions_takes_in_new_ones_after_two_hours(shop: Scene) -> None:
    add_dataset(shop, "INTERACTIONS", EVENTS)
    add_dataset(shop, "ACTIONS", ACTIONS)
    actions = f"{ARN}:dataset/shop/ACTIONS"
    shop.start_import(actions, "first")
    shop.jobs.succeed()
    shop.clock.advance(60)
    shop.campaign(shop.version(active(shop, "aws-next-best-action")))
    pass_time(shop, 3 * HOUR)
    assert len(shop.jobs.trainings) == 1

    shop.start_import(actions, "second")
    shop.jobs.succeed()
    pass_time(shop, 60)

    assert len(shop.jobs.trainings) == 2
    assert shop.jobs.trainings[-1][1].extends is not None


def test_data_of_users_are_nothing_new_to_a_deployed_model(scene: Scene) -> None:
    deployed(scene)
    add_dataset(scene, "USERS", USERS)
    scene.start_import(f"{ARN}:dataset/shop/USERS", "users")
    scene.jobs.succeed()

    pass_time(scene, 3 * HOUR)

    assert len(scene.jobs.trainings) == 1


def test_only_the_latest_trained_version_is_updated(scene: Scene) -> None:
    deployed(scene)
    newer = scene.version(f"{ARN}:solution/you")
    bring_events(scene)

    pass_time(scene, 3 * HOUR)
    assert len(scene.jobs.trainings) == 2
    scene.campaign(newer, name="second")
    pass_time(scene, 60)

    assert scene.jobs.trainings[-1][1].extends == Path("models") / newer.rpartition("/")[2]


def test_an_update_that_fails_leaves_the_model_and_is_tried_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    deployed(scene)
    before = model_asked(scene)
    bring_events(scene)
    scene.clock.advance(2 * HOUR)
    scene.control.list_solutions()

    scene.jobs.fail("the disk is full")
    assert model_asked(scene) == before
    assert "the disk is full" in caplog.text
    pass_time(scene, 2 * HOUR)

    assert len(scene.jobs.trainings) == 3


def test_the_models_of_a_deleted_solution_are_removed(scene: Scene) -> None:
    version = deployed(scene)
    solution, path = version.rpartition("/")[0], model_asked(scene)
    with refused("ResourceInUseException", "campaign/live"):
        scene.control.delete_solution(solutionArn=solution)
    assert scene.jobs.deleted == []
    scene.control.delete_campaign(campaignArn=f"{ARN}:campaign/live")
    scene.until_gone(lambda: scene.describe_campaign(f"{ARN}:campaign/live"))
    scene.control.delete_solution(solutionArn=solution)

    scene.until_gone(lambda: scene.control.describe_solution(solutionArn=solution)["solution"])

    assert scene.jobs.deleted == [path]
