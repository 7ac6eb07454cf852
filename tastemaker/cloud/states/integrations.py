"""Service integrations: the AWS SDK's, and the optimised ones of Lambda, DynamoDB and SNS, with AWS's error names."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import InvocationResponse
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_lambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_dynamodb import (
    StateTaskServiceDynamoDB,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from tastemaker.cloud.states.clients import new_session
from tastemaker.cloud.states.failures import task_failed
from tastemaker.cloud.states.patching import replace, replace_everywhere
from tastemaker.cloud.states.settings import current
from tastemaker.cloud.states.shapes import (
    UnsupportedField,
    error_prefix,
    from_api,
    integration_name,
    modelled_error,
    to_api,
)

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
    from moto.stepfunctions.parser.asl.eval.environment import Environment

# Where the SDK for Java, whose package names these are, calls a service otherwise than botocore does.
_BOTOCORE_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
_session = new_session()


def call_as_the_role() -> None:
    """Give each integration the pool's client for the state machine's role."""

    def client(region: str, service: str, state_credentials: Any = None) -> Any:
        return current().clients.client(service=service, region=region, role_arn=state_credentials.role_arn)

    replace_everywhere(boto_client_for, client)


def call_the_sdk_as_aws_does() -> None:
    """Map names by the service's model, refuse unknown operations, and name errors as the SDK for Java does."""
    replace(StateTaskServiceAwsSdk, "_validate_service_integration_is_supported", _refuse_unknown_operation)
    replace(StateTaskServiceAwsSdk, "_eval_service_task", _call_sdk)
    base_error = StateTaskServiceAwsSdk.__mro__[1]._from_error

    def from_error(self: StateTaskServiceAwsSdk, env: Environment, ex: Exception) -> FailureEvent:
        if not isinstance(ex, (ClientError, BotoCoreError)):
            return base_error(self, env=env, ex=ex)
        service = _service_model(self)
        prefix = error_prefix(service)
        if isinstance(ex, BotoCoreError):
            return task_failed(self, env, f"{prefix}.SdkClientException", str(ex))
        name = integration_name(modelled_error(service, ex.response["Error"]["Code"]) or prefix)
        suffix = "" if name.endswith("Exception") else "Exception"
        return task_failed(self, env, f"{prefix}.{name}{suffix}", _cause(ex, prefix))

    replace(StateTaskServiceAwsSdk, "_from_error", from_error)


def name_errors_of_optimised_integrations() -> None:
    """DynamoDB's and Lambda's modelled errors under their own names, the others under the service's base exception."""
    _name_errors(StateTaskServiceDynamoDB, "dynamodb", "DynamoDB", "AmazonDynamoDBException")
    _name_errors(StateTaskServiceLambda, "lambda", "Lambda", "AWSLambdaException")


def invoke_functions_as_aws_does() -> None:
    """Keep a function's error payload to the letter, and let InvocationType through."""
    state_task_service_lambda._SUPPORTED_API_PARAM_BINDINGS["invoke"].add("InvocationType")
    replace_everywhere(lambda_eval_utils.execute_lambda_function_integration, _invoke)


def refuse_unsupported_parameters() -> None:
    """Fail on a parameter that an optimised integration does not have: moto drops it."""
    evaluate = StateTask._eval_parameters

    def checked(self: StateTask, env: Environment) -> dict[str, Any]:
        supported = self._get_supported_parameters()
        if supported and self.parargs is not None:
            self.parargs.eval(env=env)
            given: dict[str, Any] = env.stack.pop()
            for name in given:
                if name not in supported:
                    raise UnsupportedField(f"The field '{name}' is not supported by Step Functions")
            return given
        result: dict[str, Any] = evaluate(self, env=env)
        return result

    replace(StateTask, "_eval_parameters", checked)


def _operation(task: StateTaskServiceAwsSdk) -> OperationModel:
    action = task.resource.api_action
    return _service_model(task).operation_model(action[:1].upper() + action[1:])


def _service_model(task: StateTaskServiceAwsSdk) -> ServiceModel:
    return _model(_service_name(task.resource.api_name))


@lru_cache
def _model(service: str) -> ServiceModel:
    return _session.get_service_model(service)


@lru_cache
def _service_name(api_name: str) -> str:
    if api_name in _BOTOCORE_NAMES:
        return _BOTOCORE_NAMES[api_name]
    available: dict[str, str] = {name.replace("-", ""): name for name in _session.get_available_services()}
    if api_name not in available:
        raise ValueError(f"The service '{api_name}' is not one of the AWS SDK integrations")
    return available[api_name]


def _refuse_unknown_operation(self: StateTaskServiceAwsSdk) -> None:
    action = self.resource.api_action
    operations = _service_model(self).operation_names
    if not action[:1].islower() or action[:1].upper() + action[1:] not in operations:
        raise ValueError(
            f"The resource provided {self.resource.resource_arn} is not recognized: "
            "the value is not a valid resource ARN, or the API action does not exist"
        )


def _call_sdk(
    self: StateTaskServiceAwsSdk,
    env: Environment,
    resource_runtime_part: Any,
    normalised_parameters: dict[str, Any],
    state_credentials: Any,
) -> None:
    operation = _operation(self)
    client = current().clients.client(
        service=_service_name(self.resource.api_name),
        region=resource_runtime_part.region,
        role_arn=state_credentials.role_arn,
    )
    parameters = to_api(normalised_parameters, operation.input_shape) if operation.input_shape else {}
    response = getattr(client, xform_name(operation.name))(**parameters)
    env.stack.append(from_api(response, operation.output_shape) if operation.output_shape else {})


def _name_errors(task_type: Any, service: str, prefix: str, base_exception: str) -> None:
    original = task_type._from_error
    shared = StateTask._from_error

    def from_error(self: Any, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, (FailureEventException, TimeoutError)):
            return shared(self, env=env, ex=ex)
        if isinstance(ex, BotoCoreError):
            return task_failed(self, env, f"{prefix}.SdkClientException", str(ex))
        if not isinstance(ex, ClientError):
            return original(self, env=env, ex=ex)
        known = modelled_error(_model(service), ex.response["Error"]["Code"])
        _, cause = task_type._error_cause_from_client_error(ex)
        return task_failed(self, env, f"{prefix}.{known or base_exception}", cause)

    replace(task_type, "_from_error", from_error)


def _cause(error: ClientError, prefix: str) -> str:
    answer = error.response["ResponseMetadata"]
    details = f"Service: {prefix}, Status Code: {answer['HTTPStatusCode']}"
    return f"{error.response['Error']['Message']} ({details}, Request ID: {answer.get('RequestId', '')})"


def _invoke(env: Environment, parameters: dict[str, Any], region: str, state_credentials: Any) -> None:
    client = current().clients.client(service="lambda", region=region, role_arn=state_credentials.role_arn)
    response = client.invoke(**parameters)
    payload = response["Payload"].read().decode()
    if response.get("FunctionError"):
        raise lambda_eval_utils.LambdaFunctionErrorException(response["FunctionError"], payload)
    response["Payload"] = json.loads(payload) if payload else None
    names = InvocationResponse.__annotations__
    env.stack.append({name: value for name, value in response.items() if name in names})
