"""The filters of a configuration: their names, parameters and fields."""

from __future__ import annotations

import re

import pytest

from lambdas.common.config.filters import Filter, check_filters

FIELDS = {"INTERACTIONS": ["USER_ID", "EVENT_TYPE"], "ITEMS": ["ITEM_ID", "CATEGORY", "PRICE"]}
BOUGHT = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")'


def filter_of(expression: str, *, name: str = "f", default: bool = False) -> Filter:
    return Filter(name=name, expression=expression, default=default)


def test_the_parameters_are_those_of_the_expression_but_not_of_its_texts() -> None:
    cheap = filter_of('INCLUDE ItemID WHERE Items.CATEGORY IN ($B, "$no") AND Items.PRICE < $A OR Items.PRICE > $B')

    assert cheap.parameters == ("B", "A")
    assert filter_of(BOUGHT).parameters == ()


@pytest.mark.parametrize(
    ("expression", "needs_user"),
    [
        (BOUGHT, True),
        ("INCLUDE ItemID WHERE Items.PRICE < 5", False),
        ("INCLUDE ItemID WHERE Items.PRICE < 5 IF CurrentUser.AGE > 3", True),
        ('INCLUDE ItemID WHERE Items.CATEGORY IN ("Interactions.EVENT_TYPE")', False),
    ],
)
def test_some_filters_are_about_the_user(expression: str, needs_user: bool) -> None:
    assert filter_of(expression).needs_user is needs_user


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            "INCLUDE ItemID WHERE Items.COLOUR IN ($C)",
            "Items.COLOUR: [items] lacks it; it has CATEGORY, ITEM_ID, PRICE",
        ),
        (f"{BOUGHT} IF CurrentUser.AGE > 3", "CurrentUser.AGE: [users] lacks it; the section is not in the file"),
    ],
)
def test_a_field_that_no_dataset_has_is_told(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        filter_of(expression).check_fields(FIELDS)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("INCLUDE ItemID WHERE Item.PRICE < 5", "Item.PRICE: a filter of items knows Interactions, Items, CurrentUser"),
        ("INCLUDE ItemID WHERE Users.AGE < 5", "Users.AGE: a filter of items knows"),
        ('EXCLUDE ItemID WHERE Interactions.USER_ID IN ("u")', "Interactions.USER_ID: of interactions"),
        ("Items.PRICE < 5", "begins with neither INCLUDE nor EXCLUDE ItemID WHERE"),
        ("INCLUDE UserID WHERE Items.PRICE < 5", "begins with neither INCLUDE nor EXCLUDE ItemID WHERE"),
    ],
)
def test_what_no_filter_of_items_can_be_about_is_told_before_the_imports(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        filter_of(expression).check_fields(FIELDS | {"USERS": ["USER_ID", "AGE"]})


def test_numbers_and_texts_with_dots_are_no_fields() -> None:
    filter_of(
        "INCLUDE ItemID WHERE Items.PRICE < 5.50 | EXCLUDE ItemID WHERE Items.CATEGORY IN (\"a.b\", 'Users.AGE')"
    ).check_fields(FIELDS)


def test_fields_match_whatever_their_case() -> None:
    filter_of("include itemid where ITEMS.price < CurrentItem.Price").check_fields(FIELDS)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ([filter_of(BOUGHT), filter_of(BOUGHT)], "two filters have the name 'f'"),
        (
            [filter_of(BOUGHT, default=True), filter_of(BOUGHT, name="g", default=True)],
            "'f' and 'g' are both the default",
        ),
        ([filter_of("INCLUDE ItemID WHERE Items.PRICE < $P", default=True)], "'f' has parameters"),
        ([filter_of(BOUGHT, name=f"f{number}") for number in range(31)], "there are 31; Personalize allows 30"),
    ],
)
def test_filters_that_cannot_live_together_are_refused(filters: list[Filter], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        check_filters(tuple(filters))


def test_a_filter_knows_the_datasets_that_it_is_about() -> None:
    both = filter_of(f"{BOUGHT} | INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE IF CurrentUser.AGE > 3")

    assert both.datasets == ("INTERACTIONS", "ITEMS", "USERS")
