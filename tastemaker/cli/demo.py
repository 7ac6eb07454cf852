"""`tastemaker demo`: the whole engine on this machine, from events in DynamoDB to recommendations over HTTP."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from tastemaker.cli import measure
from tastemaker.cli.api import Api
from tastemaker.cli.console import Progress
from tastemaker.cli.effect import measure_effect
from tastemaker.cli.engine import Engine, deployed
from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import to_items
from tastemaker.cli.own_data import OwnData
from tastemaker.cli.pipeline import Run, run_pipeline
from tastemaker.cli.report import Report
from tastemaker.cli.samples import take_neighbours, take_samples
from tastemaker.cli.serving import serve_until_interrupted
from tastemaker.cli.source import Source
from tastemaker.personalize.operations.training import TRAINING_SEED


def demo(arguments: Namespace) -> int:
    """Run the command; 0 where the run succeeded. With `--json`, stdout is kept for the one object at the end."""
    console = Console(stderr=arguments.json)
    progress = Progress(console)
    # a wrong file is told before anything is built
    own = None
    if arguments.interactions:
        own = OwnData.read(arguments.interactions, arguments.items, arguments.users)
        own.print_kinds(console)
    with ThreadPoolExecutor(1) as beside:
        # while the stacks are synthesised
        source = beside.submit(Source.of_files, own) if own else beside.submit(Source.of_shop)
        with deployed(arguments.port, progress, data=own) as engine:
            with progress.phase("load", "Load the tables of DynamoDB"):
                # the functions' processes start beside the loading, not in front of the run
                beside.submit(engine.cloud.warm)
                refused = _load(engine, source.result())
            with progress.run() as watch:
                run = run_pipeline(engine.cloud.client("stepfunctions"), engine.state_machine_arn, watch=watch)
            report = _report(engine, run, source.result(), refused, progress)
            _tell(report, console, arguments, run)
    return 0 if run.succeeded else 1


def _tell(report: Report, console: Console, arguments: Namespace, run: Run) -> None:
    """Print what came of it, and serve where somebody is there to ask."""
    serving = run.succeeded and not arguments.once and sys.stdout.isatty()
    report.print(console, serving=serving)
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    if serving:
        serve_until_interrupted(console)


def _load(engine: Engine, source: Source) -> Counter[str]:
    """Fill the tables; what DynamoDB could not hold, by reason."""
    from tastemaker.cloud.dynamodb import SeedingError

    refused: Counter[str] = Counter()
    try:
        engine.cloud.seed_table(engine.events_table, to_items(source.events, refused))
        for table, rows in ((engine.items_table, source.items), (engine.users_table, source.users)):
            if table:
                engine.cloud.seed_table(table, rows())
    except SeedingError as error:
        raise CommandError(
            f"{error}. The demo writes the tables and attributes of the example: keep them in tastemaker.toml, "
            "or load your own tables after `tastemaker up`"
        ) from error
    return refused


def _report(engine: Engine, run: Run, source: Source, refused: Counter[str], progress: Progress) -> Report:
    api = Api(engine.api_url)
    report = Report(
        source=source.events.source,
        api=api,
        run=run,
        phases={},
        reasons=dict(refused + Counter(run.output.get("reasons", {}))),
        catalogue=source.catalogue,
    )
    if run.succeeded:
        with progress.phase("baselines", "Measure the baselines on the same hold-out"):
            interactions = engine.cloud.personalize.interactions(_dataset_arn(run)).with_items(source.item_ids)
            report.baselines = measure.baselines(interactions, seed=TRAINING_SEED)
            report.oracle = measure.oracle(source.shop, interactions, seed=TRAINING_SEED) if source.shop else None
        with progress.phase("samples", "Ask the API"):
            report.samples = take_samples(interactions, api)
            report.neighbours = take_neighbours(interactions, api) if "similar-items" in _routes(engine) else None
        with progress.phase("events", "Send three events and ask again"):
            report.effect = measure_effect(
                interactions,
                source.catalogue,
                api,
                user_id=report.samples[0].user_id,
                control_id=report.samples[-1].user_id,
            )
    report.phases = {**progress.seconds, **run.timeline.phases()}
    return report


def _routes(engine: Engine) -> set[str]:
    item = engine.cloud.client("dynamodb").get_item(TableName=engine.engine_table, Key={"key": {"S": "published"}})
    return set(item["Item"]["routes"]["M"])


def _dataset_arn(run: Run) -> str:
    group_arn: str = run.output["datasetGroupArn"]
    return f"{group_arn.replace(':dataset-group/', ':dataset/')}/INTERACTIONS"
