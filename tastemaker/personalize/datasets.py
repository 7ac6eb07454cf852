"""The records of each dataset: imported in bulk from CSV, kept as one Arrow file that is swapped whole."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize import durable_files
from tastemaker.personalize.csv_files import ImportRefused, read_csv
from tastemaker.personalize.objects import (
    AccessDenied,
    Location,
    LocationError,
    ObjectStore,
    ObjectStoreError,
    access_refused,
)
from tastemaker.personalize.schemas import IDENTIFIED_BY, Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_INTERACTIONS = 1000
"""The fewest interactions that one import may bring."""

_PUTS_BEFORE = "puts before"
"""A column beside those of the schema, whose names have no blanks: see `ImportSpec`. Without it, there were none."""


@dataclass(frozen=True)
class ImportSpec:
    """What an import job is to do. `location` is an `s3://` file, or a folder with a slash at the end.

    `puts_before`: how long, in bytes, the log of the records that were streamed into the dataset is when the job
    begins. It tells later which of an imported and a streamed record came last.
    """

    dataset_arn: str
    schema: Schema
    location: str
    role_arn: str
    mode: Literal["FULL", "INCREMENTAL"] = "FULL"
    puts_before: int = 0
    imported: Callable[[pa.Table], None] | None = None
    """Is called with the records of the files once they are in the dataset; an ImportRefused of it fails the import."""


class ImportCancelled(Exception):
    """An import was called off before it changed anything."""


class Datasets:
    """The bulk records of all datasets, in a directory of their own. Safe to use from several threads.

    `lasting`: what was imported is on the disk and not only the operating system's before an import ends.
    """

    def __init__(self, directory: Path, *, lasting: bool = True) -> None:
        self._directory = directory
        self._lasting = lasting
        self._names: dict[str, str] = {}
        self._one_at_a_time = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)
        for abandoned in directory.glob("*.partial"):  # by a process that was killed
            abandoned.unlink()
        self._changing = threading.Lock()
        self._revisions: dict[str, str] = {}
        for path in directory.glob("*.arrow"):
            self._look(path)

    def import_csv(self, objects: ObjectStore, spec: ImportSpec, *, go_on: Callable[[], bool] = lambda: True) -> int:
        """Import, and count the records that were read.

        FULL replaces what the dataset held, INCREMENTAL adds to it. Identical interactions become one; of items,
        users and actions with one id the last stays. Nothing changes where the import fails (ImportRefused), or
        where `go_on` says no before the end (ImportCancelled).
        """
        new = _read_location(objects, spec, go_on)
        if spec.schema.dataset_type == "INTERACTIONS" and new.num_rows < FEWEST_INTERACTIONS:
            raise ImportRefused(
                f"Dataset has fewer than {FEWEST_INTERACTIONS} interactions.",
                f"The import has {new.num_rows}.",
            )
        with self._one_at_a_time:
            old = self._stored(spec.dataset_arn) if spec.mode == "INCREMENTAL" else None
            dated = _with_date(new, spec.puts_before)
            records = _collapsed(dated if old is None else _joined([old, dated]), spec.schema.dataset_type)
            if not go_on():
                raise ImportCancelled
            self._swap(spec.dataset_arn, records)
        if spec.imported is not None:
            spec.imported(new)
        return int(new.num_rows)

    def holds(self, dataset_arn: str) -> bool:
        """Whether anything has been imported: INCREMENTAL imports need an earlier FULL one."""
        return self._path(dataset_arn).exists()

    def read(self, dataset_arn: str) -> pa.Table | None:
        """The records, mapped from the disk; None before the first import."""
        stored = self._stored(dataset_arn)
        return None if stored is None else _split_date(stored)[0]

    def read_dated(self, dataset_arn: str) -> tuple[pa.Table, NDArray[np.int64]] | None:
        """The records, and (rows,) what `puts_before` was of the import of each; None before the first import."""
        stored = self._stored(dataset_arn)
        return None if stored is None else _split_date(stored)

    def forget(self, dataset_arn: str, column: str, values: Collection[str]) -> int:
        """Remove the records that have one of `values` in `column`, and count them."""
        with self._one_at_a_time:
            stored = self._stored(dataset_arn)
            if stored is None:
                return 0
            kept = stored.filter(pc.invert(pc.is_in(_plain(stored[column]), value_set=pa.array(values, pa.string()))))
            if kept.num_rows < stored.num_rows:
                self._swap(dataset_arn, _only_what_occurs(kept))
            return int(stored.num_rows - kept.num_rows)

    def revision(self, dataset_arn: str) -> str | None:
        """What changes whenever the records do; None before the first import."""
        return self._revisions.get(self._name(dataset_arn))

    def snapshot(self, dataset_arn: str, target: Path) -> bool:
        """Make the records of this moment available at `target`, as a second link to the same file.

        Later imports leave it as it is. False (and no file) before the first import.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(self._path(dataset_arn))
        except FileNotFoundError:
            return False
        return True

    def share(self, dataset_arn: str, directory: Path) -> None:
        """Make the records of this moment those of another `Datasets(directory)` on the same disk, if there are any."""
        self.snapshot(dataset_arn, directory / self._path(dataset_arn).name)

    def delete(self, dataset_arn: str) -> None:
        """Forget the records of a dataset, if there are any."""
        path = self._path(dataset_arn)
        with self._changing:
            path.unlink(missing_ok=True)
            self._look(path)

    def _stored(self, dataset_arn: str) -> pa.Table | None:
        return read_records(self._path(dataset_arn)) if self.holds(dataset_arn) else None

    def _path(self, dataset_arn: str) -> Path:
        return Path(self._name(dataset_arn))

    def _name(self, dataset_arn: str) -> str:
        name = self._names.get(dataset_arn)
        if name is None:
            file = f"{hashlib.sha256(dataset_arn.encode()).hexdigest()[:32]}.arrow"
            name = self._names[dataset_arn] = str(self._directory / file)
        return name

    def _swap(self, dataset_arn: str, records: pa.Table) -> None:
        partial = self._directory / f"{uuid.uuid4().hex}.partial"
        try:
            write_records(partial, records, lasting=self._lasting)
            path = self._path(dataset_arn)
            with self._changing:
                try:
                    if self._lasting:
                        durable_files.replace(partial, path)
                    else:
                        partial.replace(path)
                finally:
                    self._look(path)
        finally:
            partial.unlink(missing_ok=True)

    def _look(self, path: Path) -> None:
        """Note the revision of what is at `path` now: requests ask for it too often to look at the disk each time."""
        try:
            found = path.stat()
        except FileNotFoundError:
            self._revisions.pop(str(path), None)
        else:
            self._revisions[str(path)] = f"{found.st_ino} {found.st_mtime_ns} {found.st_size}"


