"""`tastemaker up`: the embedded cloud with the stacks deployed, waiting for whoever wants to use them."""

from __future__ import annotations

from argparse import Namespace

from rich.console import Console

from tastemaker.cli.console import Progress
from tastemaker.cli.endpoint import print_environment
from tastemaker.cli.engine import deployed
from tastemaker.cli.serving import serve_until_interrupted


def up(arguments: Namespace) -> int:
    console = Console()
    with deployed(arguments.port, Progress(console)) as engine:
        print_environment(console, engine.cloud.endpoint_url)
        console.print(
            f"The API is at {engine.api_url}; put events into the table {engine.events_table}, then run",
            highlight=False,
        )
        console.print(
            f"  aws stepfunctions start-execution --state-machine-arn {engine.state_machine_arn} "
            """--input '{"pollSeconds": 1}'""",
            highlight=False,
            soft_wrap=True,
        )
        serve_until_interrupted(console)
    return 0
