"""The main job: events in DynamoDB, two runs of the workflow, recommendations over HTTP."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tastemaker.cloud.permissions import Replay, policies_of_roles, replay
from tests.local.conftest import Engine, Row

ACCOUNT = "123456789012"
ODD_IDS = ['a, "quoted" one', "back\\slash", "emoji 🎬", "d'accord; 100 % {% x %}"]
N_USERS, N_GROUPS, VISITS = 240, 4, 12
# so long that each of the four segments has several pages of a megabyte
BALLAST = "x" * 3000


def items_of(group: int) -> list[str]:
    return [ODD_IDS[group], *(f"item-{group}-{number}" for number in range(7))]


def events() -> list[Row]:
    """Users of four groups, each of which consumes its own eight items, in an order that nobody could foretell."""
    luck = random.Random(0)
    rows = []
    for user in range(N_USERS):
        items = items_of(user % N_GROUPS)
        user_id = ODD_IDS[user] if user < len(ODD_IDS) else f"user-{user}"
        rows += [(user_id, luck.choice(items), 1_700_000_000 + visit * 3600 + user, "View") for visit in range(VISITS)]
    return rows


def products() -> list[dict[str, Any]]:
    """Every item, with a title that is hard to write as CSV; nobody has filled the users table."""
    return [
        {"itemId": {"S": item}, "title": {"S": f'{item}, "new"'}, "category": {"S": f"group-{group}"}}
        for group in range(N_GROUPS)
        for item in items_of(group)
    ]


BAD_ROWS = [
    {"userId": {"S": "user-9"}, "eventKey": {"S": "no item"}, "timestamp": {"N": "1700000000"}},
    {
        "userId": {"S": "user-9"},
        "eventKey": {"S": "milliseconds"},
        "itemId": {"S": "item-0-1"},
        "timestamp": {"N": "1700000000000"},
    },
]


@pytest.fixture(scope="module")
def first(engine: Engine) -> dict[str, Any]:
    engine.load(events(), *BAD_ROWS, ballast=BALLAST)
    engine.cloud.seed_table(engine.outputs["ItemsTable"], products())
    return engine.run("run-1")


@pytest.fixture(scope="module")
def second(engine: Engine, first: dict[str, Any]) -> dict[str, Any]:
    assert first["status"] == "SUCCEEDED", first
    return engine.run("run-2")


def test_every_event_of_a_table_of_many_pages_is_imported_and_every_refused_row_counted_by_reason(
    first: dict[str, Any],
) -> None:
    assert first["status"] == "SUCCEEDED", first
    output = json.loads(first["output"])
    assert output["rows"] == {"interactions": N_USERS * VISITS, "items": len(products()), "users": 0}
    assert output["rejected"] == {"interactions": len(BAD_ROWS), "items": 0, "users": 0}
    assert output["reasons"] == {"missing": 1, "milliseconds": 1}


def test_the_output_holds_personalizes_metrics_of_the_model(first: dict[str, Any]) -> None:
    metrics = json.loads(first["output"])["models"]["for-you"]["metrics"]
    assert set(metrics) == {
        "coverage",
        "mean_reciprocal_rank_at_25",
        *(f"{name}_at_{k}" for name in ("normalized_discounted_cumulative_gain", "precision") for k in (5, 10, 25)),
    }
    # the truth is one or two of the group's eight items, of 32 in all: 0.45 for a model that knows the groups
    assert metrics["mean_reciprocal_rank_at_25"] > 0.35


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_ids_with_commas_quotes_and_emoji_come_through_to_a_recommendation(
    engine: Engine, first: dict[str, Any], group: int
) -> None:
    assert first["status"] == "SUCCEEDED"
    answer = engine.get("/recommendations", userId=ODD_IDS[group], count="8")
    assert (answer["userId"], answer["source"]) == (ODD_IDS[group], "personalize")
    assert answer["recommendationId"].startswith("RID-")
    assert {item["itemId"] for item in answer["recommendations"]} == set(items_of(group))


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_what_is_beside_an_odd_item_is_of_its_group(engine: Engine, first: dict[str, Any], group: int) -> None:
    assert first["status"] == "SUCCEEDED"
    beside = engine.get("/similar-items", itemId=ODD_IDS[group], count="5")["recommendations"]
    assert {item["itemId"] for item in beside} < set(items_of(group))
    assert {item["title"] for item in beside} == {f'{item["itemId"]}, "new"' for item in beside}


def test_every_model_has_its_metrics(first: dict[str, Any]) -> None:
    models = json.loads(first["output"])["models"]
    assert {name: model["recipe"] for name, model in models.items()} == {
        "for-you": "aws-user-personalization-v2",
        "similar": "aws-similar-items",
        "popular": "aws-popularity-count",
    }
    best, least = (models[name]["metrics"]["mean_reciprocal_rank_at_25"] for name in ("for-you", "popular"))
    assert best > least > 0


def test_a_user_never_seen_gets_what_is_popular(engine: Engine, first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED"
    answers = [engine.get("/recommendations", userId=name)["recommendations"] for name in ("nobody", "no one")]
    assert answers[0] == answers[1]
    assert len(answers[0]) == 10


def test_events_change_the_next_answer_and_a_purchase_hides_the_item(engine: Engine, first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED"
    # a user of the first group turns to the third, and then buys what is recommended first
    user, other = "user-40", set(items_of(2))
    before = [item["itemId"] for item in engine.get("/recommendations", userId=user, count="8")["recommendations"]]
    assert other.isdisjoint(before[:5])

    engine.track(user, *((item, "View") for item in items_of(2)[1:5]))
    after = engine.until("/recommendations", lambda ids: not other.isdisjoint(ids[:5]), userId=user, count="8")

    engine.track(user, (after[0], "Purchase"))
    assert engine.until("/recommendations", lambda ids: after[0] not in ids, userId=user, count="8")


def test_a_bad_request_is_answered_in_json_and_so_is_a_page_of_another_origin(
    engine: Engine, first: dict[str, Any]
) -> None:
    assert first["status"] == "SUCCEEDED"
    origin = "http://localhost:3000"
    request = Request(f"{engine.cloud.api_url}/recommendations?count=3", headers={"Origin": origin})
    with pytest.raises(HTTPError) as refusal:
        urlopen(request)
    with refusal.value as answer:
        assert answer.status == 400
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert json.load(answer)["error"]["code"] == "invalidUserId"


def test_a_second_run_updates_the_campaign_and_creates_nothing_twice(engine: Engine, second: dict[str, Any]) -> None:
    assert second["status"] == "SUCCEEDED", second
    personalize = engine.cloud.client("personalize")
    counts = {
        "groups": len(personalize.list_dataset_groups()["datasetGroups"]),
        "schemas": len(personalize.list_schemas()["schemas"]),
        "datasets": len(personalize.list_datasets()["datasets"]),
        "imports": len(personalize.list_dataset_import_jobs()["datasetImportJobs"]),
        "solutions": len(personalize.list_solutions()["solutions"]),
        "versions": len(personalize.list_solution_versions()["solutionVersions"]),
        "campaigns": len(personalize.list_campaigns()["campaigns"]),
        "trackers": len(personalize.list_event_trackers()["eventTrackers"]),
        "filters": len(personalize.list_filters()["Filters"]),
    }
    assert counts == {
        "groups": 1,
        "schemas": 2,
        "datasets": 2,
        "imports": 4,
        "solutions": 3,
        "versions": 6,
        "campaigns": 3,
        "trackers": 1,
        "filters": 2,
    }
    for model in json.loads(second["output"])["models"].values():
        campaign = personalize.describe_campaign(campaignArn=model["campaignArn"])["campaign"]
        assert campaign["solutionVersionArn"] == model["solutionVersionArn"]
        assert campaign["latestCampaignUpdate"]["status"] == "ACTIVE"


def test_automatic_training_is_off_so_that_nobody_pays_twice(engine: Engine, first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED"
    personalize = engine.cloud.client("personalize")
    for solution in personalize.list_solutions()["solutions"]:
        described = personalize.describe_solution(solutionArn=solution["solutionArn"])["solution"]
        assert described["performAutoTraining"] is False


@pytest.fixture(scope="module")
def replayed(engine: Engine, second: dict[str, Any]) -> Replay:
    assert second["status"] == "SUCCEEDED"
    engine.get("/recommendations", userId="user-7")
    return replay(engine.cloud.calls, policies_of_roles(ACCOUNT))


def test_every_call_of_both_runs_is_allowed_by_the_policy_of_whoever_made_it(replayed: Replay) -> None:
    assert replayed.denied == ()


# what AWS itself does in a role's name, which happens outside of the endpoint here
BY_AWS = ("logs:", "xray:", "kms:")
# the functions that no run needs: test_events.py asks the same of them
OF_EVENTS = ("TrackEvents", "DeliverEvents")
# what no run that succeeds needs, and when it is needed
OTHERWISE_USED = {
    "dynamodb:GetItem": "the lease is taken: who holds it",
    "states:DescribeExecution": "the lease is taken: whether its holder still runs",
    "states:StartExecution": "Step Functions starts the children of a Distributed Map itself; no schedule fires here",
    "sqs:SendMessage": "a schedule cannot start its state machine",
    "cloudwatch:PutMetricData": "the schedule of the run's age fires",
    "states:StopExecution": "a run is stopped while children of its Distributed Map run",
    "personalize:ListSolutionVersions": "a training step is repeated and finds its own version",
    "personalize:DescribeSolutionVersion": "the same; the state machine's role uses its own",
    "personalize:UpdateDataset": "the fields of items or users have changed",
    "s3:AbortMultipartUpload": "an export fails in the middle of a file",
}


def test_every_permission_is_used_or_known_for_what_did_not_happen_here(replayed: Replay) -> None:
    unused = {
        permission.action
        for permission in replayed.unused
        if not permission.action.startswith(BY_AWS) and not any(name in permission.role_arn for name in OF_EVENTS)
    }
    assert unused == set(OTHERWISE_USED)
