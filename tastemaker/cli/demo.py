"""`tastemaker demo`: the whole engine on this machine, from events in DynamoDB to recommendations over HTTP."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from tastemaker.cli import measure
from tastemaker.cli.console import Progress
from tastemaker.cli.engine import Engine, deployed
from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import Events, customers, products, read_csv, shop_events, to_items
from tastemaker.cli.pipeline import Run, run_pipeline
from tastemaker.cli.report import Report
from tastemaker.cli.samples import take_samples
from tastemaker.cli.serving import serve_until_interrupted
from tastemaker.example import Shop, open_shop
from tastemaker.personalize.operations.solution_versions import TRAINING_SEED


def demo(arguments: Namespace) -> int:
    """Run the command; 0 where the run succeeded. With `--json`, stdout is kept for the one object at the end."""
    console = Console(stderr=arguments.json)
    progress = Progress(console)
    # a wrong file is told before anything is built
    own = (read_csv(arguments.interactions), None) if arguments.interactions else None
    with deployed(arguments.port, progress) as engine:
        with progress.phase("load", "Load the events into DynamoDB"), ThreadPoolExecutor(1) as beside:
            # the functions' processes start beside the loading, not in front of the run
            beside.submit(engine.cloud.warm)
            events, shop = own or _shop()
            refused = _load(engine, events, shop)
        with progress.run() as watch:
            run = run_pipeline(engine.cloud.client("stepfunctions"), engine.state_machine_arn, watch=watch)
        report = _report(engine, run, events, shop, refused, progress)
        serving = run.succeeded and not arguments.once and sys.stdout.isatty()
        report.print(console, serving=serving)
        if arguments.json:
            sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False) + "\n")
            sys.stdout.flush()
        if serving:
            serve_until_interrupted(console)
    return 0 if run.succeeded else 1


def _load(engine: Engine, events: Events, shop: Shop | None) -> Counter[str]:
    """Fill the tables; what DynamoDB could not hold, by reason."""
    from tastemaker.cloud.dynamodb import SeedingError

    refused: Counter[str] = Counter()
    try:
        engine.cloud.seed_table(engine.events_table, to_items(events, refused))
        if shop and engine.items_table:
            engine.cloud.seed_table(engine.items_table, products(shop))
        if shop and engine.users_table:
            engine.cloud.seed_table(engine.users_table, customers(shop))
    except SeedingError as error:
        raise CommandError(
            f"{error}. The demo writes the tables and attributes of the example: keep them in tastemaker.toml, "
            "or load your own tables after `tastemaker up`"
        ) from error
    return refused


def _shop() -> tuple[Events, Shop]:
    shop = open_shop()
    return shop_events(shop), shop


def _report(
    engine: Engine, run: Run, events: Events, shop: Shop | None, refused: Counter[str], progress: Progress
) -> Report:
    reasons = refused + Counter(run.output.get("reasons", {}))
    baselines: dict[str, measure.Metrics] = {}
    oracle, samples = None, []
    if run.succeeded:
        with progress.phase("baselines", "Measure the baselines on the same hold-out"):
            interactions = engine.cloud.personalize.interactions(_dataset_arn(run))
            baselines = measure.baselines(interactions, seed=TRAINING_SEED)
            oracle = measure.oracle(shop, interactions, seed=TRAINING_SEED) if shop else None
        with progress.phase("samples", "Ask the API"):
            samples = take_samples(interactions, engine.api_url)
    return Report(
        source=events.source,
        api_url=engine.api_url,
        run=run,
        phases={**progress.seconds, **run.timeline.phases()},
        reasons=dict(reasons),
        baselines=baselines,
        oracle=oracle,
        samples=samples,
    )


def _dataset_arn(run: Run) -> str:
    group_arn: str = run.output["datasetGroupArn"]
    return f"{group_arn.replace(':dataset-group/', ':dataset/')}/INTERACTIONS"
