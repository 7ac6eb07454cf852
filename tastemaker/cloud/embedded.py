"""The embedded cloud as one object: an AWS endpoint with Personalize in it, and whatever is deployed into it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tastemaker.cloud import buckets, dynamodb, moto_bridge, sqs, states
from tastemaker.cloud.assembly import read_assembly
from tastemaker.cloud.calls import CallLog
from tastemaker.cloud.clients import Clients
from tastemaker.cloud.endpoint import Endpoint
from tastemaker.cloud.exclusive import exclusive_use
from tastemaker.cloud.function_logs import LogLine, LogSink
from tastemaker.cloud.identity import ACCOUNT_ID, DEFAULT_REGION, Identities
from tastemaker.cloud.invocations import LambdaApi
from tastemaker.cloud.metrics import CloudWatchMetrics
from tastemaker.cloud.objects import S3Objects
from tastemaker.cloud.schedules import Schedules
from tastemaker.cloud.wire import Request, Response
from tastemaker.cloud.workers import Workers
from tastemaker.personalize.clock import Clock, RealClock
from tastemaker.personalize.durations import NO_DURATIONS, Durations
from tastemaker.personalize.faults import Faults
from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas
from tastemaker.personalize.service import Personalize
from tastemaker.personalize.wire import WireRequest

# moto's CloudFormation and its interpreter take four seconds to import, which only their users pay
if TYPE_CHECKING:
    from tastemaker.cloud.deployment import DeployedStack
    from tastemaker.cloud.running import Running

Outputs = Mapping[str, str]

_functions_log = logging.getLogger("tastemaker.functions")


def _to_logging(line: LogLine) -> None:
    _functions_log.info("%s: %s", line.function_name, line.message)


class EmbeddedCloud:
    """Runs once, from `with` to its end, one at a time in a process. Everything but `data_dir` is gone afterwards.

    `host` and `port` are the endpoint's, `api_port` that of the first HTTP API which is deployed; 0 takes any that is
    free. With `fsync_events` an event is on the disk before it is acknowledged, and not only the operating system's.
    `clock` is what waits, retries and throttles go by, `function_log` gets every line that functions write.
    `durations` and `quotas` are Personalize's.
    Entering raises AlreadyRunning and PortInUse.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_port: int = 0,
        region: str = DEFAULT_REGION,
        data_dir: Path | None = None,
        fsync_events: bool = False,
        clock: Clock | None = None,
        function_log: LogSink = _to_logging,
        durations: Durations = NO_DURATIONS,
        quotas: Quotas = DEFAULT_QUOTAS,
    ) -> None:
        self._durations, self._quotas = durations, quotas
        self._host, self._port, self._api_port = host, port, api_port
        self._region = region
        self._data_dir = data_dir
        self._fsync_events = fsync_events
        self._clock = clock or RealClock()
        self._function_log = function_log
        self._cleanup = ExitStack()
        self._stacks: dict[str, DeployedStack] = {}
        self._assets: dict[str, Path] = {}
        self._api_urls: Mapping[str, str] = {}
        self._personalize: Personalize | None = None
        self._running: Running | None = None
        self._has_states = False
        self._states_lock = threading.Lock()
        self.identities = Identities()
        self.calls = CallLog(self.identities)
        self.endpoint_url = ""

    def __enter__(self) -> Self:
        try:
            self._start(self._cleanup)
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cleanup.close()

    @property
    def personalize(self) -> Personalize:
        """The embedded Personalize itself."""
        if self._personalize is None:
            raise RuntimeError("the embedded cloud isn't running: enter it with `with`")
        return self._personalize

    @property
    def faults(self) -> Faults:
        """Where faults of Personalize are ordered."""
        return self.personalize.faults

    @property
    def api_url(self) -> str:
        """The URL of the HTTP API that was deployed, of the first if there are several."""
        if not self._api_urls:
            raise LookupError("no HTTP API is deployed: deploy an assembly that has one")
        return next(iter(self._api_urls.values()))

    @property
    def stacks(self) -> Mapping[str, DeployedStack]:
        """What was deployed, by the stacks' names."""
        return self._stacks

    def client(self, service: str) -> Any:
        """A boto3 client of the endpoint, with the administrator's credentials. Typed as loosely as boto3's own."""
        return self._clients.client(service)

    def seed_table(self, table_name: str, items: Iterable[Mapping[str, dynamodb.AttributeValue]]) -> int:
        """Put AttributeValue items into a table, past the endpoint; how many. Raises SeedingError."""
        return dynamodb.seed_table(table_name, items, region=self._region)

    def prepare(self) -> None:
        """Do now what `deploy` would begin with: seconds of imports, while whoever calls waits for the assembly."""
        from tastemaker.cloud import deployment, running  # noqa: F401

        self._states_installed()

    def deploy(self, assembly_dir: Path) -> Mapping[str, Outputs]:
        """Create or update the stacks of a CDK assembly and run what they hold; their outputs, by the stacks' names.

        An output that leads to an HTTP API has its address here. Raises AssemblyError, DeploymentError and, for
        `api_port`, PortInUse.
        """
        from tastemaker.cloud import deployment

        assembly = read_assembly(assembly_dir)
        self._states_installed()
        stacks = deployment.deploy(assembly, account=ACCOUNT_ID, region=self._region)
        self._stacks.update((stack.name, stack) for stack in stacks)
        self._assets.update(assembly.assets)
        self._api_urls = self._run()
        return {stack.name: {key: self._local(value) for key, value in stack.outputs.items()} for stack in stacks}

    def fire_schedule(self, name: str, at: datetime) -> bool:
        """Let the deployed schedule fire for the time `at`; whether its target took it. Raises ScheduleError.

        What it refused is in the schedule's dead-letter queue.
        """
        return Schedules(self._clients, self.identities).fire(name, at)

    def warm(self) -> None:
        """Start the processes of all functions now, rather than at their first invocations; returns when they wait."""
        if self._running is not None:
            self._running.warm()

    def _run(self) -> Mapping[str, str]:
        from tastemaker.cloud.running import Running

        if self._running is None:
            self._running = Running(
                self._workers,
                clients=self._clients,
                identities=self.identities,
                clock=self._clock,
                host=self._host,
                api_port=self._api_port,
            )
            self._cleanup.callback(self._running.stop)
        return self._running.run(tuple(self._stacks.values()), self._assets)

    def _local(self, output: str) -> str:
        for api_id, url in self._api_urls.items():
            output = output.replace(f"https://{api_id}.execute-api.{self._region}.amazonaws.com", url)
        return output

    def _start(self, cleanup: ExitStack) -> None:
        """Start what every cloud has, and note how to end it: what makes calls goes before what answers them."""
        cleanup.enter_context(exclusive_use())
        dynamodb.install()
        buckets.install()
        sqs.install(self._clock)
        self._workers = Workers(
            endpoint_url=lambda: self.endpoint_url,
            credentials=lambda spec: self.identities.credentials_for(spec.role_arn, spec.name),
            clock=self._clock,
            log=self._function_log,
        )
        endpoint = self._endpoint()
        self.endpoint_url = endpoint.start(self._host, self._port)
        cleanup.callback(endpoint.stop)
        self._clients = Clients(self.endpoint_url, region=self._region)
        cleanup.callback(self._clients.close)
        # work that an earlier process left unfinished reads S3 at once, so the endpoint comes first
        objects = S3Objects(self._clients, self.identities)
        self._personalize = Personalize(
            objects=objects,
            metrics=CloudWatchMetrics(self._clients, self.identities),
            clock=self._clock,
            data_dir=self._data_dir,
            fsync_events=self._fsync_events,
            durations=self._durations,
            quotas=self._quotas,
        )
        cleanup.callback(self._personalize.close)
        cleanup.callback(self._workers.close)

    def _endpoint(self) -> Endpoint:
        services = {
            "dynamodb": dynamodb.handle,
            "lambda": LambdaApi(self._workers, moto_bridge.handle).answer,
            "personalize": self._answer_personalize,
            "states": self._answer_states,
        }
        return Endpoint(services=services, others=moto_bridge.handle, calls=self.calls)

    def _answer_states(self, service: str, request: Request) -> Response:
        self._states_installed()
        return moto_bridge.handle(service, request)

    def _states_installed(self) -> None:
        with self._states_lock:
            if not self._has_states:
                states.install(self._clock, lambda: self.endpoint_url, self.identities.credentials_for)
                self._cleanup.callback(_stop_executions)
                self._has_states = True

    def _answer_personalize(self, _service: str, request: Request) -> Response:
        if self._personalize is None:
            return Response(503)
        answer = self._personalize.handle(
            WireRequest(request.method, request.path, request.headers, request.body, _account(request), request.region)
        )
        return Response(answer.status, answer.body, tuple(answer.headers.items()))


def _account(request: Request) -> str:
    """An access key of twelve digits is the account that it stands for."""
    key = request.signature.access_key_id if request.signature else ""
    return key if len(key) == len(ACCOUNT_ID) and key.isdecimal() and key.isascii() else ACCOUNT_ID


def _stop_executions() -> None:
    from moto.stepfunctions.parser.api import ExecutionStatus
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends

    for _, _, backend in stepfunctions_parser_backends.iter_backends():
        for execution in backend._get_executions(ExecutionStatus.RUNNING):
            execution.stop(stop_date=datetime.now(UTC), error=None, cause="the embedded cloud is closing")
