from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from tastemaker.cloud.actions import UNTOLD, UnmappedCallError, needed
from tastemaker.cloud.assembly import read_assembly
from tastemaker.cloud.calls import CallRecord
from tastemaker.cloud.deployment import deploy
from tastemaker.cloud.identity import ADMIN, Caller
from tastemaker.cloud.permissions import policies_of_roles, replay
from tastemaker.cloud.policies import Access, UnsupportedConditionError, is_allowed, statements
from tests.unit.cloud.assemblies import resource, role, template, write_assembly

ROLE = "arn:aws:iam::123456789012:role/recommend"
PERSONALIZE = "arn:aws:personalize:us-east-1:123456789012"
PASSED = "arn:aws:iam::123456789012:role/personalize"


def statement(action: str | list[str], on: str | list[str] = "*", effect: str = "Allow", **more: Any) -> Any:
    return {"Effect": effect, "Action": action, "Resource": on, **more}


def allows(document: list[Any], action: str, on: str, **context: str) -> bool:
    keys = {name.replace("_", ":"): value for name, value in context.items()}
    return is_allowed(statements("p", {"Statement": document}), Access(action, on, keys))


def call(service: str, operation: str, *, caller: Caller | None = None, **parameters: Any) -> CallRecord:
    return CallRecord(caller or Caller(ROLE, "recommend"), service, operation, "us-east-1", parameters)


def needs(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    return [(need.action, need.resource) for need in needed(call(service, operation, **parameters))]


class TestEvaluation:
    def test_nothing_is_allowed_unless_a_statement_says_so(self) -> None:
        assert not allows([], "s3:GetObject", "arn:aws:s3:::b/k")
        assert allows([statement("s3:GetObject")], "s3:GetObject", "arn:aws:s3:::b/k")

    def test_a_denial_wins(self) -> None:
        document = [statement("s3:*"), statement("s3:DeleteObject", "arn:aws:s3:::b/*", "Deny")]

        assert allows(document, "s3:GetObject", "arn:aws:s3:::b/k")
        assert not allows(document, "s3:DeleteObject", "arn:aws:s3:::b/k")

    def test_actions_match_with_wildcards_and_in_any_case(self) -> None:
        assert allows([statement("S3:get*")], "s3:GetObject", "x")
        assert not allows([statement("s3:Get?bject*")], "s3:GetBucketPolicy", "x")

    def test_resources_match_with_wildcards_in_their_case(self) -> None:
        assert allows(
            [statement("s3:GetObject", "arn:aws:s3:::b/exports/*")], "s3:GetObject", "arn:aws:s3:::b/exports/1/2"
        )
        assert not allows([statement("s3:GetObject", "arn:aws:s3:::b")], "s3:GetObject", "arn:aws:s3:::b/k")
        assert not allows([statement("s3:GetObject", "arn:aws:s3:::B/*")], "s3:GetObject", "arn:aws:s3:::b/k")

    def test_a_bracket_in_a_pattern_is_only_a_bracket(self) -> None:
        assert not allows([statement("s3:GetObject", "arn:aws:s3:::[ab]/*")], "s3:GetObject", "arn:aws:s3:::a/k")

    def test_not_action_and_not_resource_cover_all_the_others(self) -> None:
        other = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}

        assert allows([other], "s3:GetObject", "arn:aws:s3:::open/k")
        assert not allows([other], "iam:PassRole", "x")
        assert not allows([other], "s3:GetObject", "arn:aws:s3:::secret/k")

    @pytest.mark.parametrize(
        ("operator", "wanted", "met"),
        [
            ("StringEquals", "exports/", True),
            ("StringEquals", ["other/", "exports/"], True),
            ("StringEquals", "Exports/", False),
            ("StringEqualsIgnoreCase", "Exports/", True),
            ("StringLike", "exp*", True),
            ("StringNotLike", "exp*", False),
            ("StringNotEquals", "other/", True),
            ("Null", "true", False),
            ("Null", False, True),
        ],
    )
    def test_a_condition_is_compared_with_the_calls_context(self, operator: str, wanted: Any, met: bool) -> None:
        document = [statement("s3:ListBucket", Condition={operator: {"s3:prefix": wanted}})]

        assert allows(document, "s3:ListBucket", "b", s3_prefix="exports/") is met

    def test_a_key_that_the_call_lacks_meets_only_negations_and_if_exists(self) -> None:
        def with_condition(operator: str) -> bool:
            condition = {operator: {"iam:PassedToService": "personalize.amazonaws.com"}}
            return allows([statement("iam:PassRole", Condition=condition)], "iam:PassRole", PASSED)

        assert not with_condition("StringEquals")
        assert with_condition("StringEqualsIfExists")
        assert with_condition("StringNotEquals")

    def test_a_boolean_condition_compares_without_case(self) -> None:
        document = [
            statement("s3:*"),
            statement("s3:*", "*", "Deny", Condition={"Bool": {"aws:SecureTransport": False}}),
        ]

        assert allows(document, "s3:GetObject", "b", aws_securetransport="true")
        assert not allows(document, "s3:GetObject", "b", aws_securetransport="false")

    def test_what_cannot_be_judged_is_an_error(self) -> None:
        by_date = [statement("s3:*", Condition={"DateLessThan": {"s3:prefix": "2030"}})]
        by_tag = [statement("s3:*", "*", "Deny", Condition={"StringEquals": {"aws:PrincipalTag/team": "x"}})]

        with pytest.raises(UnsupportedConditionError, match="DateLessThan"):
            allows(by_date, "s3:GetObject", "b", s3_prefix="x")
        with pytest.raises(UnsupportedConditionError, match="aws:PrincipalTag/team"):
            allows(by_tag, "s3:GetObject", "b")


