"""Walking a list by its tokens gives each entry once, whatever happens to the list meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.personalize.errors import InvalidNextToken
from tastemaker.personalize.paging import page


def walked(numbers: list[int], size: int) -> list[int]:
    entries = [(number, number) for number in numbers]
    shown, token = page(entries, scope="s", token=None, size=size)
    seen = list(shown)
    while token is not None:
        shown, token = page(entries, scope="s", token=token, size=size)
        assert 0 < len(shown) <= size
        seen += shown
    return seen


@given(numbers=st.sets(st.integers(-1000, 1000)), size=st.integers(1, 100))
def test_all_pages_together_are_the_list(numbers: set[int], size: int) -> None:
    assert walked(sorted(numbers), size) == sorted(numbers)


def test_a_page_has_at_most_a_hundred_entries_and_the_last_one_no_token() -> None:
    entries = [(number, number) for number in range(150)]

    first, token = page(entries, scope="s", token=None, size=None)
    rest, end = page(entries, scope="s", token=token, size=None)

    assert (len(first), len(rest), end) == (100, 50, None)


def test_entries_that_come_and_go_between_pages_neither_repeat_nor_hide_others() -> None:
    shown, token = page([(n, n) for n in (1, 2, 3, 4)], scope="s", token=None, size=2)
    rest, _ = page([(n, n) for n in (0, 1, 3, 4)], scope="s", token=token, size=2)

    assert (shown, rest) == ([1, 2], [3, 4])


@pytest.mark.parametrize("token", ["", "x", "AAAA", "é", "WzEsICJ4Il0=", "e30=", "bnVsbA=="])
def test_a_garbled_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidNextToken):
        page([(1, 1)], scope="s", token=token, size=None)


def test_a_token_of_another_list_is_refused() -> None:
    _, token = page([(1, 1), (2, 2)], scope="campaigns", token=None, size=1)

    with pytest.raises(InvalidNextToken):
        page([(1, 1), (2, 2)], scope="solutions", token=token, size=1)
