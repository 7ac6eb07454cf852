from datetime import UTC, datetime, timedelta
from typing import Any

from tastemaker.cli.timeline import Timeline

START = datetime(2026, 1, 1, tzinfo=UTC)


def event(kind: str, second: float, name: str | None = None) -> dict[str, Any]:
    details = {}
    if name:
        details = {f"state{'Entered' if kind.endswith('Entered') else 'Exited'}EventDetails": {"name": name}}
    return {"type": kind, "timestamp": START + timedelta(seconds=second), **details}


def task(name: str, began: float, ended: float) -> list[dict[str, Any]]:
    return [event("TaskStateEntered", began, name), event("TaskStateExited", ended, name)]


LOOP = [
    *task("Start training", 1, 2),
    *task("Describe training", 2, 3),
    event("ChoiceStateEntered", 3, "Judge training"),
    event("ChoiceStateExited", 3, "Judge training"),
    event("WaitStateEntered", 3, "Wait for training"),
    event("WaitStateExited", 5, "Wait for training"),
    *task("Describe training", 5, 6),
]


def test_a_loop_that_waits_is_one_step_with_the_number_of_its_looks() -> None:
    timeline = Timeline.of([*LOOP, *task("Read metrics", 6, 7)])
    assert [(s.name, s.times, s.seconds) for s in timeline.finished()] == [
        ("Start training", 1, 1),
        ("Await training", 2, 4),
    ]


def test_the_step_that_the_run_is_at_is_not_finished() -> None:
    timeline = Timeline.of(LOOP)
    current = timeline.current()
    assert current is not None
    assert current.name == "Await training"
    assert [step.name for step in timeline.finished()] == ["Start training"]


def test_every_step_is_finished_where_the_run_has_ended() -> None:
    timeline = Timeline.of([*LOOP, event("ExecutionFailed", 8)])
    assert [step.name for step in timeline.finished()] == ["Start training", "Await training"]


def test_a_phase_lasts_from_its_first_step_to_its_last() -> None:
    timeline = Timeline.of([*LOOP, *task("Read metrics", 6, 7), *task("Publish", 9, 9.5)])
    assert timeline.phases() == {"training": 6, "publish": 0.5}


def test_a_run_that_has_not_begun_has_no_steps() -> None:
    timeline = Timeline.of([event("ExecutionStarted", 0)])
    assert (timeline.current(), timeline.finished(), timeline.phases()) == (None, [], {})