class TestWhatCallsNeed:
    def test_a_dynamodb_call_needs_its_table_or_its_index(self) -> None:
        table = "arn:aws:dynamodb:us-east-1:123456789012:table/Events"

        assert needs("dynamodb", "Scan", TableName="Events") == [("dynamodb:Scan", table)]
        assert needs("dynamodb", "Query", TableName=table, IndexName="i") == [("dynamodb:Query", f"{table}/index/i")]
        assert needs("dynamodb", "BatchWriteItem", RequestItems={"Events": []}) == [("dynamodb:BatchWriteItem", table)]
        transaction = [{"Put": {"TableName": "Events"}}, {"ConditionCheck": {"TableName": "Events"}}]
        assert needs("dynamodb", "TransactWriteItems", TransactItems=transaction) == [
            ("dynamodb:PutItem", table),
            ("dynamodb:ConditionCheckItem", table),
        ]

    @pytest.mark.parametrize(
        ("operation", "action", "resource_arn"),
        [
            ("GetObject", "s3:GetObject", "arn:aws:s3:::b/k"),
            ("HeadObject", "s3:GetObject", "arn:aws:s3:::b/k"),
            ("CreateMultipartUpload", "s3:PutObject", "arn:aws:s3:::b/k"),
            ("UploadPart", "s3:PutObject", "arn:aws:s3:::b/k"),
            ("CompleteMultipartUpload", "s3:PutObject", "arn:aws:s3:::b/k"),
            ("AbortMultipartUpload", "s3:AbortMultipartUpload", "arn:aws:s3:::b/k"),
            ("ListObjectsV2", "s3:ListBucket", "arn:aws:s3:::b"),
            ("HeadBucket", "s3:ListBucket", "arn:aws:s3:::b"),
        ],
    )
    def test_an_s3_call_needs_the_action_that_aws_checks(self, operation: str, action: str, resource_arn: str) -> None:
        assert needs("s3", operation, Bucket="b", Key="k") == [(action, resource_arn)]

    @pytest.mark.parametrize(
        ("operation", "parameters", "resource_arn"),
        [
            ("CreateDatasetGroup", {"name": "shop"}, "dataset-group/shop"),
            ("CreateSchema", {"name": "s"}, "schema/s"),
            (
                "CreateDataset",
                {"name": "n", "datasetGroupArn": f"{PERSONALIZE}:dataset-group/shop", "datasetType": "interactions"},
                "dataset/shop/INTERACTIONS",
            ),
            ("CreateSolution", {"name": "s"}, "solution/s"),
            ("CreateSolutionVersion", {"solutionArn": f"{PERSONALIZE}:solution/s", "name": "v"}, "solution/s"),
            ("DescribeSolutionVersion", {"solutionVersionArn": f"{PERSONALIZE}:solution/s/v"}, "solution/s/v"),
            ("GetSolutionMetrics", {"solutionVersionArn": f"{PERSONALIZE}:solution/s/v"}, "solution/s/v"),
            ("StopSolutionVersionCreation", {"solutionVersionArn": f"{PERSONALIZE}:solution/s/v"}, "solution/s/v"),
            ("UpdateCampaign", {"campaignArn": f"{PERSONALIZE}:campaign/c"}, "campaign/c"),
            ("GetRecommendations", {"campaignArn": f"{PERSONALIZE}:campaign/c", "userId": "u"}, "campaign/c"),
            ("CreateEventTracker", {"name": "t"}, f"event-tracker/{UNTOLD}"),
        ],
    )
    def test_a_personalize_call_needs_its_resource(
        self, operation: str, parameters: dict[str, str], resource_arn: str
    ) -> None:
        wanted = [(f"personalize:{operation}", f"{PERSONALIZE}:{resource_arn}")]

        assert needs("personalize", operation, **parameters) == wanted

    def test_lists_and_events_of_personalize_have_no_resource(self) -> None:
        assert needs("personalize", "ListCampaigns", solutionArn="x") == [("personalize:ListCampaigns", "*")]
        assert needs("personalize", "PutEvents", trackingId="t") == [("personalize:PutEvents", "*")]

    def test_passing_a_role_needs_leave_to_pass_it_to_personalize(self) -> None:
        _, passing = needed(call("personalize", "CreateDatasetImportJob", jobName="j", roleArn=PASSED))

        assert (passing.action, passing.resource) == ("iam:PassRole", PASSED)
        assert passing.context["iam:passedtoservice"] == "personalize.amazonaws.com"

    def test_tags_at_creation_need_leave_to_tag(self) -> None:
        tagged = needs("personalize", "CreateSchema", name="s", tags=[{"tagKey": "a"}])

        assert ("personalize:TagResource", f"{PERSONALIZE}:schema/s") in tagged

    def test_the_other_services_name_their_resources(self) -> None:
        here = "us-east-1:123456789012"
        url = "http://127.0.0.1:4566/123456789012/events"
        machine = f"arn:aws:states:{here}:stateMachine:train"
        topic = f"arn:aws:sns:{here}:outcomes"
        group = f"arn:aws:logs:{here}:log-group:/g:log-stream:s"
        recommend = f"arn:aws:lambda:{here}:function:f"

        assert needs("sqs", "SendMessageBatch", QueueUrl=url) == [("sqs:SendMessage", f"arn:aws:sqs:{here}:events")]
        assert needs("sns", "Publish", TopicArn=topic) == [("sns:Publish", topic)]
        assert needs("lambda", "Invoke", FunctionName="f") == [("lambda:InvokeFunction", recommend)]
        assert needs("lambda", "Invoke", FunctionName=recommend) == [("lambda:InvokeFunction", recommend)]
        assert needs("states", "StartExecution", stateMachineArn=machine) == [("states:StartExecution", machine)]
        assert needs("logs", "PutLogEvents", logGroupName="/g", logStreamName="s") == [("logs:PutLogEvents", group)]
        assert needs("monitoring", "PutMetricData", Namespace="n") == [("cloudwatch:PutMetricData", "*")]
        assert needs("sts", "GetCallerIdentity") == []

    @pytest.mark.parametrize(
        ("service", "operation"), [("dynamodb", "ExecuteStatement"), ("s3", "CopyObject"), ("glacier", "Freeze")]
    )
    def test_an_operation_that_is_not_mapped_is_named(self, service: str, operation: str) -> None:
        with pytest.raises(UnmappedCallError, match=f"{service}:{operation} is not mapped"):
            needed(call(service, operation))


