"""State machines made by CloudFormation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.cloud.states.interpreter import REGION, ROLE, Machines, output_of


def template(**properties: Any) -> str:
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": ROLE, **properties}}
    outputs = {
        "Ref": {"Value": {"Ref": "Machine"}},
        "Arn": {"Value": {"Fn::GetAtt": ["Machine", "Arn"]}},
        "Name": {"Value": {"Fn::GetAtt": ["Machine", "Name"]}},
    }
    return json.dumps({"Resources": {"Machine": machine}, "Outputs": outputs})


def joined(text: str) -> dict[str, Any]:
    """The definition as the CDK writes it, with a reference within."""
    return {
        "Fn::Join": [
            "",
            [
                '{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","Output":"',
                text,
                " in ",
                {"Ref": "AWS::Region"},
                '","End":true}}}',
            ],
        ]
    }


@pytest.fixture
def cloudformation(machines: Machines) -> Any:
    return machines.service("cloudformation")


def outputs(cloudformation: Any) -> dict[str, str]:
    (stack,) = cloudformation.describe_stacks(StackName="pipeline")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def run(machines: Machines, arn: str) -> Any:
    execution = machines.client.start_execution(stateMachineArn=arn)["executionArn"]
    ended = machines.end_of(execution)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


def test_a_deployed_machine_runs(machines: Machines, cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="pipeline", TemplateBody=template(DefinitionString=joined('a \\"b\\" 🎉')))

    arn = outputs(cloudformation)["Ref"]

    assert run(machines, arn) == 'a "b" 🎉 in us-east-1'
    assert machines.client.describe_state_machine(stateMachineArn=arn)["roleArn"] == ROLE


def test_ref_and_attributes_are_arn_and_name(cloudformation: Any) -> None:
    body = template(StateMachineName="shop-pipeline", DefinitionString=json.dumps(output_of(1)))
    cloudformation.create_stack(StackName="pipeline", TemplateBody=body)

    arn = f"arn:aws:states:{REGION}:123456789012:stateMachine:shop-pipeline"
    assert outputs(cloudformation) == {"Ref": arn, "Arn": arn, "Name": "shop-pipeline"}


def test_a_definition_may_be_an_object_with_substitutions(machines: Machines, cloudformation: Any) -> None:
    body = template(
        Definition=output_of("${bucket} of ${owner}"),
        DefinitionSubstitutions={"bucket": {"Fn::Sub": "exports-${AWS::Region}"}, "owner": "me"},
    )
    cloudformation.create_stack(StackName="pipeline", TemplateBody=body)

    assert run(machines, outputs(cloudformation)["Arn"]) == "exports-us-east-1 of me"


def test_an_update_changes_the_definition_and_keeps_the_machine(machines: Machines, cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="pipeline", TemplateBody=template(DefinitionString=json.dumps(output_of(1))))
    arn = outputs(cloudformation)["Arn"]

    cloudformation.update_stack(StackName="pipeline", TemplateBody=template(DefinitionString=json.dumps(output_of(2))))

    assert outputs(cloudformation)["Arn"] == arn
    assert run(machines, arn) == 2


def test_another_name_replaces_the_machine(machines: Machines, cloudformation: Any) -> None:
    definition = json.dumps(output_of(1))
    for name in ("one", "two"):
        body = template(StateMachineName=name, DefinitionString=definition)
        operation = cloudformation.create_stack if name == "one" else cloudformation.update_stack
        operation(StackName="pipeline", TemplateBody=body)

    assert [m["name"] for m in machines.client.list_state_machines()["stateMachines"]] == ["two"]
    assert outputs(cloudformation)["Name"] == "two"


def test_deleting_the_stack_deletes_the_machine(machines: Machines, cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="pipeline", TemplateBody=template(DefinitionString=json.dumps(output_of(1))))

    cloudformation.delete_stack(StackName="pipeline")

    assert machines.client.list_state_machines()["stateMachines"] == []


def test_a_broken_definition_fails_the_stack(cloudformation: Any) -> None:
    with pytest.raises(ClientError) as failed:
        cloudformation.create_stack(StackName="pipeline", TemplateBody=template(DefinitionString='{"StartAt": "A"}'))

    error = failed.value.response["Error"]
    assert error["Code"] == "ValidationError"
    assert "InvalidDefinition" in error["Message"]


def test_logging_is_taken_over(machines: Machines, cloudformation: Any) -> None:
    logging = {"Level": "ALL", "IncludeExecutionData": False, "Destinations": []}
    body = template(DefinitionString=json.dumps(output_of(1)), LoggingConfiguration=logging)
    cloudformation.create_stack(StackName="pipeline", TemplateBody=body)

    described = machines.client.describe_state_machine(stateMachineArn=outputs(cloudformation)["Arn"])

    assert described["loggingConfiguration"]["level"] == "ALL"
