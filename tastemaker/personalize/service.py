"""The embedded Personalize as one object: requests of any of its three APIs in, responses out."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Final

from tastemaker.personalize import lifecycle, wire
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.attribution.journal import Journals
from tastemaker.personalize.attribution.sink import MemoryMetrics, MetricSink
from tastemaker.personalize.clock import Clock, RealClock
from tastemaker.personalize.costs import CostReport, cost_report
from tastemaker.personalize.dataset_records import DatasetRecords
from tastemaker.personalize.due import Heartbeat, due
from tastemaker.personalize.durations import NO_DURATIONS, Durations
from tastemaker.personalize.engine import JobRunner, Recommender
from tastemaker.personalize.errors import InternalFailure, PersonalizeError
from tastemaker.personalize.faults import Faults
from tastemaker.personalize.filters.snapshots import Snapshots
from tastemaker.personalize.histories import interactions_of
from tastemaker.personalize.jobs import Jobs
from tastemaker.personalize.kinds import CAMPAIGN, DATA_DELETION_JOB, DATASET, RECOMMENDER, SOLUTION_VERSION
from tastemaker.personalize.lifecycle import Passage
from tastemaker.personalize.metering import count_active, count_answered, reconcile
from tastemaker.personalize.objects import ObjectStore
from tastemaker.personalize.operations import campaigns, recommender_training, solution_versions
from tastemaker.personalize.operations.filtering import dataset_arn
from tastemaker.personalize.operations.registry import STARTS, run
from tastemaker.personalize.prices import US_EAST_1, Prices
from tastemaker.personalize.puts import Puts
from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas
from tastemaker.personalize.rates import Rates
from tastemaker.personalize.resource_files import ResourceFiles
from tastemaker.personalize.runtime import Runtime
from tastemaker.personalize.store import Resource, Resources
from tastemaker.personalize.streams import Streams
from tastemaker.personalize.trends import Trends
from tastemaker.personalize.usage import Meter
from tastemaker.personalize.wire import WireRequest, WireResponse
from tastemaker.recommenders import ACTION_RECIPES, RECIPES, SEGMENT_RECIPES, Interactions

_LOGGER = logging.getLogger(__name__)
_TRAINABLE: Final = frozenset({*RECIPES, *SEGMENT_RECIPES, *ACTION_RECIPES})


class Personalize:
    """All accounts and regions of one embedded Personalize.

    `objects` is S3 as jobs read it, `metrics` CloudWatch as they send to it (one in memory, where none is given).
    Resources, data, events and models live in `data_dir` and survive a restart; without one, they live in a temporary
    directory that `close` removes. An event that was acknowledged outlives the process, and with `fsync_events`, which
    takes its time, a loss of power. `jobs`, `recommender` and `trainable_recipes` replace the real background work,
    model answers and list of models, for tests of the control plane alone.

    Raises DataDirectoryInUse where another process works with `data_dir`, and ResourcesUnreadable or LogUnreadable
    where a file in it is damaged.
    """

    def __init__(
        self,
        *,
        objects: ObjectStore,
        metrics: MetricSink | None = None,
        clock: Clock | None = None,
        data_dir: Path | None = None,
        fsync_events: bool = False,
        jobs: JobRunner | None = None,
        recommender: Recommender | None = None,
        trainable_recipes: Collection[str] | None = None,
        quotas: Quotas = DEFAULT_QUOTAS,
        durations: Durations = NO_DURATIONS,
    ) -> None:
        self.faults = Faults()
        self._durations = durations
        self._objects = objects
        self._metrics = metrics or MemoryMetrics()
        self._quotas = quotas
        self._clock = clock or RealClock()
        directory = Path(tempfile.mkdtemp(prefix="tastemaker-")) if data_dir is None else data_dir.resolve()
        self._temporary = directory if data_dir is None else None
        self._files = ResourceFiles(directory / "resources") if data_dir is not None else None
        self._streams = Streams(directory / "streams", fsync=fsync_events)
        self._attributions = Journals(directory / "attributions", fsync=fsync_events)
        self._scratch = directory / "scratch"
        shutil.rmtree(self._scratch, ignore_errors=True)  # what an earlier process left there when it was killed
        self._puts = Puts(directory / "puts", fsync=fsync_events)
        self._jobs = jobs or Jobs(objects=objects, directory=directory, lasting=data_dir is not None)
        self._recommender = recommender or Runtime()
        self._trainable_recipes = _TRAINABLE if trainable_recipes is None else trainable_recipes
        self._accounts: dict[tuple[str, str], AccountRegion] = {}
        self._accounts_lock = threading.Lock()
        for account, region in self._files.accounts() if self._files is not None else ():
            _resume(self._account(account, region))
        # a clock that is moved by hand has no time of its own: there, what falls due waits for the next look
        self._heartbeat = Heartbeat(self._clock, self._begin_due) if isinstance(self._clock, RealClock) else None

    def handle(self, request: WireRequest) -> WireResponse:
        """Answer `request`. Safe to call from any thread; raises nothing."""
        try:
            operation = wire.find_operation(request)
            self.faults.before(operation.name, wait=self._wait)
            given = wire.read_input(operation, request)
            here = self._account(request.account, request.region)
            output = run(operation.name, here, given)
            count_answered(here, operation.name, given, len(request.body))
            return wire.success(operation, output)
        except PersonalizeError as refusal:
            return wire.failure(refusal, request)
        except OSError as error:
            _LOGGER.exception("%s failed", request.headers.get("x-amz-target", request.path))
            return wire.failure(_unkept(error), request)
        except Exception:  # whatever goes wrong in here must reach the caller as an answer, like on AWS
            _LOGGER.exception("%s failed", request.headers.get("x-amz-target", request.path))
            return wire.failure(InternalFailure("The embedded Personalize failed; its log has the trace."), request)

    def interactions(self, dataset_arn: str) -> Interactions:
        """The events of an Interactions dataset as a training would take them. Raises LookupError without any."""
        for here in list(self._accounts.values()):
            dataset = here.resources.peek(DATASET, dataset_arn)
            records = None if dataset is None else here.records.records_of(dataset, "ALL")
            if records is not None:
                return interactions_of(records)
        raise LookupError(f"nothing has been imported into {dataset_arn} or streamed to it")

    def account(self, account: str, region: str) -> AccountRegion:
        """What operations of an account in a region work with; for those who ask without a request."""
        return self._account(account, region)

    def accounts(self) -> list[tuple[str, str]]:
        """The accounts and regions that anything was asked of."""
        return sorted(self._accounts)

    def costs(self, account: str, region: str, *, prices: Prices = US_EAST_1) -> CostReport:
        """What AWS would have billed until now, with the time that has passed on the clock."""
        here = self._account(account, region)
        with here.resources.changing():
            reconcile(here)

        def users_of(group_arn: str) -> int:
            try:
                return len(self.interactions(dataset_arn(here, group_arn, "INTERACTIONS")).user_ids)
            except LookupError:
                return 0

        return cost_report(here.meter.usage(), prices, now=self._clock.now(), users_of=users_of)

    def close(self) -> None:
        """Stop the jobs and remove what is temporary."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
        self._jobs.close()
        for here in list(self._accounts.values()):
            here.meter.keep()
        self._streams.close()
        self._puts.close()
        if self._files is not None:
            self._files.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _began(self, resource: Resource, passage: Passage) -> None:
        """Decide how a creation or an update that has just begun is to go."""
        verb = passage.path.partition(" ")[0].capitalize()
        is_new = verb == "Create" or resource.kind is DATA_DELETION_JOB
        if not is_new and verb != "Update":
            return
        passage.not_before = passage.entered + self._durations.of(resource.kind)
        passage.doomed = self.faults.reason_for(f"{'Create' if is_new else 'Update'}{resource.kind.word}")

    def _wait(self, seconds: float) -> None:
        self._clock.wait(threading.Event(), seconds)

    def _begin_due(self) -> None:
        for here in list(self._accounts.values()):
            with here.resources.changing():
                due(here)
            here.meter.keep()

    def _account(self, account: str, region: str) -> AccountRegion:
        here = self._accounts.get((account, region))
        if here is None:
            with self._accounts_lock:
                here = self._accounts.setdefault((account, region), self._opened(account, region))
        return here

    def _opened(self, account: str, region: str) -> AccountRegion:
        def became_active(resource: Resource) -> None:
            count_active(here, resource)
            if resource.kind is SOLUTION_VERSION:
                campaigns.roll_out(here, resource)
                solution_versions.delete_old_sums(here, resource.members["solutionArn"])
            elif resource.kind is CAMPAIGN:
                campaigns.follow_latest(here, resource)
            elif resource.kind is RECOMMENDER:
                recommender_training.take_over(here, resource)

        def went(resource: Resource) -> None:
            replaced = resource.hidden.get("replaced", {}).get("path")
            for path in filter(None, (resource.hidden.get("modelPath"), replaced)):
                self._jobs.delete_model(Path(path))

        keeper = self._files.file(account, region) if self._files is not None else None
        resources = Resources(
            clock=self._clock, became_active=became_active, began=self._began, went=went, keeper=keeper
        )
        records = DatasetRecords(bulk=self._jobs.datasets, streams=self._streams, puts=self._puts, resources=resources)
        here = AccountRegion(
            account,
            region,
            clock=self._clock,
            resources=resources,
            jobs=self._jobs,
            recommender=self._recommender,
            trainable_recipes=self._trainable_recipes,
            snapshots=Snapshots(bulk=self._jobs.datasets, records=records),
            streams=self._streams,
            puts=self._puts,
            records=records,
            objects=self._objects,
            quotas=self._quotas,
            metrics=self._metrics,
            attributions=self._attributions,
            rates=Rates(self._clock),
            trends=Trends(self._clock, records=records, resources=resources),
            meter=Meter(self._files.usage(account, region) if self._files is not None else None),
            scratch=self._scratch,
        )
        return here


def _resume(here: AccountRegion) -> None:
    """Begin again the work that an earlier process left unfinished."""
    with here.resources.changing():
        for resource in here.resources.unfinished():
            try:
                STARTS[resource.kind](here, resource)
            except (PersonalizeError, OSError) as error:
                _LOGGER.exception("%s cannot be taken up again", resource.arn)
                lifecycle.work_ended(resource, reason=f"The work was interrupted and cannot be taken up again: {error}")


def _unkept(error: OSError) -> InternalFailure:
    return InternalFailure(
        f"The embedded Personalize cannot keep its data: {error.strerror or error}. Nothing of this request is "
        "certain: make room on the disk, or see to its data directory, and try again."
    )
