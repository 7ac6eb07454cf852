"""The one logger: structured lines, the run's id as correlation id, no user ids."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger()
