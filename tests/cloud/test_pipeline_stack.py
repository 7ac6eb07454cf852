"""The functions of the pipeline and its state machine: each may do what it does, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.synthesis import Template, everything_in

ACCOUNT = "<AWS::Region>:<AWS::AccountId>"
PERSONALIZE = f"arn:<AWS::Partition>:personalize:{ACCOUNT}:"
# what takes no resource; see the service authorization reference
NO_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "personalize:ListCampaigns",
    "personalize:ListEventTrackers",
    "personalize:ListSolutionVersions",
    "personalize:PutEvents",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "cloudwatch:PutMetricData",
}
MODELS = ("for-you", "similar", "popular")
EVERY_FUNCTION = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def allowed(template: Template, function: str) -> set[str]:
    """The actions of a function's role, without what every function may do."""
    statements = template.permissions_of(template.function(function))
    return {action for statement in statements for action in statement.actions} - EVERY_FUNCTION


@pytest.mark.parametrize(
    ("function", "actions"),
    [
        ("export-data", {"dynamodb:Scan", "s3:PutObject", "s3:AbortMultipartUpload"}),
        (
            "setup-datasets",
            {
                "personalize:DescribeDatasetGroup",
                "personalize:CreateDatasetGroup",
                "personalize:DescribeSchema",
                "personalize:CreateSchema",
                "personalize:DescribeDataset",
                "personalize:CreateDataset",
                "personalize:UpdateDataset",
                "personalize:ListEventTrackers",
                "personalize:DescribeEventTracker",
                "personalize:CreateEventTracker",
                "personalize:DescribeFilter",
                "personalize:CreateFilter",
                "personalize:DescribeDatasetImportJob",
                "personalize:CreateDatasetImportJob",
                "iam:PassRole",
            },
        ),
        (
            "train-model",
            {
                "personalize:DescribeSolution",
                "personalize:CreateSolution",
                "personalize:CreateSolutionVersion",
                "personalize:DescribeSolutionVersion",
                "personalize:GetSolutionMetrics",
                "personalize:ListSolutionVersions",
            },
        ),
        (
            "deploy-campaign",
            {
                "personalize:DescribeCampaign",
                "personalize:CreateCampaign",
                "personalize:UpdateCampaign",
                "personalize:ListCampaigns",
                "personalize:GetRecommendations",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
            },
        ),
    ],
)
def test_a_function_may_do_what_it_does(pipeline: Template, function: str, actions: set[str]) -> None:
    assert allowed(pipeline, function) == actions


@pytest.mark.parametrize("stack", ["pipeline", "api", "data", "monitoring"])
def test_only_what_takes_no_resource_is_allowed_on_all(stack: str, request: pytest.FixtureRequest) -> None:
    template: Template = request.getfixturevalue(stack)

    for policy in template.properties("AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if "*" in action]
            if statement["Resource"] == "*":
                assert set(actions) <= NO_RESOURCE


def test_every_personalize_resource_begins_with_the_projects_name(pipeline: Template) -> None:
    machine = pipeline.machine("pipeline")
    roles = [(f, "Role") for f in pipeline.properties("AWS::Lambda::Function")] + [(machine, "RoleArn")]
    resources = {
        resource
        for properties, role in roles
        for statement in pipeline.permissions_of(properties, role)
        for resource in statement.resources
        if ":personalize:" in resource
    }

    assert resources == {
        f"{PERSONALIZE}dataset-group/example-shop",
        f"{PERSONALIZE}schema/example-shop-*",
        f"{PERSONALIZE}dataset/example-shop/*",
        f"{PERSONALIZE}dataset-import-job/example-shop-*",
        # its ARN ends in an id of Personalize's own
        f"{PERSONALIZE}event-tracker/*",
        f"{PERSONALIZE}filter/example-shop-*",
        *(f"{PERSONALIZE}solution/example-shop-{model}" for model in MODELS),
        *(f"{PERSONALIZE}solution/example-shop-{model}/*" for model in MODELS),
        *(f"{PERSONALIZE}campaign/example-shop-{model}" for model in MODELS),
    }


def test_the_personalize_role_alone_is_passed_and_to_personalize_alone(pipeline: Template) -> None:
    statements = pipeline.permissions_of(pipeline.function("setup-datasets"))

    (passing,) = (statement for statement in statements if "iam:PassRole" in statement.actions)
    assert len(passing.resources) == 1
    assert "PersonalizeRole" in passing.resources[0]
    assert passing.conditions == {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}}


