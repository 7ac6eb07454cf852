"""Turns: one at a time, first come, first served."""

from __future__ import annotations

import threading

from tastemaker.cloud.turns import Turns


def test_turns_are_granted_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order = Turns(), list[int]()

    def take(number: int) -> None:
        with turns:
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(20)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            while turns.waiting <= number:
                pass
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_a_turn_ends_also_when_what_was_done_in_it_fails() -> None:
    turns = Turns()
    try:
        with turns:
            raise OSError
    except OSError:
        pass
    with turns:
        assert turns.waiting == 0
