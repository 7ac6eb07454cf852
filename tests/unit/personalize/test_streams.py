"""Streams on disk: what was acknowledged outlives the process, whatever state it left the file in."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tastemaker.personalize.event_owners import events_of_users
from tastemaker.personalize.stream_log import read_prefix
from tastemaker.personalize.streams import LogUnreadable, StreamClosed, StreamedEvent, Streams

DATASET = "arn:aws:personalize:us-east-1:123456789012:dataset/shop/INTERACTIONS"
OTHER = DATASET.replace("shop", "library")


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[Streams]:
    streams = Streams(tmp_path)
    yield streams
    streams.close()


def event(item: str, second: int = 0, *, fraction: float = 0.0) -> StreamedEvent:
    return StreamedEvent(item, "view", 1_700_000_000 + second, f"id-{item}-{second}", {"DEVICE": "tv"}, fraction)


def items(streams: Streams, user: str = "ann") -> list[str | None]:
    return [each.item_id for each in streams.events_of(DATASET, user)]


def reopened(streams: Streams, directory: Path) -> Streams:
    streams.close()
    return Streams(directory)


def log_of(directory: Path) -> Path:
    (path,) = directory.glob("*.log")
    return path


def test_events_come_back_as_they_were(streams: Streams, tmp_path: Path) -> None:
    streams.put(DATASET, [event("hat", fraction=0.123456), event('"\n🙂', 1)], session_id="s", user_id="ann")
    streams.put(DATASET, [event("coat", 2)], session_id="anonymous")
    streams.put(OTHER, [event("book")], session_id="s", user_id="ann")
    before = [streams.events_of(arn, user) for arn in (DATASET, OTHER) for user in ("ann", "s", "anonymous")]

    again = reopened(streams, tmp_path)

    assert [again.events_of(arn, user) for arn in (DATASET, OTHER) for user in ("ann", "s", "anonymous")] == before
    assert [each.item_id for each in before[0]] == ["hat", '"\n🙂']
    again.close()


def test_an_event_that_comes_again_after_a_restart_is_known(streams: Streams, tmp_path: Path) -> None:
    streams.put(DATASET, [event("hat", fraction=0.1)], session_id="s", user_id="ann")
    again = reopened(streams, tmp_path)

    again.put(DATASET, [replace(event("hat", 9), event_id="id-hat-0")], session_id="s", user_id="ann")
    again.put(DATASET, [replace(event("hat", fraction=0.1), event_id="another")], session_id="s", user_id="ann")

    assert items(again) == ["hat"]
    again.close()


def test_a_session_is_linked_across_a_restart(streams: Streams, tmp_path: Path) -> None:
    streams.put(DATASET, [event("hat")], session_id="s")
    again = reopened(streams, tmp_path)

    again.put(DATASET, [event("coat", 1)], session_id="s", user_id="ann")

    assert items(again) == ["hat", "coat"]
    again.close()


@pytest.mark.parametrize("torn", [b"[17", b'[1700000001,0.0,"ann","s","coat","view","e9",{}]', b"\xff\x00"])
def test_an_unfinished_last_line_is_passed_over_and_the_log_goes_on(
    streams: Streams, tmp_path: Path, torn: bytes
) -> None:
    streams.put(DATASET, [event("hat")], session_id="s", user_id="ann")
    streams.close()
    with log_of(tmp_path).open("ab") as file:
        file.write(torn)

    again = Streams(tmp_path)
    again.put(DATASET, [event("shoe", 2)], session_id="s", user_id="ann")

    assert items(again) == ["hat", "shoe"]
    once_more = reopened(again, tmp_path)
    assert items(once_more) == ["hat", "shoe"]
    once_more.close()


def test_a_damaged_line_costs_no_other(streams: Streams, tmp_path: Path) -> None:
    streams.put(DATASET, [event(item, n) for n, item in enumerate("abc")], session_id="s", user_id="ann")
    streams.close()
    lines = log_of(tmp_path).read_bytes().split(b"\n")
    lines[2] = b"\x00" * len(lines[2])
    log_of(tmp_path).write_bytes(b"\n".join(lines))

    again = Streams(tmp_path)

    assert items(again) == ["a", "c"]
    again.close()


def test_a_log_that_was_hardly_begun_holds_nothing_and_is_begun_again(streams: Streams, tmp_path: Path) -> None:
    streams.put(DATASET, [event("hat")], session_id="s", user_id="ann")
    streams.close()
    log_of(tmp_path).write_bytes(b'{"format":1,"id"')

    again = Streams(tmp_path)
    assert items(again) == []
    again.put(DATASET, [event("coat")], session_id="s", user_id="ann")

    once_more = reopened(again, tmp_path)
    assert items(once_more) == ["coat"]
    once_more.close()


@pytest.mark.parametrize("heading", [b"something else\n", b"[]\n", b'{"format":2,"id":"x","dataset":"y"}\n'])
def test_a_file_that_is_no_log_is_named(tmp_path: Path, heading: bytes) -> None:
    (tmp_path / "x.log").write_bytes(heading)

    with pytest.raises(LogUnreadable, match=r"x\.log is no log.*move it"):
        Streams(tmp_path)


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from tastemaker.personalize.streams import StreamedEvent, Streams
streams = Streams(Path({str(tmp_path)!r}))
for n in range(100):
    streams.put({DATASET!r}, [StreamedEvent(f"i{{n}}", "view", n, f"e{{n}}", {{}})], session_id="s", user_id="ann")
os.kill(os.getpid(), signal.SIGKILL)
"""
    child = subprocess.run([sys.executable, "-c", script], check=False)

    assert child.returncode == -9
    again = Streams(tmp_path)
    assert items(again) == [f"i{n}" for n in range(100)]
    again.close()


