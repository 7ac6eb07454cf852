"""The files by which a batch job and its child process understand each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class BatchOrder:
    """What the child is told, as JSON. `files` is how many input files there are; `most_lines` holds for each.

    `now` is the time at which the questions are asked, in seconds since the epoch. `streams_count`: whether what was
    streamed since the training of the version counts.
    """

    account: str
    region: str
    now: float
    version_arn: str
    filter_arn: str | None
    results: int
    files: int
    most_lines: int
    streams_count: bool
    config: Mapping[str, Any] = field(default_factory=dict)
    """The members of a batchInferenceJobConfig."""
    part: int = 0
    parts: int = 1
    """Of how many processes, which all have the same files, this is which."""

    def write(self, directory: Path) -> None:
        (directory / "order.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, directory: Path) -> BatchOrder:
        return cls(**json.loads((directory / "order.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class BatchReport:
    """What the child answers, as JSON: how many lines of each file were answered and refused, or why the job failed.

    `results`: the recommendations, or the users of segments, in all of them.
    """

    answered: Sequence[int] = ()
    refused: Sequence[int] = ()
    results: int = 0
    failure_reason: str | None = None

    @classmethod
    def of_parts(cls, parts: Sequence[BatchReport]) -> BatchReport:
        """What processes have done that each had a part of every file."""
        return cls(
            [sum(counts) for counts in zip(*(part.answered for part in parts), strict=True)],
            [sum(counts) for counts in zip(*(part.refused for part in parts), strict=True)],
            sum(part.results for part in parts),
        )

    def write(self, directory: Path) -> None:
        partial = directory / "report.partial"
        partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
        partial.replace(directory / "report.json")

    @classmethod
    def read(cls, directory: Path) -> BatchReport | None:
        """None where the child ended without a report."""
        path = directory / "report.json"
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


@dataclass(frozen=True)
class BatchFiles:
    """Where what belongs to a job lies in its directory."""

    directory: Path

    @property
    def account(self) -> Path:
        """The copy of the account's resources and data, as a data directory of its own."""
        return self.directory / "account"

    def input(self, number: int) -> Path:
        return self.directory / f"{number}.in"

    def output(self, number: int) -> Path:
        return self.directory / f"{number}.out"