class TestReplay:
    def test_a_call_without_permission_is_denied_once_and_says_what_it_needs(self) -> None:
        policies = {ROLE: statements("p", {"Statement": [statement("dynamodb:GetItem")]})}
        calls = [call("dynamodb", "Scan", TableName="Events")] * 2

        (denied,) = replay(calls, policies).denied

        assert str(denied) == (
            "recommend: dynamodb:Scan: needs dynamodb:Scan on arn:aws:dynamodb:us-east-1:123456789012:table/Events"
        )

    def test_a_permission_that_no_call_needed_is_listed(self) -> None:
        document = {"Statement": [statement(["dynamodb:GetItem", "dynamodb:Scan"], Sid="Read")]}
        policies = {ROLE: statements("p", document)}

        outcome = replay([call("dynamodb", "GetItem", TableName="Events")], policies)

        assert outcome.denied == ()
        assert [(unused.statement, unused.action) for unused in outcome.unused] == [("p/Read", "dynamodb:Scan")]

    def test_the_user_may_do_all(self) -> None:
        assert replay([call("dynamodb", "DeleteTable", caller=ADMIN, TableName="Events")], {}).denied == ()

    def test_a_role_that_does_not_exist_may_do_nothing(self) -> None:
        (denied,) = replay([call("dynamodb", "Scan", TableName="Events")], {}).denied

        assert denied.reason == "no such role"

    def test_what_cannot_be_judged_is_denied(self) -> None:
        (denied,) = replay([call("s3", "CopyObject")], {ROLE: ()}).denied

        assert "s3:CopyObject is not mapped" in denied.reason

    def test_passing_a_role_to_another_service_is_denied(self) -> None:
        to_personalize = {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}}
        document = {"Statement": [statement("states:*"), statement("iam:PassRole", PASSED, Condition=to_personalize)]}
        calls = [call("states", "UpdateStateMachine", stateMachineArn="arn", roleArn=PASSED)]

        (denied,) = replay(calls, {ROLE: statements("p", document)}).denied

        assert denied.reason == f"needs iam:PassRole on {PASSED}"


