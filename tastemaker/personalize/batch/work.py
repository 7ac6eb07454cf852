"""The work of a batch job: what it needs gathered from S3 and the account, its child run, its output put into S3."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.batch.copies import CopyFailed, copy_account
from tastemaker.personalize.batch.orders import BatchFiles, BatchOrder, BatchReport
from tastemaker.personalize.batch.process import Cancelled, run_children
from tastemaker.personalize.engine import Refused
from tastemaker.personalize.objects import Location, LocationError, ObjectStoreError
from tastemaker.personalize.store import Resource

MOST_BYTES: Final = 1 << 30
"""What the input files of a job may have together."""
_PIECE: Final = 1 << 20
_LEAST_PART: Final = 1 << 18
"""Less than so many bytes are not worth another process."""


@dataclass(frozen=True)
class BatchSpec:
    """What a batch job is to do. `version` is the solution version that is asked, for `results` to each line.

    `most_lines`: how many lines an input file may have. `streams_count`: as in BatchOrder.
    """

    version: Resource
    source: Location
    target: Location
    role_arn: str
    filter_arn: str | None
    results: int
    most_lines: int
    streams_count: bool
    config: Mapping[str, Any] = field(default_factory=dict)
    """The members of a batchInferenceJobConfig."""
    processes: int = max(1, (os.cpu_count() or 1) // 2)
    """At most so many share the lines: half of the cores, as for trainings, since the rest is for serving."""


def do_batch(here: AccountRegion, spec: BatchSpec, *, go_on: Callable[[], bool]) -> BatchReport:
    """Answer all lines of all files. Raises Refused where that fails; returns early where `go_on` says no."""
    directory = here.scratch / uuid.uuid4().hex
    directory.mkdir(parents=True)
    try:
        return _done(here, spec, BatchFiles(directory), go_on)
    except Cancelled:
        return BatchReport()
    except (CopyFailed, LocationError, ObjectStoreError) as error:
        raise Refused(str(error)) from error
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _done(here: AccountRegion, spec: BatchSpec, files: BatchFiles, go_on: Callable[[], bool]) -> BatchReport:
    keys = spec.source.keys(here.objects, role_arn=spec.role_arn)
    size = _fetch(here, spec, keys, files, go_on)
    count = min(spec.processes, 1 + size // _LEAST_PART)
    parts = [BatchFiles(files.directory / f"part-{number}") for number in range(count)]
    order = BatchOrder(
        account=here.account,
        region=here.region,
        now=here.clock.now(),
        version_arn=spec.version.arn,
        filter_arn=spec.filter_arn,
        results=spec.results,
        files=len(keys),
        most_lines=spec.most_lines,
        streams_count=spec.streams_count,
        config=spec.config,
        parts=len(parts),
    )
    for number, part in enumerate(parts):
        copy_account(here, spec.version, part.account)
        for file in range(len(keys)):
            part.input(file).hardlink_to(files.input(file))
        replace(order, part=number).write(part.directory)
    report = run_children([part.directory for part in parts], go_on=go_on)
    if any(sum(lines) > spec.most_lines for lines in zip(report.answered, report.refused, strict=True)):
        raise Refused(f"An input file has more than {spec.most_lines:,} lines: split it.")
    for number, key in enumerate(keys):
        if not go_on():
            raise Cancelled
        name = f"{spec.target.key}{key.rpartition('/')[2]}.out"
        body = b"".join(part.output(number).read_bytes() for part in parts)
        here.objects.put(spec.target.bucket, name, body, role_arn=spec.role_arn)
    return report


def _fetch(here: AccountRegion, spec: BatchSpec, keys: list[str], files: BatchFiles, go_on: Callable[[], bool]) -> int:
    """Copy the input files, and say how many bytes they have."""
    left = MOST_BYTES
    for number, key in enumerate(keys):
        with here.objects.open(spec.source.bucket, key, role_arn=spec.role_arn) as source:
            left -= _copied(source, files.input(number), left, go_on)
    return MOST_BYTES - left


def _copied(source: BinaryIO, target: Path, most: int, go_on: Callable[[], bool]) -> int:
    copied = 0
    with target.open("wb") as file:
        while piece := source.read(_PIECE):
            if not go_on():
                raise Cancelled
            copied += file.write(piece)
            if copied > most:
                raise Refused("The input files have more than 1 GB together: split them into several jobs.")
    return copied
