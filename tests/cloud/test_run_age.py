"""The age of what is served, measured from what the pipeline published."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.workflow import run_age
from tests.cloud.world import TABLE, World

Json = Any


@pytest.fixture
def measuring() -> Json:
    return run_age.definition(project="example-shop", partition="aws", engine_table=TABLE)


def ages(world: World) -> list[float]:
    page = world.machines.service("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "age",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "Tastemaker",
                        "MetricName": "RunAge",
                        "Dimensions": [{"Name": "Project", "Value": "example-shop"}],
                    },
                    "Period": 3600,
                    "Stat": "Maximum",
                },
            }
        ],
        StartTime="2020-01-01T00:00:00Z",
        EndTime="2100-01-01T00:00:00Z",
    )
    return list(page["MetricDataResults"][0]["Values"])


def test_the_metric_is_the_time_since_the_publication(world: World, measuring: Json) -> None:
    published = world.clock.now() - 3 * 24 * 3600
    world.dynamodb.put_item(
        TableName=TABLE, Item={"key": {"S": "published"}, "publishedAt": {"N": str(int(published))}}
    )

    execution = world.machines.start(measuring)

    assert world.machines.end_of(execution)["status"] == "SUCCEEDED"
    (age,) = ages(world)
    started = world.machines.end_of(execution)["startDate"].timestamp()
    assert age == pytest.approx(started - published, abs=30)


def test_before_anything_is_published_there_is_no_metric(world: World, measuring: Json) -> None:
    assert world.machines.run(measuring)["status"] == "SUCCEEDED"
    assert ages(world) == []
