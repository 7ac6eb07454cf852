"""What was shown under a recommendation id is known for a while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tastemaker.personalize.recommendation_memory import Recommendations


def test_an_answer_is_known_by_its_id() -> None:
    given = Recommendations()
    given.remember("RID-1", "arn:campaign", ["a", "b"])
    given.remember("RID-2", "arn:recommender", [])

    assert (given.source_of("RID-1"), given.shown("RID-1")) == ("arn:campaign", ("a", "b"))
    assert (given.source_of("RID-2"), given.shown("RID-2")) == ("arn:recommender", ())
    assert (given.source_of("RID-3"), given.shown("RID-3")) == (None, ())


def test_the_oldest_answers_are_forgotten() -> None:
    given = Recommendations(most_answers=2)
    for number in range(3):
        given.remember(f"RID-{number}", "arn", [str(number)])

    assert [given.source_of(f"RID-{number}") for number in range(3)] == [None, "arn", "arn"]


def test_long_answers_are_forgotten_sooner() -> None:
    given = Recommendations(most_items=5)
    for number in range(3):
        given.remember(f"RID-{number}", "arn", ["a", "b"])

    assert [given.shown(f"RID-{number}") for number in range(3)] == [(), ("a", "b"), ("a", "b")]


def test_many_threads_remember_no_more_than_there_is_room_for() -> None:
    given = Recommendations(most_answers=100)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: given.remember(f"RID-{number}", "arn", ["i"]), range(2000)))

    assert sum(given.source_of(f"RID-{number}") is not None for number in range(2000)) == 100
