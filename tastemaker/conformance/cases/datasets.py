"""Dataset groups, schemas and datasets: UpdateDataset, and what may be in which."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Final

from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Run, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import dataset, schema, shop_group, spare_group
from tastemaker.conformance.world import Sample, World

INVALID: Final = "InvalidInputException"
_USERS: Final = data.USER_FIELDS


def _users(world: World, *, fields: tuple[object, ...] = (*_USERS, data.NEW_USER_FIELD)) -> str:
    """A schema of users, with one field more unless told otherwise."""
    text = data.avro("Users", fields)
    return world.made("Schema", name=world.name("schema"), schema=text).arn


@case("UpdateDataset", "success", reference="§21")
def answers_with_the_dataset(world: World, expect: Expect) -> None:
    with _throwaway_users(world) as made:
        answer = world.call("UpdateDataset", datasetArn=made.arn, schemaArn=_users(world))
        expect.equal("the answer", {"datasetArn": made.arn}, answer)
        world.settled(made.arn)


@case("UpdateDataset", "effect", reference="§3, §21, App. C")
def the_schema_changes_when_it_is_done(world: World, expect: Expect) -> None:
    wider = _users(world)
    with _throwaway_users(world) as made:
        world.call("UpdateDataset", datasetArn=made.arn, schemaArn=wider)
        statuses = world.statuses(made.arn)
        path = ["UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE"]
        expect.equal("the statuses of the dataset itself", [state for state in path if state in statuses], statuses)
        shown = world.describe(made.arn)
        expect.equal("schemaArn afterwards", wider, shown["schemaArn"])
        update = shown.get("latestDatasetUpdate", {})
        expect.members(
            "latestDatasetUpdate", update, ["schemaArn", "status", "creationDateTime", "lastUpdatedDateTime"]
        )
        expect.equal("the status of the update", "ACTIVE", update.get("status"))


@case("UpdateDataset", "error", error="ResourceInUseException", reference="§4.1")
def while_an_update_is_under_way(world: World, expect: Expect) -> None:
    wider = _users(world)
    with _throwaway_users(world) as made:
        call = world.calling("UpdateDataset", datasetArn=made.arn, schemaArn=wider)
        call()
        expect.refused(call, code="ResourceInUseException")
        world.settled(made.arn)


@case("UpdateDataset", "error", error=INVALID, reference="§4.1")
def of_interactions(world: World, expect: Expect) -> None:
    call = world.calling("UpdateDataset", datasetArn=dataset(world).arn, schemaArn=schema(world).arn)
    expect.refused(call, code=INVALID)


@case("UpdateDataset", "error", error=INVALID, reference="§4.1, §21")
def fields_that_vanish_or_may_not_be_null(world: World, expect: Expect) -> None:
    without = _users(world, fields=_USERS[:2])
    strict = _users(world, fields=(*_USERS, {"name": "CITY", "type": "string", "categorical": True}))
    with _throwaway_users(world) as made:
        for schema_arn in (without, strict):
            call = world.calling("UpdateDataset", datasetArn=made.arn, schemaArn=schema_arn)
            expect.refused(call, code=INVALID)


@case("UpdateDataset", "error", error="ResourceNotFoundException", reference="§2.1")
def a_dataset_or_a_schema_of_nothing(world: World, expect: Expect) -> None:
    arns = {"datasetArn": dataset(world, "USERS").arn, "schemaArn": schema(world, "USERS").arn}
    for member, arn in arns.items():
        call = world.calling("UpdateDataset", **{**arns, member: world.absent(arn)})
        expect.refused(call, code="ResourceNotFoundException")


def _throwaway_users(world: World) -> AbstractContextManager[Sample]:
    """A Users dataset that is there to be changed."""
    return world.throwaway(
        "Dataset",
        name=world.name("dataset"),
        datasetGroupArn=spare_group(world).arn,
        schemaArn=schema(world, "USERS").arn,
        datasetType="Users",
    )


@case("CreateDataset", "rule", reference="§2.2")
def the_type_is_shown_in_capitals_whatever_was_given(world: World, expect: Expect) -> None:
    with _throwaway_users(world) as made:
        expect.equal("datasetType", "USERS", world.describe(made.arn)["datasetType"])
        expect.true("the ARN ends in the type", made.arn.endswith("/USERS"), made.arn)


@case("CreateDataset", "rule", reference="§2.2")
def of_the_type_that_its_schema_describes(world: World, expect: Expect) -> None:
    for dataset_type in ("ITEMS", "NOTHING"):
        call = world.calling(
            "CreateDataset",
            name=world.name("dataset"),
            datasetGroupArn=spare_group(world).arn,
            schemaArn=schema(world, "USERS").arn,
            datasetType=dataset_type,
        )
        expect.refused(call, code=INVALID)


@case("CreateDataset", "rule", reference="§2.2")
def of_the_domain_of_its_group(world: World, expect: Expect) -> None:
    with world.throwaway("DatasetGroup", name=world.name("group"), domain="VIDEO_ON_DEMAND") as video:
        for dataset_type in ("USERS", "ACTIONS"):
            call = world.calling(
                "CreateDataset",
                name=world.name("dataset"),
                datasetGroupArn=video.arn,
                schemaArn=schema(world, dataset_type).arn,
                datasetType=dataset_type,
            )
            expect.refused(call, code=INVALID)


@case("CreateDataset", "rule", reference="§2.2")
def action_interactions_have_a_tracking_id(world: World, expect: Expect) -> None:
    shown = world.describe(dataset(world, "ACTION_INTERACTIONS").arn)
    expect.members("an Action_Interactions dataset", shown, ["trackingId"])
    expect.without("an Interactions dataset", world.describe(dataset(world).arn), ["trackingId"])


@case("CreateDatasetGroup", "rule", reference="§26")
def a_role_needs_a_key(world: World, expect: Expect) -> None:
    call = world.calling("CreateDatasetGroup", name=world.name("group"), roleArn=world.role_arn)
    expect.refused(call, code=INVALID)


@case("CreateDatasetGroup", "rule", reference="§2.2")
def of_a_domain(world: World, expect: Expect) -> None:
    call = world.calling("CreateDatasetGroup", name=world.name("group"), domain="BOOKS")
    expect.refused(call, code=INVALID)
    with world.throwaway("DatasetGroup", name=world.name("group"), domain="VIDEO_ON_DEMAND") as video:
        expect.equal("the domain in the answer", "VIDEO_ON_DEMAND", video.answer.get("domain"))
        expect.equal("the domain", "VIDEO_ON_DEMAND", world.describe(video.arn).get("domain"))


@case("DescribeSchema", "rule", reference="§3")
def a_schema_has_no_status(world: World, expect: Expect) -> None:
    expect.without("Describe", world.describe(schema(world).arn), ["status"])


_ID: Final = {"name": "USER_ID", "type": "string"}
_REFUSED: Final[dict[str, tuple[str, list[Members]]]] = {
    "no user id": ("Users", [{"name": "AGE", "type": "int"}]),
    "nothing but the id": ("Users", [_ID]),
    "an id that may be null": ("Users", [{"name": "USER_ID", "type": ["null", "string"]}, *_USERS[1:]]),
    "fields that differ by underscores": (
        "Users",
        [_ID, {"name": "A_B", "type": "int"}, {"name": "AB", "type": "int"}],
    ),
    "an array": ("Users", [_ID, {"name": "TAGS", "type": {"type": "array", "items": "string"}}]),
    "a union of two types": ("Users", [_ID, {"name": "AGE", "type": ["int", "string"]}]),
    "text about users": ("Users", [_ID, {"name": "BIO", "type": ["null", "string"], "textual": True}]),
    "a timestamp that is a string": (
        "Interactions",
        [_ID, {"name": "ITEM_ID", "type": "string"}, {"name": "TIMESTAMP", "type": "string"}],
    ),
    "a name that no dataset has": ("Purchases", [_ID, {"name": "AGE", "type": "int"}]),
    "a categorical event type": (
        "Interactions",
        [*data.INTERACTION_FIELDS[:3], {"name": "EVENT_TYPE", "type": "string", "categorical": True}],
    ),
}


def _is_refused(name: str, fields: list[Members]) -> Run:
    def run(world: World, expect: Expect) -> None:
        call = world.calling("CreateSchema", name=world.name("schema"), schema=data.avro(name, fields))
        expect.refused(call, code=INVALID)

    return run


for _title, (_name, _fields) in _REFUSED.items():
    case("CreateSchema", "rule", reference="§8", title=f"{_title} is refused")(_is_refused(_name, _fields))


@case("CreateSchema", "error", error=INVALID, reference="§8.1, §8.2")
def what_is_no_schema(world: World, expect: Expect) -> None:
    for text in ("{", "[]", json.dumps({"type": "record", "name": "Users"}), "x" * 20_001):
        expect.refused(world.calling("CreateSchema", name=world.name("schema"), schema=text), code=INVALID)


@case("CreateSchema", "rule", reference="§8.2")
def of_a_domain_has_what_the_domain_needs(world: World, expect: Expect) -> None:
    shop_group(world)
    text = data.avro("Items", data.SHOP_ITEM_FIELDS[:2])
    call = world.calling("CreateSchema", name=world.name("schema"), schema=text, domain="ECOMMERCE")
    expect.refused(call, code=INVALID)


@case("CreateSchema", "rule", reference="§8.1")
def a_union_of_one_type_is_accepted(world: World, expect: Expect) -> None:
    fields = [{"name": "USER_ID", "type": ["string"]}, {"name": "AGE", "type": ["int", "null"]}]
    made = world.made("Schema", name=world.name("schema"), schema=data.avro("Users", fields))
    expect.equal("the schema as it was given", data.avro("Users", fields), world.describe(made.arn)["schema"])
    world.delete(made.arn)


@case("CreateSchema", "question", reference="§8.1")
def a_record_name_in_other_letters(world: World, expect: Expect) -> None:
    call = world.calling("CreateSchema", name=world.name("schema"), schema=data.avro("users", _USERS))
    expect.answer("the record name `users`", outcome_of(call), chosen="accepted")


@case("CreateSchema", "question", reference="§8.2")
def items_with_a_creation_timestamp_only(world: World, expect: Expect) -> None:
    fields = [{"name": "ITEM_ID", "type": "string"}, {"name": "CREATION_TIMESTAMP", "type": "long"}]
    call = world.calling("CreateSchema", name=world.name("schema"), schema=data.avro("Items", fields))
    expect.answer("Items with CREATION_TIMESTAMP and no metadata", outcome_of(call), chosen="accepted")
