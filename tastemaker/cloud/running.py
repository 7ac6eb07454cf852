"""What runs of a deployment: its functions' workers, the queues that feed them, and its HTTP APIs on their ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tastemaker.cloud.clients import Clients
from tastemaker.cloud.deployed import event_sources, functions, http_apis
from tastemaker.cloud.deployment import DeployedStack
from tastemaker.cloud.gateway import Gateway
from tastemaker.cloud.identity import Identities
from tastemaker.cloud.queues import QueuePoller
from tastemaker.cloud.server import BackgroundServer
from tastemaker.cloud.workers import Workers, function_name
from tastemaker.personalize.clock import Clock


class Running:
    """Runs one deployment after the other: the next takes the place of what polled and served before."""

    def __init__(
        self, workers: Workers, *, clients: Clients, identities: Identities, clock: Clock, host: str, api_port: int
    ) -> None:
        self._workers = workers
        self._clients = clients
        self._identities = identities
        self._clock = clock
        self._host = host
        self._api_port = api_port
        self._functions: tuple[str, ...] = ()
        self._pollers: list[QueuePoller] = []
        self._gateways: list[Gateway] = []
        self._servers: list[BackgroundServer] = []

    def run(self, stacks: Sequence[DeployedStack], assets: Mapping[str, Path]) -> Mapping[str, str]:
        """Run what was deployed. Returns the URL of each HTTP API, by its id, those of the first stack first.

        Raises PortInUse where the port for the first API is taken, and DeploymentError for what can't be run here.
        """
        self.stop()
        specs = {spec.name: spec for spec in functions(stacks, assets)}
        for spec in specs.values():
            self._workers.register(spec)
        self._functions = tuple(specs)
        urls: dict[str, str] = {}
        for api in http_apis(stacks):
            gateway = Gateway(api, self._workers.invoke, self._clock)
            self._gateways.append(gateway)
            server = BackgroundServer(gateway, self._host, self._api_port if not urls else 0)
            urls[api.api_id] = server.start()
            self._servers.append(server)
        for source in event_sources(stacks):
            spec = specs[function_name(source.function)]
            # Lambda polls with the function's own role
            credentials = self._identities.credentials_for(spec.role_arn, spec.name)
            client = self._clients.client("sqs", credentials)
            poller = QueuePoller(source, client=client, invoke=self._workers.invoke, clock=self._clock)
            poller.start()
            self._pollers.append(poller)
        return urls

    def warm(self) -> None:
        """Start the processes of all functions; returns when they wait for work."""
        self._workers.warm(self._functions)

    def stop(self) -> None:
        """Poll and serve nothing more. The workers go on."""
        for poller in self._pollers:
            poller.stop()
        for server in self._servers:
            server.stop()
        for gateway in self._gateways:
            gateway.close()
        self._pollers, self._servers, self._gateways = [], [], []