def write_records(path: Path, records: pa.Table, *, lasting: bool = True) -> None:
    """Write a table as an Arrow file, and see it safely on the disk unless it need not outlive the process."""
    with path.open("wb") as file:
        with pa.ipc.new_file(file, records.schema) as writer:
            writer.write_table(records)
        if lasting:
            file.flush()
            os.fsync(file.fileno())


def read_records(path: Path) -> pa.Table:
    """The table of an Arrow file, mapped into memory rather than read."""
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def _read_location(objects: ObjectStore, spec: ImportSpec, go_on: Callable[[], bool]) -> pa.Table:
    try:
        location = Location.parse(spec.location)
        keys = location.keys(objects, role_arn=spec.role_arn)
    except LocationError as error:
        raise ImportRefused(str(error)) from error
    tables: list[pa.Table] = []
    first_header: tuple[str, ...] | None = None
    for key in keys:
        if not go_on():
            raise ImportCancelled
        name = f"s3://{location.bucket}/{key}"
        try:
            with objects.open(location.bucket, key, role_arn=spec.role_arn) as file:
                header, table = read_csv(file.read(), spec.schema, name)
        except AccessDenied as error:
            raise ImportRefused(access_refused(location.bucket), str(error)) from error
        except ObjectStoreError as error:
            raise ImportRefused("Invalid Data location.", str(error)) from error
        first_header = first_header or header
        if header != first_header:
            raise ImportRefused(
                "Input CSV files must all have the same header.",
                f"{name} has {','.join(header)}, the files before it have {','.join(first_header)}.",
            )
        tables.append(table)
    return _joined(tables)


def _joined(tables: list[pa.Table]) -> pa.Table:
    """One table below the other; a column that one of them lacks is null there."""
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables, promote_options="default").unify_dictionaries()


def _with_date(records: pa.Table, puts_before: int) -> pa.Table:
    if not puts_before:
        return records
    return records.append_column(_PUTS_BEFORE, pa.array(np.full(records.num_rows, puts_before, dtype=np.int64)))


def _split_date(stored: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    if _PUTS_BEFORE not in stored.column_names:
        return stored, np.zeros(stored.num_rows, dtype=np.int64)
    dates = stored[_PUTS_BEFORE].fill_null(0).to_numpy().astype(np.int64)
    return stored.drop_columns([_PUTS_BEFORE]), dates


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _only_what_occurs(records: pa.Table) -> pa.Table:
    """The same records, with dictionaries that hold no value that is in none of them."""
    for position, field in enumerate(records.schema):
        if pa.types.is_dictionary(field.type):
            encoded = pc.dictionary_encode(_plain(records.column(position)))
            records = records.set_column(position, field.name, encoded)
    return records.unify_dictionaries()


def _collapsed(records: pa.Table, dataset_type: str) -> pa.Table:
    if not records.num_rows:
        return records
    identity = IDENTIFIED_BY.get(dataset_type)
    codes = _row_codes(records if identity is None else records.select([identity]))
    if _all_differ(codes):
        return records
    if identity is None:
        _, kept = np.unique(codes, return_index=True)
    else:
        _, from_the_end = np.unique(codes[::-1], return_index=True)
        kept = len(codes) - 1 - from_the_end
    return records.take(pa.array(np.sort(kept)))


def _row_codes(records: pa.Table) -> NDArray[np.int64]:
    """(rows,): a number for each row, the same for two rows if and only if all their values are the same."""
    codes = np.zeros(records.num_rows, dtype=np.int64)
    distinct = 1
    for column in records.columns:
        values, size = _value_codes(column)
        if distinct > np.iinfo(np.int64).max // size:
            _, codes = np.unique(codes, return_inverse=True)
            distinct = records.num_rows
        codes *= size
        codes += values
        distinct *= size
    return codes


def _value_codes(column: pa.ChunkedArray) -> tuple[NDArray[np.integer], int]:
    if pa.types.is_int64(column.type) and not column.null_count:
        values = column.to_numpy()
        least, most = int(values.min()), int(values.max())
        if most - least < np.iinfo(np.int32).max:
            return values - least, most - least + 1
    encoded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    chunks = encoded.chunks  # they share one dictionary: those of CSV files and of joined tables are unified
    size = len(chunks[0].dictionary) + 1
    indices = [chunk.indices.fill_null(size - 1) if chunk.null_count else chunk.indices for chunk in chunks]
    return np.concatenate([part.to_numpy() for part in indices]), size


def _all_differ(codes: NDArray[np.int64]) -> bool:
    ordered = np.sort(codes)
    return bool((ordered[1:] != ordered[:-1]).all())
