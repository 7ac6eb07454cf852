"""The language of filter expressions: what is understood, and what is refused in words that name the remedy."""

from __future__ import annotations

import pytest

from tastemaker.personalize.filters import FilterError, bind, check, dataset_fields, parse
from tastemaker.personalize.filters.expression import Clause, Comparison, Expression, FieldName, Membership, Parameter
from tastemaker.personalize.schemas import Field, Schema


def schema(dataset_type: str, *fields: Field) -> Schema:
    return Schema(dataset_type, fields)


def categories(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "string", nullable=True, categorical=True) for name in names)


SCHEMAS = {
    "INTERACTIONS": schema(
        "INTERACTIONS", Field("USER_ID", "string"), Field("EVENT_TYPE", "string"), Field("PRICE", "float")
    ),
    "ITEMS": schema(
        "ITEMS",
        Field("ITEM_ID", "string"),
        *categories("GENRE", "CATEGORY_L1", "CATEGORY_L2"),
        Field("YEAR", "int"),
        Field("PRICE", "float", nullable=True),
        Field("CREATION_TIMESTAMP", "long"),
        Field("TITLE", "string"),
        Field("DESCRIPTION", "string", textual=True),
        Field("SOLD_OUT", "boolean"),
        *(Field(f"N{number}", "int") for number in range(12)),
    ),
    "USERS": schema(
        "USERS", Field("USER_ID", "string"), Field("AGE", "int"), *categories("MEMBERSHIP_STATUS", "MEMBERSHIP")
    ),
    "ACTIONS": schema(
        "ACTIONS", Field("ACTION_ID", "string"), Field("VALUE", "long"), Field("REPEAT_FREQUENCY", "long")
    ),
    "ACTION_INTERACTIONS": schema("ACTION_INTERACTIONS", Field("EVENT_TYPE", "string")),
}

DOCUMENTED = """
EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")
INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")
EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Purchase")
EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)
INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)
INCLUDE ItemID WHERE Items.YEAR >= 1970 AND Items.YEAR < 1980
EXCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot")
INCLUDE ItemID WHERE Items.PRICE <= $PRICE
INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > $DATE
INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE
EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE = $AGE
INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("watch") AND Items.CATEGORY_L2 IN ("luxury") IF CurrentUser.AGE > 18
INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click","stream")
EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("") | INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN CurrentItem.CATEGORY_L1
INCLUDE UserID WHERE Users.MEMBERSHIP_STATUS IN ($MEMBERSHIP)
INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click", "rating")
EXCLUDE UserID WHERE Users.AGE < $AGE
INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($EVENT_TYPE)
EXCLUDE ActionID WHERE Actions.VALUE < ($VALUE) IF CurrentUser.MEMBERSHIP = $PREMIUM
""".strip().splitlines()


def checked(text: str) -> Expression:
    return check(parse(text), SCHEMAS)


def only(text: str) -> Clause:
    (clause,) = checked(text).clauses
    return clause


@pytest.mark.parametrize("text", DOCUMENTED)
def test_the_documented_examples_are_understood(text: str) -> None:
    assert len(checked(text).clauses) == 1 + text.count("|")


@pytest.mark.parametrize("text", DOCUMENTED)
def test_neither_case_nor_space_nor_the_kind_of_quotes_matters(text: str) -> None:
    names = [part for part in text.split() if not part.startswith(('("', "($", "$"))]
    other = text
    for name in names:
        if '"' not in name and "$" not in name:
            other = other.replace(f" {name} ", f"\n\t {name.swapcase()}  ")

    assert other != text
    assert checked(other.replace('"', "'")) == checked(text)


def test_names_become_those_of_the_schema_and_values_keep_their_case() -> None:
    clause = only("exclude itemid where items.category_l1 in ('Shoe', 'a, (b) | c') if currentuser.age = $Age")

    assert clause == Clause(
        include=False,
        target="ItemID",
        where=((Membership(FieldName("Items", "CATEGORY_L1"), ("Shoe", "a, (b) | c")),),),
        users=(((Membership(FieldName("CurrentUser", "AGE"), (Parameter("Age", number=True, single=True),)),),),),
    )


def test_and_binds_closer_than_or() -> None:
    year, price = FieldName("Items", "YEAR"), FieldName("Items", "PRICE")

    clause = only("INCLUDE ItemID WHERE Items.YEAR > 1 OR Items.PRICE < 2.5 AND Items.YEAR >= -3 OR Items.YEAR != 4")

    assert clause.where == (
        (Comparison(year, ">", 1.0),),
        (Comparison(price, "<", 2.5), Comparison(year, ">=", -3.0)),
        (Membership(year, (4.0,), negated=True),),
    )


