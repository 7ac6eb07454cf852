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

from lambdas.common.names import versioned_name
from lambdas.recommend.routes import served
from lambdas.recommend.settings import Filter, Settings
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

# a function's environment has 4 KB; the rest is for the names of tables and of the service
_MAX_SETTINGS_BYTES = 3400
_VERSION_LENGTH = 8
# the recipes that look at the circumstances of a request
_WITH_CONTEXT = "aws-user-personalization"


class ApiStack(cdk.Stack):
    """The routes that read, `POST /events`, and what answers them."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, data: DataStack) -> None:
        super().__init__(scope, construct_id, description=f"Tastemaker {config.project}: HTTP API")
        settings = _settings(config)
        recommend = self._recommend(config, data, settings)
        self.http_api = api = self._api(config)
        reads = HttpLambdaIntegration("Recommend", recommend.function)
        for route in served(settings).values():
            api.add_routes(path=f"/{route.name}", methods=[apigateway.HttpMethod.GET], integration=reads)
        events = Events(self, "Events", config=config, data=data)
        self.events_queue, self.events_dead_letters = events.queue, events.dead_letters
        self.functions = (recommend.function, events.track.function)
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

    def _recommend(self, config: Config, data: DataStack, settings: Settings) -> PythonFunction:
        arns = PersonalizeArns(self, config)
        environment = {"ENGINE_TABLE": data.engine.table_name, "SETTINGS": settings.to_json()}
        permissions = [
            arns.permit("GetRecommendations", on=[arns.campaigns, *([arns.filters] if config.filters else [])]),
            Permission(["dynamodb:GetItem"], [data.engine.table_arn]),
        ]
        if settings.item_details:
            items = data.sources["ITEMS"]
            environment["ITEMS_TABLE"] = items.table_name
            permissions.append(Permission(["dynamodb:BatchGetItem"], [items.table_arn]))
        if (size := len(environment["SETTINGS"].encode())) > _MAX_SETTINGS_BYTES:
            cdk.Annotations.of(self).add_error(
                f"the filters and the items' details take {size} bytes of the recommend function's environment, which "
                f"has room for {_MAX_SETTINGS_BYTES}: list fewer details, or have fewer filters with shorter names"
            )
        return PythonFunction(
            self,
            project=config.project,
            source="recommend",
            description="Answers the API's requests for recommendations",
            timeout=cdk.Duration.seconds(10),
            memory_mb=512,
            environment=environment,
            permissions=permissions,
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


def _settings(config: Config) -> Settings:
    """What the function needs to know of the configuration."""
    for_a_user = any(m.route == "recommendations" and m.recipe.startswith(_WITH_CONTEXT) for m in config.models)
    known = config.interactions.dataset_rules
    own = sorted(
        mapping.field
        for mapping in config.interactions.fields.values()
        if mapping.field not in known.required and mapping.field not in known.reserved
    )
    return Settings(
        project=config.project,
        models=tuple(model.route for model in config.models),
        filters={
            each.name: Filter(
                each.parameters,
                each.needs_user,
                each.needs_item,
                each.default,
                version=versioned_name(f"{config.project}-{each.name}", each.expression)[-_VERSION_LENGTH:],
            )
            for each in config.filters
        },
        context=tuple(own) if for_a_user else (),
        item_key=config.items.attribute_of("ITEM_ID") if config.items else "",
        item_details=config.items.shown if config.items else (),
    )


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
