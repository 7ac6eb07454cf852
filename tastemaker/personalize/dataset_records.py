"""What a dataset holds, bulk and streamed: the one place to ask for records, and to have a user's removed."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import pyarrow as pa

from tastemaker.personalize.csv_files import arrow_type
from tastemaker.personalize.errors import not_found
from tastemaker.personalize.event_owners import events_of_users
from tastemaker.personalize.kinds import SCHEMA
from tastemaker.personalize.put_tables import below, table_of
from tastemaker.personalize.schemas import Schema, parse_schema
from tastemaker.personalize.stream_log import read_prefix
from tastemaker.personalize.streamed_records import with_streamed

if TYPE_CHECKING:
    from tastemaker.personalize.append_log import Mark
    from tastemaker.personalize.engine import Records
    from tastemaker.personalize.puts import Puts
    from tastemaker.personalize.store import Resource, Resources
    from tastemaker.personalize.streams import Streams

Mode: TypeAlias = Literal["BULK", "PUT", "ALL"]

EVENT_DATASETS: Final = ("INTERACTIONS", "ACTION_INTERACTIONS")
_OF_USERS: Final = ("USERS", *EVENT_DATASETS)


class DatasetRecords:
    """The records of one account's datasets. Safe to use from several threads.

    `bulk` holds what was imported, `streams` the events and `puts` the records that streamed in. They are kept apart:
    an import never touches what was streamed.
    """

    def __init__(self, *, bulk: Records, streams: Streams, puts: Puts, resources: Resources) -> None:
        self._bulk = bulk
        self._streams = streams
        self._puts = puts
        self._resources = resources

    def records_of(self, dataset: Resource, mode: Mode) -> pa.Table | None:
        """The records in the columns of the dataset's schema; None where nothing has come that way.

        BULK: what the imports left. PUT: all that was streamed, in the order in which it came; of an item, a user or
        an action every version, of events those whose user is known, ordered by time. ALL: both, and then of each item,
        user or action only what came last, be it by an import or by a Put; an event that is among the imported ones
        (the same user, item, type and second) is not repeated, nor is one that says the same as another.
        It is a snapshot: what comes later changes nothing in it.
        """
        if mode == "BULK":
            return self._bulk.read(dataset.arn)
        if dataset.members["datasetType"] in EVENT_DATASETS:
            return self._events(dataset, bulk=mode == "ALL")
        if mode == "ALL":
            return self._current(dataset)
        versions = self._puts.versions(dataset.arn)
        return table_of(versions, self.schema(dataset)) if versions else None

    def mark(self, dataset_arn: str) -> Mark | None:
        """How much has been streamed into a dataset, be it events or records; None where nothing has."""
        prefix = self._streams.prefix(dataset_arn)
        return self._puts.mark(dataset_arn) if prefix is None else prefix.mark

    def revision(self, dataset_arn: str) -> tuple[str | None, str] | None:
        """What changes when records of a dataset are replaced or removed, and not when some are streamed into it.

        None before the first record.
        """
        bulk, puts = self._bulk.revision(dataset_arn), self._puts.revision(dataset_arn)
        return (bulk, puts) if bulk or puts else None

    def streamed_after(self, dataset: Resource, position: int, *, most: int) -> pa.Table | None:
        """The latest record of each item, user or action that was streamed after a position.

        None where there are more than `most` of them.
        """
        puts = self._puts.latest(dataset.arn, after=position)
        return table_of(puts, self.schema(dataset)) if len(puts) <= most else None

    def forget_users(self, dataset_arn: str, user_ids: Collection[str]) -> int:
        """Remove all records of these users, and count them.

        That is, of a Users dataset, their imported records and all versions of the streamed ones; of interactions and
        action interactions, imported and streamed ones, with the events of anonymous sessions that turned out to be
        theirs. Other datasets hold nothing of users: 0. The records are gone from the disk when this returns, and no
        later question sees them; models that were trained on them and snapshots that were taken stay as they are.
        The imported and the streamed records are each replaced as a whole, one after the other: where this raises
        (OSError, StreamClosed) or the process ends, it can be called again.
        """
        if dataset_arn.rpartition("/")[2] not in _OF_USERS or not user_ids:
            return 0
        return (
            self._bulk.forget(dataset_arn, "USER_ID", user_ids)
            + self._puts.forget(dataset_arn, user_ids)
            + self._streams.forget(dataset_arn, user_ids)
        )

    def delete(self, dataset_arn: str) -> None:
        """Forget all records of a dataset."""
        self._bulk.delete(dataset_arn)
        self.delete_streamed(dataset_arn)

    def delete_streamed(self, dataset_arn: str) -> None:
        """Forget what was streamed into a dataset."""
        self._streams.delete(dataset_arn)
        self._puts.delete(dataset_arn)

    def schema(self, dataset: Resource) -> Schema:
        """The parsed schema of a dataset. Raises ResourceNotFound where both are being deleted."""
        schema = self._resources.peek(SCHEMA, dataset.members["schemaArn"])
        if schema is None:
            raise not_found(dataset.members["schemaArn"])
        return _parsed(schema.members["schema"], schema.members.get("domain"))

    def _events(self, dataset: Resource, *, bulk: bool) -> pa.Table | None:
        prefix = self._streams.prefix(dataset.arn)
        records = self._bulk.read(dataset.arn) if bulk else None
        if prefix is None:
            return records
        if records is None:
            schema = self.schema(dataset)
            records = pa.schema({field.name: arrow_type(field, schema) for field in schema.fields}).empty_table()
        return with_streamed(records, events_of_users(read_prefix(prefix.path, prefix.mark.position)))

    def _current(self, dataset: Resource) -> pa.Table | None:
        latest = self._puts.latest(dataset.arn)
        if not latest:
            return self._bulk.read(dataset.arn)
        dated = self._bulk.read_dated(dataset.arn)
        schema = self.schema(dataset)
        return table_of(latest, schema) if dated is None else below(*dated, latest, schema)


@lru_cache(maxsize=64)
def _parsed(text: str, domain: str | None) -> Schema:
    return parse_schema(text, domain)
