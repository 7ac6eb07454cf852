"""What an embedded Personalize has done that AWS would bill: counted as it happens, kept in a file."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

WINDOW_SECONDS: Final = 300
"""Requests are billed by the average of so many seconds."""

Family: TypeAlias = Literal["classic", "v2", "recommender"]


@dataclass
class Served:
    """A time in which a campaign or recommender was ACTIVE with one configuration; `until` None: it still is.

    `least`: the requests a second that are billed at least. `since` and `until` are in seconds since the epoch.
    """

    arn: str
    family: Family
    group_arn: str
    least: float
    since: float
    until: float | None = None


@dataclass
class Usage:
    """All that is billed of one account in one region, in bytes, hours and counts.

    `requests`: by ARN, how many came in each window, known by its number since the epoch; `v2_requests`: the same of
    those that a v2 recipe answered, since one ARN may have both. `batch`: recommendations by family.
    """

    bulk_bytes: int = 0
    streamed_bytes: int = 0
    training_hours: float = 0.0
    training_interactions: int = 0
    segment_users: int = 0
    batch: dict[str, int] = field(default_factory=dict)
    served: list[Served] = field(default_factory=list)
    requests: dict[str, dict[int, int]] = field(default_factory=dict)
    v2_requests: dict[str, dict[int, int]] = field(default_factory=dict)

    def requests_to(self, arn: str, family: Family) -> dict[int, int]:
        """How many requests to `arn` that are billed as `family` came in each window."""
        return (self.v2_requests if family == "v2" else self.requests).get(arn, {})

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Usage:
        members: dict[str, Any] = json.loads(text)
        members["served"] = [Served(**served) for served in members["served"]]
        for name in ("requests", "v2_requests"):
            members[name] = {
                arn: {int(window): count for window, count in windows.items()}
                for arn, windows in members.get(name, {}).items()
            }
        return cls(**members)


class Meter:
    """Counts for one account and region. Safe to use from several threads. `path`: where what was counted is kept.

    A request costs one addition. What was counted since the last `keep` is lost with a process that is killed.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._usage = Usage()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._changed = False
        if path is not None and path.exists():
            self._usage = Usage.from_json(path.read_text(encoding="utf-8"))
        self._v2 = {served.arn for served in self._usage.served if served.family == "v2" and served.until is None}

    def request(self, arn: str, now: float) -> None:
        """A campaign or a recommender has answered."""
        window = arn, int(now // WINDOW_SECONDS)
        with self._lock:
            self._requests[window] += 1

    def add(
        self,
        *,
        bulk_bytes: int = 0,
        streamed_bytes: int = 0,
        training_hours: float = 0.0,
        training_interactions: int = 0,
        segment_users: int = 0,
    ) -> None:
        """Count what came in and what was trained."""
        with self._lock:
            self._changed = True
            self._usage.bulk_bytes += bulk_bytes
            self._usage.streamed_bytes += streamed_bytes
            self._usage.training_hours += training_hours
            self._usage.training_interactions += training_interactions
            self._usage.segment_users += segment_users

    def add_batch(self, family: Family, recommendations: int) -> None:
        """Count the recommendations of a batch inference job."""
        with self._lock:
            self._changed = True
            self._usage.batch[family] = self._usage.batch.get(family, 0) + recommendations

    def serves(self, served: Served) -> None:
        """From now on its campaign or recommender is billed like this, and no longer as before."""
        self.ends(served.arn, served.since)
        with self._lock:
            self._gather()
            self._changed = True
            self._usage.served.append(served)
            if served.family == "v2":
                self._v2.add(served.arn)
            else:
                self._v2.discard(served.arn)

    def ends(self, arn: str, now: float) -> None:
        """A campaign or recommender is billed no longer; nothing happens where it is not."""
        with self._lock:
            for served in self._usage.served:
                if served.arn == arn and served.until is None:
                    served.until = now
                    self._changed = True

    def usage(self) -> Usage:
        """A copy of what was counted until now."""
        with self._lock:
            self._gather()
            return Usage.from_json(self._usage.to_json())

    def keep(self) -> None:
        """Write what was counted, if anything was since the last time."""
        if self._path is None:
            return
        with self._lock:
            self._gather()
            if not self._changed:
                return
            self._changed = False
            content = self._usage.to_json()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial = self._path.with_name(f"{self._path.name}.partial")
            partial.write_text(content, encoding="utf-8")
            partial.replace(self._path)

    def _gather(self) -> None:
        self._changed = self._changed or bool(self._requests)
        for (arn, window), count in self._requests.items():
            answered = self._usage.v2_requests if arn in self._v2 else self._usage.requests
            windows = answered.setdefault(arn, {})
            windows[window] = windows.get(window, 0) + count
        self._requests.clear()
