"""A function's deployment package, made by uv without Docker."""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON: Final = "3.13"
PLATFORM: Final = "aarch64-manylinux2014"
LOCK: Final = Path("lambdas/requirements.lock")
# read at synthesis only; it would bring pydantic along
_NOT_DEPLOYED: Final = "lambdas/common/config"
# the services that the functions call; botocore describes some four hundred others in 25 MB
_SERVICES: Final = frozenset({"dynamodb", "personalize", "personalize-runtime", "s3", "sts"})


def package(root: Path, function: str) -> lambda_.AssetCode:
    """The code of `lambdas/<function>` with what it imports.

    Where the context leaves a stack's bundling out, the asset is the source tree `root` as it is.
    """
    sources = sorted(_sources(root, function))
    return lambda_.Code.from_asset(
        str(root),
        # of what goes in, never of what comes out: the same commit gives the same hash on every machine
        asset_hash=_hash(root, [*sources, root / LOCK]),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            image=lambda_.Runtime.PYTHON_3_13.bundling_image, local=_UvBundling(root, sources)
        ),
    )


def _sources(root: Path, function: str) -> Iterator[Path]:
    yield root / "lambdas" / "__init__.py"
    for folder in ("common", function):
        for path in (root / "lambdas" / folder).rglob("*.py"):
            if not path.is_relative_to(root / _NOT_DEPLOYED):
                yield path


def _hash(root: Path, files: list[Path]) -> str:
    digest = hashlib.sha256(f"{PLATFORM} {PYTHON} {sorted(_SERVICES)}".encode())
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


@jsii.implements(cdk.ILocalBundling)
class _UvBundling:
    """Packages for Lambda's platform, on whatever platform this is."""

    def __init__(self, root: Path, sources: list[Path]) -> None:
        self._root = root
        self._sources = sources

    def try_bundle(self, output_dir: str, *_options: Any, **_more_options: Any) -> bool:
        target = Path(output_dir)
        shutil.copytree(_dependencies(self._root / LOCK), target, dirs_exist_ok=True)
        for source in self._sources:
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
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if found is None:
        raise RuntimeError(
            f"uv is needed to package the functions, and it is neither on PATH nor beside {sys.executable}"
        )
    return found
