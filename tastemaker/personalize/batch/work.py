"""The work of a batch job: what it needs gathered from S3 and the account, its child run, its output put into S3."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.batch.copies import CopyFailed, copy_account
from tastemaker.personalize.batch.orders import BatchFiles, BatchOrder, BatchReport
from tastemaker.personalize.batch.process import Cancelled, run_child
from tastemaker.personalize.engine import Refused
from tastemaker.personalize.objects import Location, LocationError, ObjectStoreError
from tastemaker.personalize.store import Resource

MOST_BYTES: Final = 1 << 30
"""What the input files of a job may have together."""
_PIECE: Final = 1 << 20


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
    copy_account(here, spec.version, files.account)
    keys = spec.source.keys(here.objects, role_arn=spec.role_arn)
    _fetch(here, spec, keys, files, go_on)
    BatchOrder(
        account=here.account,
        region=here.region,
        now=here.clock.now(),
        version_arn=spec.version.arn,
        filter_arn=spec.filter_arn,
        results=spec.results,
        files=len(keys),
        most_lines=spec.most_lines,
        streams_count=spec.streams_count,
    ).write(files.directory)
    report = run_child(files.directory, go_on=go_on)
    for number, key in enumerate(keys):
        if not go_on():
            raise Cancelled
        name = key.rpartition("/")[2]
        here.objects.put(
            spec.target.bucket,
            f"{spec.target.key}{name}.out",
            files.output(number).read_bytes(),
            role_arn=spec.role_arn,
        )
    return report


def _fetch(here: AccountRegion, spec: BatchSpec, keys: list[str], files: BatchFiles, go_on: Callable[[], bool]) -> None:
    left = MOST_BYTES
    for number, key in enumerate(keys):
        with here.objects.open(spec.source.bucket, key, role_arn=spec.role_arn) as source:
            left -= _copied(source, files.input(number), left, go_on)


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