@pytest.fixture
def _fresh_cloud() -> Iterator[None]:
    moto_api_backend.reset()
    yield
    moto_api_backend.reset()


@pytest.mark.usefixtures("_fresh_cloud")
def test_the_policies_of_deployed_roles_are_read_from_iam(tmp_path: Path) -> None:
    document = {"Version": "2012-10-17", "Statement": [statement("dynamodb:GetItem", {"Fn::GetAtt": ["Q", "Arn"]})]}  # type: ignore[arg-type]  # resolved by CloudFormation
    managed = ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
    resources = {
        "Q": resource("AWS::SQS::Queue", {"QueueName": "q"}),
        "Role": role(RoleName="recommend", ManagedPolicyArns=managed),
        "P": resource("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": document, "Roles": [{"Ref": "Role"}]}),
    }
    assembly = read_assembly(write_assembly(tmp_path, {"shop": template(resources)}))
    deploy(assembly, account="123456789012", region="us-east-1")

    found = policies_of_roles("123456789012")

    assert {(one.name, action) for one in found[ROLE] for action in one.actions} == {
        ("p/0", "dynamodb:GetItem"),
        ("AWSLambdaBasicExecutionRole/0", "logs:CreateLogGroup"),
        ("AWSLambdaBasicExecutionRole/0", "logs:CreateLogStream"),
        ("AWSLambdaBasicExecutionRole/0", "logs:PutLogEvents"),
    }
    assert found[ROLE][0].document["Resource"] == "arn:aws:sqs:us-east-1:123456789012:q"