def test_fields_may_be_called_like_the_words_of_the_language() -> None:
    schemas = {"ITEMS": schema("ITEMS", Field("IN", "int"), Field("INCLUDED", "int"), Field("ORDERS", "int"))}

    expression = check(parse("INCLUDE ItemID WHERE Items.IN=1 AND Items.INCLUDED IN (2) OR Items.ORDERS > 3"), schemas)

    assert dataset_fields(expression) == {"ITEMS.IN", "ITEMS.INCLUDED", "ITEMS.ORDERS"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "INCLUDE ItemID WHERE Items.GENRE NOT IN ($G)",
            r"symbol: \$G\. Placeholders are not allowed with NOT_IN operator\.",
        ),
        ("INCLUDE ItemID WHERE Items.SOLD_OUT = 1", "Items.SOLD_OUT is a boolean.*as a string"),
        ("INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.SOLD_OUT", "CurrentItem.SOLD_OUT is a boolean"),
        ("INCLUDE ItemID WHERE Items.DESCRIPTION IN ('x')", "Items.DESCRIPTION is textual.*categorical"),
        (
            "INCLUDE ItemID WHERE Items.YEAR > 1 AND Interactions.EVENT_TYPE IN ('x')",
            r"Items and Interactions cannot be mixed.*join them with \|",
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 1 IF CurrentUser.AGE < 9",
            "one IF: extend it with AND",
        ),
        (
            "EXCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 1 OR CurrentUser.AGE < 9",
            "OR is not allowed after IF",
        ),
        ("EXCLUDE ItemID WHERE Interactions.PRICE > 3", "Interactions.PRICE cannot be filtered by.*EVENT_TYPE"),
        ("INCLUDE ItemID WHERE Items.GENRE IN ('*')", '"\\*" is for EVENT_TYPE, not Items.GENRE'),
        ("INCLUDE ItemID WHERE Item.GENRE IN ('x')", "Item.GENRE begins with no dataset: write one of Items, Inter"),
        (
            "INCLUDE ItemID WHERE Items.GENRES IN ('x')",
            "Items.GENRES does not exist: the Items schema has ITEM_ID, GENRE",
        ),
        ("INCLUDE Items WHERE Items.GENRE IN ('x')", "stands one of ItemID, UserID, ActionID, not Items"),
        ("INCLUDE ItemID WHERE Users.AGE > 3", "ItemID is filtered by Items or Interactions, not by Users.AGE"),
        ("INCLUDE UserID WHERE Items.YEAR > 3", "UserID is filtered by Users or Interactions"),
        ("INCLUDE ItemID WHERE CurrentUser.AGE > 3", "CurrentUser.AGE can only stand after IF"),
        ("INCLUDE ItemID WHERE CurrentItem.PRICE > 3", "CurrentItem.PRICE can only stand behind"),
        ("INCLUDE ItemID WHERE Items.PRICE > Items.YEAR", "cannot be held against Items.YEAR.*CurrentItem"),
        ("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN CurrentItem.GENRE", "only a field of Items can be"),
        (
            "INCLUDE ItemID WHERE Items.PRICE = CurrentItem.GENRE",
            "Items.PRICE is of the type float and CurrentItem.GENRE of the type string",
        ),
        ("INCLUDE ItemID WHERE Items.YEAR > 1 IF Items.PRICE > 3", "after IF only fields of CurrentUser"),
        ("INCLUDE ItemID WHERE Items.GENRE > 'x'", "Items.GENRE is a string.*use IN"),
        ("INCLUDE ItemID WHERE Items.GENRE IN (7)", 'Items.GENRE is a string: write the value 7 in quotes, as "7"'),
        ("INCLUDE ItemID WHERE Items.YEAR > 'new'", 'Items.YEAR is of the type int, and "new" is no number'),
        ("EXCLUDE ActionID WHERE Actions.REPEAT_FREQUENCY > 3", "REPEAT_FREQUENCY cannot be filtered by"),
        (
            "INCLUDE ItemID WHERE Items.YEAR > 1 | EXCLUDE UserID WHERE Users.AGE > 1",
            "about one of ItemID, UserID, ActionID",
        ),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_field_and_the_remedy(text: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        checked(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ends where INCLUDE or EXCLUDE should follow"),
        ("SELECT 1", "character 1, 'SELECT 1' stands where INCLUDE or EXCLUDE should"),
        ("INCLUDE ItemID WHERE", "ends where a name should follow"),
        ("INCLUDE ItemID WHERE Items.GENRE LIKE 'x'", "character 34, \"LIKE 'x'\" stands where IN, NOT IN or one of ="),
        ("INCLUDE ItemID WHERE Items.GENRE IN $G", r"'\$G' stands where '\('"),
        ("INCLUDE ItemID WHERE Items.GENRE IN ()", r"'\)' stands where a \$placeholder, a number or a text in quotes"),
        ("INCLUDE ItemID WHERE Items.GENRE IN ('x'", r"ends where '\)' or ',' should follow"),
        ("INCLUDE ItemID WHERE Items.GENRE IN ('x') Items.YEAR = 1", "'Items.YEAR = 1' stands where"),
        ("INCLUDE ItemID WHERE (Items.YEAR = 1)", "stands where a name should"),
        ("INCLUDE ItemID WHERE Items.YEAR = 1 |", "ends where INCLUDE or EXCLUDE should follow"),
        ("INCLUDE ItemID WHERE Items.GENRE IN (“x”)", "'“x”\\)' stands where"),
    ],
)
def test_what_is_not_understood_is_shown_with_what_should_stand_there(text: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        parse(text)


def test_a_dataset_that_the_group_lacks_is_asked_for() -> None:
    with pytest.raises(FilterError, match=r"CurrentUser.AGE needs a dataset of type USERS.*create it first"):
        check(parse("EXCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 1"), {"ITEMS": SCHEMAS["ITEMS"]})


def test_ten_distinct_fields_are_allowed_and_the_current_items_are_the_same_ones() -> None:
    ten = " AND ".join(f"Items.N{number} = CurrentItem.N{number} AND Items.n{number} < 9" for number in range(10))

    assert len(dataset_fields(checked(f"INCLUDE ItemID WHERE {ten}"))) == 10
    with pytest.raises(FilterError, match=r"uses 11 fields \(.*USERS\.AGE\); a filter can use 10"):
        checked(f"INCLUDE ItemID WHERE {ten} IF CurrentUser.AGE > 1")


def bound(text: str, **given: str) -> list[tuple[object, ...]]:
    """The values of each clause's first condition."""
    first = [clause.where[0][0] for clause in bind(checked(text), given).clauses]
    return [each.values if isinstance(each, Membership) else (each.value,) for each in first]  # type: ignore[misc] # no field here


IN = "INCLUDE ItemID WHERE Items.GENRE IN ($G)"
LESS = "INCLUDE ItemID WHERE Items.PRICE < $P"


def test_placeholders_take_values_in_quotes_and_numbers_also_without() -> None:
    assert bound(IN, G='"drama"') == [("drama",)]
    assert bound(IN, G='"drama" , "sci-fi, new"') == [("drama", "sci-fi, new")]
    assert bound(IN.replace("$G", "'a', $G, $H"), G="'b'", H='"c","d"') == [("a", "b", "c", "d")]
    assert bound(LESS, P="100") == bound(LESS, P='"100"') == bound(LESS, P=' "1e2" ') == [(100.0,)]
    assert bound("INCLUDE ItemID WHERE Items.YEAR IN ($Y)", Y='1970, "1980"') == [(1970.0, 1980.0)]


def test_a_value_for_a_placeholder_that_is_not_there_is_passed_over() -> None:
    assert bound(IN, G='"drama"', g='"comedy"', H="[") == [("drama",)]


@pytest.mark.parametrize("value", ["", "drama", '"drama" "comedy"', '"drama",', ',"drama"', '"drama', "5"])
def test_values_that_are_not_quoted_as_they_should_be_are_refused(value: str) -> None:
    with pytest.raises(
        FilterError, match=r"value of \$G in filterValues is not understood: write each value in double"
    ):
        bound(IN, G=value)


@pytest.mark.parametrize("value", ['"cheap"', "cheap", "nan", "1e999"])
def test_a_value_that_is_no_number_is_refused_for_a_number(value: str) -> None:
    with pytest.raises(FilterError, match=r"\$P has to be a number in filterValues"):
        bound(LESS, P=value)


def test_a_comparison_takes_one_value() -> None:
    for text in (LESS, LESS.replace("<", "=")):
        with pytest.raises(FilterError, match=r"\$P has 2 values in filterValues, and takes one"):
            bound(text, P="1,2")


def test_a_missing_value_is_refused_by_an_include_and_drops_an_exclude() -> None:
    joined = "EXCLUDE ItemID WHERE Items.GENRE IN ($G) | EXCLUDE ItemID WHERE Items.GENRE IN ('x') | " + LESS

    assert bound(joined, P="1") == [("x",), (1.0,)]
    with pytest.raises(FilterError, match=r"no value for \$P, which an INCLUDE needs"):
        bound(joined, G='"drama"', p="1")


def test_a_missing_value_after_if_counts_like_any_other() -> None:
    exclude = "EXCLUDE ItemID WHERE Items.GENRE IN ('x') IF CurrentUser.AGE = $A"

    assert bound(exclude) == []
    with pytest.raises(FilterError, match=r"\$A"):
        bound(exclude.replace("EXCLUDE", "INCLUDE"))