def test_the_state_machine_calls_only_the_functions_and_looks_at_what_it_awaits(pipeline: Template) -> None:
    machine = pipeline.machine("pipeline")
    statements = pipeline.permissions_of(machine, "RoleArn")

    assert {action for s in statements for action in s.actions} - NO_RESOURCE == {
        "lambda:InvokeFunction",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:DeleteItem",
        "sns:Publish",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "personalize:DescribeDatasetGroup",
        "personalize:DescribeDataset",
        "personalize:DescribeDatasetImportJob",
        "personalize:DescribeEventTracker",
        "personalize:DescribeSolution",
        "personalize:DescribeSolutionVersion",
        "personalize:DescribeCampaign",
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
    }
    (calling,) = (s for s in statements if "lambda:InvokeFunction" in s.actions)
    assert len(calling.resources) == 4
    for statement in statements:
        if any(action.startswith("states:") for action in statement.actions):
            assert all(":example-shop-pipeline" in resource for resource in statement.resources)


def test_every_function_is_arm64_python_313_and_traced(pipeline: Template, api: Template) -> None:
    functions = [*pipeline.properties("AWS::Lambda::Function"), *api.properties("AWS::Lambda::Function")]

    assert len(functions) == 7
    for function in functions:
        assert function["Architectures"] == ["arm64"]
        assert function["Runtime"] == "python3.13"
        assert function["TracingConfig"] == {"Mode": "Active"}
        source = function["FunctionName"].removeprefix("example-shop-").replace("-", "_")
        assert function["Handler"] == f"lambdas.{source}.handler.handler"


def test_every_log_is_kept_for_a_month_and_no_longer(
    pipeline: Template, api: Template, data: Template, monitoring: Template
) -> None:
    groups = [group for stack in (pipeline, api, data, monitoring) for group in stack.of_type("AWS::Logs::LogGroup")]

    # seven functions, three state machines, the API's accesses
    assert len(groups) == 11
    assert {group["Properties"]["RetentionInDays"] for group in groups} == {30}
    assert {group["DeletionPolicy"] for group in groups} == {"Delete"}


def test_every_function_writes_to_the_log_group_of_its_name(pipeline: Template, api: Template) -> None:
    for stack in (pipeline, api):
        for function in stack.properties("AWS::Lambda::Function"):
            group = stack.document["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]
            assert group["Properties"]["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"


def test_the_functions_know_the_names_of_the_resources_they_use(pipeline: Template) -> None:
    def names(function: str) -> set[str]:
        variables = pipeline.function(function)["Environment"]["Variables"]
        return {name for name in variables if not name.startswith("POWERTOOLS_")}

    assert names("export-data") == {"EXPORT_BUCKET"}
    assert names("setup-datasets") == {"PERSONALIZE_ROLE_ARN"}
    assert names("train-model") == set()
    assert names("deploy-campaign") == {"ENGINE_TABLE"}


def test_the_state_machine_is_standard_logs_why_it_failed_but_no_cursors_and_is_traced(pipeline: Template) -> None:
    machine = pipeline.machine("pipeline")

    assert machine.get("StateMachineType", "STANDARD") == "STANDARD"
    assert machine["LoggingConfiguration"]["Level"] == "ERROR"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is True
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_the_deployed_definition_is_the_one_that_the_tests_run(pipeline: Template, workflow: dict[str, Any]) -> None:
    deployed = pipeline.definition()

    assert deployed["QueryLanguage"] == "JSONata"
    assert list(deployed["States"]) == list(workflow["States"])
    resources = {value for key, value in everything_in(deployed) if key == "Resource"}
    assert "arn:<AWS::Partition>:states:::lambda:invoke" in resources
    assert len(resources) == 13


def test_training_that_personalize_would_start_by_itself_is_left_to_nobody(pipeline: Template) -> None:
    """Solutions are made by a function, which turns it off; a resource of CloudFormation could not."""
    assert not [r for r in pipeline.document["Resources"].values() if r["Type"].startswith("AWS::Personalize::")]


def test_the_output_is_that_which_the_commands_read(pipeline: Template) -> None:
    assert "StateMachineArn" in pipeline.document["Outputs"]
