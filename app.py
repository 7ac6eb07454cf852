"""The CDK app: configuration in, stacks out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from lambdas.common.config import ConfigError, load
from stacks.api import ApiStack
from stacks.application import config_path, open_app
from stacks.data import DataStack
from stacks.monitoring import MonitoringStack, WatchedQueue
from stacks.pipeline import PipelineStack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_cdk import App


def compose(*, context: Mapping[str, Any] | None = None, outdir: Path | None = None) -> App:
    """The app with its four stacks, not yet synthesised."""
    app = open_app(context=context, outdir=outdir)
    config = load(config_path(app))
    data = DataStack(app, f"{config.project}-data", config=config)
    pipeline = PipelineStack(app, f"{config.project}-pipeline", config=config, data=data)
    api = ApiStack(app, f"{config.project}-api", config=config, data=data)
    MonitoringStack(
        app,
        f"{config.project}-monitoring",
        config=config,
        data=data,
        pipeline=pipeline,
        api=api,
        queues=[WatchedQueue("events", api.events_queue, api.events_dead_letters)],
    )
    return app


if __name__ == "__main__":
    try:
        compose().synth()
    except ConfigError as error:
        sys.exit(str(error))
