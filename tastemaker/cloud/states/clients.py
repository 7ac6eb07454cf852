"""The boto clients of service integrations: at the cloud's endpoint, as the state machine's role."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.session import Session

_CONNECT_SECONDS = 5
_READ_SECONDS = 60
# A function may run for 15 minutes, and the connection stays open for as long.
_LAMBDA_READ_SECONDS = 15 * 60 + 10
_CONNECTIONS = 50


class Credentials(Protocol):
    """An access key as a role's session has it."""

    @property
    def access_key_id(self) -> str: ...
    @property
    def secret_access_key(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...


# Reading a service's model takes longer than anything else about a client.
_loader = Loader()


def new_session() -> Session:
    """A botocore session that shares what the others have read of the services' models."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _loader)
    return session


class ClientPool:
    """One client per service, region and role: creating one costs about 50 ms, and every state would."""

    def __init__(self, endpoint_url: Callable[[], str | None], credentials: Callable[[str], Credentials]) -> None:
        self._endpoint_url = endpoint_url
        self._credentials = credentials
        self._session = new_session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        # botocore's sessions are not safe to create clients from in several threads at once
        self._lock = threading.Lock()

    def client(self, *, service: str, region: str, role_arn: str) -> Any:
        """The client for `service` (botocore's name for it) that calls as `role_arn`."""
        key = (service, region, role_arn)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._create(service, region, role_arn)
            return self._clients[key]

    def _create(self, service: str, region: str, role_arn: str) -> Any:
        credentials = self._credentials(role_arn)
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._endpoint_url(),
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token or None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_LAMBDA_READ_SECONDS if service == "lambda" else _READ_SECONDS,
                # the state's own Retry decides about another attempt
                retries={"total_max_attempts": 1},
                max_pool_connections=_CONNECTIONS,
                # what is missing or wrong is the service's to refuse, in the service's words
                parameter_validation=False,
            ),
        )
