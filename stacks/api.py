"""The stack that serves: the HTTP API and the functions behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigateway import AccessLogFormat
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration

from stacks.constructs.events import Events
from stacks.constructs.function import PythonFunction
from stacks.constructs.permission import Permission, acknowledge
from stacks.constructs.personalize_arns import PersonalizeArns

if TYPE_CHECKING:
    from constructs import Construct

    from lambdas.common.config import Api, Config
    from stacks.data import DataStack

# what happened, to which request and why it failed; no query, since it names a user
_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
}


class ApiStack(cdk.Stack):
    """`GET /recommendations` and `POST /events`."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, data: DataStack) -> None:
        super().__init__(scope, construct_id, description=f"Tastemaker {config.project}: HTTP API")
        recommend = self._recommend(config, data)
        self.functions = (recommend.function,)
        self.http_api = api = self._api(config)
        api.add_routes(
            path="/recommendations",
            methods=[apigateway.HttpMethod.GET],
            integration=HttpLambdaIntegration("Recommend", recommend.function),
        )
        events = Events(self, "Events", config=config, data=data)
        self.events_queue, self.events_dead_letters = events.queue, events.dead_letters
        api.add_routes(
            path="/events",
            methods=[apigateway.HttpMethod.POST],
            integration=HttpLambdaIntegration("TrackEvents", events.track.function),
        )
        acknowledge(
            api,
            "AwsSolutions-APIG4",
            "a shop's visitors are not logged in; the stage throttles, and CORS keeps other pages out",
        )
        cdk.CfnOutput(self, "ApiUrl", value=api.api_endpoint)
        cdk.CfnOutput(self, "EventsQueueUrl", value=events.queue.queue_url)
        cdk.CfnOutput(self, "EventsDeadLettersUrl", value=events.dead_letters.queue_url)

    def _recommend(self, config: Config, data: DataStack) -> PythonFunction:
        arns = PersonalizeArns(self, config)
        return PythonFunction(
            self,
            project=config.project,
            source="recommend",
            description="Answers the API's requests for recommendations",
            timeout=cdk.Duration.seconds(10),
            memory_mb=512,
            environment={"ENGINE_TABLE": data.engine.table_name},
            permissions=[
                arns.permit("GetRecommendations", on=[arns.campaigns]),
                Permission(["dynamodb:GetItem"], [data.engine.table_arn]),
            ],
        )

    def _api(self, config: Config) -> apigateway.HttpApi:
        api = apigateway.HttpApi(
            self,
            "Api",
            api_name=f"{config.project}-api",
            create_default_stage=False,
            cors_preflight=_cors(config.api),
        )
        log_group = logs.LogGroup(
            self,
            "AccessLogs",
            log_group_name=f"/aws/vendedlogs/apis/{config.project}-api",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        apigateway.HttpStage(
            self,
            "Stage",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(
                rate_limit=config.api.throttle.rate, burst_limit=config.api.throttle.burst
            ),
            access_log_settings=_AccessLog(log_group),
        )
        return api


@jsii.implements(apigateway.IAccessLogSettings)
class _AccessLog:
    """One JSON object a request."""

    def __init__(self, log_group: logs.LogGroup) -> None:
        self._log_group = log_group

    @property
    def destination(self) -> apigateway.IAccessLogDestination:
        return apigateway.LogGroupLogDestination(self._log_group)

    @property
    def format(self) -> AccessLogFormat:
        return AccessLogFormat.custom(json.dumps(_ACCESS_LOG))


def _cors(api: Api) -> apigateway.CorsPreflightOptions | None:
    if not api.cors_origins:
        return None
    return apigateway.CorsPreflightOptions(
        allow_origins=list(api.cors_origins),
        allow_methods=[apigateway.CorsHttpMethod.GET, apigateway.CorsHttpMethod.POST],
        # a page may not send JSON without
        allow_headers=["content-type"],
        max_age=cdk.Duration.hours(1),
    )