def test_a_write_that_fails_leaves_nothing_and_is_not_taken_for_done(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams.put(DATASET, [event("hat")], session_id="s", user_id="ann")
    write = os.write

    def half(file: int, content: bytes) -> int:
        return write(file, content[: len(content) // 2])

    monkeypatch.setattr(os, "write", half)  # a full disk cannot be had for less
    with pytest.raises(OSError, match="disk is full"):
        streams.put(DATASET, [event("coat", 1)], session_id="s", user_id="ann")
    monkeypatch.undo()

    assert items(streams) == ["hat"]
    streams.put(DATASET, [event("coat", 1)], session_id="s", user_id="ann")
    again = reopened(streams, tmp_path)
    assert items(again) == ["hat", "coat"]
    again.close()


def test_with_fsync_the_disk_has_the_events_before_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = Streams(tmp_path, fsync=True)

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="the disk is broken"):
        streams.put(DATASET, [event("hat")], session_id="s", user_id="ann")
    assert items(streams) == []
    streams.close()


def test_a_prefix_stays_what_it_was_while_the_log_goes_on_and_is_deleted(streams: Streams, tmp_path: Path) -> None:
    streams.put(DATASET, [event("hat")], session_id="s", user_id="ann")
    prefix = streams.prefix(DATASET)
    assert prefix is not None
    link = tmp_path / "link"
    link.hardlink_to(prefix.path)
    streams.put(DATASET, [event("coat", 1)], session_id="s", user_id="ann")
    streams.delete(DATASET)

    entries = read_prefix(link, prefix.mark.position)

    assert [(entry.user_id, entry.event.item_id) for entry in entries] == [("ann", "hat")]
    assert items(streams) == []
    assert streams.prefix(DATASET) is None


def test_closed_streams_take_nothing(streams: Streams) -> None:
    streams.put(DATASET, [event("hat")], session_id="s", user_id="ann")
    streams.close()
    streams.close()

    with pytest.raises(StreamClosed, match="shop/INTERACTIONS takes no events"):
        streams.put(DATASET, [event("coat")], session_id="s", user_id="ann")


def test_many_threads_lose_nothing(streams: Streams, tmp_path: Path) -> None:
    def put(number: int) -> None:
        streams.put(DATASET, [event(f"i{number}", number)], session_id="s", user_id=f"user-{number % 3}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(300)))

    expected = [[f"i{n}" for n in range(300) if n % 3 == user] for user in range(3)]
    assert [items(streams, f"user-{user}") for user in range(3)] == expected
    again = reopened(streams, tmp_path)
    assert [items(again, f"user-{user}") for user in range(3)] == expected
    again.close()


def test_training_gets_the_events_of_known_users_in_the_order_of_time(streams: Streams) -> None:
    streams.put(DATASET, [event("second", fraction=0.9), event("lost", 5)], session_id="s1")
    streams.put(DATASET, [event("never")], session_id="s2")
    streams.put(DATASET, [event("third", 1)], session_id="s1", user_id="ann")
    streams.put(DATASET, [event("first", fraction=0.1)], session_id="s3", user_id="bob")
    streams.put(DATASET, [event("fourth", 2)], session_id="s1")
    prefix = streams.prefix(DATASET)
    assert prefix is not None

    owned = events_of_users(read_prefix(prefix.path, prefix.mark.position))

    assert [(user, each.item_id) for user, each in owned] == [
        ("bob", "first"),
        ("ann", "second"),
        ("ann", "third"),
        ("ann", "fourth"),
        ("ann", "lost"),
    ]
