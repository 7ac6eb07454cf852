"""Solutions, solution versions and campaigns, through a boto3 client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.personalize.scene import ARN, METRICS, RECIPE, Scene, refused

CREATING = ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
GROUP = f"{ARN}:dataset-group/shop"


def create_solution(scene: Scene, recipe: str = "aws-user-personalization", **more: Any) -> str:
    arn = f"{RECIPE}/{recipe}"
    return scene.control.create_solution(name="s", datasetGroupArn=GROUP, recipeArn=arn, **more)["solutionArn"]


def test_a_solution_passes_through_its_states_and_echoes_its_configuration(scene: Scene) -> None:
    scene.imported()
    config = {"algorithmHyperParameters": {"bptt": "20"}, "eventValueThreshold": "0.5"}
    arn = create_solution(scene, eventType="click", solutionConfig=config)

    seen = scene.until_active(lambda: scene.control.describe_solution(solutionArn=arn)["solution"])
    solution = scene.control.describe_solution(solutionArn=arn)["solution"]

    assert arn == f"{ARN}:solution/s"
    assert seen == CREATING
    assert (solution["recipeArn"], solution["eventType"]) == (f"{RECIPE}/aws-user-personalization", "click")
    assert solution["solutionConfig"] == config
    assert (solution["performHPO"], solution["performAutoML"]) == (False, False)
    assert "latestSolutionVersion" not in solution


@pytest.mark.parametrize(("given", "told"), [({}, True), ({"performAutoTraining": False}, False)])
def test_automatic_training_is_on_unless_switched_off(scene: Scene, given: dict[str, Any], told: bool) -> None:
    scene.imported()
    arn = create_solution(scene, **given)

    assert scene.control.describe_solution(solutionArn=arn)["solution"]["performAutoTraining"] is told


def test_a_solution_needs_an_interactions_dataset(scene: Scene) -> None:
    scene.group()

    with refused("InvalidInputException", "no INTERACTIONS dataset"):
        create_solution(scene)


def test_a_solution_needs_a_group_and_a_recipe_that_exist(scene: Scene) -> None:
    with refused("ResourceNotFoundException", GROUP):
        create_solution(scene)
    scene.imported()
    with refused("ResourceNotFoundException", "recipe/aws-oracle"):
        create_solution(scene, "aws-oracle")


def test_a_recipe_without_a_model_is_refused_in_words(scene: Scene) -> None:
    scene.imported()
    with refused("InvalidInputException", "recipe/aws-sims is not implemented", "aws-popularity-count"):
        create_solution(scene, "aws-sims")
    with refused("InvalidInputException", "CreateRecommender"):
        create_solution(scene, "aws-vod-top-picks")
    with refused("InvalidInputException", "legacy"):
        create_solution(scene, "aws-hrnn")


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"performAutoML": True}, "performAutoML"),
        ({"performIncrementalUpdate": True}, "performIncrementalUpdate"),
        ({"solutionConfig": {"eventValueThreshold": "high"}}, "eventValueThreshold: 'high' is not a number"),
        ({"solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}}}, "1 to 30 days"),
        ({"solutionConfig": {"algorithmHyperParameters": {"depth": "3"}}}, "has no hyperparameter depth"),
        ({"solutionConfig": {"algorithmHyperParameters": {"bptt": "33"}}}, "'33' is not an integer from 2 to 32"),
        ({"solutionConfig": {"algorithmHyperParameters": {"bptt": "x"}}}, "'x' is not an integer"),
        ({"solutionConfig": {"algorithmHyperParameters": {"recency_mask": "maybe"}}}, "one of true, false"),
        (
            {"solutionConfig": {"featureTransformationParameters": {"max_user_history_length_percentile": "1.5"}}},
            "number from 0.0 to 1.0",
        ),
    ],
)
def test_a_configuration_that_would_not_be_honoured_is_refused(scene: Scene, given: dict[str, Any], word: str) -> None:
    scene.imported()
    with refused("InvalidInputException", word):
        create_solution(scene, **given)


def test_a_recipe_is_required(scene: Scene) -> None:
    scene.imported()
    with refused("InvalidInputException", "recipeArn is required"):
        scene.control.create_solution(name="s", datasetGroupArn=GROUP)


def test_a_version_is_active_when_the_training_has_ended(scene: Scene) -> None:
    solution = scene.solution()
    arn = scene.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]

    running = [scene.describe_version(arn)["status"] for _ in range(3)]
    assert "trainingHours" not in scene.describe_version(arn)
    scene.jobs.succeed()
    version = scene.describe_version(arn)

    assert running == ["CREATE PENDING", "CREATE IN_PROGRESS", "CREATE IN_PROGRESS"]
    assert (version["status"], version["trainingHours"]) == ("ACTIVE", 1.0)
    assert arn == f"{ARN}:solution/{version['name']}"
    assert arn.startswith(f"{solution}/")
    assert len(arn.rpartition("/")[2]) == 8
    assert (version["trainingMode"], version["trainingType"], version["solutionConfig"]) == ("FULL", "MANUAL", {})


def test_the_training_is_handed_to_the_jobs_with_the_solutions_configuration(scene: Scene) -> None:
    config = {
        "algorithmHyperParameters": {"bptt": "20"},
        "featureTransformationParameters": {"min_user_history_length_percentile": "0.1"},
        "eventValueThreshold": "3",
    }
    solution = scene.solution(eventType="click", solutionConfig=config)
    arn = scene.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]

    [(key, spec)] = scene.jobs.trainings
    assert key == arn
    assert (spec.recipe, spec.event_type, spec.event_value_threshold) == ("aws-user-personalization", "click", "3")
    assert spec.dataset_arns == {"INTERACTIONS": f"{ARN}:dataset/shop/INTERACTIONS"}
    assert spec.hyperparameters == {"bptt": "20", "min_user_history_length_percentile": "0.1"}


def test_a_failed_training_tells_why(scene: Scene) -> None:
    arn = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]
    scene.jobs.fail("Dataset has fewer than 25 users with at least 2 interactions each.")
    for _ in range(3):
        version = scene.describe_version(arn)

    assert version["status"] == "CREATE FAILED"
    assert version["failureReason"] == "Dataset has fewer than 25 users with at least 2 interactions each."
    with refused("ResourceInUseException", "CREATE FAILED"):
        scene.control.get_solution_metrics(solutionVersionArn=arn)
    with refused("InvalidInputException", "CREATE FAILED"):
        scene.control.create_campaign(name="live", solutionVersionArn=arn)


def test_a_version_needs_an_active_solution(scene: Scene) -> None:
    scene.imported()
    solution = create_solution(scene)

    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.create_solution_version(solutionArn=solution)


def test_a_named_version_keeps_its_name_to_itself_within_the_solution(scene: Scene) -> None:
    solution = scene.solution()
    arn = scene.control.create_solution_version(solutionArn=solution, name="run-1")["solutionVersionArn"]

    assert scene.describe_version(arn)["name"] == "run-1"
    with refused("ResourceAlreadyExistsException", arn):
        scene.control.create_solution_version(solutionArn=solution, name="run-1")
    scene.control.create_solution_version(solutionArn=solution)
    scene.control.create_solution_version(solutionArn=scene.solution("other"), name="run-1")


def test_twenty_trainings_at_once_are_the_most(scene: Scene) -> None:
    solution = scene.solution()
    for _ in range(20):
        scene.control.create_solution_version(solutionArn=solution)

    with refused("LimitExceededException", "More than 20 resources"):
        scene.control.create_solution_version(solutionArn=solution)


def test_a_training_that_waits_is_stopped_at_once(scene: Scene) -> None:
    arn = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]

    scene.control.stop_solution_version_creation(solutionVersionArn=arn)

    assert scene.jobs.cancelled == [arn]
    assert scene.describe_version(arn)["status"] == "CREATE STOPPED"


def test_a_training_in_progress_is_stopping_first(scene: Scene) -> None:
    arn = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]
    for _ in range(2):
        scene.describe_version(arn)

    scene.control.stop_solution_version_creation(solutionVersionArn=arn)
    scene.jobs.fail("killed")

    assert [scene.describe_version(arn)["status"] for _ in range(2)] == ["CREATE STOPPING", "CREATE STOPPED"]
    assert "failureReason" not in scene.describe_version(arn)


def test_a_training_that_has_ended_cannot_be_stopped(scene: Scene) -> None:
    arn = scene.version()

    with refused("ResourceInUseException", "no training to stop"):
        scene.control.stop_solution_version_creation(solutionVersionArn=arn)


def test_the_metrics_are_those_of_the_training(scene: Scene) -> None:
    arn = scene.version()

    answer = scene.control.get_solution_metrics(solutionVersionArn=arn)

    assert (answer["solutionVersionArn"], answer["metrics"]) == (arn, METRICS)


def test_metrics_of_a_training_in_progress_are_refused(scene: Scene) -> None:
    arn = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]

    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.get_solution_metrics(solutionVersionArn=arn)


def test_a_solution_shows_its_latest_version_as_a_summary(scene: Scene) -> None:
    solution = scene.solution()
    scene.version(solution)
    latest = scene.version(solution)

    summary = scene.control.describe_solution(solutionArn=solution)["solution"]["latestSolutionVersion"]

    assert (summary["solutionVersionArn"], summary["status"]) == (latest, "ACTIVE")
    assert "solutionConfig" not in summary


def test_versions_are_listed_newest_first_within_a_solution_that_exists(scene: Scene) -> None:
    solution = scene.solution()
    versions = [scene.version(solution), scene.version(solution)]

    listed = scene.control.list_solution_versions(solutionArn=solution)["solutionVersions"]

    assert [version["solutionVersionArn"] for version in listed] == versions[::-1]
    with refused("ResourceNotFoundException", "solution/none"):
        scene.control.list_solution_versions(solutionArn=f"{ARN}:solution/none")


def test_a_solution_is_deleted_with_its_versions(scene: Scene) -> None:
    solution = scene.solution()
    version = scene.version(solution)
    scene.control.delete_solution(solutionArn=solution)

    seen = scene.until_gone(lambda: scene.control.describe_solution(solutionArn=solution)["solution"])

    assert seen == ["DELETE PENDING", "DELETE IN_PROGRESS"]
    with refused("ResourceNotFoundException", version):
        scene.describe_version(version)


def test_a_solution_in_training_or_with_a_campaign_is_not_deleted(scene: Scene) -> None:
    solution = scene.solution()
    version = scene.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    with refused("ResourceInUseException", version, "StopSolutionVersionCreation"):
        scene.control.delete_solution(solutionArn=solution)

    scene.jobs.succeed()
    campaign = scene.campaign(scene.version(solution))
    with refused("ResourceInUseException", campaign):
        scene.control.delete_solution(solutionArn=solution)
    with refused("ResourceInUseException", solution):
        scene.control.delete_dataset_group(datasetGroupArn=GROUP)


def test_a_campaign_passes_through_its_states(scene: Scene) -> None:
    version = scene.version()
    arn = scene.control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]

    seen = scene.until_active(lambda: scene.describe_campaign(arn))
    campaign = scene.describe_campaign(arn)

    assert arn == f"{ARN}:campaign/live"
    assert seen == CREATING
    assert (campaign["solutionVersionArn"], campaign["minProvisionedTPS"]) == (version, 1)
    assert "latestCampaignUpdate" not in campaign
    assert "solutionVersionArn" not in scene.control.list_campaigns()["campaigns"][0]


def test_a_campaign_needs_an_active_version(scene: Scene) -> None:
    solution = scene.solution()
    version = scene.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]

    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.create_campaign(name="live", solutionVersionArn=version)
    with refused("ResourceNotFoundException", solution):
        scene.control.create_campaign(name="live", solutionVersionArn=solution)
    with refused("InvalidInputException", "no ACTIVE solution version"):
        scene.control.create_campaign(name="live", solutionVersionArn=f"{solution}/$LATEST")
    with refused("ResourceNotFoundException", "solution/none"):
        scene.control.create_campaign(name="live", solutionVersionArn=f"{ARN}:solution/none/$LATEST")


def test_latest_stands_for_the_newest_active_version(scene: Scene) -> None:
    solution = scene.solution()
    version = scene.version(solution)
    scene.control.create_solution_version(solutionArn=solution)

    campaign = scene.campaign(f"{solution}/$LATEST")

    assert scene.describe_campaign(campaign)["solutionVersionArn"] == version


def test_an_update_is_seen_in_its_own_summary_while_the_campaign_serves_the_old_version(scene: Scene) -> None:
    solution = scene.solution()
    old, new = scene.version(solution), scene.version(solution)
    arn = scene.campaign(old)
    scene.control.update_campaign(campaignArn=arn, solutionVersionArn=new, minProvisionedTPS=3)

    seen = []
    for _ in range(3):
        campaign = scene.describe_campaign(arn)
        update = campaign["latestCampaignUpdate"]
        assert (update["solutionVersionArn"], update["minProvisionedTPS"]) == (new, 3)
        served = (campaign["solutionVersionArn"], campaign["minProvisionedTPS"])
        answered = scene.runtime.get_recommendations(campaignArn=arn, userId="u")["itemList"][0]["itemId"]
        seen.append((campaign["status"], update["status"], served, answered.rpartition("-")[0]))

    ids = [version.rpartition("/")[2] for version in (old, new)]
    assert seen == [
        ("ACTIVE", "CREATE PENDING", (old, 1), ids[0]),
        ("ACTIVE", "CREATE IN_PROGRESS", (old, 1), ids[0]),
        ("ACTIVE", "ACTIVE", (new, 3), ids[1]),
    ]


def test_an_update_keeps_what_it_does_not_name(scene: Scene) -> None:
    exploration = {"itemExplorationConfig": {"explorationWeight": "0.5"}}
    arn = scene.campaign(campaignConfig=exploration)
    version = scene.describe_campaign(arn)["solutionVersionArn"]
    scene.control.update_campaign(campaignArn=arn, minProvisionedTPS=7)
    scene.clock.advance(10)

    scene.runtime.get_recommendations(campaignArn=arn, userId="u")
    campaign = scene.describe_campaign(arn)

    assert (campaign["solutionVersionArn"], campaign["minProvisionedTPS"]) == (version, 7)
    assert campaign["campaignConfig"] == exploration


def test_an_update_is_refused_while_another_or_the_creation_runs(scene: Scene) -> None:
    version = scene.version()
    arn = scene.control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.update_campaign(campaignArn=arn, minProvisionedTPS=2)
    scene.until_active(lambda: scene.describe_campaign(arn))
    scene.control.update_campaign(campaignArn=arn, minProvisionedTPS=2)

    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.update_campaign(campaignArn=arn, minProvisionedTPS=3)
    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.delete_campaign(campaignArn=arn)


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"syncWithLatestSolutionVersion": True}, "$LATEST"),
        ({"rankingInfluence": {"POPULARITY": 0.5}}, "aws-semantic-similarity"),
        ({"itemExplorationConfig": {"explorationWeight": "2"}}, "'2' is not a number from 0.0 to 1.0"),
        ({"itemExplorationConfig": {"curiosity": "1"}}, "no hyperparameter curiosity"),
    ],
)
def test_a_campaign_configuration_is_checked(scene: Scene, config: Any, word: str) -> None:
    version = scene.version()
    with refused("InvalidInputException", word):
        scene.control.create_campaign(name="live", solutionVersionArn=version, campaignConfig=config)


def test_a_campaign_that_follows_the_latest_version_is_updated_to_each_new_one(scene: Scene) -> None:
    solution = scene.solution()
    scene.version(solution)
    arn = scene.campaign(f"{solution}/$LATEST", campaignConfig={"syncWithLatestSolutionVersion": True})
    still = scene.campaign(f"{solution}/$LATEST", name="still")

    new = scene.version(solution)

    assert scene.describe_campaign(arn)["latestCampaignUpdate"]["solutionVersionArn"] == new
    assert scene.describe_campaign(arn)["campaignConfig"] == {"syncWithLatestSolutionVersion": True}
    assert "latestCampaignUpdate" not in scene.describe_campaign(still)


def test_a_campaign_that_follows_the_latest_version_ends_at_the_one_that_came_during_an_update(scene: Scene) -> None:
    solution = scene.solution()
    scene.version(solution)
    arn = scene.campaign(f"{solution}/$LATEST", campaignConfig={"syncWithLatestSolutionVersion": True})

    scene.version(solution)
    assert scene.describe_campaign(arn)["latestCampaignUpdate"]["status"] == "CREATE PENDING"
    last = scene.version(solution)
    for _ in range(6):
        described = scene.describe_campaign(arn)

    assert described["solutionVersionArn"] == last
    assert described["latestCampaignUpdate"]["status"] == "ACTIVE"


def test_an_update_without_a_version_leaves_a_campaign_following_the_latest_one(scene: Scene) -> None:
    solution = scene.solution()
    version = scene.version(solution)
    follows: Any = {"syncWithLatestSolutionVersion": True}
    arn = scene.campaign(f"{solution}/$LATEST", campaignConfig=follows)

    config: Any = {**follows, "enableMetadataWithRecommendations": True}
    scene.control.update_campaign(campaignArn=arn, campaignConfig=config)

    update = scene.describe_campaign(arn)["latestCampaignUpdate"]
    assert update["solutionVersionArn"] == version
    assert update["campaignConfig"] == config


def test_a_campaign_stays_in_its_dataset_group(scene: Scene) -> None:
    arn = scene.campaign()
    other = scene.group("other")
    dataset = scene.control.create_dataset(
        name="events", datasetGroupArn=other, schemaArn=f"{ARN}:schema/events", datasetType="INTERACTIONS"
    )["datasetArn"]
    scene.until_active(lambda: scene.control.describe_dataset(datasetArn=dataset)["dataset"])
    solution = scene.control.create_solution(
        name="theirs", datasetGroupArn=other, recipeArn=f"{RECIPE}/aws-popularity-count", performAutoTraining=False
    )["solutionArn"]
    scene.until_active(lambda: scene.control.describe_solution(solutionArn=solution)["solution"])
    version = scene.version(solution)

    with refused("InvalidInputException", f"{version} is of {other}"):
        scene.control.update_campaign(campaignArn=arn, solutionVersionArn=version)


def test_five_campaigns_of_a_group_are_the_most(scene: Scene) -> None:
    version = scene.version()
    for number in range(5):
        scene.control.create_campaign(name=f"c{number}", solutionVersionArn=version)

    with refused("LimitExceededException", "Cannot create a campaign. More than 5 resources in ACTIVE state."):
        scene.control.create_campaign(name="c5", solutionVersionArn=version)


def test_a_deleted_campaign_goes(scene: Scene) -> None:
    arn = scene.campaign()
    scene.control.delete_campaign(campaignArn=arn)
    with refused("ResourceInUseException", "DELETE PENDING"):
        scene.control.delete_campaign(campaignArn=arn)

    seen = scene.until_gone(lambda: scene.describe_campaign(arn))

    assert seen == ["DELETE PENDING", "DELETE IN_PROGRESS"]
    assert scene.control.list_campaigns()["campaigns"] == []


def test_lists_are_narrowed_to_a_group_or_a_solution(scene: Scene) -> None:
    version = scene.version()
    campaign = scene.campaign(version)
    solution = version.rpartition("/")[0]

    assert len(scene.control.list_solutions(datasetGroupArn=GROUP)["solutions"]) == 1
    assert scene.control.list_solutions(datasetGroupArn=f"{ARN}:dataset-group/o")["solutions"] == []
    assert scene.control.list_solutions()["solutions"][0]["recipeArn"] == f"{RECIPE}/aws-user-personalization"
    assert scene.control.list_campaigns(solutionArn=solution)["campaigns"][0]["campaignArn"] == campaign
    assert scene.control.list_campaigns(solutionArn=f"{ARN}:solution/o")["campaigns"] == []


def test_names_in_use_are_refused(scene: Scene) -> None:
    campaign = scene.campaign()
    version = scene.describe_campaign(campaign)["solutionVersionArn"]
    with refused("ResourceAlreadyExistsException", campaign):
        scene.control.create_campaign(name="live", solutionVersionArn=version)
    with refused("ResourceAlreadyExistsException", f"{ARN}:solution/you"):
        scene.control.create_solution(name="you", datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/aws-user-personalization")
