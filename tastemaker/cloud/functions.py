"""What a Lambda function is, and the environment that its process gets: AWS's variables, and nothing of the user's."""

from __future__ import annotations

import importlib.util
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tastemaker.cloud.identity import Credentials

# What the interpreter may need to find its libraries and to trust servers; all else stays with the user
_INHERITED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
# What the Lambda runtime brings along by itself: found wherever this interpreter has it
_RUNTIME_PACKAGES = ("awslambdaric", "boto3", "aws_lambda_powertools")


class FunctionUnusable(Exception):
    """A function that can't run here; the message says why."""


class RuntimeMissing(FunctionUnusable):
    """AWS's runtime client isn't installed, so no function can run."""

    def __init__(self) -> None:
        super().__init__("the Lambda runtime client is not installed: add the package awslambdaric")


class CodeMissing(FunctionUnusable):
    """There is no code where the function's should be."""

    def __init__(self, spec: FunctionSpec) -> None:
        super().__init__(f"function {spec.name}: its code directory {spec.code_directory} does not exist")


@dataclass(frozen=True)
class FunctionSpec:
    """A deployed function. `code_directory` holds what AWS would unpack into /var/task."""

    name: str
    arn: str
    handler: str
    code_directory: Path
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    role_arn: str
    runtime: str = "python3.13"
    log_group: str = ""
    maximum_retries: int = 2
    log_stream: str = field(default_factory=lambda: _log_stream(time.time()), compare=False)

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]


def check(spec: FunctionSpec) -> None:
    """Raise `FunctionUnusable` where no process of this function could ever start."""
    package_directories()
    if not spec.code_directory.is_dir():
        raise CodeMissing(spec)


def process_environment(
    spec: FunctionSpec, *, runtime_api: str, endpoint_url: str, credentials: Credentials
) -> dict[str, str]:
    """The whole environment of the function's process.

    The template's variables override AWS's defaults but not the reserved ones, which no template may set on AWS.
    """
    packages = package_directories()
    defaults = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108  # the one writable directory on Lambda, too
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(packages),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
    }
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group or f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": spec.log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LAMBDA_TASK_ROOT": str(spec.code_directory),
        "LAMBDA_RUNTIME_DIR": packages[0],
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_ENDPOINT_URL": endpoint_url,
        # whatever the user configured for AWS itself must not reach a local run
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {**defaults, **spec.environment, **reserved}


@cache
def package_directories() -> tuple[str, ...]:
    """Where the runtime's packages are installed. Raises `RuntimeMissing`."""
    found = [spec.origin for name in _RUNTIME_PACKAGES if (spec := importlib.util.find_spec(name)) and spec.origin]
    if importlib.util.find_spec(_RUNTIME_PACKAGES[0]) is None:
        raise RuntimeMissing
    return tuple(dict.fromkeys(str(Path(origin).parent.parent) for origin in found))


def _log_stream(now: float) -> str:
    """A log stream's name: the day, the version and an id of the execution environment."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime(now))}/[$LATEST]{secrets.token_hex(16)}"
