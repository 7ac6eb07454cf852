"""What training takes of memory is known before it starts, and kept to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.generated import Size, generated
from tastemaker.recommenders import NotEnoughMemory, SequenceRidge
from tastemaker.recommenders.memory import Demand, affordable_items, available_memory
from tests.unit.recommenders.planted import checkerboard, cycles

_ALL_OF_IT = """
import sys
from dataclasses import replace
import numpy as np
from benchmarks.generated import Size, generated
from benchmarks.peers.memory import peak, start_peak
from tastemaker.recommenders import Context, SequenceRidge
interactions = generated(Size(*map(int, sys.argv[1:4])))
draw = np.random.default_rng(0)
fields = {f"N{n}": draw.random(len(interactions)) for n in range(int(sys.argv[5]))}
interactions = replace(interactions, context=Context(numbers=fields) if fields else None)
before = start_peak()
SequenceRidge(exact_items=int(sys.argv[4])).fit(interactions)
print(peak() - before)
"""

_WITH_ATTRIBUTES = """
from benchmarks.generated import Size, generated
from benchmarks.peers.memory import peak, start_peak
from tastemaker.recommenders import Attributes, SequenceRidge
interactions = generated(Size(100_000, 60_000, 10_000))
kinds = [f"kind-{n % 30}" for n in range(len(interactions.item_ids))]
items = Attributes.from_columns(interactions.item_ids.tolist(), {"KIND": kinds}, {})
before = start_peak()
SequenceRidge(exact_items=0).fit(interactions, items=items)
print(peak() - before)
"""

_BEFORE = """
import sys
from pathlib import Path
from benchmarks.generated import Size, generated
from tastemaker.recommenders import SequenceRidge
interactions = generated(Size(*map(int, sys.argv[2:5])))
folder, exact_items = Path(sys.argv[1]), int(sys.argv[5])
SequenceRidge(exact_items=exact_items).fit(interactions, sums=folder / "0.npz").save(folder / "model.npz")
"""
_UPDATE = """
import sys
from pathlib import Path
from benchmarks.generated import Size, generated
from benchmarks.peers.memory import peak, start_peak
from tastemaker.recommenders import SequenceRidge, SequenceRidgeModel, load, with_new_events
interactions, folder = generated(Size(*map(int, sys.argv[2:5]))), Path(sys.argv[1])
model, known = load(folder / "model.npz", SequenceRidgeModel), interactions.starts[1:] * 0
before = start_peak()
with_new_events(SequenceRidge(), model, interactions, known, sums=folder / "0.npz", kept=folder / "1.npz")
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a process's peak starts anew on Linux alone")
@pytest.mark.parametrize(
    ("size", "exact_items", "contextual_fields"),
    [
        (Size(200_000, 10_000, 20_000), 0, 0),
        (Size(500_000, 15_000, 50_000), 0, 0),
        (Size(100_000, 2_000, 5_000), 1_000, 0),
        (Size(200_000, 6_000, 10_000), 3_000, 0),
        # as many fields as there may be, of so many events that they would show
        (Size(4_000_000, 500, 40_000), 0, 5),
    ],
)
def test_the_estimate_is_not_below_what_is_taken_and_not_far_above(
    size: Size, exact_items: int, contextual_fields: int
) -> None:
    arguments = [str(each) for each in (size.events, size.items, size.users, exact_items, contextual_fields)]
    taken = float(subprocess.check_output([sys.executable, "-c", _ALL_OF_IT, *arguments], text=True))

    estimate = Demand(size.events, size.items, kept_weights=100).bytes(exact_items) / 1e6

    assert taken <= estimate <= 1.5 * taken


@pytest.mark.skipif(sys.platform != "linux", reason="a process's peak starts anew on Linux alone")
def test_attributes_take_no_more_than_the_estimate() -> None:
    taken = float(subprocess.check_output([sys.executable, "-c", _WITH_ATTRIBUTES], text=True))

    without, estimate = (Demand(100_000, 60_000, 100, alike=alike).bytes(0) / 1e6 for alike in (0, 60_000))

    assert without < taken <= estimate <= 1.6 * taken


