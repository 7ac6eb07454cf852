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
MODEL = {"name": "for-you", "route": "recommendations", "campaignArn": CAMPAIGN, "solutionVersionArn": NEW}


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


def answered(runtime: Runtime, items: list[str]) -> None:
    runtime[1].add_response(
        "get_recommendations",
        {"itemList": [{"itemId": item} for item in items]},
        {"campaignArn": CAMPAIGN, "userId": "never-seen-run-1", "numResults": 100},
    )


def engine_table(dynamodb: "DynamoDBClient") -> None:
    dynamodb.create_table(
        TableName="engine",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_what_answers_is_published_with_the_popular_items(
    runtime: Runtime, storage: tuple["DynamoDBClient", "S3Client"]
) -> None:
    dynamodb = storage[0]
    engine_table(dynamodb)
    answered(runtime, ["b", "a"])
    assert Publication(runtime[0], dynamodb, table="engine").publish([MODEL], run_id="run-1") == ["for-you"]
    item = dynamodb.get_item(TableName="engine", Key={"key": {"S": "published"}})["Item"]
    assert item["routes"] == {"M": {"recommendations": {"S": CAMPAIGN}}}
    assert item["popularItems"] == {"L": [{"S": "b"}, {"S": "a"}]}


def test_a_campaign_that_recommends_nothing_is_not_published(
    runtime: Runtime, storage: tuple["DynamoDBClient", "S3Client"]
) -> None:
    dynamodb = storage[0]
    engine_table(dynamodb)
    answered(runtime, [])
    with pytest.raises(FailedError, match=f"{CAMPAIGN} recommends nothing"):
        Publication(runtime[0], dynamodb, table="engine").publish([MODEL], run_id="run-1")
    assert "Item" not in dynamodb.get_item(TableName="engine", Key={"key": {"S": "published"}})
