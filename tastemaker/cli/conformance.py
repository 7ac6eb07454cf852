"""`tastemaker conformance`: ask an endpoint, or AWS itself, whether it behaves as Amazon Personalize is known to."""

from __future__ import annotations

import json
import sys
import uuid
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from tastemaker.cli import conformance_tables as tables
from tastemaker.cli.errors import CommandError
from tastemaker.conformance import recording
from tastemaker.conformance.bucket import S3Files
from tastemaker.conformance.case import Case, Level
from tastemaker.conformance.cases import all_cases
from tastemaker.conformance.clean_up import clean_up
from tastemaker.conformance.endpoint import client, connect
from tastemaker.conformance.report import difference_to_json, to_json
from tastemaker.conformance.runner import Outcome, run
from tastemaker.conformance.waiting import AWS, LOCAL
from tastemaker.conformance.world import World

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AWS: Final = "aws"
_LOCAL_ROLE: Final = "arn:aws:iam::123456789012:role/conformance"
_LOCAL_CREDENTIALS: Final = ("local", "local")
_COSTS: Final = {
    Level.CONTROL: "nothing: no data is imported and nothing is trained",
    Level.DATA: "less than $0.01 for some megabytes, and an hour of waiting",
    Level.TRAINING: "some $15 for a dozen trainings, campaigns of one request a second and batch jobs, and four hours",
    Level.RECOMMENDERS: "some $25, with half a dozen domain recommenders beside that, and six hours",
}


def conformance(arguments: Namespace) -> int:
    """0 where nothing differs, 1 where something does or is left behind."""
    console = Console(stderr=arguments.json)
    if arguments.compare:
        return _compare(*arguments.compare, console=console, as_json=arguments.json)
    world = _world(arguments)
    if arguments.clean_up:
        return 1 if _clean_up(world, console) else 0
    level = Level[arguments.level.upper()]
    cases = _chosen(level, arguments.case)
    _tell_costs(arguments, level, console)
    outcomes: list[Outcome] = []
    left: list[str] = []
    try:
        _run(cases, world, outcomes, console)
    finally:
        left += _clean_up(world, console)
        _write(outcomes, world, arguments)
    tables.print_run(outcomes, console)
    if arguments.json:
        found = to_json(outcomes, endpoint=arguments.against, level=arguments.level, left=left)
        sys.stdout.write(json.dumps(found) + "\n")
    return 1 if left or any(outcome.verdict != "passed" for outcome in outcomes) else 0


def _chosen(level: Level, parts: list[str] | None) -> list[Case]:
    cases = [case for case in all_cases() if case.level <= level]
    if parts:
        cases = [case for case in cases if any(part.lower() in case.name.lower() for part in parts)]
    if not cases:
        raise CommandError(f"no case of this level has {' or '.join(parts or ())} in its name: choose another --case")
    return cases


def _tell_costs(arguments: Namespace, level: Level, console: Console) -> None:
    if arguments.against != _AWS:
        return
    words = f"On AWS the level {arguments.level} costs {_COSTS[level]}. These are estimates; what is left bills on."
    if not arguments.yes:
        raise CommandError(f"{words} Say --yes to run it")
    _say(console, words)


def _world(arguments: Namespace) -> World:
    url: str | None = None if arguments.against == _AWS else arguments.against
    if url is None and not (arguments.bucket and (arguments.role_arn or arguments.clean_up)):
        raise CommandError(
            "AWS needs --bucket, a bucket of yours in the region, and --role-arn, a role that Personalize may assume "
            "and that may read and write it"
        )
    try:
        credentials = _LOCAL_CREDENTIALS if url is not None and boto3.Session().get_credentials() is None else None
        endpoint = connect(url, region=arguments.region, credentials=credentials)
        s3 = client("s3", url, region=arguments.region, credentials=credentials)
        prefix = arguments.clean_up or f"conformance-{uuid.uuid4().hex[:8]}"
        files = S3Files(s3, arguments.bucket) if arguments.bucket else _OwnBucket(s3, f"{prefix}-files")
    except (BotoCoreError, ClientError, ValueError) as error:
        raise CommandError(f"{arguments.against} cannot be used: {error}") from error
    patience = AWS if url is None else LOCAL
    return World(endpoint, files, arguments.role_arn or _LOCAL_ROLE, prefix, patience)


class _OwnBucket(S3Files):
    """A bucket that is there for the run alone, and goes with its files."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        super().__init__(s3, bucket)
        s3.create_bucket(Bucket=bucket)
        self._made_by = s3

    def delete(self, prefix: str) -> None:
        super().delete(prefix)
        self._made_by.delete_bucket(Bucket=self.bucket)


def _run(cases: list[Case], world: World, outcomes: list[Outcome], console: Console) -> None:
    _say(console, f"{len(cases)} cases; all that they make is called {world.prefix}-…")
    with console.status("Asking …") as status:
        for outcome in run(cases, world):
            outcomes.append(outcome)
            status.update(escape(f"{len(outcomes)} of {len(cases)}: {outcome.case.name}"))


def _clean_up(world: World, console: Console) -> list[str]:
    """What could not be deleted. An interruption says how to go on."""
    try:
        with console.status("Cleaning up …") as status:
            left = clean_up(world, lambda arn: status.update(escape(f"Deleting {arn} …")))
    except BaseException:
        _say(console, f"The clean-up did not end: go on with --clean-up {world.prefix}")
        raise
    for words in left:
        _say(console, f"Left behind: {words}")
    return left


def _write(outcomes: list[Outcome], world: World, arguments: Namespace) -> None:
    path: Path | None = arguments.record
    if path is None:
        return
    try:
        recording.write(recording.recorded(outcomes, world, endpoint=arguments.against), path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error}") from error


def _compare(one: Path, other: Path, *, console: Console, as_json: bool) -> int:
    try:
        found = list(recording.compare(recording.read(one), recording.read(other)))
    except recording.NoRecording as error:
        raise CommandError(str(error)) from error
    tables.print_comparison(found, console)
    if as_json:
        differences = [{"case": name, **difference_to_json(difference)} for name, difference in found]
        sys.stdout.write(json.dumps({"differences": differences}) + "\n")
    return 1 if any(not difference.is_hint for _, difference in found) else 0


def _say(console: Console, words: str) -> None:
    console.print(escape(words), highlight=False, soft_wrap=True)
