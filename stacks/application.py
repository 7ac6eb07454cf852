"""The CDK app as cdk.json describes it, whoever starts it: the CDK's command line, `python app.py` or a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parent.parent


def open_app(*, context: Mapping[str, Any] | None = None, outdir: Path | None = None) -> cdk.App:
    """An app with cdk.json's context, which the command line's and then `context` override.

    Every stack in it is checked by cdk-nag when it is synthesised.
    """
    settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
    app = cdk.App(
        # stack traces name jsii's temporary directory: no two assemblies would be the same
        context={**settings["context"], "aws:cdk:disable-creation-stack-traces": True},
        post_cli_context=context,
        outdir=str(outdir) if outdir else None,
        # a resource of the CDK's own would differ between the command line and here
        analytics_reporting=settings["versionReporting"],
    )
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def config_path(app: cdk.App) -> Path:
    """The configuration file: context `config`, relative to the project's folder."""
    return ROOT / (app.node.try_get_context("config") or "tastemaker.toml")
