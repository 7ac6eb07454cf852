"""A function's deployment package, made by uv without Docker."""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

from stacks.application import ROOT

PYTHON: Final = "3.13"
PLATFORM: Final = "aarch64-manylinux2014"
LOCK: Final = Path("lambdas/requirements.lock")
# read at synthesis only; it would bring pydantic along
_NOT_DEPLOYED: Final = "lambdas/common/config"
# the services that the functions call; botocore describes some four hundred others in 25 MB
_SERVICES: Final = frozenset(
    {"dynamodb", "personalize", "personalize-events", "personalize-runtime", "s3", "sqs", "sts"}
)


def package(root: Path, function: str) -> lambda_.AssetCode:
    """The code of `lambdas/<function>` with what it imports.

    Where the context leaves a stack's bundling out, the asset is the source tree `root` as it is.
    """
    return lambda_.Code.from_asset(
        str(root),
        asset_hash=asset_hash(root, function),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            image=lambda_.Runtime.PYTHON_3_13.bundling_image, local=_UvBundling(root, function)
        ),
    )


def asset_hash(root: Path, function: str) -> str:
    """A hash of what goes into the package, never of what comes out: the same commit gives the same everywhere."""
    digest = hashlib.sha256(f"{PLATFORM} {PYTHON} {sorted(_SERVICES)}".encode())
    for path in [*_sources(root, function), root / LOCK]:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(root: Path, function: str) -> list[Path]:
    folders = (root / "lambdas" / "common", root / "lambdas" / function)
    found = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return [root / "lambdas" / "__init__.py", *(p for p in found if not p.is_relative_to(root / _NOT_DEPLOYED))]


@jsii.implements(cdk.ILocalBundling)
class _UvBundling:
    """Packages for Lambda's platform, on whatever platform this is."""

    def __init__(self, root: Path, function: str) -> None:
        self._root = root
        self._function = function

    def try_bundle(self, output_dir: str, *_options: Any, **_more_options: Any) -> bool:
        target = Path(output_dir)
        shutil.copytree(_dependencies(self._root / LOCK), target, dirs_exist_ok=True)
        for source in _sources(self._root, self._function):
            copy = target / source.relative_to(self._root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        _compile(target)
        return True


@functools.cache
def _dependencies(lock: Path) -> Path:
    """The locked packages, installed once for all functions."""
    target = Path(tempfile.mkdtemp(prefix="tastemaker-bundle-"))
    atexit.register(shutil.rmtree, target)
    command = [
        *(_uv(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--requirements", str(lock)),
        *("--target", str(target), "--python-platform", PLATFORM, "--python-version", PYTHON),
        *("--only-binary", ":all:", "--link-mode", "copy"),
    ]
    # what the set-up has downloaded already needs no network
    if subprocess.run([*command, "--offline"], check=False, capture_output=True).returncode:
        subprocess.run(command, check=True)
    shutil.rmtree(target / "bin", ignore_errors=True)
    for data in (target / "botocore" / "data").iterdir():
        if data.is_dir() and data.name not in _SERVICES:
            shutil.rmtree(data)
    _compile(target)
    return target


def _compile(folder: Path) -> None:
    """Without this every cold start compiles all modules again: Lambda resets the times that .pyc files go by."""
    if python := _interpreter():
        command = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder)]
        subprocess.run(command, check=True)


@functools.cache
def _interpreter() -> str | None:
    """A Python of the runtime's version; a .pyc file of another is of no use."""
    search = [_uv(), "python", "find", "--no-python-downloads", "--system", PYTHON]
    found = subprocess.run(search, check=False, capture_output=True, text=True)
    if found.returncode == 0:
        return found.stdout.strip()
    sys.stderr.write(
        f"there is no Python {PYTHON} here: the functions are packaged without compiled modules, "
        "which makes their cold starts about half a second longer\n"
    )
    return None


@functools.cache
def _uv() -> str:
    # where the set-up leaves its own on a machine that has none
    ours = [str(folder) for folder in sorted((ROOT / ".setup").glob("*/bin"))]
    found = shutil.which("uv") or shutil.which("uv", path=os.pathsep.join(ours))
    if found is None:
        raise RuntimeError(
            "uv is needed to package the functions: put it on PATH, or run `make test`, which installs it"
        )
    return found