@pytest.mark.skipif(sys.platform != "linux", reason="a process's peak starts anew on Linux alone")
def test_an_update_takes_no_more_than_the_estimate(tmp_path: Path) -> None:
    arguments = [str(tmp_path), "100000", "4000", "5000", "2000"]
    subprocess.check_call([sys.executable, "-c", _BEFORE, *arguments])

    taken = float(subprocess.check_output([sys.executable, "-c", _UPDATE, *arguments], text=True))

    # the two matrices alone
    assert 4 * 4_001 * 6_001 / 1e6 < taken <= Demand(100_000, 4_000, kept_weights=100).bytes(2_000) / 1e6


def test_ten_million_events_and_two_hundred_thousand_items_fit_eight_gigabytes() -> None:
    assert Demand(10_000_000, 200_000, kept_weights=100).bytes(4_000) < 8e9


@pytest.mark.parametrize(("exact_items", "mode"), [(20, "exact"), (19, "hybrid"), (0, "sparse")])
def test_a_model_says_how_much_of_the_catalogue_is_in_the_regression(exact_items: int, mode: str) -> None:
    assert SequenceRidge(exact_items=exact_items).fit(checkerboard()).choice.mode == mode


def test_with_less_memory_fewer_items_enter_the_regression() -> None:
    demand = Demand(1_000_000, 10_000, kept_weights=100)

    assert affordable_items(demand, 4_000, demand.bytes(4_000)) == 4_000
    assert affordable_items(demand, 4_000, demand.bytes(4_000) - 1) == 2_000
    assert affordable_items(demand, 4_000, demand.bytes(0)) == 0


def test_with_too_little_memory_training_is_refused_before_it_starts() -> None:
    told: list[float] = []

    with pytest.raises(NotEnoughMemory, match=r"takes about .* MB of memory, and there are 10 MB: train on fewer"):
        SequenceRidge(memory=10_000_000).fit(cycles(), progress=told.append)

    assert told in ([], [0.0])


def test_with_memory_for_the_sparse_path_alone_it_is_taken() -> None:
    interactions = generated(Size(20_000, 2_000, 1_000))
    demand = Demand(len(interactions), len(np.unique(interactions.item)), kept_weights=100)

    model = SequenceRidge(memory=demand.bytes(0)).fit(interactions)

    assert model.choice.mode == "sparse"
    assert model.choice.share == 1
    assert len(model.recommend(interactions.history(0), 10)[0]) == 10


def test_what_is_left_is_the_machines(tmp_path: Path) -> None:
    _write(tmp_path, "proc/meminfo", "MemTotal: 8000 kB\nMemAvailable: 5000 kB\n")
    assert available_memory(tmp_path) == 5_000 * 1024


@pytest.mark.parametrize(("own", "where"), [("/job", "job/"), ("/", ""), ("/kubepods/of/the/host", "")])
def test_what_is_left_is_what_a_control_group_allows(tmp_path: Path, own: str, where: str) -> None:
    _write(tmp_path, "proc/meminfo", "MemAvailable: 5000 kB\n")
    _write(tmp_path, "proc/self/cgroup", f"0::{own}\n")
    _write(tmp_path, f"sys/fs/cgroup/{where}memory.max", "3000000\n")
    _write(tmp_path, f"sys/fs/cgroup/{where}memory.current", "1200000\n")
    _write(tmp_path, f"sys/fs/cgroup/{where}memory.stat", "anon 900000\ninactive_file 200000\n")

    assert available_memory(tmp_path) == 2_000_000


def test_what_is_left_is_what_a_control_group_of_the_first_version_allows(tmp_path: Path) -> None:
    _write(tmp_path, "proc/meminfo", "MemAvailable: 5000 kB\n")
    _write(tmp_path, "proc/self/cgroup", "5:cpu,cpuacct:/\n4:memory:/docker/1\n")
    _write(tmp_path, "sys/fs/cgroup/memory/memory.limit_in_bytes", "3000000\n")
    _write(tmp_path, "sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n")
    _write(tmp_path, "sys/fs/cgroup/memory/memory.stat", "cache 5\n")

    assert available_memory(tmp_path) == 2_000_000


def test_an_unlimited_control_group_allows_what_the_machine_has(tmp_path: Path) -> None:
    _write(tmp_path, "proc/meminfo", "MemAvailable: 5000 kB\n")
    _write(tmp_path, "proc/self/cgroup", "0::/\n")
    _write(tmp_path, "sys/fs/cgroup/memory.max", "max\n")

    assert available_memory(tmp_path) == 5_000 * 1024


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
