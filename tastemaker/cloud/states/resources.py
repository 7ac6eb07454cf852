"""AWS::StepFunctions::StateMachine: made by CloudFormation in the backend that runs executions."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.core.exceptions import AWSError
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from tastemaker.cloud.states.patching import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ATTRIBUTES = {"Arn", "Name", "StateMachineRevisionId"}


def make_state_machines_that_run() -> None:
    """Create, update and delete in the interpreting backend; give Arn and Name to Fn::GetAtt."""
    attribute = StateMachine.get_cfn_attribute
    has_attribute = StateMachine.has_cfn_attr

    def get_cfn_attribute(self: StateMachine, attribute_name: str) -> Any:
        if attribute_name == "Arn":
            return self.arn
        if attribute_name == "StateMachineRevisionId":
            return str(self.update_date.timestamp())
        return attribute(self, attribute_name)

    def has_cfn_attr(cls: type[StateMachine], attr: str) -> bool:  # noqa: ARG001 - moto's classmethod, bound already
        return attr in _ATTRIBUTES or bool(has_attribute(attr))

    replace(StateMachine, "get_cfn_attribute", get_cfn_attribute)
    replace(StateMachine, "has_cfn_attr", classmethod(has_cfn_attr))
    replace(StateMachine, "create_from_cloudformation_json", classmethod(_create))
    replace(StateMachine, "update_from_cloudformation_json", classmethod(_update))
    replace(StateMachine, "delete_from_cloudformation_json", classmethod(_delete))


def _create(
    cls: type[StateMachine],  # noqa: ARG001 - the signature is moto's
    /,
    resource_name: str,
    cloudformation_json: Mapping[str, Any],
    account_id: str,
    region_name: str,
    **_: Any,
) -> StateMachine:
    properties = cloudformation_json["Properties"]
    with _errors_as_cloudformation_gives_them(resource_name):
        return _backend(account_id, region_name).create_state_machine(
            name=properties.get("StateMachineName", resource_name),
            definition=_definition(properties),
            roleArn=properties["RoleArn"],
            tags=_tags(properties),
            loggingConfiguration=_camel(properties.get("LoggingConfiguration")),
            tracingConfiguration=_camel(properties.get("TracingConfiguration")),
            sm_type=properties.get("StateMachineType"),
        )


def _update(
    cls: type[StateMachine],
    original_resource: StateMachine,
    new_resource_name: str,
    cloudformation_json: Mapping[str, Any],
    account_id: str,
    region_name: str,
) -> StateMachine:
    properties = cloudformation_json["Properties"]
    if properties.get("StateMachineName", original_resource.name) != original_resource.name:
        created = _create(cls, new_resource_name, cloudformation_json, account_id, region_name)
        _delete(cls, original_resource.arn, cloudformation_json, account_id, region_name)
        return created
    backend = _backend(account_id, region_name)
    with _errors_as_cloudformation_gives_them(original_resource.name):
        updated = backend.update_state_machine(
            original_resource.arn,
            definition=_definition(properties),
            role_arn=properties["RoleArn"],
            logging_configuration=_camel(properties.get("LoggingConfiguration")),
            tracing_configuration=_camel(properties.get("TracingConfiguration")),
        )
    backend.tagger.tag_resource(updated.arn, _tags(properties))
    return updated


def _delete(
    cls: type[StateMachine],  # noqa: ARG001 - the signature is moto's
    resource_name: str,
    cloudformation_json: Mapping[str, Any],  # noqa: ARG001 - the signature is moto's
    account_id: str,
    region_name: str,
) -> None:
    _backend(account_id, region_name).delete_state_machine(resource_name)


@contextmanager
def _errors_as_cloudformation_gives_them(name: str) -> Iterator[None]:
    """Step Functions answers in JSON, which a client of CloudFormation's XML cannot read."""
    try:
        yield
    except AWSError as error:
        raise ValidationError(message=f"State machine '{name}': {error.error_type}: {error.message}") from error


def _backend(account_id: str, region_name: str) -> Any:
    return stepfunctions_parser_backends[account_id][region_name]


def _definition(properties: Mapping[str, Any]) -> str:
    """The definition as one text, its `${name}` substituted."""
    if "DefinitionString" in properties:
        text = str(properties["DefinitionString"])
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"], ensure_ascii=False)
    else:
        raise ValueError(
            "AWS::StepFunctions::StateMachine: give DefinitionString or Definition; "
            "DefinitionS3Location is not read by the embedded cloud"
        )
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{name}}}", str(value))
    # moto reads templates as YAML, to which the two halves of an escaped emoji are two characters
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def _tags(properties: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags", [])]


def _camel(value: Any) -> Any:
    """CloudFormation's property names as the API's: LoggingConfiguration's Level → level."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value
