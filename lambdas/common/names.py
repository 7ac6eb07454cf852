"""Names and ARNs of Personalize resources: a pure function of the configuration and the run's id."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

MAX_NAME_LENGTH: Final = 63
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")


def job_name(prefix: str, run_id: str) -> str:
    """The name of the job that run `run_id` starts for `prefix`; asking again gives the same name.

    Personalize never frees a job's name, so it ends in the run's id. Names over 63 characters are cut, and a
    hash of the whole keeps them apart.
    """
    whole = f"{prefix}-{run_id}"
    name = _FORBIDDEN.sub("-", whole)
    if name == whole and len(name) <= MAX_NAME_LENGTH:
        return name
    digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
    return f"{name[: MAX_NAME_LENGTH - len(digest) - 1]}-{digest}"


def versioned_name(prefix: str, contents: str) -> str:
    """The name of what Personalize cannot edit, a schema or a filter: it ends in a hash of the contents."""
    return job_name(prefix, hashlib.sha256(contents.encode()).hexdigest()[:8])


@dataclass(frozen=True)
class Account:
    """Where this function runs; read off its own ARN, which costs no call."""

    partition: str
    region: str
    number: str

    @classmethod
    def of_function(cls, function_arn: str) -> Account:
        _, partition, _, region, number, *_ = function_arn.split(":")
        return cls(partition, region, number)

    def personalize_arn(self, resource: str) -> str:
        """The ARN of a Personalize resource such as `dataset-group/shop`."""
        return f"arn:{self.partition}:personalize:{self.region}:{self.number}:{resource}"
