from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from lambdas.common.errors import FailedError, RetryableError
from lambdas.deploy_campaign.campaigns import Campaigns
from lambdas.deploy_campaign.publication import Publication
from tests.unit.lambdas.conftest import ACCOUNT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient
    from mypy_boto3_s3 import S3Client

Personalize = tuple["PersonalizeClient", Stubber]
Runtime = tuple["PersonalizeRuntimeClient", Stubber]
CAMPAIGN = ACCOUNT.personalize_arn("campaign/shop-for-you")
OLD, NEW = (ACCOUNT.personalize_arn(f"solution/shop-for-you/{version}") for version in ("old", "new"))


def deploy(personalize: Personalize) -> dict[str, str]:
    return Campaigns(personalize[0], account=ACCOUNT).deploy(name="shop-for-you", version_arn=NEW, min_tps=1)


def described(personalize: Personalize, *, version: str, status: str = "ACTIVE", **more: Any) -> None:
    campaign = {"solutionVersionArn": version, "minProvisionedTPS": 1, "status": status, **more}
    personalize[1].add_response("describe_campaign", {"campaign": campaign}, {"campaignArn": CAMPAIGN})


def updated(personalize: Personalize) -> None:
    personalize[1].add_response(
        "update_campaign",
        {"campaignArn": CAMPAIGN},
        {"campaignArn": CAMPAIGN, "solutionVersionArn": NEW, "minProvisionedTPS": 1},
    )


def test_a_missing_campaign_is_created_and_its_own_status_awaited(personalize: Personalize) -> None:
    personalize[1].add_client_error("describe_campaign", "ResourceNotFoundException", "does not exist")
    personalize[1].add_response(
        "create_campaign",
        {"campaignArn": CAMPAIGN},
        {"name": "shop-for-you", "solutionVersionArn": NEW, "minProvisionedTPS": 1},
    )
    assert deploy(personalize) == {"campaignArn": CAMPAIGN, "awaiting": "create"}


def test_a_campaign_on_another_version_is_updated_and_the_update_awaited(personalize: Personalize) -> None:
    described(personalize, version=OLD)
    updated(personalize)
    assert deploy(personalize)["awaiting"] == "update"


def test_a_campaign_whose_creation_failed_is_updated(personalize: Personalize) -> None:
    described(personalize, version=NEW, status="CREATE FAILED")
    updated(personalize)
    assert deploy(personalize)["awaiting"] == "update"


def test_a_campaign_that_serves_the_version_already_is_left_alone(personalize: Personalize) -> None:
    described(personalize, version=NEW)
    assert deploy(personalize)["awaiting"] == "nothing"


def test_a_repeated_step_awaits_the_creation_it_started(personalize: Personalize) -> None:
    described(personalize, version=NEW, status="CREATE IN_PROGRESS")
    assert deploy(personalize)["awaiting"] == "create"


def test_a_repeated_step_awaits_the_update_it_started(personalize: Personalize) -> None:
    update = {"solutionVersionArn": NEW, "minProvisionedTPS": 1, "status": "CREATE PENDING"}
    described(personalize, version=OLD, latestCampaignUpdate=update)
    assert deploy(personalize)["awaiting"] == "update"


def test_an_update_after_a_failed_one_is_started_afresh(personalize: Personalize) -> None:
    update = {"solutionVersionArn": NEW, "minProvisionedTPS": 1, "status": "CREATE FAILED"}
    described(personalize, version=OLD, latestCampaignUpdate=update)
    updated(personalize)
    assert deploy(personalize)["awaiting"] == "update"


def test_somebody_elses_update_is_waited_for(personalize: Personalize) -> None:
    update = {"solutionVersionArn": OLD, "minProvisionedTPS": 1, "status": "CREATE IN_PROGRESS"}
    described(personalize, version=OLD, latestCampaignUpdate=update)
    with pytest.raises(RetryableError, match="is being updated"):
        deploy(personalize)


