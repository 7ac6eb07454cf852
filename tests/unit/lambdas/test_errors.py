import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from lambdas.common.errors import InvalidError, RetryableError, translated


@pytest.mark.parametrize("code", ["ThrottlingException", "ResourceInUseException", "LimitExceededException"])
def test_what_succeeds_later_is_retryable(code: str) -> None:
    with pytest.raises(RetryableError, match=f"importing x: {code}: busy"), translated("importing x"):
        raise ClientError({"Error": {"Code": code, "Message": "busy"}}, "CreateDatasetImportJob")


def test_the_callers_fault_is_invalid_and_keeps_the_services_words() -> None:
    with (
        pytest.raises(InvalidError, match="importing x: InvalidInputException: no such bucket"),
        translated("importing x"),
    ):
        raise ClientError({"Error": {"Code": "InvalidInputException", "Message": "no such bucket"}}, "X")


def test_a_connection_that_fails_is_retryable() -> None:
    with pytest.raises(RetryableError, match="importing x"), translated("importing x"):
        raise ConnectTimeoutError(endpoint_url="https://personalize")
