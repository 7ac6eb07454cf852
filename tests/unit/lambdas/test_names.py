import re

from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.names import Account, job_name

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,62}")


def test_a_short_name_ends_in_the_runs_id() -> None:
    assert job_name("shop-interactions", "2026-11-24") == "shop-interactions-2026-11-24"


@given(
    prefix=st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,60}", fullmatch=True),
    run=st.text(min_size=1, max_size=90),
)
def test_every_name_is_one_that_personalize_takes(prefix: str, run: str) -> None:
    assert NAME.fullmatch(job_name(prefix, run))
    assert job_name(prefix, run) == job_name(prefix, run)


def test_long_run_ids_that_differ_only_at_the_end_keep_their_names_apart() -> None:
    assert job_name("shop", "r" * 79 + "1") != job_name("shop", "r" * 79 + "2")


def test_run_ids_that_differ_only_in_forbidden_characters_keep_their_names_apart() -> None:
    assert job_name("shop", "run.1") != job_name("shop", "run-1")


def test_a_functions_arn_tells_its_account() -> None:
    account = Account.of_function("arn:aws-cn:lambda:cn-north-1:111122223333:function:train")
    assert account.personalize_arn("solution/s") == "arn:aws-cn:personalize:cn-north-1:111122223333:solution/s"
