"""The one error taxonomy: Step Functions retries, catches and reports by these class names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

RETRYABLE_CODES: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceInUseException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class TastemakerError(Exception):
    """What a Lambda function of the pipeline may raise; the message names the thing and the remedy."""


class RetryableError(TastemakerError):
    """Throttled, in use, or over a soft limit: the same call succeeds later."""


class FailedError(TastemakerError):
    """A job or resource of Personalize failed; the message carries its own `failureReason`."""


class InvalidError(TastemakerError):
    """The caller's fault: the input, the configuration or the permissions must change first."""


def error_code(error: ClientError) -> str:
    """The error code that the service answered, such as `ResourceNotFoundException`."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what AWS clients raise inside as the taxonomy; `doing` says what was tried, naming the thing."""
    try:
        yield
    except ClientError as error:
        code, said = error_code(error), error.response.get("Error", {}).get("Message", "")
        kind = RetryableError if code in RETRYABLE_CODES else InvalidError
        raise kind(f"{doing}: {code}: {said}") from error
    except (ConnectionError, HTTPClientError) as error:
        raise RetryableError(f"{doing}: {error}") from error
