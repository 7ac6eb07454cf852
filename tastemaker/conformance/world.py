"""What the cases of a run share: an endpoint, names of its own, files, and resources that are made once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from botocore.exceptions import HTTPClientError

from tastemaker.conformance.bucket import Files
from tastemaker.conformance.endpoint import Endpoint, Members, Refused
from tastemaker.conformance.resources import BY_WORD, Resource, kind_of
from tastemaker.conformance.waiting import Patience, TookTooLong, attempts, is_throttled, is_transitional

_UPDATES: Final = ("latestCampaignUpdate", "latestDatasetUpdate", "latestSolutionUpdate", "latestRecommenderUpdate")

QUOTAS: Final[Mapping[str, int]] = {
    "DatasetGroup": 5,
    "DatasetImportJob": 5,
    "DataDeletionJob": 5,
    "Filter": 30,
    "Solution": 10,
    "SolutionVersion": 20,
    "Campaign": 5,
    "Recommender": 5,
    "BatchInferenceJob": 5,
    "BatchSegmentJob": 5,
}
"""How many of a kind an account, a region or a dataset group may have, unless AWS has granted more."""

_MOST_LOST_CALLS: Final = 4

Made = TypeVar("Made")


class CouldNotRun(Exception):
    """A case has not what it needs. The message says what is missing and why; `refused` is the call that failed."""

    def __init__(self, message: str, *, refused: Refused | None = None) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass(frozen=True)
class Sample:
    """A resource, what it was created with, and the answer to that."""

    arn: str
    given: Members
    answer: Members


@dataclass
class World:
    """One run's place at an endpoint. All that it creates has a name that begins with `prefix`."""

    endpoint: Endpoint
    files: Files
    role_arn: str
    prefix: str
    patience: Patience
    quotas: Mapping[str, int] = field(default_factory=lambda: QUOTAS)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _shared: dict[str, object] = field(default_factory=dict)
    _passed: dict[str, list[str]] = field(default_factory=dict)

    def call(self, operation: str, **given: object) -> Members:
        """The members of the answer. Raises Refused; what throttles is asked again, and so is what did not answer."""
        for number in attempts(self.patience, f"{operation}, which is throttled,"):
            try:
                return self.endpoint.call(operation, given)
            except Refused as refused:
                if not is_throttled(refused):
                    raise
            except HTTPClientError:
                if number == _MOST_LOST_CALLS:
                    raise
        raise AssertionError("attempts never end without an exception")

    def calling(self, operation: str, given: Members | None = None, /, **more: object) -> Callable[[], Members]:
        """The call, for whoever expects how it ends."""
        return lambda: self.call(operation, **{**(given or {}), **more})

    def name(self, word: str) -> str:
        """A name that nothing has yet."""
        return f"{self.prefix}-{word.lower()}-{next(self._numbers)}"

    def put(self, key: str, text: str) -> str:
        """Store a file; its location."""
        self.files.put(f"{self.prefix}/{key}", text)
        return self.location(key)

    def location(self, key: str) -> str:
        return f"s3://{self.files.bucket}/{self.prefix}/{key}"

    def texts(self, folder: str) -> dict[str, str]:
        """The files in a folder of the run, by what follows it in their keys."""
        prefix = f"{self.prefix}/{folder}"
        return {key.removeprefix(prefix): text for key, text in self.files.texts(prefix).items()}

    def shared(self, key: str, make: Callable[[], Made]) -> Made:
        """What `make` gives, made once. Raises CouldNotRun where that failed, and does not try it again."""
        if key not in self._shared:
            try:
                self._shared[key] = make()
            except (Refused, TookTooLong, CouldNotRun) as error:
                refused = error if isinstance(error, Refused) else getattr(error, "refused", None)
                self._shared[key] = CouldNotRun(f"there is no {key}: {error}", refused=refused)
        found = self._shared[key]
        if isinstance(found, CouldNotRun):
            raise CouldNotRun(str(found), refused=found.refused)
        return found  # type: ignore[return-value] # it is what an earlier `make` of this key gave

    def create(self, word: str, **given: object) -> Sample:
        """Create a resource of a kind, and return at once."""
        answer = self.call(f"Create{word}", **given)
        return Sample(str(answer[BY_WORD[word].arn_member]), given, answer)

    def made(self, word: str, **given: object) -> Sample:
        """Create a resource and wait until it can be used. Raises CouldNotRun where it cannot be."""
        sample = self.create(word, **given)
        self.ready(sample.arn)
        return sample

    def describe(self, arn: str) -> Members:
        """What Describe shows of a resource of any kind."""
        kind = kind_of(arn)
        shown: Members = self.call(f"Describe{kind.word}", **{kind.arn_member: arn})[kind.member]
        return shown

    def settled(self, arn: str) -> Members:
        """What Describe shows as soon as the resource and its latest update are on their way nowhere."""
        for _ in attempts(self.patience, f"{arn}"):
            shown = self.describe(arn)
            self._pass(arn, str(shown.get("status")))
            states = [shown, *(shown[update] for update in _UPDATES if update in shown)]
            if not any(is_transitional(str(state.get("status", ""))) for state in states):
                return shown
        raise AssertionError("attempts never end without an exception")

    def ready(self, arn: str) -> Members:
        """What Describe shows of the resource when it can be used. Raises CouldNotRun where it cannot be."""
        kind = kind_of(arn)
        shown = self.settled(arn)
        if (status := shown.get("status", kind.ready)) != kind.ready:
            reason = shown.get("failureReason", "Personalize gives no reason")
            raise CouldNotRun(f"{arn} is {status}: {reason}")
        return shown

    def _pass(self, arn: str, status: str) -> None:
        seen = self._passed.setdefault(arn, [])
        if status not in seen:
            seen.append(status)

    def passed(self, arn: str) -> list[str]:
        """The different statuses that Describe showed in the first wait for the resource, in order."""
        return self._passed[arn]

    def statuses(self, arn: str) -> list[str]:
        """The different statuses that Describe shows from now on until there are no further ones, in order."""
        self._passed[arn] = []
        self.settled(arn)
        return self._passed[arn]

    def delete(self, arn: str) -> list[str]:
        """Delete a resource and wait until it is gone; the different statuses that Describe showed until then."""
        kind = kind_of(arn)
        self.call(f"Delete{kind.word}", **{kind.arn_member: arn})
        return self.gone(arn)

    def gone(self, arn: str) -> list[str]:
        """Wait until Describe no longer finds a resource; the different statuses that it showed until then."""
        seen: list[str] = []
        for _ in attempts(self.patience, f"the deletion of {arn}"):
            try:
                shown = self.describe(arn)
            except Refused as refused:
                if refused.code == "ResourceNotFoundException":
                    return seen
                raise
            if (status := str(shown.get("status"))) not in seen:
                seen.append(status)
        raise AssertionError("attempts never end without an exception")

    @contextmanager
    def throwaway(self, word: str, **given: object) -> Iterator[Sample]:
        """A resource that can be used, for the time of the block."""
        sample = self.create(word, **given)
        try:
            self.ready(sample.arn)
            yield sample
        finally:
            self.discard(sample.arn)

    def stop(self, version_arn: str) -> None:
        """End a training, where it has not ended by itself."""
        try:
            self.call("StopSolutionVersionCreation", solutionVersionArn=version_arn)
        except Refused as refused:
            if refused.code != "ResourceInUseException":
                raise
        self.settled(version_arn)

    def discard(self, arn: str) -> None:
        """Delete what a case has made, where it is still there."""
        try:
            self.settled(arn)
            self.delete(arn)
        except Refused as refused:
            if refused.code != "ResourceNotFoundException":
                raise

    def everything(self, resource: Resource, **within: object) -> list[Members]:
        """All pages of a List, one after the other."""
        found: list[Members] = []
        token: Members = {}
        while True:
            page = self.call(f"List{resource.word}s", **within, **token)
            found += page[resource.list_member]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}

    def absent(self, arn: str) -> str:
        """The ARN of something that does not exist, of the kind that `arn` names."""
        scope, _, name = arn.rpartition(":")
        arn_type, *parts = name.split("/")
        return f"{scope}:{'/'.join([arn_type, *(f'{self.prefix}-absent' for _ in parts)])}"
