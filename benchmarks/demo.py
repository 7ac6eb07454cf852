"""How long the demo takes, phase by phase, over several runs, beside its limits on two cores.

.venv/bin/python benchmarks/demo.py [--runs 3] [--interactions FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

TASTEMAKER = Path(sys.executable).parent / "tastemaker"
LIMIT_SECONDS = 60
# what the limit for all else leaves out: the CDK's work, and the work that Personalize does on AWS
ELSEWHERE = ("synth", "import", "training")
LIMIT_ELSE_SECONDS = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--interactions", type=Path)
    arguments = parser.parse_args()
    more = ["--interactions", str(arguments.interactions)] if arguments.interactions else []
    runs = [measured(more) for _ in range(arguments.runs)]
    print(f"{'phase':<12} {'median':>8} {'fastest':>8} {'slowest':>8}   seconds, {len(runs)} runs")
    for phase in runs[0]:
        seconds = [run[phase] for run in runs]
        print(f"{phase:<12} {statistics.median(seconds):8.1f} {min(seconds):8.1f} {max(seconds):8.1f}")
    total = statistics.median(run["total"] for run in runs)
    others = statistics.median(run["all else"] for run in runs)
    print(f"\nin all {total:.1f} of at most {LIMIT_SECONDS} s; all but {', '.join(ELSEWHERE)}", end=" ")
    print(f"{others:.1f} of at most {LIMIT_ELSE_SECONDS} s")


def measured(more: list[str]) -> dict[str, float]:
    """One run's phases, and the whole of it from start to exit, as whoever waits for it sees it."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(TASTEMAKER), "demo", "--once", "--json", *more], capture_output=True, text=True, check=True
    )
    total = time.perf_counter() - began
    phases: dict[str, float] = json.loads(done.stdout)["phases"]
    return {**phases, "total": total, "all else": total - sum(phases[name] for name in ELSEWHERE)}


if __name__ == "__main__":
    main()
