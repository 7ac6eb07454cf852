"""What a solution may be configured with, and what an update changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.personalize.scene import ARN, Scene, refused
from tests.unit.personalize.solution_scene import (
    ACTIONS,
    EVENTS,
    RANKING_V2,
    TEXTS,
    UP,
    V2,
    active,
    add_dataset,
    avro,
    columns,
    create,
    describe,
    events,
    hpo,
    objective,
    resources,
    text,
    with_data,
)

UPDATING = ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]


@pytest.mark.parametrize(
    ("recipe", "given", "words"),
    [
        (V2, {"performHPO": True}, "no hyperparameter that can be tuned"),
        (UP, hpo(integer=[{"name": "depth", "minValue": 1, "maxValue": 2}]), "cannot tune depth"),
        (UP, hpo(integer=[{"name": "bptt", "minValue": 1, "maxValue": 8}]), "bptt: from 1 to 8 is not within"),
        (UP, hpo(integer=[{"name": "bptt", "minValue": 9, "maxValue": 8}]), "from 9 to 8"),
        (UP, hpo(continuous=[{"name": "bptt", "minValue": 2.0, "maxValue": 8.0}]), "in the wrong list"),
        (UP, hpo(categorical=[{"name": "recency_mask", "values": ["perhaps"]}]), "perhaps is not one of true, false"),
        (UP, hpo(categorical=[{"name": "recency_mask", "values": []}]), "no value"),
        (UP, hpo(integer=[{"name": "bptt"}, {"name": "bptt"}]), "bptt has more than one range"),
        (UP, hpo(integer=[{"minValue": 1}]), "a range has no name"),
        ("aws-similar-items", hpo(continuous=[{"name": "popularity_discount_factor"}]), "cannot tune popularity"),
        (UP, resources(maxNumberOfTrainingJobs="41"), "'41' is not an integer from 1 to 40"),
        (UP, resources(maxParallelTrainingJobs="ten"), "'ten' is not an integer from 1 to 10"),
        (
            UP,
            {"performHPO": True, "solutionConfig": {"hpoConfig": {"algorithmHyperParameterRanges": {}}}},
            "integerHyperParameterRanges is required",
        ),
        (
            UP,
            {"performHPO": True, "solutionConfig": {"hpoConfig": {"hpoObjective": {"type": "MAXIMIZE"}}}},
            "hpoObjective cannot be configured",
        ),
        (UP, {"solutionConfig": {"hpoConfig": {"hpoResourceConfig": {}}}}, "performHPO is true"),
        (UP, events({"eventType": "Buy"}), "eventsConfig is only for"),
        (V2, events(), "names no event type"),
        (V2, events({"weight": 0.5}), "has no eventType"),
        (V2, events({"eventType": "Buy"}, {"eventType": "Buy"}), "Buy is there more than once"),
        (V2, events({"eventType": "Buy", "weight": 0.0}), "no event type has a weight above 0"),
        (V2, events({"eventType": "Buy", "weight": 1.5}), "less than or equal to 1"),
        (V2, {"eventType": "Buy"} | events({"eventType": "Buy"}), "takes the place of eventType"),
        (V2, objective(itemAttribute="PRICE"), "optimizationObjective is only for"),
        (UP, objective(objectiveSensitivity="LOW"), "itemAttribute is required"),
        (UP, objective(itemAttribute="COST"), "no column COST"),
        (UP, objective(itemAttribute="GENRES"), "GENRES has to be of a numeric type"),
        (UP, objective(itemAttribute="RATING"), "RATING has to be of a numeric type that does not allow null"),
        (UP, columns(excluded={"INTERACTIONS": ["EVENT_TYPE"]}), "EVENT_TYPE of INTERACTIONS cannot be excluded"),
        (UP, columns(excluded={"USERS": ["AGE"]}), "no USERS dataset"),
        (UP, columns(excluded={"ACTIONS": ["VALUE"]}), "ACTIONS is none of"),
        (UP, columns(included={"ITEMS": ["COLOUR"]}), "the ITEMS dataset has no column COLOUR"),
        (
            UP,
            columns(included={"ITEMS": ["PRICE"]}, excluded={"ITEMS": ["GENRES"]}),
            "either includedDatasetColumns or excludedDatasetColumns",
        ),
        (UP, {"performIncrementalUpdate": True}, "performIncrementalUpdate is only for aws-semantic-similarity"),
        ("aws-next-best-action", {}, "no ACTIONS dataset"),
        ("aws-semantic-similarity", {}, '"itemName": true'),
    ],
)
def test_what_would_not_be_honoured_is_refused(shop: Scene, recipe: str, given: dict[str, Any], words: str) -> None:
    with refused("InvalidInputException", words):
        create(with_data(shop), recipe, **given)


@pytest.mark.parametrize(
    ("recipe", "given"),
    [
        (UP, {"performHPO": True}),
        (UP, hpo(integer=[{"name": "bptt", "minValue": 2, "maxValue": 32}])),
        ("aws-similar-items", hpo(integer=[{"name": "item_id_hidden_dim", "minValue": 30, "maxValue": 60}])),
        ("aws-sims", hpo(continuous=[{"name": "popularity_discount_factor", "minValue": 0.2, "maxValue": 0.4}])),
        (UP, resources(maxNumberOfTrainingJobs="40", maxParallelTrainingJobs="10")),
        (V2, events(*({"eventType": f"e{number}", "weight": 0.1 * number} for number in range(10)))),
        (RANKING_V2, events({"eventType": "Buy", "eventValueThreshold": 0.5, "weight": 1.0})),
        (UP, objective(itemAttribute="PRICE", objectiveSensitivity="HIGH")),
        (UP, columns(excluded={"ITEMS": ["GENRES"], "interactions": ["DEVICE"]})),
        (UP, columns(included={"ITEMS": ["GENRES"]})),
    ],
)
def test_what_is_honoured_is_echoed(shop: Scene, recipe: str, given: dict[str, Any]) -> None:
    arn = create(with_data(shop), recipe, **given)

    assert describe(shop, arn)["performHPO"] is given.get("performHPO", False)
    assert describe(shop, arn).get("solutionConfig") == given.get("solutionConfig")


def test_eleven_event_types_are_too_many(shop: Scene) -> None:
    with refused("InvalidInputException", "eventParametersList"):
        create(with_data(shop), V2, **events(*({"eventType": f"e{number}"} for number in range(11))))


def test_event_types_and_values_that_no_record_has_cannot_be_weighed(shop: Scene) -> None:
    bare = (text("USER_ID"), text("ITEM_ID"), {"name": "TIMESTAMP", "type": "long"})
    add_dataset(shop, "INTERACTIONS", avro("Interactions", *bare, text("EVENT_TYPE")))
    with refused("InvalidInputException", "needs a field EVENT_VALUE"):
        create(shop, V2, **events({"eventType": "Buy", "eventValueThreshold": 1.0}))

    create(shop, V2, **events({"eventType": "Buy"}))


def test_semantic_similarity_needs_texts_and_no_interactions(shop: Scene) -> None:
    with refused("InvalidInputException", "no ITEMS dataset"):
        create(shop, "aws-semantic-similarity")
    add_dataset(shop, "ITEMS", TEXTS)
    with refused("InvalidInputException", "keep that column"):
        create(shop, "aws-semantic-similarity", **columns(excluded={"ITEMS": ["PLOT"]}))

    arn = create(shop, "aws-semantic-similarity", performIncrementalUpdate=True)

    assert describe(shop, arn)["performIncrementalUpdate"] is True
    with refused("InvalidInputException", "no INTERACTIONS dataset"):
        create(shop, name="other")


def test_segments_by_attribute_need_items(shop: Scene) -> None:
    add_dataset(shop, "INTERACTIONS", EVENTS)

    with refused("InvalidInputException", "no ITEMS dataset"):
        create(shop, "aws-item-attribute-affinity")


def test_actions_need_interactions_and_actions_and_no_columns(shop: Scene) -> None:
    add_dataset(shop, "ACTIONS", ACTIONS)
    with refused("InvalidInputException", "no INTERACTIONS dataset"):
        create(shop, "aws-next-best-action")
    add_dataset(shop, "INTERACTIONS", EVENTS)
    with refused("InvalidInputException", "trainingDataConfig is only for"):
        create(shop, "aws-next-best-action", **columns(excluded={"INTERACTIONS": ["DEVICE"]}))

    create(shop, "aws-next-best-action")


def test_an_update_is_seen_in_its_own_summary_until_the_solution_has_it(shop: Scene) -> None:
    arn = active(with_data(shop), V2, **events({"eventType": "Buy"}))
    weekly: Any = {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}}
    assert "latestSolutionUpdate" not in describe(shop, arn)

    shop.control.update_solution(solutionArn=arn, performAutoTraining=True, solutionUpdateConfig=weekly)

    seen = []
    for _ in range(3):
        solution = describe(shop, arn)
        update = solution["latestSolutionUpdate"]
        assert (update["solutionUpdateConfig"], update["performAutoTraining"]) == (weekly, True)
        assert "solutionConfig" not in update
        seen.append((update["status"], solution["status"], solution["performAutoTraining"]))
    assert seen == list(zip(UPDATING, ["ACTIVE"] * 3, [False, False, True], strict=True))
    config = describe(shop, arn)["solutionConfig"]
    assert config == events({"eventType": "Buy"})["solutionConfig"] | weekly


def test_versions_are_made_of_the_old_configuration_while_an_update_runs_and_nothing_is_deleted(shop: Scene) -> None:
    arn = active(with_data(shop), V2, **events({"eventType": "Buy"}))
    new = events({"eventType": "View", "weight": 0.2})["solutionConfig"]
    shop.control.update_solution(solutionArn=arn, solutionUpdateConfig=new)

    before = shop.control.create_solution_version(solutionArn=arn)["solutionVersionArn"]
    with refused("ResourceInUseException", arn):
        shop.control.delete_solution(solutionArn=arn)
    with refused("ResourceInUseException", arn):
        shop.control.update_solution(solutionArn=arn, solutionUpdateConfig=new)
    for _ in range(3):
        describe(shop, arn)
    after = shop.control.create_solution_version(solutionArn=arn)["solutionVersionArn"]

    assert shop.describe_version(before)["solutionConfig"] == events({"eventType": "Buy"})["solutionConfig"]
    assert shop.describe_version(after)["solutionConfig"] == new


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "nothing to update"),
        ({"performIncrementalUpdate": True}, "only for aws-semantic-similarity"),
        ({"solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}}}, "1 to 30 days"),
        ({"solutionUpdateConfig": events({"eventType": "x"})["solutionConfig"]}, "eventsConfig is only for"),
    ],
)
def test_an_update_is_checked_like_a_creation(shop: Scene, given: dict[str, Any], words: str) -> None:
    arn = active(with_data(shop))

    with refused("InvalidInputException", words):
        shop.control.update_solution(solutionArn=arn, **given)


def test_weights_do_not_come_to_a_solution_of_one_event_type(shop: Scene) -> None:
    arn = active(with_data(shop), V2, eventType="Buy")

    with refused("InvalidInputException", "create another solution"):
        shop.control.update_solution(
            solutionArn=arn, solutionUpdateConfig=events({"eventType": "View"})["solutionConfig"]
        )


def test_an_update_needs_a_solution_that_is_active(shop: Scene) -> None:
    with_data(shop)
    with refused("ResourceNotFoundException", "solution/none"):
        shop.control.update_solution(solutionArn=f"{ARN}:solution/none", performAutoTraining=False)
    arn = create(shop)

    with refused("ResourceInUseException", "CREATE PENDING"):
        shop.control.update_solution(solutionArn=arn, performAutoTraining=False)
