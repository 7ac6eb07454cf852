"""The events' queue and its two functions: nothing lost, nothing allowed that is not needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.common.config import load
from lambdas.common.events import event_fields
from stacks.constructs.events import event_fields as written_fields
from tests.cloud.synthesis import Template, edited, flat, synthesised


def queues(api: Template) -> tuple[dict[str, Any], dict[str, Any]]:
    """The queue of the events, and that of the dead letters."""
    (queue,) = (q for q in api.properties("AWS::SQS::Queue") if "RedrivePolicy" in q)
    dead_letters = api.document["Resources"][queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
    return queue, dead_letters["Properties"]


def allowed(api: Template, function: str) -> list[tuple[str, str]]:
    """Actions and resources, without those that every function has for its log."""
    return sorted(
        (action, resource)
        for statement in api.permissions_of(api.function(function))
        for action in statement.actions
        for resource in statement.resources
        if not action.startswith(("logs:", "xray:"))
    )


def test_what_fails_five_times_is_kept_for_two_weeks(api: Template) -> None:
    queue, dead_letters = queues(api)

    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    two_weeks = 14 * 24 * 3600
    assert queue["MessageRetentionPeriod"] == dead_letters["MessageRetentionPeriod"] == two_weeks


def test_both_queues_are_encrypted_and_reached_by_tls_alone(api: Template) -> None:
    assert [queue["SqsManagedSseEnabled"] for queue in queues(api)] == [True, True]
    policies = api.properties("AWS::SQS::QueuePolicy")
    assert len(policies) == 2
    for policy in policies:
        (denied,) = policy["PolicyDocument"]["Statement"]
        assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_a_message_stays_hidden_for_six_of_the_functions_timeouts(api: Template) -> None:
    queue, _ = queues(api)

    assert queue["VisibilityTimeout"] >= 6 * api.function("deliver-events")["Timeout"]


def test_the_function_is_fed_in_small_batches_by_few_at_a_time_and_says_what_failed(api: Template) -> None:
    (mapping,) = api.properties("AWS::Lambda::EventSourceMapping")

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (10, 1)
    # a call takes 20 ms at best: 500 a second, of the 1000 that Personalize takes
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_the_door_may_send_to_the_queue_and_nothing_else(api: Template) -> None:
    (mapping,) = api.properties("AWS::Lambda::EventSourceMapping")

    assert allowed(api, "track-events") == [("sqs:SendMessage", flat(mapping["EventSourceArn"]))]


def test_the_delivery_may_write_the_two_tables_and_put_events(api: Template) -> None:
    assert [action for action, _ in allowed(api, "deliver-events")] == [
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:PutItem",
        "personalize:PutEvents",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ]


def test_somebody_elses_table_is_never_written(tmp_path: Path) -> None:
    config = edited(tmp_path, ("create_table = true", "create_table = false"))
    assembly = synthesised(tmp_path / "out", config=config)
    api = Template(json.loads((assembly / "example-shop-api.template.json").read_text()))

    assert "EVENTS_TABLE" not in api.function("deliver-events")["Environment"]["Variables"]
    assert not [action for action, _ in allowed(api, "deliver-events") if action == "dynamodb:PutItem"]


@pytest.mark.parametrize("function", ["track-events", "deliver-events"])
def test_both_functions_know_the_fields_of_the_configuration(api: Template, function: str) -> None:
    fields = event_fields(api.function(function)["Environment"]["Variables"]["EVENT_FIELDS"])

    assert {field.name: field.attribute for field in fields} == {
        "USER_ID": "userId",
        "ITEM_ID": "itemId",
        "TIMESTAMP": "timestamp",
        "EVENT_TYPE": "eventType",
    }


def test_a_field_that_no_event_can_bring_is_not_asked_for(tmp_path: Path) -> None:
    line = 'eventType = { field = "EVENT_TYPE", type = "string" }\n'
    session = 'session = { field = "SESSION_ID", type = "string", optional = true }\n'
    own = f'{session}device = {{ field = "DEVICE", type = "string" }}\n'
    config = load(edited(tmp_path, (line, line + own)))

    names = [field.name for field in event_fields(written_fields(config.interactions))]

    assert "DEVICE" in names
    assert "SESSION_ID" not in names


def test_the_queues_are_among_the_outputs(api: Template) -> None:
    assert {"EventsQueueUrl", "EventsDeadLettersUrl"} <= api.document["Outputs"].keys()
