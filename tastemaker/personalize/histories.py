"""From interaction records to what recommenders train on, and the users' histories that a model answers from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.datasets import read_records, write_records
from tastemaker.personalize.metadata import MetadataFields, in_double_precision
from tastemaker.personalize.stream_log import StreamedEvent
from tastemaker.personalize.training_spec import EventRule
from tastemaker.recommenders import Categories, Context, Holding, Interactions, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def chosen_events(records: pa.Table, *, event_type: str | None, least_value: float | None) -> pa.Table:
    """The interactions that a solution trains on: those of its event type, whose EVENT_VALUE reaches the threshold.

    Case does not matter in event types. A record without the value that is asked for is left out.
    """
    if event_type is not None:
        records = _where(records, "EVENT_TYPE", lambda column: _of_type(column, event_type.lower()))
    if least_value is not None:
        # in the column's own precision: 0.7 as a float is less than 0.7 as a double
        records = _where(
            records, "EVENT_VALUE", lambda column: pc.greater_equal(column, pa.scalar(least_value, column.type))
        )
    return records


def weighed_events(records: pa.Table, rules: Sequence[EventRule]) -> tuple[pa.Table, NDArray[np.float32]]:
    """The interactions of the types that `rules` name, from their values on, and the weight of each."""
    parts = [(chosen_events(records, event_type=r.event_type, least_value=r.least_value), r.weight) for r in rules]
    weights = [np.full(part.num_rows, weight, dtype=np.float32) for part, weight in parts]
    return pa.concat_tables([part for part, _ in parts]), np.concatenate(weights)


def event_context(records: pa.Table, fields: MetadataFields) -> Context | None:
    """What was so at each record of an Interactions dataset; None where nothing of it takes part."""
    present = set(records.column_names)
    categories = {name: Categories(*_coded(records[name])) for name in fields.categories if name in present}
    numbers = {
        name: pc.fill_null(in_double_precision(records[name]), np.nan).to_numpy()
        for name in fields.numbers
        if name in present
    }
    return Context(categories, numbers) if categories or numbers else None


def interactions_of(
    records: pa.Table, weights: NDArray[np.float32] | None = None, context: Context | None = None
) -> Interactions:
    """The records of an Interactions dataset as recommenders take them; `weights`, `context`: of each record."""
    user_ids, user = _catalogue(records["USER_ID"])
    item_ids, item = _catalogue(records["ITEM_ID"])
    types, kind = np.array([""]), np.zeros(len(user), dtype=np.int32)
    if "EVENT_TYPE" in records.column_names:
        types, kind = _catalogue(pc.fill_null(records["EVENT_TYPE"].cast(pa.string()), ""))
    timestamp = records["TIMESTAMP"].to_numpy().astype(np.int64)
    order = np.lexsort((timestamp, user))
    return Interactions(
        user_ids=user_ids,
        item_ids=item_ids,
        user=user[order],
        item=item[order],
        timestamp=timestamp[order],
        event_type=kind[order].astype(np.int16),
        event_types=tuple(str(name) for name in types),
        weight=None if weights is None else weights[order],
        context=None if context is None else context.of_events(order),
    )


@dataclass(frozen=True)
class Histories:
    """What each user has consumed: positions in a model's `catalogue`, oldest first, and when, in epoch seconds.

    `held`: the circumstances that hold of each user, as positions in the model's, of user u from `held_starts[u]` on.
    """

    catalogue: NDArray[np.str_]
    users: dict[str, int]
    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    times: NDArray[np.int64]
    held_starts: NDArray[np.int64]
    held: NDArray[np.int32]

    def circumstances(self, user_id: str | None) -> tuple[int, ...]:
        """Those that hold of a user by the attributes that the training knew; none of one who is not known."""
        place = -1 if user_id is None else self.users.get(user_id, -1)
        return () if place < 0 else tuple(self.held[self.held_starts[place] : self.held_starts[place + 1]].tolist())

    def of(self, user_id: str | None, streamed: Sequence[StreamedEvent] = ()) -> NDArray[np.int32]:
        """A user's history with the streamed events, oldest first, where they belong in time.

        Without streamed events, empty for a user who is not known. Items that are not in the catalogue are passed
        over, and so are events that the history has: those of the same item and second.
        """
        return self.dated(user_id, streamed)[0]

    def dated(
        self, user_id: str | None, streamed: Sequence[StreamedEvent] = ()
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The same history, and when each of its events was, in epoch seconds."""
        place = -1 if user_id is None else self.users.get(user_id, -1)
        whole = slice(0, 0) if place < 0 else slice(self.starts[place], self.starts[place + 1])
        items, times = self.items[whole], self.times[whole]
        if not streamed:
            return items, times
        added, moments = self._located(streamed)
        if not len(times) or not len(moments) or moments[0] > times[-1]:
            return np.concatenate([items, added]), np.concatenate([times, moments])
        starts, ends = (np.searchsorted(times, moments, side=side) for side in ("left", "right"))
        is_new = np.ones(len(added), dtype=bool)
        for number in np.flatnonzero(ends > starts):
            is_new[number] = added[number] not in items[starts[number] : ends[number]]
        return np.insert(items, ends[is_new], added[is_new]), np.insert(times, ends[is_new], moments[is_new])

    def _located(self, streamed: Sequence[StreamedEvent]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The catalogue's items among the streamed ones, and when each was streamed."""
        ids = np.array([event.item_id or "" for event in streamed], dtype=np.str_)
        # in the catalogue's own width, or it would be copied for each search
        cut = ids.astype(self.catalogue.dtype)
        places = np.minimum(np.searchsorted(self.catalogue, cut), len(self.catalogue) - 1)
        is_known = self.catalogue[places] == ids
        moments = np.array([event.timestamp for event in streamed], dtype=np.int64)
        return places[is_known].astype(np.int32), moments[is_known]


NO_HISTORIES = Histories(
    catalogue=np.empty(0, dtype=np.str_),
    users={},
    starts=np.zeros(1, dtype=np.int64),
    items=np.empty(0, dtype=np.int32),
    times=np.empty(0, dtype=np.int64),
    held_starts=np.zeros(1, dtype=np.int64),
    held=np.empty(0, dtype=np.int32),
)


def save_histories(
    path: Path, interactions: Interactions, catalogue: NDArray[np.str_], holding: Holding | None = None
) -> None:
    """Write all users' histories, with their times, as positions in `catalogue`, a model's sorted item ids.

    `holding`: the circumstances that hold of users, be they among the interactions or not.
    """
    items = locate(catalogue, interactions.item_ids)[interactions.item]
    known = holding or Holding.of_nobody()
    user_ids = np.union1d(interactions.user_ids, known.ids[np.diff(known.starts) > 0])
    starts = _starts_among(user_ids, interactions.user_ids, interactions.starts)
    held_starts = _starts_among(user_ids, known.ids, known.starts)
    columns = {
        "USER_ID": pa.array(user_ids.tolist(), pa.string()),
        "ITEMS": pa.ListArray.from_arrays(starts, pa.array(items)),
        "TIMES": pa.ListArray.from_arrays(starts, pa.array(interactions.timestamp)),
        "CIRCUMSTANCES": pa.ListArray.from_arrays(held_starts, pa.array(known.places)),
    }
    write_records(path, pa.table(columns))


def _starts_among(all_ids: NDArray[np.str_], ids: NDArray[np.str_], starts: NDArray[np.int64]) -> pa.Array:
    """Where the lists of `all_ids` start, those of `ids` among them, and empty ones; both sorted.

    What is in `ids` alone has an empty list.
    """
    lengths = np.zeros(len(all_ids), dtype=np.int64)
    place = locate(all_ids, ids)
    lengths[place[place >= 0]] = np.diff(starts)[place >= 0]
    return pa.array(np.r_[0, np.cumsum(lengths)].astype(np.int32))


def load_histories(path: Path, catalogue: NDArray[np.str_]) -> Histories:
    """What `save_histories` wrote for the same catalogue, be it before there were circumstances.

    Raises KeyError for a file without times.
    """
    records = read_records(path).combine_chunks()
    lists, held = records["ITEMS"].chunk(0), pa.array([[]] * records.num_rows, pa.list_(pa.int32()))
    if "CIRCUMSTANCES" in records.column_names:
        held = records["CIRCUMSTANCES"].chunk(0)
    return Histories(
        catalogue=catalogue,
        users={user_id: place for place, user_id in enumerate(records["USER_ID"].to_pylist())},
        starts=lists.offsets.to_numpy().astype(np.int64),
        items=lists.values.to_numpy(),
        times=records["TIMES"].chunk(0).values.to_numpy(),
        held_starts=held.offsets.to_numpy().astype(np.int64),
        held=held.values.to_numpy(),
    )


def forget_histories(path: Path, user_ids: Collection[str]) -> None:
    """Remove the users' histories from the file at `path`, if there is one. Whoever has loaded it has to do so anew."""
    if not path.exists():
        return
    records = read_records(path)
    kept = records.filter(pc.invert(pc.is_in(records["USER_ID"], value_set=pa.array(user_ids, pa.string()))))
    if kept.num_rows < records.num_rows:
        partial = path.with_suffix(".partial")
        write_records(partial, kept)
        partial.replace(path)


def _where(records: pa.Table, name: str, test: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    if name not in records.column_names:
        return records.slice(0, 0)
    return records.filter(test(records[name]))


def _of_type(column: pa.ChunkedArray, event_type: str) -> pa.ChunkedArray:
    """Which rows have that type, which is given in lower case."""
    names = [name for name in column.unique().to_pylist() if name is not None and name.lower() == event_type]
    return reduce(pc.or_, (pc.equal(column, name) for name in names or [event_type]))


def _coded(column: pa.ChunkedArray) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Distinct values, and each row's position among them; −1 of null."""
    encoded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    chunks = encoded.unify_dictionaries().chunks
    codes = np.concatenate([np.empty(0, np.int32), *(chunk.indices.fill_null(-1).to_numpy() for chunk in chunks)])
    return tuple(chunks[0].dictionary.to_pylist() if chunks else ()), codes


def _catalogue(column: pa.ChunkedArray) -> tuple[NDArray[np.str_], NDArray[np.int32]]:
    """The distinct values that occur, sorted, and each row's position among them; −1 of null."""
    texts, codes = _coded(column)
    values = np.array(texts, dtype=np.str_)
    present = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(values)))
    order = present[np.argsort(values[present], kind="stable")]
    # the last place is the one of −1
    place = np.full(len(values) + 1, -1, dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return values[order], place[codes]
