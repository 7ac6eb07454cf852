"""boto3 clients of the embedded cloud: at its endpoint, with given credentials, deaf to the machine's AWS settings."""

from __future__ import annotations

import os
import threading
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from tastemaker.cloud.identity import ADMIN_CREDENTIALS, DEFAULT_REGION, Credentials

_CONNECT_SECONDS = 5
_READ_SECONDS = 60
# a function may take fifteen minutes to answer
_INVOCATION_SECONDS = 15 * 60 + 10
_CONNECTIONS = 50


class Clients:
    """Makes clients, and keeps them: one for each service, caller and region."""

    def __init__(self, endpoint_url: str, *, region: str = DEFAULT_REGION) -> None:
        self._endpoint_url = endpoint_url
        self._region = region
        self._made: dict[tuple[str, Credentials, str], Any] = {}
        # sessions are not safe to make clients from in two threads at once
        self._lock = threading.Lock()
        # neither the profile that the user has chosen nor what the files say about endpoints and retries
        session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        self._session = boto3.Session(botocore_session=session, region_name=region)

    def client(self, service: str, credentials: Credentials = ADMIN_CREDENTIALS, *, region: str | None = None) -> Any:
        """The client for `service` (boto3's name of it), typed as loosely as boto3's own. `region`: the cloud's."""
        with self._lock:
            key = (service, credentials, region or self._region)
            if key not in self._made:
                self._made[key] = self._make(*key)
            return self._made[key]

    def close(self) -> None:
        """Close every client's connections."""
        with self._lock:
            for client in self._made.values():
                client.close()
            self._made.clear()

    def _make(self, service: str, credentials: Credentials, region: str) -> Any:
        return self._session.client(  # type: ignore[call-overload] # the overloads know literal service names only
            service,
            region_name=region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token or None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_INVOCATION_SECONDS if service == "lambda" else _READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=_CONNECTIONS,
                # a proxy for the outside has no way to this machine
                proxies={},
                s3={"addressing_style": "path"},
            ),
        )
