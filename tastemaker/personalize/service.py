"""The embedded Personalize as one object: requests of any of its three APIs in, responses out."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Collection
from pathlib import Path

from tastemaker import recommenders
from tastemaker.personalize import wire
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.clock import Clock, RealClock
from tastemaker.personalize.engine import JobRunner, Recommender
from tastemaker.personalize.errors import InternalFailure, PersonalizeError
from tastemaker.personalize.jobs import Jobs
from tastemaker.personalize.kinds import SOLUTION_VERSION
from tastemaker.personalize.objects import ObjectStore
from tastemaker.personalize.operations import campaigns
from tastemaker.personalize.operations.registry import run
from tastemaker.personalize.runtime import Runtime
from tastemaker.personalize.store import Resource, Resources
from tastemaker.personalize.wire import WireRequest, WireResponse

_LOGGER = logging.getLogger(__name__)


class Personalize:
    """All accounts and regions of one embedded Personalize.

    `objects` is S3 as jobs read it. Data and models live in `data_dir`, without one in a temporary directory that
    `close` removes. `jobs`, `recommender` and `trainable_recipes` replace the real background work, model answers
    and list of models, for tests of the control plane alone.
    """

    def __init__(
        self,
        *,
        objects: ObjectStore,
        clock: Clock | None = None,
        data_dir: Path | None = None,
        jobs: JobRunner | None = None,
        recommender: Recommender | None = None,
        trainable_recipes: Collection[str] | None = None,
    ) -> None:
        self._clock = clock or RealClock()
        directory = data_dir or Path(tempfile.mkdtemp(prefix="tastemaker-"))
        self._temporary = directory if data_dir is None else None
        self._jobs = jobs or Jobs(objects=objects, directory=directory)
        self._recommender = recommender or Runtime()
        self._trainable_recipes = recommenders.RECIPES if trainable_recipes is None else trainable_recipes
        self._accounts: dict[tuple[str, str], AccountRegion] = {}
        self._accounts_lock = threading.Lock()

    def handle(self, request: WireRequest) -> WireResponse:
        """Answer `request`. Safe to call from any thread; raises nothing."""
        try:
            operation = wire.find_operation(request)
            given = wire.read_input(operation, request)
            here = self._account(request.account, request.region)
            return wire.success(operation, run(operation.name, here, given))
        except PersonalizeError as refusal:
            return wire.failure(refusal, request)
        except Exception:  # whatever goes wrong in here must reach the caller as an answer, like on AWS
            _LOGGER.exception("%s failed", request.headers.get("x-amz-target", request.path))
            return wire.failure(InternalFailure("The embedded Personalize failed; its log has the trace."), request)

    def close(self) -> None:
        """Stop the jobs and remove what is temporary."""
        self._jobs.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _account(self, account: str, region: str) -> AccountRegion:
        here = self._accounts.get((account, region))
        if here is None:
            with self._accounts_lock:
                here = self._accounts.setdefault((account, region), self._opened(account, region))
        return here

    def _opened(self, account: str, region: str) -> AccountRegion:
        def became_active(resource: Resource) -> None:
            if resource.kind is SOLUTION_VERSION:
                campaigns.roll_out(here, resource)

        here = AccountRegion(
            account,
            region,
            clock=self._clock,
            resources=Resources(clock=self._clock, became_active=became_active),
            jobs=self._jobs,
            recommender=self._recommender,
            trainable_recipes=self._trainable_recipes,
        )
        return here