def engine_table(dynamodb: "DynamoDBClient") -> None:
    dynamodb.create_table(
        TableName="engine",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def dynamodb(storage: tuple["DynamoDBClient", "S3Client"]) -> "DynamoDBClient":
    engine_table(storage[0])
    return storage[0]


def model(route: str, name: str, *, version: str = "new") -> dict[str, str]:
    return {
        "name": name,
        "route": route,
        "campaignArn": ACCOUNT.personalize_arn(f"campaign/shop-{name}"),
        "solutionVersionArn": ACCOUNT.personalize_arn(f"solution/shop-{name}/{version}"),
    }


FOR_YOU, ALIKE, LOVED = (
    model("recommendations", "for-you"),
    model("similar-items", "alike"),
    model("popular-items", "loved"),
)


def answered(runtime: Runtime, of: dict[str, str], items: list[str], **asked: str) -> None:
    runtime[1].add_response(
        "get_recommendations",
        {"itemList": [{"itemId": item} for item in items]},
        {"campaignArn": of["campaignArn"], "numResults": 100, **(asked or {"userId": "never-seen-run-1"})},
    )


def publish(
    runtime: Runtime, personalize: Personalize, dynamodb: "DynamoDBClient", *models: dict[str, str]
) -> list[str]:
    campaigns = Campaigns(personalize[0], account=ACCOUNT)
    return Publication(runtime[0], dynamodb, campaigns, table="engine").publish(
        models, run_id="run-1", filters=[{"name": "unseen", "filterArn": "arn:unseen"}], tracking_id="track-1"
    )


def published(dynamodb: "DynamoDBClient") -> Any:
    return dynamodb.get_item(TableName="engine", Key={"key": {"S": "published"}}).get("Item")


def test_what_answers_is_published_with_the_popular_items(
    runtime: Runtime, personalize: Personalize, dynamodb: "DynamoDBClient"
) -> None:
    answered(runtime, FOR_YOU, ["b", "a"])
    assert publish(runtime, personalize, dynamodb, FOR_YOU) == ["for-you"]
    item = published(dynamodb)
    assert item["routes"] == {"M": {"recommendations": {"S": FOR_YOU["campaignArn"]}}}
    assert item["popularItems"] == {"L": [{"S": "b"}, {"S": "a"}]}
    assert item["filters"] == {"M": {"unseen": {"S": "arn:unseen"}}}
    assert item["trackingId"] == {"S": "track-1"}


def test_every_model_is_tried_as_its_route_asks_it_and_the_popular_come_from_the_one_for_that(
    runtime: Runtime, personalize: Personalize, dynamodb: "DynamoDBClient"
) -> None:
    answered(runtime, LOVED, ["top", "next"])
    answered(runtime, FOR_YOU, ["new"])
    answered(runtime, ALIKE, ["other"], itemId="top")
    assert publish(runtime, personalize, dynamodb, FOR_YOU, ALIKE, LOVED) == ["for-you", "alike", "loved"]
    assert published(dynamodb)["popularItems"] == {"L": [{"S": "top"}, {"S": "next"}]}


def test_a_campaign_that_recommends_nothing_is_not_published(
    runtime: Runtime, personalize: Personalize, dynamodb: "DynamoDBClient"
) -> None:
    answered(runtime, FOR_YOU, [])
    with pytest.raises(FailedError, match=f"{FOR_YOU['campaignArn']} recommends nothing to a new user; nothing is"):
        publish(runtime, personalize, dynamodb, FOR_YOU)
    assert published(dynamodb) is None


def test_all_campaigns_go_back_to_what_was_published_before(
    runtime: Runtime, personalize: Personalize, dynamodb: "DynamoDBClient"
) -> None:
    for each, items in ((LOVED, ["top"]), (FOR_YOU, ["new"])):
        answered(runtime, each, items)
    publish(runtime, personalize, dynamodb, FOR_YOU, LOVED)
    before = published(dynamodb)

    newer = [model("recommendations", "for-you", version="newer"), LOVED]
    answered(runtime, LOVED, ["top"])
    answered(runtime, FOR_YOU, [])
    personalize[1].add_response(
        "update_campaign",
        {},
        {"campaignArn": FOR_YOU["campaignArn"], "solutionVersionArn": FOR_YOU["solutionVersionArn"]},
    )
    with pytest.raises(FailedError, match=f"goes back to {FOR_YOU['solutionVersionArn']}"):
        publish(runtime, personalize, dynamodb, *newer)
    assert published(dynamodb) == before


def test_a_campaign_that_cannot_go_back_hides_no_reason(
    runtime: Runtime, personalize: Personalize, dynamodb: "DynamoDBClient"
) -> None:
    answered(runtime, FOR_YOU, ["new"])
    publish(runtime, personalize, dynamodb, FOR_YOU)

    answered(runtime, FOR_YOU, [])
    personalize[1].add_client_error("update_campaign", "ResourceInUseException", "being updated")
    with pytest.raises(FailedError, match=r"recommends nothing.*cannot go back.*being updated"):
        publish(runtime, personalize, dynamodb, model("recommendations", "for-you", version="newer"))


def test_campaigns_of_the_project_that_no_model_has_are_named(personalize: Personalize) -> None:
    ours, removed, theirs = (ACCOUNT.personalize_arn(f"campaign/{name}") for name in ("shop-a", "shop-b", "other-a"))
    for arns, token in (((theirs, ours), "more"), ((removed,), None)):
        answer: dict[str, Any] = {"campaigns": [{"campaignArn": arn} for arn in arns]}
        personalize[1].add_response("list_campaigns", answer | ({"nextToken": token} if token else {}))

    assert Campaigns(personalize[0], account=ACCOUNT).unconfigured(project="shop", arns=[ours]) == [removed]
