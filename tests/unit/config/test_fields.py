"""Personalize's rules for the fields of the interactions."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from lambdas.common.config.fields import INTERACTIONS, ITEMS


@dataclass(frozen=True)
class Mapped:
    field: str
    type: str = "string"
    categorical: bool = False
    textual: bool = False
    optional: bool = False


REQUIRED = [Mapped("USER_ID"), Mapped("ITEM_ID"), Mapped("TIMESTAMP", "long")]


def test_the_required_fields_suffice() -> None:
    INTERACTIONS.check(REQUIRED)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_required_field_that_no_attribute_gives_is_named(missing: int) -> None:
    rest = [field for position, field in enumerate(REQUIRED) if position != missing]

    with pytest.raises(ValueError, match=f"no attribute is mapped to {REQUIRED[missing].field}"):
        INTERACTIONS.check(rest)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (Mapped("EVENT_VALUE", "long"), "EVENT_VALUE is of the type float, not long"),
        (Mapped("EVENT_TYPE", categorical=True), "EVENT_TYPE is Personalize's own and never categorical"),
        (Mapped("2ND"), "'2ND' is no field name"),
        (Mapped("MY-FIELD"), "'MY-FIELD' is no field name"),
        (Mapped("AGE", "int", categorical=True), "AGE is categorical, so its type is string, not int"),
        (Mapped("NOTE", textual=True), "NOTE cannot be textual: Personalize takes no such field in Interactions"),
        (Mapped("USER_ID"), "USER_ID and USER_ID are one field to Personalize"),
        (Mapped("USERID"), "USERID and USER_ID are one field to Personalize"),
    ],
)
def test_a_field_that_personalize_refuses_is_refused_here(extra: Mapped, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        INTERACTIONS.check([*REQUIRED, extra])


def test_a_required_field_may_not_be_optional() -> None:
    with pytest.raises(ValueError, match="take `optional` away"):
        INTERACTIONS.check([Mapped("USER_ID", optional=True), *REQUIRED[1:]])


def test_five_fields_of_ones_own_are_allowed_and_six_are_not() -> None:
    own = [Mapped(f"OWN_{letter}") for letter in "ABCDEF"]

    INTERACTIONS.check([*REQUIRED, Mapped("EVENT_TYPE"), *own[:5]])
    with pytest.raises(ValueError, match="are 6 fields of your own; Personalize allows 5"):
        INTERACTIONS.check([*REQUIRED, Mapped("EVENT_TYPE"), *own])


def test_items_have_one_text_to_learn_from() -> None:
    item, title, story = Mapped("ITEM_ID"), Mapped("TITLE", textual=True), Mapped("STORY", textual=True)

    ITEMS.check([item, title])
    assert ITEMS.schema([item, title])["fields"][1] == {"name": "TITLE", "type": "string", "textual": True}
    with pytest.raises(ValueError, match="TITLE, STORY cannot be textual: Personalize takes 1 such field in Items"):
        ITEMS.check([item, title, story])
    with pytest.raises(ValueError, match="TITLE is categorical and textual"):
        ITEMS.check([item, Mapped("TITLE", categorical=True, textual=True)])
