"""Tasks that call AWS: names, values and errors as the integrations have them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.unit.cloud.states.conftest import credentials
from tests.unit.cloud.states.interpreter import (
    REGION,
    ROLE,
    Answer,
    FakeAws,
    Json,
    Machines,
    invoke,
    jsonata,
    sdk,
)

CAMPAIGN = {
    "campaign": {
        "campaignArn": "arn:campaign",
        "minProvisionedTPS": 1,
        "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0.3"}},
        "creationDateTime": 1_700_000_000.25,
        "lastUpdatedDateTime": 1_700_000_000,
        "latestCampaignUpdate": {"status": "ACTIVE", "creationDateTime": 1_700_000_000.25},
    }
}


def error_of(machines: Machines, task: dict[str, Any]) -> tuple[str, str]:
    return machines.failure(jsonata(("Call", task)))


def test_sdk_parameters_reach_the_api_under_its_own_names(machines: Machines, aws: FakeAws) -> None:
    aws.on("personalize", "CreateCampaign", Answer({"campaignArn": "arn:campaign"}))
    arguments = {
        "Name": "shop",
        "SolutionVersionArn": "arn:version",
        "MinProvisionedTPS": 2,
        "CampaignConfig": {"ItemExplorationConfig": {"explorationWeight": "0.3"}},
        "Tags": [{"TagKey": "owner", "TagValue": "me"}],
    }

    machines.output(jsonata(("Call", sdk("personalize:createCampaign", arguments))))

    assert aws.requests == [
        (
            "CreateCampaign",
            {
                "name": "shop",
                "solutionVersionArn": "arn:version",
                "minProvisionedTPS": 2,
                "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0.3"}},
                "tags": [{"tagKey": "owner", "tagValue": "me"}],
            },
        )
    ]


def test_sdk_results_have_pascal_case_names_and_times_as_text(machines: Machines, aws: FakeAws) -> None:
    aws.on("personalize", "DescribeCampaign", Answer(CAMPAIGN))

    output = machines.output(jsonata(("Call", sdk("personalize:describeCampaign", {"CampaignArn": "arn:campaign"}))))

    assert output == {
        "Campaign": {
            "CampaignArn": "arn:campaign",
            "MinProvisionedTPS": 1,
            "CampaignConfig": {"ItemExplorationConfig": {"explorationWeight": "0.3"}},
            "CreationDateTime": "2023-11-14T22:13:20.250Z",
            "LastUpdatedDateTime": "2023-11-14T22:13:20Z",
            "LatestCampaignUpdate": {"Status": "ACTIVE", "CreationDateTime": "2023-11-14T22:13:20.250Z"},
        }
    }


def test_an_operation_without_output_yields_an_empty_object(machines: Machines, aws: FakeAws) -> None:
    aws.on("personalize", "DeleteCampaign", Answer({}))

    assert machines.output(jsonata(("Call", sdk("personalize:deleteCampaign", {"CampaignArn": "a"})))) == {}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ResourceNotFoundException", "Personalize.ResourceNotFoundException"),
        ("LimitExceededException", "Personalize.LimitExceededException"),
        ("ResourceInUseException", "Personalize.ResourceInUseException"),
        ("ThrottlingException", "Personalize.PersonalizeException"),
        ("AccessDeniedException", "Personalize.PersonalizeException"),
    ],
)
def test_an_error_that_the_api_does_not_model_has_the_services_base_name(
    machines: Machines, aws: FakeAws, code: str, name: str
) -> None:
    aws.on("personalize", "DescribeCampaign", Answer.error(code, "Campaign 🎉 is not there"))

    error, cause = error_of(machines, sdk("personalize:describeCampaign", {"CampaignArn": "a"}))

    assert error == name
    assert cause.startswith("Campaign 🎉 is not there (Service: Personalize, Status Code: 400, Request ID: ")


def test_a_connection_that_fails_is_an_sdk_client_exception(machines: Machines, aws: FakeAws) -> None:
    def refuse(_: Json) -> Answer:
        raise EndpointConnectionError(endpoint_url="http://nowhere")

    aws.on("personalize", "DescribeCampaign", refuse)

    error, _ = error_of(machines, sdk("personalize:describeCampaign", {"CampaignArn": "a"}))

    assert error == "Personalize.SdkClientException"


def test_a_parameter_in_camel_case_is_refused(machines: Machines) -> None:
    error, cause = error_of(machines, sdk("personalize:describeCampaign", {"campaignArn": "a"}))

    assert error == "States.Runtime"
    assert "The field 'campaignArn' is not supported by Step Functions; use one of CampaignArn" in cause


@pytest.mark.parametrize(
    "action", ["personalize:describeCampain", "personalise:describeCampaign", "personalize:DescribeCampaign"]
)
def test_an_action_that_does_not_exist_is_refused_with_the_definition(machines: Machines, action: str) -> None:
    with pytest.raises(ClientError) as refused:
        machines.create(jsonata(("Call", sdk(action))))

    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"


@pytest.mark.parametrize(
    "task",
    [
        invoke("f"),
        sdk("personalize:deleteCampaign", {"CampaignArn": "a"}),
        {**sdk("", {"TableName": "t", "Item": {}}), "Resource": "arn:aws:states:::dynamodb:putItem"},
    ],
    ids=["lambda", "aws-sdk", "dynamodb"],
)
def test_calls_are_signed_with_the_credentials_of_the_machines_role(
    machines: Machines, aws: FakeAws, task: dict[str, Any]
) -> None:
    for service, operation in (("lambda", "f"), ("personalize", "DeleteCampaign"), ("dynamodb", "PutItem")):
        aws.on(service, operation, Answer({}))

    machines.output(jsonata(("Call", task)))

    assert f"Credential={credentials(ROLE).access_key_id}/" in aws.authorizations[0]


def test_the_sdk_reads_and_writes_dynamodb_items(machines: Machines) -> None:
    table(machines.service("dynamodb"))
    item = {"key": {"S": "a"}, "n": {"N": "1"}, "tags": {"Ss": ["x"]}, "on": {"Bool": True}, "none": {"Nul": True}}
    definition = jsonata(
        ("Put", sdk("dynamodb:putItem", {"TableName": "engine", "Item": item})),
        ("Get", sdk("dynamodb:getItem", {"TableName": "engine", "Key": {"key": {"S": "a"}}})),
    )

    assert machines.output(definition)["Item"] == item


def test_sdk_and_optimised_dynamodb_spell_their_errors_each_in_its_way(machines: Machines) -> None:
    table(machines.service("dynamodb"))
    arguments = {
        "TableName": "engine",
        "Item": {"key": {"S": "a"}},
        "ConditionExpression": "attribute_exists(#k)",
        "ExpressionAttributeNames": {"#k": "key"},
    }
    optimised = {**sdk("dynamodb:putItem", arguments), "Resource": "arn:aws:states:::dynamodb:putItem"}

    assert error_of(machines, sdk("dynamodb:putItem", arguments))[0] == "DynamoDb.ConditionalCheckFailedException"
    assert error_of(machines, optimised)[0] == "DynamoDB.ConditionalCheckFailedException"


def test_an_unmodelled_error_of_optimised_dynamodb_is_amazon_dynamodb_exception(machines: Machines) -> None:
    table(machines.service("dynamodb"))
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {"TableName": "engine", "Key": {"wrong": {"S": "a"}}},
    }

    error, cause = error_of(machines, task)

    assert error == "DynamoDB.AmazonDynamoDBException"
    assert "Error Code: ValidationException" in cause


def test_arguments_of_optimised_dynamodb_that_do_not_evaluate_say_so(machines: Machines) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {"TableName": "{% $missing %}"},
    }

    assert error_of(machines, task)[0] == "States.QueryEvaluationError"


def test_a_parameter_that_an_optimised_integration_lacks_is_refused(machines: Machines) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {"TableName": "engine", "Kye": {}},
    }

    assert "The field 'Kye' is not supported by Step Functions" in error_of(machines, task)[1]


def test_sns_publishes_an_object_as_json(machines: Machines) -> None:
    topic = machines.service("sns").create_topic(Name="alarms")["TopicArn"]
    publish = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}

    output = machines.output(
        jsonata(("Tell", {**publish, "Arguments": {"TopicArn": topic, "Message": {"failed": "🎉"}}}))
    )

    assert output["MessageId"]


def test_a_function_takes_the_payload_and_gives_one(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", lambda payload: Answer({"echo": payload}))

    output = machines.output(
        jsonata(("Call", invoke("f", {"text": "{% $states.input.text %}"}, Output="{% $states.result.Payload %}"))),
        {"text": 'a "b" 🎉'},
    )

    assert output == {"echo": {"text": 'a "b" 🎉'}}


def test_a_function_may_be_named_by_its_arn_as_the_resource(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", lambda payload: Answer({"echo": payload}))
    arn = f"arn:aws:lambda:{REGION}:123456789012:function:f"

    output = machines.output(jsonata(("Call", {"Type": "Task", "Resource": arn, "Arguments": {"a": 1}})))

    assert output == {"echo": {"a": 1}}


def test_a_function_that_raises_fails_under_its_errors_type_with_its_payload_as_cause(
    machines: Machines, aws: FakeAws
) -> None:
    payload = '{"errorMessage": "no rows in \\"Events\\" 🎉", "errorType": "InvalidError", "stackTrace": []}'
    aws.on("lambda", "f", Answer.function_error(payload))

    assert error_of(machines, invoke("f")) == ("InvalidError", payload)


def test_a_service_error_of_lambda_has_lambdas_prefix(machines: Machines, aws: FakeAws) -> None:
    aws.on(
        "lambda",
        "f",
        Answer({"message": "slow"}, 429, {"x-amzn-ErrorType": "TooManyRequestsException"}),
    )

    assert error_of(machines, invoke("f"))[0] == "Lambda.TooManyRequestsException"


def table(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="engine",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
