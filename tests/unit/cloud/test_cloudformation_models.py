"""Each resource type is deployed, changed and removed; what counts is what the services' own APIs say of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend
from moto.sqs.models import sqs_backends

from tastemaker.cloud.assembly import read_assembly
from tastemaker.cloud.cloudformation.calls import call
from tastemaker.cloud.deployment import DeployedStack, DeploymentError, delete_stacks, deploy
from tests.unit.cloud.assemblies import LAMBDA_TRUST, function, resource, role, template, write_assembly

ACCOUNT, REGION = "123456789012", "us-east-1"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
TABLE = {
    "TableName": "events",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "userId", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "userId", "AttributeType": "S"}],
}


class Cloud:
    """One stack, named shop, in a fresh cloud."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def deploy(self, **resources: Any) -> DeployedStack:
        assembly = read_assembly(write_assembly(self._directory, {"shop": template(resources)}))
        (stack,) = deploy(assembly, account=ACCOUNT, region=REGION)
        return stack

    def delete(self, stack: DeployedStack) -> None:
        delete_stacks([stack], account=ACCOUNT)

    def aws(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return call(REGION, service, operation, parameters)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    moto_api_backend.reset()
    yield Cloud(tmp_path)
    moto_api_backend.reset()


def parameter(value: Any) -> dict[str, Any]:
    """A resource that tells what a reference resolves to: its deployed property `Value`."""
    return resource("AWS::SSM::Parameter", {"Type": "String", "Value": value})


def told(stack: DeployedStack) -> str:
    (found,) = stack.of_type("AWS::SSM::Parameter")
    return str(found.properties["Value"])


@pytest.mark.usefixtures("cloud")
def test_a_call_stays_in_this_process_whatever_endpoint_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    url = call("eu-north-1", "sqs", "CreateQueue", {"QueueName": "q"})["QueueUrl"]

    assert url == f"https://sqs.eu-north-1.amazonaws.com/{ACCOUNT}/q"


def bucket(**properties: Any) -> dict[str, Any]:
    return resource("AWS::S3::Bucket", {"BucketName": "exports", **properties})


def test_a_bucket_is_private_encrypted_and_expires_old_objects(cloud: Cloud) -> None:
    everything = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    expiry = {"Id": "old", "Status": "Enabled", "Prefix": "exports/", "ExpirationInDays": 30}
    abort = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}

    cloud.deploy(
        B=bucket(
            PublicAccessBlockConfiguration=everything,
            BucketEncryption={"ServerSideEncryptionConfiguration": [rule]},
            LifecycleConfiguration={"Rules": [expiry, abort]},
            VersioningConfiguration={"Status": "Enabled"},
        )
    )

    access = cloud.aws("s3", "GetPublicAccessBlock", Bucket="exports")["PublicAccessBlockConfiguration"]
    assert access == everything
    (encryption,) = cloud.aws("s3", "GetBucketEncryption", Bucket="exports")["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    first, second = cloud.aws("s3", "GetBucketLifecycleConfiguration", Bucket="exports")["Rules"]
    assert (first["ID"], first["Filter"], first["Expiration"]) == (
        "old",
        {"Prefix": "exports/"},
        {"Days": 30},
    )
    assert second["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert cloud.aws("s3", "GetBucketVersioning", Bucket="exports")["Status"] == "Enabled"


def test_a_buckets_setting_that_is_no_longer_in_the_template_is_gone(cloud: Cloud) -> None:
    rule = {"Id": "old", "Status": "Enabled", "ExpirationInDays": 30}
    cloud.deploy(B=bucket(LifecycleConfiguration={"Rules": [rule]}))

    cloud.deploy(B=bucket())

    with pytest.raises(Exception, match="NoSuchLifecycleConfiguration"):
        cloud.aws("s3", "GetBucketLifecycleConfiguration", Bucket="exports")


def test_a_buckets_property_that_is_not_adapted_is_refused(cloud: Cloud) -> None:
    with pytest.raises(DeploymentError, match=r"B \(AWS::S3::Bucket\): .*WebsiteConfiguration"):
        cloud.deploy(B=bucket(WebsiteConfiguration={"IndexDocument": "index.html"}))


def test_a_bucket_has_its_policy(cloud: Cloud) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}],
    }

    cloud.deploy(
        B=bucket(),
        P=resource("AWS::S3::BucketPolicy", {"Bucket": {"Ref": "B"}, "PolicyDocument": document}),
    )

    assert json.loads(cloud.aws("s3", "GetBucketPolicy", Bucket="exports")["Policy"]) == document


