"""What runs by itself and who hears of it: schedules, the topic of outcomes, alarms, the dashboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from lambdas.common.config import load
from stacks.api import ApiStack
from stacks.application import open_app
from stacks.data import DataStack
from stacks.monitoring import MonitoringStack, WatchedQueue
from stacks.pipeline import PipelineStack
from tests.cloud.synthesis import ROOT, Template, edited, flat, statements, synthesised

Json = Any
WEEK_SECONDS, DAY_SECONDS, HOUR_SECONDS = 7 * 86_400, 86_400, 3_600


@pytest.fixture(params=["retrain", "run-age"])
def scheduled(request: pytest.FixtureRequest, pipeline: Template, monitoring: Template) -> tuple[str, Template]:
    return request.param, pipeline if request.param == "retrain" else monitoring


def schedule(template: Template, name: str) -> Json:
    (found,) = (each for each in template.properties("AWS::Scheduler::Schedule") if each["Name"].endswith(f"-{name}"))
    return found


def test_the_retrain_goes_by_the_configured_hours_in_their_time_zone(tmp_path: Path) -> None:
    config = edited(tmp_path, ('# time_zone = "Europe/Berlin"', 'time_zone = "Europe/Berlin"'))
    assembly = synthesised(tmp_path / "out", config=config)
    template = Template(json.loads((assembly / "example-shop-pipeline.template.json").read_text()))

    weekly = schedule(template, "retrain")

    assert weekly["ScheduleExpression"] == "cron(0 3 ? * MON *)"
    assert weekly["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert json.loads(weekly["Target"]["Input"]) == {"scheduledTime": "<aws.scheduler.scheduled-time>"}


def test_a_schedule_fires_on_time_tries_again_and_keeps_what_it_cannot_start(scheduled: tuple[str, Template]) -> None:
    name, template = scheduled

    fired = schedule(template, name)

    assert fired["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert fired["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 6 * HOUR_SECONDS, "MaximumRetryAttempts": 30}
    assert "DeadLetters" in flat(fired["Target"]["DeadLetterConfig"]["Arn"])


def test_the_role_of_a_schedule_starts_its_machine_and_nothing_else(scheduled: tuple[str, Template]) -> None:
    name, template = scheduled
    target = schedule(template, name)["Target"]

    allowed = template.permissions_of(target, "RoleArn")

    assert {(statement.actions, statement.resources) for statement in allowed} == {
        (("states:StartExecution",), (flat(target["Arn"]),)),
        (("sqs:SendMessage",), (flat(target["DeadLetterConfig"]["Arn"]),)),
    }
    machine = template.document["Resources"][target["Arn"]["Ref"]]
    assert machine["Properties"]["StateMachineName"] == f"example-shop-{name}"


def test_no_other_accounts_scheduler_can_use_that_role(scheduled: tuple[str, Template]) -> None:
    name, template = scheduled
    role = template.document["Resources"][schedule(template, name)["Target"]["RoleArn"]["Fn::GetAtt"][0]]

    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"].keys() == {"aws:SourceAccount", "aws:SourceArn"}


def test_the_retrain_may_start_the_pipeline_alone(pipeline: Template) -> None:
    (starting,) = (s for s in pipeline.permissions_of(pipeline.machine("retrain"), "RoleArn") if s.resources != ("*",))

    assert starting.actions == ("states:StartExecution",)
    (started,) = starting.resources
    started_machine = pipeline.document["Resources"][started.strip("<>")]
    assert started_machine["Properties"]["StateMachineName"] == "example-shop-pipeline"


def test_the_age_is_written_to_one_namespace_and_read_from_the_engines_table(monitoring: Template) -> None:
    allowed = {
        action: s for s in monitoring.permissions_of(monitoring.machine("run-age"), "RoleArn") for action in s.actions
    }

    assert allowed["cloudwatch:PutMetricData"].conditions == {"StringEquals": {"cloudwatch:namespace": "Tastemaker"}}
    (table,) = allowed["dynamodb:GetItem"].resources
    assert "Engine" in table
    assert {action for action in allowed if not action.startswith(("logs:", "xray:"))} == {
        "cloudwatch:PutMetricData",
        "dynamodb:GetItem",
    }


def test_the_topic_is_encrypted_with_a_key_that_turns_and_takes_messages_over_tls_alone(pipeline: Template) -> None:
    (topic,) = pipeline.properties("AWS::SNS::Topic")
    (key,) = pipeline.properties("AWS::KMS::Key")
    (policy,) = pipeline.properties("AWS::SNS::TopicPolicy")

    assert topic["TopicName"] == "example-shop-outcomes"
    assert topic["KmsMasterKeyId"]["Fn::GetAtt"][0] in pipeline.document["Resources"]
    assert key["EnableKeyRotation"] is True
    denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_alarms_of_this_account_may_publish_and_use_the_key(pipeline: Template) -> None:
    (policy,) = pipeline.properties("AWS::SNS::TopicPolicy")
    (key,) = pipeline.properties("AWS::KMS::Key")

    (publishing,) = statements(policy["PolicyDocument"])
    using = [s for s in key["KeyPolicy"]["Statement"] if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]

    assert publishing.actions == ("sns:Publish",)
    assert publishing.conditions.keys() == {"StringEquals", "ArnLike"}
    assert [s["Action"] for s in using] == [["kms:Decrypt", "kms:GenerateDataKey"]]


def test_the_configured_addresses_get_mail(tmp_path: Path, pipeline: Template) -> None:
    config = edited(
        tmp_path,
        ('# [notifications]\n# emails = ["on-call@shop.example"]', '[notifications]\nemails = ["a@b.example"]'),
    )
    assembly = synthesised(tmp_path / "out", config=config)
    template = Template(json.loads((assembly / "example-shop-pipeline.template.json").read_text()))

    (subscription,) = template.properties("AWS::SNS::Subscription")

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "a@b.example")
    assert pipeline.properties("AWS::SNS::Subscription") == []


def alarms(template: Template) -> dict[str, Json]:
    return {
        each["AlarmName"].removeprefix("example-shop-"): each for each in template.properties("AWS::CloudWatch::Alarm")
    }


def metrics(alarm: Json) -> dict[str, str]:
    """Metric → statistic."""
    if "MetricName" in alarm:
        return {alarm["MetricName"]: alarm.get("Statistic", alarm.get("ExtendedStatistic"))}
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return {stat["Metric"]["MetricName"]: stat["Stat"] for stat in stats}


@pytest.mark.parametrize(
    ("name", "measured", "threshold"),
    [
        ("api-slow", {"Latency": "p99"}, 1000),
        ("api-errors", {"5xx": "Sum", "Count": "SampleCount"}, 1),
        ("function-errors", {"Errors": "Sum"}, 0),
        ("function-throttles", {"Throttles": "Sum"}, 0),
        ("run-failed", {"ExecutionsFailed": "Sum"}, 0),
        ("run-timed-out", {"ExecutionsTimedOut": "Sum"}, 0),
        ("run-was-stopped", {"ExecutionsAborted": "Sum"}, 0),
        ("run-overdue", {"RunAge": "Maximum"}, 9 * DAY_SECONDS),
        ("retrain-failed", {"ExecutionsFailed": "Sum"}, 0),
        ("run-age-failed", {"ExecutionsFailed": "Sum"}, 0),
        ("schedule-dead-letters", {"ApproximateNumberOfMessagesVisible": "Maximum"}, 0),
    ],
)
def test_there_is_an_alarm(monitoring: Template, name: str, measured: dict[str, str], threshold: int) -> None:
    alarm = alarms(monitoring)[name]

    assert metrics(alarm) == measured
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", threshold)


def test_every_alarm_goes_to_the_topic_and_says_in_words_what_is_the_matter(monitoring: Template) -> None:
    assert len(alarms(monitoring)) == 13
    for alarm in alarms(monitoring).values():
        (action,) = alarm["AlarmActions"]
        assert "OutcomesTopic" in flat(action)
        assert len(alarm["AlarmDescription"]) > 20


def test_no_alarm_looks_back_further_than_cloudwatch_does(monitoring: Template) -> None:
    for name, alarm in alarms(monitoring).items():
        stats = [query["MetricStat"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
        for period in [stat["Period"] for stat in stats] or [alarm["Period"]]:
            most = WEEK_SECONDS if period >= HOUR_SECONDS else DAY_SECONDS
            assert period * alarm["EvaluationPeriods"] <= most, name


def test_bounds_follow_the_configuration(tmp_path: Path) -> None:
    commented = "# [alarms]\n# api_p99_milliseconds = 1000\n# api_error_percent = 1\n# run_age_days = 9\n"
    own = "[alarms]\napi_p99_milliseconds = 250\napi_error_percent = 5\nrun_age_days = 30\n"
    assembly = synthesised(tmp_path / "out", config=edited(tmp_path, (commented, own)))

    found = alarms(Template(json.loads((assembly / "example-shop-monitoring.template.json").read_text())))

    bounds = {name: found[name]["Threshold"] for name in ("api-slow", "api-errors", "run-overdue")}
    assert bounds == {"api-slow": 250, "api-errors": 5, "run-overdue": 30 * DAY_SECONDS}


def test_the_dashboard_shows_every_alarm_and_what_they_measure(monitoring: Template) -> None:
    (dashboard,) = monitoring.properties("AWS::CloudWatch::Dashboard")
    body = flat(dashboard["DashboardBody"])

    assert dashboard["DashboardName"] == "example-shop"
    json.loads(body)
    assert body.count(".Arn>") == len(alarms(monitoring))
    for alarm in alarms(monitoring).values():
        assert all(f'"{metric}"' in body for metric in metrics(alarm))


def test_a_queue_that_is_given_is_watched(tmp_path: Path) -> None:
    app = open_app(context={"aws:cdk:bundling-stacks": []}, outdir=tmp_path)
    config = load(ROOT / "tastemaker.toml")
    data = DataStack(app, "data", config=config)
    api = ApiStack(app, "api", config=config, data=data)
    pipeline = PipelineStack(app, "pipeline", config=config, data=data)
    own = cdk.Stack(app, "own")
    dead_letters = sqs.Queue(own, "Dead", enforce_ssl=True)
    redrive = sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=3)
    queue = sqs.Queue(own, "Queue", enforce_ssl=True, dead_letter_queue=redrive)
    watched = WatchedQueue(name="events", queue=queue, dead_letters=dead_letters)
    MonitoringStack(app, "monitoring", config=config, data=data, pipeline=pipeline, api=api, queues=[watched])
    app.synth()

    found = alarms(Template(json.loads((tmp_path / "monitoring.template.json").read_text())))

    assert metrics(found["events-stuck"]) == {"ApproximateAgeOfOldestMessage": "Maximum"}
    assert found["events-stuck"]["Threshold"] == 900
    assert metrics(found["events-dead-letters"]) == {"ApproximateNumberOfMessagesVisible": "Maximum"}
