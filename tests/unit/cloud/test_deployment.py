from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from tastemaker.cloud.assembly import read_assembly
from tastemaker.cloud.cloudformation.calls import call
from tastemaker.cloud.deployment import DeployedStack, DeploymentError, delete_stacks, deploy
from tests.unit.cloud.assemblies import function, resource, role, template, write_assembly

ACCOUNT, REGION = "123456789012", "eu-west-1"


@pytest.fixture(autouse=True)
def _fresh_cloud() -> Iterator[None]:
    moto_api_backend.reset()
    yield
    moto_api_backend.reset()


def deploy_stacks(directory: Path, stacks: Mapping[str, Any], **assembly: Any) -> tuple[DeployedStack, ...]:
    written = read_assembly(write_assembly(directory, stacks, **assembly))
    return deploy(written, account=ACCOUNT, region=REGION)


def aws(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    return call(REGION, service, operation, parameters)


def queue_names() -> list[str]:
    return [url.rpartition("/")[2] for url in aws("sqs", "ListQueues").get("QueueUrls", [])]


def stack_names() -> list[str]:
    return [stack["StackName"] for stack in aws("cloudformation", "DescribeStacks")["Stacks"]]


def test_outputs_and_resources_are_told_with_their_references_resolved(tmp_path: Path) -> None:
    shop = template(
        {"Role": role(), "Recommend": function(Environment={"Variables": {"WHERE": {"Ref": "AWS::URLSuffix"}}})},
        Outputs={"Function": {"Value": {"Fn::GetAtt": ["Recommend", "Arn"]}}},
    )

    (stack,) = deploy_stacks(tmp_path, {"shop": shop})

    (recommend,) = stack.of_type("AWS::Lambda::Function")
    assert stack.outcome == "created"
    assert stack.outputs == {"Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{recommend.physical_id}"}
    assert recommend.properties["Role"] == stack.of_type("AWS::IAM::Role")[0].attributes["Arn"]
    assert recommend.properties["Environment"] == {"Variables": {"WHERE": "amazonaws.com"}}
    assert recommend.properties["Code"]["S3Bucket"] == f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"


def test_a_stack_imports_what_another_exports(tmp_path: Path) -> None:
    data = template(
        {"Queue": resource("AWS::SQS::Queue", {"QueueName": "events"})},
        Outputs={"Q": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": "data:Queue"}}},
    )
    imported = {"Type": "String", "Value": {"Fn::ImportValue": "data:Queue"}}
    api = template({"Where": resource("AWS::SSM::Parameter", imported)})

    _, deployed = deploy_stacks(tmp_path, {"data": data, "api": api}, dependencies={"api": ["data"]})

    (parameter,) = deployed.of_type("AWS::SSM::Parameter")
    assert parameter.properties["Value"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"


def test_unknown_types_are_all_named_before_anything_is_created(tmp_path: Path) -> None:
    data = template({"Queue": resource("AWS::SQS::Queue"), "Bot": resource("AWS::Lex::Bot")})
    api = template({"Wall": resource("AWS::WAFv2::WebACL"), "Empty": resource("Custom::S3AutoDeleteObjects")})

    with pytest.raises(DeploymentError) as refused:
        deploy_stacks(tmp_path, {"data": data, "api": api})

    assert "data: Bot is of the unsupported type AWS::Lex::Bot" in str(refused.value)
    assert "api: Wall is of the unsupported type AWS::WAFv2::WebACL" in str(refused.value)
    assert "api: Empty is of the unsupported type Custom::S3AutoDeleteObjects" in str(refused.value)
    assert stack_names() == []
    assert queue_names() == []


def test_a_function_whose_code_the_assembly_lacks_is_refused(tmp_path: Path) -> None:
    shop = template({"Role": role(), "F": function(Code={"S3Bucket": "b", "S3Key": "else.zip"})})

    with pytest.raises(DeploymentError, match=r"the code of F \(else\.zip\) isn't among the assembly's assets"):
        deploy_stacks(tmp_path, {"shop": shop})


def test_a_dynamic_reference_is_refused(tmp_path: Path) -> None:
    secret = {"Type": "String", "Value": "{{resolve:secretsmanager:key}}"}

    with pytest.raises(DeploymentError, match="dynamic reference"):
        deploy_stacks(tmp_path, {"shop": template({"P": resource("AWS::SSM::Parameter", secret)})})


def test_a_resource_with_a_false_condition_is_left_out(tmp_path: Path) -> None:
    shop = template(
        {
            "Here": resource("AWS::SQS::Queue", {"QueueName": "here"}, Condition="IsHere"),
            "There": resource("AWS::SQS::Queue", {"QueueName": "there"}, Condition="IsThere"),
        },
        Conditions={
            "IsHere": {"Fn::Or": [{"Fn::Equals": [{"Ref": "AWS::Region"}, REGION]}, {"Fn::Equals": ["a", "b"]}]},
            "IsThere": {"Fn::Not": [{"Condition": "IsHere"}]},
        },
    )

    deploy_stacks(tmp_path, {"shop": shop})

    assert queue_names() == ["here"]


def test_a_resource_waits_for_what_it_depends_on_even_if_another_refers_to_it_first(tmp_path: Path) -> None:
    first = {"Value": {"Ref": "Late"}, "Type": "String"}
    shop = template(
        {
            "Early": resource("AWS::SSM::Parameter", first),
            "Late": resource("AWS::SQS::Queue", {"QueueName": "late"}, DependsOn="Before"),
            "Before": resource("AWS::SQS::Queue", {"QueueName": "before"}),
        }
    )

    (stack,) = deploy_stacks(tmp_path, {"shop": shop})

    assert [made.logical_id for made in stack.resources] == ["Before", "Late", "Early"]


def test_a_failing_resource_is_named_with_its_stack_type_and_reason_and_its_stack_is_removed(
    tmp_path: Path,
) -> None:
    shop = template(
        {
            "Dead": resource("AWS::SQS::Queue"),
            "Queue": resource("AWS::SQS::Queue", {"QueueName": "no such name"}),
        }
    )

    with pytest.raises(
        DeploymentError, match=r"Stack shop can't be created: Queue \(AWS::SQS::Queue\): .*alphanumeric"
    ):
        deploy_stacks(tmp_path, {"shop": shop})

    assert stack_names() == []
    assert queue_names() == []


def test_a_property_that_the_service_does_not_have_is_refused(tmp_path: Path) -> None:
    shop = template({"T": resource("AWS::Scheduler::ScheduleGroup", {"Colour": "red"})})

    with pytest.raises(DeploymentError, match=r"T \(AWS::Scheduler::ScheduleGroup\): .* has no Colour"):
        deploy_stacks(tmp_path, {"shop": shop})


def test_a_reference_to_nothing_is_refused(tmp_path: Path) -> None:
    shop = template({"P": resource("AWS::SSM::Parameter", {"Type": "String", "Value": {"Ref": "Ghost"}})})

    with pytest.raises(DeploymentError, match=r"P \(AWS::SSM::Parameter\): .*Ghost"):
        deploy_stacks(tmp_path, {"shop": shop})


def test_an_attribute_that_the_type_does_not_have_is_refused(tmp_path: Path) -> None:
    value = {"Fn::GetAtt": ["Q", "Colour"]}
    shop = template(
        {
            "Q": resource("AWS::SQS::Queue"),
            "P": resource("AWS::SSM::Parameter", {"Type": "String", "Value": value}),
        }
    )

    with pytest.raises(DeploymentError, match=r"P \(AWS::SSM::Parameter\): .*Colour"):
        deploy_stacks(tmp_path, {"shop": shop})


def test_resources_that_need_each_other_are_named_in_their_circle(tmp_path: Path) -> None:
    shop = template(
        {
            "A": resource("AWS::SSM::Parameter", {"Type": "String", "Value": {"Ref": "B"}}),
            "B": resource("AWS::SSM::Parameter", {"Type": "String", "Value": {"Ref": "A"}}),
        }
    )

    with pytest.raises(DeploymentError, match="Circular dependency between resources: A → B → A"):
        deploy_stacks(tmp_path, {"shop": shop})


def test_the_same_assembly_again_changes_nothing(tmp_path: Path) -> None:
    shop = template({"Q": resource("AWS::SQS::Queue")})
    (first,) = deploy_stacks(tmp_path, {"shop": shop})

    (second,) = deploy_stacks(tmp_path, {"shop": shop})

    assert second.outcome == "unchanged"
    assert second.resources == first.resources


def test_a_fresh_cloud_gives_the_same_names(tmp_path: Path) -> None:
    shop = template({"Q": resource("AWS::SQS::Queue"), "B": resource("AWS::S3::Bucket")})
    (first,) = deploy_stacks(tmp_path, {"shop": shop})
    moto_api_backend.reset()

    (second,) = deploy_stacks(tmp_path, {"shop": shop})

    assert second == first


def test_an_update_adds_changes_and_removes(tmp_path: Path) -> None:
    old: dict[str, Any] = {"Kept": {"QueueName": "kept", "VisibilityTimeout": 10}, "Gone": {"QueueName": "gone"}}
    new: dict[str, Any] = {"Kept": {"QueueName": "kept", "VisibilityTimeout": 20}, "Added": {"QueueName": "added"}}
    deploy_stacks(tmp_path, {"shop": template({name: resource("AWS::SQS::Queue", q) for name, q in old.items()})})

    (stack,) = deploy_stacks(
        tmp_path, {"shop": template({name: resource("AWS::SQS::Queue", q) for name, q in new.items()})}
    )

    assert stack.outcome == "updated"
    assert sorted(queue_names()) == ["added", "kept"]
    url = aws("sqs", "GetQueueUrl", QueueName="kept")["QueueUrl"]
    attributes = aws("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"] == {"VisibilityTimeout": "20"}


def test_an_update_keeps_what_it_takes_away_but_the_template_before_retains(tmp_path: Path) -> None:
    old = {
        "Kept": resource("AWS::SQS::Queue", {"QueueName": "kept"}, DeletionPolicy="Retain"),
        "Gone": resource("AWS::SQS::Queue", {"QueueName": "gone"}),
    }
    deploy_stacks(tmp_path, {"shop": template(old)})

    deploy_stacks(tmp_path, {"shop": template({"Added": resource("AWS::SQS::Queue", {"QueueName": "added"})})})

    assert sorted(queue_names()) == ["added", "kept"]


def test_a_replaced_resource_reaches_whoever_refers_to_it(tmp_path: Path) -> None:
    def shop(key: str) -> dict[str, Any]:
        attributes = [{"AttributeName": key, "AttributeType": "S"}]
        keys = {"KeySchema": [{"AttributeName": key, "KeyType": "HASH"}], "AttributeDefinitions": attributes}
        table = resource("AWS::DynamoDB::Table", {"BillingMode": "PAY_PER_REQUEST", **keys})
        where = resource("AWS::SSM::Parameter", {"Name": "/table", "Type": "String", "Value": {"Ref": "Table"}})
        return template({"Where": where, "Table": table})

    deploy_stacks(tmp_path, {"shop": shop("userId")})
    (before,) = aws("dynamodb", "ListTables")["TableNames"]

    deploy_stacks(tmp_path, {"shop": shop("itemId")})

    (after,) = aws("dynamodb", "ListTables")["TableNames"]
    assert after != before
    assert aws("ssm", "GetParameter", Name="/table")["Parameter"]["Value"] == after


def test_a_change_in_one_stack_reaches_the_stack_that_imports_it(tmp_path: Path) -> None:
    def stacks(name: str) -> dict[str, Any]:
        return {
            "data": template(
                {"Q": resource("AWS::SQS::Queue", {"QueueName": name})},
                Outputs={"Q": {"Value": {"Fn::GetAtt": ["Q", "QueueName"]}, "Export": {"Name": "data:Q"}}},
            ),
            "api": template(
                {"P": resource("AWS::SSM::Parameter", {"Type": "String", "Value": {"Fn::ImportValue": "data:Q"}})}
            ),
        }

    deploy_stacks(tmp_path, stacks("old"), dependencies={"api": ["data"]})

    _, api = deploy_stacks(tmp_path, stacks("new"), dependencies={"api": ["data"]})

    assert api.outcome == "updated"
    assert api.of_type("AWS::SSM::Parameter")[0].properties["Value"] == "new"


def test_a_fixed_name_stands_in_the_way_of_a_replacement(tmp_path: Path) -> None:
    def shop(fifo: bool) -> dict[str, Any]:
        return template({"Q": resource("AWS::SQS::Queue", {"QueueName": "q.fifo", "FifoQueue": fifo})})

    deploy_stacks(tmp_path, {"shop": shop(True)})

    with pytest.raises(DeploymentError, match=r"a change of FifoQueue needs a new resource.*rename it"):
        deploy_stacks(tmp_path, {"shop": shop(False)})


def test_after_a_failed_update_the_next_one_goes_on_from_there(tmp_path: Path) -> None:
    def shop(name: str) -> dict[str, Any]:
        queues = {"A": {"QueueName": "a"}, "B": {"QueueName": name}}
        return template({name: resource("AWS::SQS::Queue", queue) for name, queue in queues.items()})

    deploy_stacks(tmp_path, {"shop": template({"A": resource("AWS::SQS::Queue", {"QueueName": "a"})})})
    with pytest.raises(DeploymentError, match="Stack shop can't be updated: B"):
        deploy_stacks(tmp_path, {"shop": shop("no such name")})

    (stack,) = deploy_stacks(tmp_path, {"shop": shop("b")})

    assert stack.outcome == "updated"
    assert queue_names() == ["a", "b"]


def test_deleting_goes_backwards_and_keeps_what_is_to_be_retained(tmp_path: Path) -> None:
    data = template(
        {
            "Kept": resource("AWS::SQS::Queue", {"QueueName": "kept"}, DeletionPolicy="Retain"),
            "Q": resource("AWS::SQS::Queue", {"QueueName": "gone"}),
        },
        Outputs={"Q": {"Value": {"Ref": "Q"}, "Export": {"Name": "data:Q"}}},
    )
    policy = {"Queues": [{"Fn::ImportValue": "data:Q"}], "PolicyDocument": {"Statement": []}}
    api = template({"P": resource("AWS::SQS::QueuePolicy", policy)})
    stacks = deploy_stacks(tmp_path, {"data": data, "api": api}, dependencies={"api": ["data"]})

    delete_stacks(stacks, account=ACCOUNT)

    assert stack_names() == []
    assert queue_names() == ["kept"]


def test_a_protected_stack_is_not_deleted(tmp_path: Path) -> None:
    shop = template({"Q": resource("AWS::SQS::Queue", {"QueueName": "q"})})
    stacks = deploy_stacks(tmp_path, {"shop": shop}, termination_protection=True)

    with pytest.raises(DeploymentError, match="termination protection"):
        delete_stacks(stacks, account=ACCOUNT)

    assert queue_names() == ["q"]


def test_the_stacks_resources_can_be_listed_through_the_api(tmp_path: Path) -> None:
    shop = template({"Q": resource("AWS::SQS::Queue", {"QueueName": "q"})})
    deploy_stacks(tmp_path, {"shop": shop})

    (listed,) = aws("cloudformation", "DescribeStackResources", StackName="shop")["StackResources"]

    assert (listed["LogicalResourceId"], listed["ResourceType"]) == ("Q", "AWS::SQS::Queue")
    assert listed["PhysicalResourceId"].endswith("/q")
