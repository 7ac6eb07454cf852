import pytest

from lambdas.common.errors import InvalidError
from lambdas.common.steps import run_step


def test_a_step_gets_the_event_and_its_outcome_is_the_answer() -> None:
    assert run_step({"add": lambda event: {"sum": event["a"] + 1}}, {"step": "add", "a": 2}) == {"sum": 3}


def test_an_unknown_step_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidError, match="unknown step 'drop': one of add is expected"):
        run_step({"add": lambda _: {}}, {"step": "drop"})


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(InvalidError, match="step 'add' needs the argument 'a'"):
        run_step({"add": lambda event: {"sum": event["a"]}}, {"step": "add"})


def test_the_log_tells_counts_and_the_run_but_no_table_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    run_step(
        {"go": lambda _: {"rows": 5, "cursor": {"after": {"userId": {"S": "ann"}}}}}, {"step": "go", "runId": "run-1"}
    )
    (record,) = caplog.records
    assert "ann" not in str(record.__dict__)
    assert (record.rows, record.getMessage()) == (5, "step done")  # type: ignore[attr-defined]  # set by `extra`
