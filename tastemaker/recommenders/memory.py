"""What training takes of memory, estimated before it starts, and what there is of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tastemaker.recommenders.choice import MOST_EVENTS, MOST_ITEMS, MOST_REQUESTS, STRENGTHS

_LIBRARIES: Final = 25_000_000
_FEWEST_EXACT: Final = 250
_FLOAT: Final = 4
_FILES: Final = Path("/")


class NotEnoughMemory(ValueError):
    """A training would need more memory than there is. The message says how much, and what to do."""


@dataclass(frozen=True)
class Demand:
    """What a sequence ridge is trained on: numbers of events and of items with events, and of each item the weights
    that are kept, for `decays` decays. `alike`: how many items are compared by their attributes.
    """

    events: int
    items: int
    kept_weights: int
    decays: int = 2
    alike: int = 0

    def bytes(self, exact_items: int) -> int:
        """About what training takes beyond the interactions, at most; the ridge has `exact_items`, 0: there is none.

        The parts were measured, on generated data, as the peak of each step, by event, by weight and by cell.
        """
        exact, weights = min(exact_items, self.items), min(self.items * self.kept_weights, 20 * self.events)
        rows = self.decays * exact + 1
        solved = 8 * self.decays * exact * min(self.kept_weights, exact)
        choice = self._choice(exact > 0)
        steps = (
            choice,
            90 * self.events,
            # half of what the choice has taken, in pieces, does not come back
            _FLOAT * rows * (rows + 2 * exact) + (70 * self.events + choice // 2) * (exact > 0),
            solved + 110 * self.events + 13 * min(5_000_000, 40 * self.events) + 24 * weights,
            solved + 41 * weights,
        )
        return _LIBRARIES + 25 * self.events + 2_000 * self.alike + max(steps)

    def _choice(self, ridge: bool) -> int:
        """Of finding the settings, on a part of events and items."""
        items = min(MOST_ITEMS, self.items)
        rows, cells = self.decays * items + 1, MOST_REQUESTS * items
        of_events = 100 * min(MOST_EVENTS, self.events)
        if not ridge:
            return of_events + 20 * cells
        # of the regression that is tried, and what its solution uses up
        equations = 3 * rows * (rows + items)
        # of two options of decays, each of all strengths; and the histories, twice
        answers = (2 * len(STRENGTHS) + 2 * self.decays) * cells
        return of_events + _FLOAT * (equations + answers) + 10 * cells


def affordable_items(demand: Demand, exact_items: int, available: int) -> int:
    """How many items a ridge may have in `available` bytes: `exact_items`, or half of them and so on, or none.

    Raises NotEnoughMemory where there is too little even without a ridge.
    """
    items = min(exact_items, demand.items)
    while items and demand.bytes(items) > available:
        items = items // 2 if items // 2 >= _FEWEST_EXACT else 0
    check_affordable(demand, items, available)
    return items


def check_affordable(demand: Demand, exact_items: int, available: int) -> None:
    """Raises NotEnoughMemory where a training with `exact_items` takes more than `available` bytes."""
    if demand.bytes(exact_items) > available:
        raise NotEnoughMemory(
            f"Training on {demand.events:,} interactions with {demand.items:,} items takes about "
            f"{_told(demand.bytes(exact_items))} of memory, and there are {_told(available)}: train on fewer "
            f"interactions, or on a machine with more memory."
        )


def available_memory(files: Path = _FILES) -> int:
    """How many bytes this process can still take: what the machine has left, and its control groups allow.

    `files`: where the system's files are, for Linux; other systems tell only how much there is in all.
    """
    meminfo = files / "proc/meminfo"
    if not meminfo.exists():
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    lines = (line.split() for line in meminfo.read_text().splitlines())
    machine = next(1024 * int(words[1]) for words in lines if words[0] == "MemAvailable:")
    return max(0, min([machine, *_left_in_groups(files)]))


def _left_in_groups(files: Path) -> list[int]:
    """Of each control group of this process that has a limit, the rest."""
    groups = files / "proc/self/cgroup"
    left = []
    for line in groups.read_text().splitlines() if groups.exists() else ():
        _, controllers, own = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root = files / "sys/fs/cgroup" / controllers
        limit, usage = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        )
        group = root / own.lstrip("/")
        # a container's path is the host's, and only its root is there
        for each in (group, *(parent for parent in group.parents if parent == root or root in parent.parents)):
            if (each / limit).exists() and (most := (each / limit).read_text().strip()) != "max":
                left.append(int(most) - int((each / usage).read_text()) + _reclaimable(each))
    return left


def _reclaimable(group: Path) -> int:
    """Bytes of files that the group holds and gives up first."""
    lines = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return sum(int(size) for name, size in lines if name == "inactive_file")


def _told(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
