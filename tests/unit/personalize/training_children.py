"""A child process that does what its order's recipe says instead of training."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tastemaker.personalize.training_files import TrainingOrder, TrainingReport

if __name__ == "__main__":
    directory = Path(sys.argv[1])
    match TrainingOrder.read(directory).recipe:
        case "wait for the parent's end":
            (directory / "started").write_text("yes", encoding="utf-8")
            sys.stdin.buffer.read()
        case "be killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leave without a word":
            sys.exit(3)
        case "leave with a word":
            sys.exit("the disk is full")
        case "tell its threads":
            threads = float(os.environ["OPENBLAS_NUM_THREADS"])
            (directory / "model").mkdir()
            TrainingReport({"threads": threads}, 1.5).write(directory)
