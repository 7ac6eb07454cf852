"""`tastemaker endpoint`: Personalize and the rest of the embedded cloud on one port, for any AWS SDK."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from rich.console import Console

from tastemaker.cli.cloud import embedded_cloud
from tastemaker.cli.serving import serve_until_interrupted

if TYPE_CHECKING:
    from pathlib import Path

    from tastemaker.personalize.service import Personalize


def endpoint(arguments: Namespace) -> int:
    console = Console()
    data_dir: Path | None = arguments.data_dir
    with embedded_cloud(
        host=arguments.host, port=arguments.port, data_dir=data_dir, fsync_events=arguments.fsync
    ) as cloud:
        print_environment(console, cloud.endpoint_url)
        serve_until_interrupted(console)
        print_costs(console, cloud.personalize)
    return 0


def print_costs(console: Console, personalize: Personalize) -> None:
    """A line for each account and region with something that AWS bills."""
    for account, region in personalize.accounts():
        report = personalize.costs(account, region)
        if report.items:
            console.print(
                f"On AWS, Personalize would have cost account {account} in {region} about {report}.",
                highlight=False,
                soft_wrap=True,
            )


def print_environment(console: Console, endpoint_url: str) -> None:
    """What lets the AWS CLI and every SDK talk to the endpoint, ready to be pasted into a shell."""
    console.print("Any AWS SDK in a shell with these settings talks to the embedded cloud:", highlight=False)
    for line in (
        f"export AWS_ENDPOINT_URL={endpoint_url}",
        "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
    ):
        console.print(f"  {line}", highlight=False, soft_wrap=True)
