"""A standard execution dies at 25,000 events; the longest run must keep far away from that."""

from __future__ import annotations

from typing import Any

from lambdas.common.config.model import MAX_MODELS
from stacks.workflow.awaiting import VERSION
from tests.cloud.history import events_of, longest_history
from tests.cloud.world import World

Json = Any
HALF_OF_THE_LIMIT = 12_500


def run_states(workflow: Json) -> Json:
    return workflow["States"]["Run"]["Branches"][0]["States"]


def test_the_longest_run_with_as_many_models_as_allowed_stays_under_half_of_the_limit(workflow: Json) -> None:
    models = run_states(workflow)["Train and deploy models"]
    models["Items"] = [{}] * MAX_MODELS

    assert longest_history(workflow) < HALF_OF_THE_LIMIT


def test_the_longest_export_of_a_segment_stays_under_half_of_the_limit(workflow: Json) -> None:
    segment = run_states(workflow)["Export segments"]["ItemProcessor"]

    assert longest_history(segment) < HALF_OF_THE_LIMIT


def test_the_computation_counts_the_polls_of_every_await(workflow: Json) -> None:
    # a training that is described for as long as it may be, on top of which nothing else takes a poll
    least = VERSION.polls * sum(
        events_of(state)
        for name, state in run_states(workflow)["Train and deploy models"]["ItemProcessor"]["States"].items()
        if name in ("Describe training", "Judge training", "Wait for training")
    )

    assert longest_history(workflow) > least


def test_a_poll_costs_what_the_computation_says(world: World, workflow: Json) -> None:
    def events(polls: int) -> int:
        world.describe("DescribeSolution", [{"status": "CREATE IN_PROGRESS"}] * (polls - 1) + [{"status": "ACTIVE"}])
        execution = world.machines.start(workflow)
        assert world.machines.end_of(execution)["status"] == "SUCCEEDED"
        return len(world.machines.history(execution))

    states = run_states(workflow)["Train and deploy models"]["ItemProcessor"]["States"]
    describe = {**states["Describe solution"], "Retry": []}
    expected = events_of(describe) + events_of(states["Judge solution"]) + events_of(states["Wait for solution"])

    assert events(5) - events(2) == 3 * expected


def test_a_run_without_waits_costs_no_more_than_the_computation_allows(world: World, workflow: Json) -> None:
    execution = world.machines.start(workflow)
    world.machines.end_of(execution)

    assert len(world.machines.history(execution)) < longest_history(workflow)