def test_a_bucket_that_holds_objects_is_not_deleted(cloud: Cloud) -> None:
    stack = cloud.deploy(B=bucket())
    cloud.aws("s3", "PutObject", Bucket="exports", Key="kept")

    with pytest.raises(DeploymentError, match=r"Stack shop can't be deleted: B .*not empty"):
        cloud.delete(stack)


def test_a_table_has_recovery_expiry_encryption_and_a_stream(cloud: Cloud) -> None:
    stack = cloud.deploy(
        T=resource(
            "AWS::DynamoDB::Table",
            {
                **TABLE,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
                "SSESpecification": {"SSEEnabled": True},
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            },
        ),
        P=parameter({"Fn::GetAtt": ["T", "StreamArn"]}),
    )

    table = cloud.aws("dynamodb", "DescribeTable", TableName="events")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["LatestStreamArn"] == told(stack)
    backups = cloud.aws("dynamodb", "DescribeContinuousBackups", TableName="events")
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    expiry = cloud.aws("dynamodb", "DescribeTimeToLive", TableName="events")["TimeToLiveDescription"]
    assert (expiry["AttributeName"], expiry["TimeToLiveStatus"]) == ("expires", "ENABLED")


def test_a_tables_new_index_leaves_its_items_where_they_are(cloud: Cloud) -> None:
    cloud.deploy(T=resource("AWS::DynamoDB::Table", TABLE))
    cloud.aws("dynamodb", "PutItem", TableName="events", Item={"userId": {"S": "u1"}, "itemId": {"S": "i1"}})
    index = {
        "IndexName": "byItem",
        "KeySchema": [{"AttributeName": "itemId", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    attributes = [*TABLE["AttributeDefinitions"], {"AttributeName": "itemId", "AttributeType": "S"}]

    cloud.deploy(
        T=resource(
            "AWS::DynamoDB::Table",
            {**TABLE, "AttributeDefinitions": attributes, "GlobalSecondaryIndexes": [index]},
        )
    )

    found = cloud.aws(
        "dynamodb",
        "Query",
        TableName="events",
        IndexName="byItem",
        KeyConditionExpression="itemId = :i",
        ExpressionAttributeValues={":i": {"S": "i1"}},
    )
    assert found["Count"] == 1


def test_a_table_of_the_second_kind_takes_its_settings_from_the_replica_here(cloud: Cloud) -> None:
    replica = {"Region": {"Ref": "AWS::Region"}, "DeletionProtectionEnabled": True}

    cloud.deploy(T=resource("AWS::DynamoDB::GlobalTable", {**TABLE, "Replicas": [replica]}))

    assert cloud.aws("dynamodb", "DescribeTable", TableName="events")["Table"]["DeletionProtectionEnabled"]


def test_a_key_rotates_and_has_an_alias(cloud: Cloud) -> None:
    key = {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}, "EnableKeyRotation": True}

    stack = cloud.deploy(
        K=resource("AWS::KMS::Key", key),
        A=resource("AWS::KMS::Alias", {"AliasName": "alias/shop", "TargetKeyId": {"Fn::GetAtt": ["K", "Arn"]}}),
    )

    key_id = stack.of_type("AWS::KMS::Key")[0].physical_id
    assert cloud.aws("kms", "GetKeyRotationStatus", KeyId=key_id)["KeyRotationEnabled"]
    assert cloud.aws("kms", "DescribeKey", KeyId="alias/shop")["KeyMetadata"]["KeyId"] == key_id


def queue_attributes(cloud: Cloud, name: str) -> dict[str, str]:
    url = cloud.aws("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"]
    found = cloud.aws("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    attributes: dict[str, str] = found["Attributes"]
    return attributes


def queue_policy() -> dict[str, Any]:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return resource("AWS::SQS::QueuePolicy", {"Queues": [{"Ref": "Q"}], "PolicyDocument": document})


def test_a_queue_has_its_dead_letters_and_loses_what_the_template_drops(cloud: Cloud) -> None:
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["D", "Arn"]}, "maxReceiveCount": 3}
    events = {"QueueName": "events", "RedrivePolicy": redrive, "VisibilityTimeout": 60}
    dead = resource("AWS::SQS::Queue", {"QueueName": "dead"})
    cloud.deploy(Q=resource("AWS::SQS::Queue", events), D=dead)
    before = queue_attributes(cloud, "events")

    cloud.deploy(Q=resource("AWS::SQS::Queue", {"QueueName": "events"}), D=dead)

    after = queue_attributes(cloud, "events")
    assert json.loads(before["RedrivePolicy"])["deadLetterTargetArn"].endswith(":dead")
    assert (before["VisibilityTimeout"], after["VisibilityTimeout"]) == ("60", "30")
    assert "RedrivePolicy" not in after


def test_a_queues_policy_survives_a_change_of_the_queue_and_goes_with_its_own_resource(cloud: Cloud) -> None:
    def queue(**timeout: int) -> dict[str, Any]:
        return resource("AWS::SQS::Queue", {"QueueName": "events", **timeout})

    cloud.deploy(Q=queue(), P=queue_policy())

    cloud.deploy(Q=queue(VisibilityTimeout=60), P=queue_policy())

    (statement,) = json.loads(queue_attributes(cloud, "events")["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    cloud.deploy(Q=queue(VisibilityTimeout=60))
    assert "Policy" not in queue_attributes(cloud, "events")


def test_what_a_topic_is_told_reaches_its_subscriber(cloud: Cloud) -> None:
    subscription = {"TopicArn": {"Ref": "T"}, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Q", "Arn"]}}
    policy = {"Topics": [{"Ref": "T"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}

    stack = cloud.deploy(
        T=resource("AWS::SNS::Topic", {"DisplayName": "Outcomes"}),
        Q=resource("AWS::SQS::Queue"),
        S=resource("AWS::SNS::Subscription", {**subscription, "RawMessageDelivery": True}),
        P=resource("AWS::SNS::TopicPolicy", policy),
    )

    topic = stack.of_type("AWS::SNS::Topic")[0].physical_id
    cloud.aws("sns", "Publish", TopicArn=topic, Message="trained")
    url = stack.of_type("AWS::SQS::Queue")[0].physical_id
    (message,) = cloud.aws("sqs", "ReceiveMessage", QueueUrl=url)["Messages"]
    assert message["Body"] == "trained"
    attributes = cloud.aws("sns", "GetTopicAttributes", TopicArn=topic)["Attributes"]
    assert json.loads(attributes["Policy"])["Statement"] == []


def test_a_role_has_its_own_the_attached_and_the_aws_managed_policies(cloud: Cloud) -> None:
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    inline = {"PolicyName": "inline", "PolicyDocument": POLICY}
    of_role = {"Roles": [{"Ref": "Role"}], "PolicyDocument": POLICY}

    cloud.deploy(
        Role=role(RoleName="recommend", ManagedPolicyArns=[managed], Policies=[inline]),
        Default=resource("AWS::IAM::Policy", {"PolicyName": "default", **of_role}),
        Managed=resource("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "managed", **of_role}),
    )

    inline_names = cloud.aws("iam", "ListRolePolicies", RoleName="recommend")["PolicyNames"]
    assert sorted(inline_names) == ["default", "inline"]
    attached = cloud.aws("iam", "ListAttachedRolePolicies", RoleName="recommend")["AttachedPolicies"]
    assert {policy["PolicyName"] for policy in attached} == {"AWSLambdaBasicExecutionRole", "managed"}


def test_a_roles_change_takes_away_what_the_template_drops(cloud: Cloud) -> None:
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    inline = {"PolicyName": "inline", "PolicyDocument": POLICY}
    trust = {**LAMBDA_TRUST, "Statement": [{**LAMBDA_TRUST["Statement"][0], "Sid": "Changed"}]}  # type: ignore[dict-item]  # the literal's values are of several types
    cloud.deploy(Role=role(RoleName="recommend", ManagedPolicyArns=[managed], Policies=[inline]))

    cloud.deploy(Role=role(RoleName="recommend", AssumeRolePolicyDocument=trust))

    assert cloud.aws("iam", "ListRolePolicies", RoleName="recommend")["PolicyNames"] == []
    assert cloud.aws("iam", "ListAttachedRolePolicies", RoleName="recommend")["AttachedPolicies"] == []
    changed = cloud.aws("iam", "GetRole", RoleName="recommend")["Role"]["AssumeRolePolicyDocument"]
    assert changed == trust


def test_a_function_is_created_without_its_code_and_updated_in_place(cloud: Cloud) -> None:
    cloud.deploy(Role=role(), F=function(FunctionName="f", Timeout=30, MemorySize=512, Architectures=["arm64"]))
    before = cloud.aws("lambda", "GetFunctionConfiguration", FunctionName="f")

    variables = {"TABLE": "events"}
    cloud.deploy(Role=role(), F=function(FunctionName="f", Environment={"Variables": variables}, Timeout=60))

    after = cloud.aws("lambda", "GetFunctionConfiguration", FunctionName="f")
    assert (before["Timeout"], before["MemorySize"], before["Architectures"]) == (30, 512, ["arm64"])
    assert (after["Timeout"], after["Environment"]["Variables"]) == (60, variables)


def test_an_alias_points_at_the_version_that_was_published(cloud: Cloud) -> None:
    resources = {
        "Role": role(),
        "F": function(FunctionName="f"),
        "V": resource("AWS::Lambda::Version", {"FunctionName": {"Ref": "F"}}),
        "Live": resource(
            "AWS::Lambda::Alias",
            {
                "FunctionName": {"Ref": "F"},
                "Name": "live",
                "FunctionVersion": {"Fn::GetAtt": ["V", "Version"]},
            },
        ),
        "P": parameter({"Ref": "Live"}),
    }

    stack = cloud.deploy(**resources)

    assert told(stack) == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:live"
    assert cloud.aws("lambda", "GetAlias", FunctionName="f", Name="live")["FunctionVersion"] == "1"


def test_a_permission_lets_the_api_invoke_the_function(cloud: Cloud) -> None:
    permission = {
        "FunctionName": {"Fn::GetAtt": ["F", "Arn"]},
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": "arn:aws:execute-api:::x",
    }

    cloud.deploy(Role=role(), F=function(FunctionName="f"), P=resource("AWS::Lambda::Permission", permission))

    (statement,) = json.loads(cloud.aws("lambda", "GetPolicy", FunctionName="f")["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:::x"}}


def test_a_mapping_is_listed_and_left_to_the_embedded_clouds_own_poller(cloud: Cloud) -> None:
    mapping = {
        "FunctionName": {"Ref": "F"},
        "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]},
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }

    cloud.deploy(
        Role=role(),
        F=function(FunctionName="f"),
        Q=resource("AWS::SQS::Queue", {"QueueName": "q"}),
        M=resource("AWS::Lambda::EventSourceMapping", mapping),
    )

    (listed,) = cloud.aws("lambda", "ListEventSourceMappings")["EventSourceMappings"]
    assert (listed["BatchSize"], listed["FunctionResponseTypes"]) == (50, ["ReportBatchItemFailures"])
    assert not sqs_backends[ACCOUNT][REGION].queues["q"].lambda_event_source_mappings


def test_an_http_api_has_its_route_to_the_function_its_cors_and_its_throttle(cloud: Cloud) -> None:
    api = {"ApiId": {"Ref": "Api"}}
    integration = {
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": ["F", "Arn"]},
        "PayloadFormatVersion": "2.0",
    }
    target = {"Fn::Join": ["", ["integrations/", {"Ref": "Integration"}]]}
    throttle = {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10}

    stack = cloud.deploy(
        Role=role(),
        F=function(),
        Api=resource(
            "AWS::ApiGatewayV2::Api",
            {"Name": "shop", "ProtocolType": "HTTP", "CorsConfiguration": {"AllowOrigins": ["*"]}},
        ),
        Stage=resource(
            "AWS::ApiGatewayV2::Stage",
            {**api, "StageName": "$default", "AutoDeploy": True, "DefaultRouteSettings": throttle},
        ),
        Integration=resource("AWS::ApiGatewayV2::Integration", {**api, **integration}),
        Route=resource("AWS::ApiGatewayV2::Route", {**api, "RouteKey": "GET /recommendations", "Target": target}),
        P=parameter({"Fn::GetAtt": ["Api", "ApiEndpoint"]}),
    )

    (listed,) = cloud.aws("apigatewayv2", "GetApis")["Items"]
    api_id = stack.of_type("AWS::ApiGatewayV2::Api")[0].physical_id
    assert listed["CorsConfiguration"] == {"AllowOrigins": ["*"]}
    assert told(stack) == listed["ApiEndpoint"]
    (route,) = cloud.aws("apigatewayv2", "GetRoutes", ApiId=api_id)["Items"]
    integration_id = stack.of_type("AWS::ApiGatewayV2::Integration")[0].physical_id
    assert (route["RouteKey"], route["Target"]) == ("GET /recommendations", f"integrations/{integration_id}")
    default = cloud.aws("apigatewayv2", "GetStage", ApiId=api_id, StageName="$default")
    assert default["DefaultRouteSettings"] == throttle


def test_a_log_group_keeps_its_lines_as_long_as_the_template_says(cloud: Cloud) -> None:
    def group(**retention: int) -> dict[str, Any]:
        return resource("AWS::Logs::LogGroup", {"LogGroupName": "/shop/recommend", **retention})

    cloud.deploy(L=group(RetentionInDays=30))
    (kept,) = cloud.aws("logs", "DescribeLogGroups")["logGroups"]

    cloud.deploy(L=group())

    (forever,) = cloud.aws("logs", "DescribeLogGroups")["logGroups"]
    assert kept["retentionInDays"] == 30
    assert "retentionInDays" not in forever


def test_alarms_simple_and_composite_and_a_dashboard_can_be_described(cloud: Cloud) -> None:
    alarm = {
        "AlarmName": "errors",
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    widgets = {"Fn::Join": ["", ['{"widgets": [', "]}"]]}

    cloud.deploy(
        A=resource("AWS::CloudWatch::Alarm", alarm),
        C=resource(
            "AWS::CloudWatch::CompositeAlarm",
            {"AlarmName": "all", "AlarmRule": {"Fn::Sub": 'ALARM("${A}")'}},
        ),
        D=resource("AWS::CloudWatch::Dashboard", {"DashboardName": "shop", "DashboardBody": widgets}),
    )

    alarms = cloud.aws("cloudwatch", "DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [found["AlarmName"] for found in alarms["MetricAlarms"]] == ["errors"]
    assert [found["AlarmRule"] for found in alarms["CompositeAlarms"]] == ['ALARM("errors")']
    body = cloud.aws("cloudwatch", "GetDashboard", DashboardName="shop")["DashboardBody"]
    assert json.loads(body) == {"widgets": []}


def test_a_schedule_starts_its_target_in_a_time_zone_with_dead_letters(cloud: Cloud) -> None:
    schedule = {
        "Name": "weekly",
        "GroupName": {"Ref": "G"},
        "ScheduleExpression": "cron(0 3 ? * SUN *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:train",
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Q", "Arn"]}},
        },
    }

    stack = cloud.deploy(
        Role=role(),
        Q=resource("AWS::SQS::Queue"),
        G=resource("AWS::Scheduler::ScheduleGroup", {"Name": "shop"}),
        S=resource("AWS::Scheduler::Schedule", schedule),
    )

    found = cloud.aws("scheduler", "GetSchedule", Name="weekly", GroupName="shop")
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
    queue = stack.of_type("AWS::SQS::Queue")[0].attributes["Arn"]
    assert found["Target"]["DeadLetterConfig"] == {"Arn": queue}


def test_everything_can_be_deleted_again(cloud: Cloud) -> None:
    stack = cloud.deploy(
        Role=role(RoleName="r", Policies=[{"PolicyName": "inline", "PolicyDocument": POLICY}]),
        F=function(FunctionName="f"),
        V=resource("AWS::Lambda::Version", {"FunctionName": {"Ref": "F"}}),
        Policy=resource(
            "AWS::IAM::ManagedPolicy",
            {"ManagedPolicyName": "p", "PolicyDocument": POLICY, "Roles": [{"Ref": "Role"}]},
        ),
        T=resource("AWS::DynamoDB::Table", TABLE),
        B=bucket(),
        M=resource("AWS::CDK::Metadata", {"Analytics": "v2:deflate64:x"}),
    )

    cloud.delete(stack)

    assert cloud.aws("iam", "ListRoles")["Roles"] == []
    assert cloud.aws("iam", "ListPolicies", Scope="Local")["Policies"] == []
    assert cloud.aws("lambda", "ListFunctions")["Functions"] == []
    assert cloud.aws("dynamodb", "ListTables")["TableNames"] == []
    assert cloud.aws("s3", "ListBuckets")["Buckets"] == []
