"""How long an import of a million rows takes, beside a bare read of the same file.

.venv/bin/python -m benchmarks.imports [--rows 1000000] [--runs 5] [--json]

The import is a real one, by a job of the embedded Personalize, from CreateDatasetImportJob to ACTIVE; the bare reads
are pyarrow's and DuckDB's, of the same bytes and with the same types, in memory. The exit status is 1 where a figure
misses its limit.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv

from benchmarks.figures import Figure, told
from benchmarks.shop_engine import create_dataset, start_import
from tastemaker.testing.active import await_active
from tastemaker.testing.personalize import embedded_personalize

_PAUSE_SECONDS = 0.01
_FIELDS = {"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long", "EVENT_TYPE": "string"}
_SQL = {"USER_ID": "VARCHAR", "ITEM_ID": "VARCHAR", "TIMESTAMP": "BIGINT", "EVENT_TYPE": "VARCHAR"}
_COLUMNS = {"USER_ID": pa.string(), "ITEM_ID": pa.string(), "TIMESTAMP": pa.int64(), "EVENT_TYPE": pa.string()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts (default: %(default)s)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    data = _interactions(arguments.rows)
    before = _peak_megabytes()
    # the first of both pays for memory and modules that the others find there
    runs = _measured(data, 1 + arguments.runs)[1:]
    pyarrows, duckdbs, imported = (median(seconds) for seconds in zip(*runs, strict=True))
    return told(
        [
            Figure("the file", len(data) / 1e6, "MB"),
            Figure(f"pyarrow's bare read of {arguments.rows:,} rows", pyarrows, "s"),
            Figure("DuckDB's bare read of the same", duckdbs, "s"),
            Figure(f"import of {arguments.rows:,} rows", imported, "s", at_most=10 * arguments.rows / 1e6),
            Figure("import beside pyarrow's read", median(own / read for read, _, own in runs), "times"),
            Figure("import beside DuckDB's read", median(own / read for _, read, own in runs), "times", at_most=3),
            Figure("memory that the imports took more", _peak_megabytes() - before, "MB"),
        ],
        as_json=arguments.json,
    )


def _interactions(rows: int) -> bytes:
    luck = random.Random(0)
    kinds = ("view", "view", "view", "click", "buy")
    lines = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
    lines += [
        f"user-{luck.randrange(rows // 20)},item-{int(20_000 * luck.random() ** 2)},"
        f"{1_600_000_000 + luck.randrange(50_000_000)},{kinds[row % len(kinds)]}"
        for row in range(rows)
    ]
    return ("\n".join(lines) + "\n").encode()


def _pyarrow_seconds(data: bytes) -> float:
    began = time.perf_counter()
    pacsv.read_csv(io.BytesIO(data), convert_options=pacsv.ConvertOptions(column_types=_COLUMNS))
    return time.perf_counter() - began


def _duckdb_seconds(path: Path) -> float:
    began = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE events AS FROM read_csv(?, header=true, columns=?)", [str(path), _SQL])
    return time.perf_counter() - began


def _measured(data: bytes, runs: int) -> list[tuple[float, float, float]]:
    """Seconds of both bare reads and of an import, in turns, so that none has the quieter machine."""
    with embedded_personalize() as personalize, TemporaryDirectory() as directory:
        path = Path(directory) / "interactions.csv"
        path.write_bytes(data)
        personalize.put_object("s3://shop/interactions.csv", data)
        control: Any = personalize.client("personalize")
        group = control.create_dataset_group(name="shop")["datasetGroupArn"]
        await_active(control, group)
        dataset = create_dataset(control, group, "Interactions", _FIELDS)
        taken = []
        for run in range(runs):
            bare = _pyarrow_seconds(data), _duckdb_seconds(path)
            began = time.perf_counter()
            job = start_import(control, dataset, f"load-{run}", "s3://shop/interactions.csv")
            while _status(control, job).startswith("CREATE "):
                time.sleep(_PAUSE_SECONDS)
            assert _status(control, job) == "ACTIVE"
            taken.append((*bare, time.perf_counter() - began))
    return taken


def _status(control: Any, job: str) -> str:
    return str(control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]["status"])


def _peak_megabytes() -> float:
    """The most memory that this process ever had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    sys.exit(main())
