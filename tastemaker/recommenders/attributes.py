"""What is known of items or users beside what was done with them: categories and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

BETWEEN_CATEGORIES = "|"


@dataclass(frozen=True, eq=False)
class Attributes:
    """`ids` (n,): sorted, each once; `categories` (n, n_values): 1 where an item has the value of a field.

    `category_names` (n_values,): the field and the value of each column of `categories`, where they are known.
    `numbers` (n, n_fields): NaN where an item has none; `number_fields`: the names of the fields, where they are known.
    `texts`: of each id all its texts, joined; empty where no text takes part. `created` (n,): when each came into the
    catalogue, in epoch seconds, NaN where that is not known; None where it is known of none.
    """

    ids: NDArray[np.str_]
    categories: csr_array
    numbers: NDArray[np.float64]
    number_fields: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    created: NDArray[np.float64] | None = None
    category_names: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_columns(
        cls,
        ids: Sequence[str],
        categories: Mapping[str, Sequence[str | None]],
        numbers: Mapping[str, Sequence[float | None]],
        *,
        texts: Mapping[str, Sequence[str | None]] | None = None,
        created: Sequence[float | None] | None = None,
    ) -> Attributes:
        """Of parallel columns by field; `a|b` are two categories. Of records with one id the last counts."""
        from scipy.sparse import csr_array

        row_of = {id_: row for row, id_ in enumerate(ids)}
        names = np.array(sorted(row_of), dtype=np.str_)
        source = [row_of[str(name)] for name in names]
        value_of: dict[tuple[str, str], int] = {}
        rows: list[int] = []
        values: list[int] = []
        for field, column in categories.items():
            for row, place in enumerate(source):
                for value in dict.fromkeys((column[place] or "").split(BETWEEN_CATEGORIES)):
                    if value:
                        rows.append(row)
                        values.append(value_of.setdefault((field, value), len(value_of)))
        known = csr_array(
            (np.ones(len(rows), dtype=np.float32), (rows, values)), shape=(len(names), max(1, len(value_of)))
        )
        columns = [[column[place] for place in source] for column in numbers.values()]
        table = np.array(columns, dtype=np.float64).reshape(len(columns), len(names)).T
        joined = tuple("\n".join(column[place] or "" for column in (texts or {}).values()) for place in source)
        since = None if created is None else np.array([created[place] for place in source], dtype=np.float64)
        return cls(names, known, table, tuple(numbers), joined if texts else (), since, tuple(value_of))

    def number(self, field: str) -> NDArray[np.float64]:
        """(n,): the numbers of a field; NaN where there are none."""
        if field not in self.number_fields:
            return np.full(len(self.ids), np.nan)
        return self.numbers[:, self.number_fields.index(field)]

    def of(self, ids: NDArray[np.str_]) -> Attributes:
        """The attributes of `ids` (sorted), in their order; nothing is known of those that are not among ours."""
        from scipy.sparse import csr_array

        place = np.minimum(np.searchsorted(self.ids, ids), max(0, len(self.ids) - 1))
        found = np.flatnonzero(self.ids[place] == ids) if len(self.ids) else np.empty(0, dtype=np.int64)
        picks = csr_array(
            (np.ones(len(found), dtype=np.float32), (found, place[found])), shape=(len(ids), len(self.ids))
        )
        numbers = np.full((len(ids), self.numbers.shape[1]), np.nan)
        numbers[found] = self.numbers[place[found]]
        texts = [""] * len(ids)
        for row in found if self.texts else ():
            texts[row] = self.texts[place[row]]
        created = None if self.created is None else np.full(len(ids), np.nan)
        if created is not None and self.created is not None:
            created[found] = self.created[place[found]]
        return Attributes(
            ids,
            csr_array(picks @ self.categories),
            numbers,
            self.number_fields,
            tuple(texts) if self.texts else (),
            created,
            self.category_names,
        )
