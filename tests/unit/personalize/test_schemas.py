"""Schemas are accepted and refused as Personalize does, and a refusal names the field and the remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tastemaker.personalize.schemas import Field, Schema, SchemaError, parse_schema

USER = {"name": "USER_ID", "type": "string"}
ITEM = {"name": "ITEM_ID", "type": "string"}
ACTION = {"name": "ACTION_ID", "type": "string"}
TIME = {"name": "TIMESTAMP", "type": "long"}
EVENT = {"name": "EVENT_TYPE", "type": "string"}
CREATED = {"name": "CREATION_TIMESTAMP", "type": "long"}
AGE = {"name": "AGE", "type": ["null", "int"]}
PRICE = {"name": "PRICE", "type": "float"}
CATEGORY = {"name": "CATEGORY_L1", "type": "string", "categorical": True}
GENRES = {"name": "GENRES", "type": "string", "categorical": True}
TITLE = {"name": "TITLE", "type": ["null", "string"]}


def parse(name: str, *fields: dict[str, Any], domain: str | None = None) -> Schema:
    record = {"type": "record", "name": name, "namespace": "com.amazonaws.personalize.schema", "version": "1.0"}
    return parse_schema(json.dumps({**record, "fields": fields}), domain)


def refusal(name: str, *fields: dict[str, Any], domain: str | None = None) -> str:
    with pytest.raises(SchemaError) as refused:
        parse(name, *fields, domain=domain)
    return str(refused.value)


def test_fields_keep_their_order_types_and_attributes() -> None:
    schema = parse(
        "Interactions",
        USER,
        ITEM,
        TIME,
        {"name": "EVENT_VALUE", "type": ["float", "null"]},
        {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
    )

    assert schema.dataset_type == "INTERACTIONS"
    assert schema.fields == (
        Field("USER_ID", "string"),
        Field("ITEM_ID", "string"),
        Field("TIMESTAMP", "long"),
        Field("EVENT_VALUE", "float", nullable=True),
        Field("DEVICE", "string", nullable=True, categorical=True),
    )


def test_a_field_is_found_by_its_name() -> None:
    schema = parse("Users", USER, AGE)

    assert schema.field("AGE") == Field("AGE", "int", nullable=True)
    assert schema.field("HEIGHT") is None


@pytest.mark.parametrize(
    ("name", "fields", "dataset_type"),
    [
        ("Interactions", [USER, ITEM, TIME], "INTERACTIONS"),
        ("interactions", [USER, ITEM, TIME], "INTERACTIONS"),
        ("Items", [ITEM, TITLE], "ITEMS"),
        ("Items", [ITEM, CREATED], "ITEMS"),
        ("Users", [USER, AGE], "USERS"),
        ("Actions", [ACTION, {"name": "VALUE", "type": ["null", "long"]}], "ACTIONS"),
        ("ActionInteractions", [USER, ACTION, EVENT, TIME], "ACTION_INTERACTIONS"),
    ],
)
def test_every_dataset_type_of_a_custom_group_is_known_by_the_records_name(
    name: str, fields: list[dict[str, Any]], dataset_type: str
) -> None:
    assert parse(name, *fields).dataset_type == dataset_type


@pytest.mark.parametrize(
    ("domain", "name", "fields"),
    [
        ("ECOMMERCE", "Interactions", [USER, ITEM, TIME, EVENT]),
        ("ECOMMERCE", "Items", [ITEM, PRICE, CATEGORY]),
        ("ECOMMERCE", "Users", [USER, AGE]),
        ("VIDEO_ON_DEMAND", "Items", [ITEM, GENRES, CREATED]),
        ("VIDEO_ON_DEMAND", "Users", [USER, {"name": "SUBSCRIPTION_MODEL", "type": "string", "categorical": True}]),
    ],
)
def test_the_minimal_schema_of_a_domain_is_accepted(domain: str, name: str, fields: list[dict[str, Any]]) -> None:
    assert parse(name, *fields, domain=domain).fields[0].name in {"USER_ID", "ITEM_ID"}


@pytest.mark.parametrize(
    ("declared", "type_", "nullable"),
    [
        ("int", "int", False),
        (["string"], "string", False),
        (["null", "double"], "double", True),
        (["boolean", "null"], "boolean", True),
    ],
)
def test_a_type_stands_alone_or_in_a_union_with_null(declared: object, type_: str, nullable: bool) -> None:
    schema = parse("Users", USER, {"name": "FLAVOUR", "type": declared})

    assert schema.field("FLAVOUR") == Field("FLAVOUR", type_, nullable=nullable)


@pytest.mark.parametrize(
    "declared",
    [None, "null", ["null"], [], ["null", "null"], ["int", "string"], ["null", "int", "long"], "bytes", "STRING",
     {"type": "array", "items": "string"}, ["null", {"type": "record", "name": "X", "fields": []}]],
)  # fmt: skip
def test_other_types_are_refused_by_name(declared: object) -> None:
    message = refusal("Users", USER, {"name": "FLAVOUR", "type": declared})

    assert "FLAVOUR" in message
    assert json.dumps(declared) in message or "a schema is flat" in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no valid JSON"),
        ("[" * 20_000, "no valid JSON"),
        ("[]", '"type": "record"'),
        ('{"type": "map", "name": "Users"}', '"type": "record"'),
        ('{"type": "record", "name": "Users"}', '"fields"'),
        ('{"type": "record", "name": "Users", "fields": []}', '"fields"'),
        ('{"type": "record", "name": "Users", "fields": ["USER_ID"]}', "Field number 1"),
        ('{"type": "record", "fields": []}', "Interactions, Items, Users"),
    ],
)
def test_what_is_no_avro_record_of_fields_is_refused(text: str, says: str) -> None:
    with pytest.raises(SchemaError, match=says):
        parse_schema(text, None)


def test_a_name_that_is_no_dataset_type_is_refused_with_those_that_are() -> None:
    assert "Interactions, Items, Users, Actions, ActionInteractions" in refusal("Purchases", USER)


def test_action_datasets_exist_in_custom_groups_only() -> None:
    assert "Actions" in refusal("Actions", ACTION, AGE, domain="ECOMMERCE")


def test_an_unknown_domain_is_refused_with_the_known_ones() -> None:
    assert "ECOMMERCE, VIDEO_ON_DEMAND" in refusal("Users", USER, AGE, domain="GAMES")


@pytest.mark.parametrize(
    ("name", "fields", "domain", "missing"),
    [
        ("Interactions", [ITEM, TIME], None, "USER_ID"),
        ("Interactions", [USER, TIME], None, "ITEM_ID"),
        ("Interactions", [USER, ITEM], None, "TIMESTAMP"),
        ("Interactions", [USER, ITEM, TIME], "ECOMMERCE", "EVENT_TYPE"),
        ("Items", [ITEM, PRICE], "ECOMMERCE", "CATEGORY_L1"),
        ("Items", [ITEM, GENRES], "VIDEO_ON_DEMAND", "CREATION_TIMESTAMP"),
        ("ActionInteractions", [USER, ACTION, TIME], None, "EVENT_TYPE"),
    ],
)
def test_a_missing_required_field_is_named_with_what_to_add(
    name: str, fields: list[dict[str, Any]], domain: str | None, missing: str
) -> None:
    assert f'lacks the field {missing}: add {{"name": "{missing}", "type":' in refusal(name, *fields, domain=domain)


def test_a_required_field_must_not_allow_null() -> None:
    message = refusal("Interactions", USER, ITEM, {"name": "TIMESTAMP", "type": ["null", "long"]})

    assert message == 'The field TIMESTAMP is required and must not allow null: write "type": "long".'


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ({"name": "TIMESTAMP", "type": "string"}, "TIMESTAMP is reserved and must be of the type long, not string"),
        ({"name": "EVENT_VALUE", "type": "double"}, "EVENT_VALUE is reserved and must be of the type float"),
        ({"name": "EVENT_TYPE", "type": "string", "categorical": True}, 'EVENT_TYPE is reserved: remove "categorical"'),
        ({"name": "IMPRESSION", "type": "string", "categorical": True}, 'IMPRESSION is reserved: remove "categorical"'),
    ],
)
def test_a_reserved_field_has_its_own_type_and_attributes(field: dict[str, Any], says: str) -> None:
    others = [other for other in (USER, ITEM, TIME) if other["name"] != field["name"]]

    assert says in refusal("Interactions", *others, field)


def test_a_reserved_category_must_be_categorical() -> None:
    message = refusal("Items", ITEM, PRICE, {"name": "CATEGORY_L1", "type": "string"}, domain="ECOMMERCE")

    assert message == 'The field CATEGORY_L1 is reserved: set "categorical": true.'


@pytest.mark.parametrize(("name", "fields"), [("Users", [USER]), ("Items", [ITEM]), ("Actions", [ACTION])])
def test_metadata_datasets_need_a_field_beside_the_id(name: str, fields: list[dict[str, Any]]) -> None:
    assert "add at least one beside the id" in refusal(name, *fields)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("GENRES_FIELD_1", "GENRESFIELD1", "differ in underscores or case only"),
        ("colour", "COLOUR", "differ in underscores or case only"),
        ("COLOUR", "COLOUR", "occurs more than once"),
    ],
)
def test_names_that_are_one_in_camel_case_are_refused(first: str, second: str, says: str) -> None:
    message = refusal("Users", USER, {"name": first, "type": "string"}, {"name": second, "type": "string"})

    assert says in message
    assert first in message
    assert second in message


@pytest.mark.parametrize("name", ["1ST", "FIRST NAME", "É", "", "X" * 151])
def test_a_field_name_of_other_characters_or_too_long_is_refused(name: str) -> None:
    assert "is not allowed: use up to 150 letters" in refusal("Users", USER, {"name": name, "type": "string"})


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ([{"name": "AGE", "type": "int", "categorical": True}], 'AGE is a int: "categorical" is allowed on strings'),
        ([{"name": "BIO", "type": "string", "textual": True}], '"textual" of the field BIO is allowed in Items'),
        ([{"name": "BIO", "type": "string", "itemName": True}], '"itemName" of the field BIO is allowed in Items'),
        ([{"name": "BIO", "type": "string", "categorical": "yes"}], '"categorical" of the field BIO is "yes"'),
    ],
)
def test_attributes_stand_where_they_mean_something(fields: list[dict[str, Any]], says: str) -> None:
    assert says in refusal("Users", USER, *fields)


def test_an_item_has_one_textual_field_which_is_not_categorical() -> None:
    text = {"type": "string", "textual": True}

    assert "A, B" in refusal("Items", ITEM, {"name": "A", **text}, {"name": "B", **text})
    assert "both categorical and textual" in refusal("Items", ITEM, {"name": "A", **text, "categorical": True})
    assert parse("Items", ITEM, {"name": "A", **text}).fields[1].textual


def test_an_item_has_one_name() -> None:
    title = {"type": "string", "itemName": True}

    assert "A, B" in refusal("Items", ITEM, {"name": "A", **title}, {"name": "B", **title})


@pytest.mark.parametrize(
    ("name", "required", "most"),
    [("Interactions", [USER, ITEM, TIME], 5), ("Users", [USER], 25), ("Items", [ITEM], 100), ("Actions", [ACTION], 10)],
)
def test_there_is_a_most_of_metadata_fields(name: str, required: list[dict[str, Any]], most: int) -> None:
    metadata = [{"name": f"M{number}", "type": "string"} for number in range(most + 1)]

    assert len(parse(name, *required, *metadata[:-1]).fields) == len(required) + most
    assert f"{most} are allowed: remove M{most}." in refusal(name, *required, *metadata)


def test_reserved_fields_are_not_counted_as_metadata() -> None:
    metadata = [{"name": f"M{number}", "type": "string"} for number in range(5)]

    assert len(parse("Interactions", USER, ITEM, TIME, EVENT, *metadata).fields) == 9
