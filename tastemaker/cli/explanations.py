"""Why a user gets what is recommended: a table for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from tastemaker.personalize.explaining import Cause, ExplainedAnswer, ExplainedItem, Ranked

CAUSES: Final = 3
"""How many events the table names for an item."""
_SHOWN: Final = 10
_LEAST_CHANGE: Final = 0.005
_LEAST_SHARE: Final = 0.005
"""The least share of an event that the table shows: less is 0 %."""


@dataclass(frozen=True)
class Report:
    """`source`: what has answered, a campaign's ARN or a recipe. `labels`: titles by item."""

    user_id: str
    source: str
    answer: ExplainedAnswer
    labels: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints: each item with all its causes, in the unit of its `value`."""
        answer = self.answer
        explored = [item.item_id for item in answer.items if item.explored]
        return {
            "userId": self.user_id,
            "source": self.source,
            "kind": answer.kind,
            "choice": None if answer.choice is None else answer.choice.to_json(),
            "history": [self._named(event.item_id) | {"timestamp": event.timestamp} for event in answer.history],
            "recommendations": [{"rank": rank} | self._item(item) for rank, item in enumerate(answer.items, start=1)],
            "filter": None if answer.removed is None else {"removed": self._ranks(answer.removed)},
            "exploration": {"added": explored, "displaced": self._ranks(answer.displaced)},
        }

    def _item(self, item: ExplainedItem) -> dict[str, Any]:
        return {
            **self._named(item.item_id),
            "score": item.score,
            "reason": item.reason,
            "explored": item.explored,
            "value": item.value,
            "base": item.base,
            "repeats": item.repeats,
            "circumstances": item.circumstances,
            "because": [cause._asdict() for cause in item.causes],
        }

    def _ranks(self, some: Sequence[Ranked]) -> list[dict[str, Any]]:
        return [self._named(each.item_id) | {"rank": each.rank} for each in some]

    def _named(self, item_id: str) -> dict[str, Any]:
        return {"itemId": item_id} | ({"title": self.labels[item_id]} if item_id in self.labels else {})

    def print(self, console: Console) -> None:
        console.print()
        for words in self._introduction():
            console.print(escape(words), highlight=False, soft_wrap=True)
        console.print(self._table())
        for words in self._changes():
            console.print(escape(words), highlight=False, soft_wrap=True)

    def _introduction(self) -> Iterator[str]:
        events = self.answer.history
        if events:
            counted = "one event" if len(events) == 1 else f"{len(events):,} events"
            yield f"{self.source} answers {self.user_id} from {counted}, the newest of {_when(events[-1].timestamp)}."
        elif any(map(_is_tilted, self.answer.items)):
            yield f"{self.source} knows no event of {self.user_id}, but what {self.user_id} is like, or the context."
        else:
            yield f"{self.source} knows no event of {self.user_id}: so it answers everyone whom it does not know."
        if events and self.answer.kind == "everyone":
            yield "None of these events counts here: the answer is the same for everyone."
        if self.answer.choice is not None:
            yield f"Its training chose {self.answer.choice.in_words()}."

    def _table(self) -> Table:
        table = Table(show_edge=False, pad_edge=False, show_lines=True)
        table.add_column("", justify="right")
        table.add_column("item")
        table.add_column("score", justify="right")
        table.add_column("because of")
        for rank, item in enumerate(self.answer.items, start=1):
            score = "" if item.score is None else f"{item.score:.4f}"
            table.add_row(str(rank), escape(self._label(item.item_id)), score, escape("\n".join(self._reasons(item))))
        return table

    def _reasons(self, item: ExplainedItem) -> Iterator[str]:
        if item.explored:
            yield "exploration: it is new, and gets its chance"
        elif item.reason is not None:
            yield item.reason
        if item.repeats > 0:
            yield f"had before, {item.repeats_share:.0%}"
        causes = [cause for cause in item.strongest(CAUSES) if cause.share >= _LEAST_SHARE]
        for cause in causes:
            yield self._cause(cause)
        if _is_tilted(item):
            yield f"× {item.circumstances:.2f} for what is known of the user, and the context"
        elif not causes and not item.explored and item.repeats <= 0 and item.reason is None:
            yield "no event: what everyone gets"

    def _cause(self, cause: Cause) -> str:
        event = self.answer.history[cause.event]
        return f"{self._label(event.item_id)}, {_when(event.timestamp)}, {cause.share:.0%}"

    def _changes(self) -> Iterator[str]:
        answer = self.answer
        if (removed := answer.removed) is not None:
            yield f"The filter removed {len(removed) or 'none'} of those that would be first{self._list(removed)}"
        if explored := [self._label(item.item_id) for item in answer.items if item.explored]:
            yield f"Exploration added {len(explored)}: {', '.join(explored)}."
            if answer.displaced:
                yield f"Without it there would be{self._list(answer.displaced)}"

    def _list(self, some: Sequence[Ranked]) -> str:
        if not some:
            return "."
        more = f", and {len(some) - _SHOWN:,} more" if len(some) > _SHOWN else ""
        return ": " + ", ".join(f"{self._label(each.item_id)} ({each.rank}.)" for each in some[:_SHOWN]) + more + "."

    def _label(self, item_id: str) -> str:
        return self.labels.get(item_id, item_id)


def _when(timestamp: int) -> str:
    """In words and UTC; seconds that no calendar has, as they are."""
    try:
        return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return str(timestamp)


def _is_tilted(item: ExplainedItem) -> bool:
    """Whether the table shows that circumstances change what is expected of the item."""
    return abs(item.circumstances - 1) >= _LEAST_CHANGE
