"""An AWS endpoint of the test's own, and a process whose AWS clients all go there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from tastemaker.personalize.clock import Clock
from tastemaker.personalize.durations import NO_DURATIONS, Durations
from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas

if TYPE_CHECKING:
    from tastemaker.cloud.embedded import EmbeddedCloud

# settings that would lead a client past AWS_ENDPOINT_URL, or sign with a stranger's token
_MISLEADING: Final = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


@contextmanager
def embedded_aws(
    *, clock: Clock | None = None, durations: Durations = NO_DURATIONS, quotas: Quotas = DEFAULT_QUOTAS
) -> Iterator[EmbeddedCloud]:
    """Personalize, S3, DynamoDB and the other services on one local port, from `with` to its end.

    `aws.client(service)` is a boto3 client of it, and `aws.endpoint_url` its address for any other SDK. Until the end,
    the standard environment variables lead there too, so the code under test may call `boto3.client` as it does in
    production and cannot reach AWS itself. `clock` is what waits and retries go by: with an EagerClock a state
    machine's hour passes at once. `durations` and `quotas` are those of `embedded_personalize`, and `aws.faults` is
    where faults of Personalize are ordered. Raises AlreadyRunning, since a process holds one at a time.
    """
    # moto is slow to import, which tests without a socket need not pay for
    from tastemaker.cloud.embedded import EmbeddedCloud

    with EmbeddedCloud(clock=clock, durations=durations, quotas=quotas) as cloud, _leading_to(cloud.endpoint_url):
        yield cloud


@contextmanager
def _leading_to(endpoint_url: str) -> Iterator[None]:
    from tastemaker.cloud.identity import ADMIN_CREDENTIALS, DEFAULT_REGION

    settings = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ADMIN_CREDENTIALS.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ADMIN_CREDENTIALS.secret_access_key,
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
        "AWS_REGION": DEFAULT_REGION,  # the name that SDKs other than boto3 read
    }
    with patch.dict(os.environ, settings):
        for name in [name for name in os.environ if name in _MISLEADING or name.startswith("AWS_ENDPOINT_URL_")]:
            del os.environ[name]
        yield
