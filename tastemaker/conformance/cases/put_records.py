"""PutItems, PutUsers, PutActions and PutActionInteractions: records that come one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from tastemaker.conformance import resources
from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, Run, case
from tastemaker.conformance.cases.recommending import ids, recommended
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import campaign, dataset, group, import_of, schema, spare_group
from tastemaker.conformance.waiting import attempts
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
_FOUR_DAYS: Final = 4 * 86_400


@dataclass(frozen=True)
class Records:
    """A Put of records into a dataset: the member they are given in, one of them, and the most that its text may be."""

    operation: str
    dataset_type: str
    member: str
    id_member: str
    properties: Members
    longest: int

    def one(self, record_id: str, **more: object) -> Members:
        return {self.id_member: record_id, "properties": json.dumps({**self.properties, **more})}


ITEMS: Final = Records(
    "PutItems",
    "ITEMS",
    "items",
    "itemId",
    {"genres": "Even", "price": 3.5, "creationTimestamp": data.EPOCH},
    32_000,
)
USERS: Final = Records("PutUsers", "USERS", "users", "userId", {"age": 30, "membership": "Gold"}, 24_000)
ACTIONS: Final = Records(
    "PutActions", "ACTIONS", "actions", "actionId", {"value": 2, "membershipLevel": "Free"}, 32_000
)


def _request(world: World, records: Records, *given: Members) -> Members:
    return {"datasetArn": dataset(world, records.dataset_type).arn, records.member: list(given)}


def _answers_empty(records: Records) -> Run:
    def run(world: World, expect: Expect) -> None:
        given = [records.one(world.name("record")) for _ in range(10)]
        expect.equal("the answer", {}, world.call(records.operation, **_request(world, records, *given)))
        last = {records.id_member: world.name("record")}
        seen = outcome_of(world.calling(records.operation, _request(world, records, last)))
        # the fields of items may not be null, the others may
        expect.answer("a record without properties", seen, chosen=INVALID if records is ITEMS else "accepted")

    return run


def _no_records(records: Records) -> Run:
    def run(world: World, expect: Expect) -> None:
        one = records.one("x")
        for given in (
            [],
            [one] * 11,
            [{**one, "properties": "no json"}],
            [{**one, "properties": json.dumps("double encoded")}],
            [{**one, "properties": json.dumps({"x": "y" * records.longest})}],
            [{**one, records.id_member: "i" * 257}],
        ):
            expect.refused(world.calling(records.operation, _request(world, records, *given)), code=INVALID)
        other = dataset(world).arn
        expect.refused(world.calling(records.operation, _request(world, records, one), datasetArn=other), code=INVALID)

    return run


def _nothing(records: Records) -> Run:
    def run(world: World, expect: Expect) -> None:
        absent = world.absent(dataset(world).arn)
        call = world.calling(records.operation, _request(world, records, records.one("x")), datasetArn=absent)
        expect.refused(call, code="ResourceNotFoundException")

    return run


def _not_active(records: Records) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = world.create(
            "Dataset",
            name=world.name("dataset"),
            datasetGroupArn=spare_group(world).arn,
            schemaArn=schema(world, records.dataset_type).arn,
            datasetType=records.dataset_type,
        )
        call = world.calling(records.operation, **{"datasetArn": made.arn, records.member: [records.one("x")]})
        expect.refused(call, code="ResourceInUseException")
        world.discard(made.arn)

    return run


def _while_importing(records: Records) -> Run:
    def run(world: World, expect: Expect) -> None:
        job = {**import_of(world, records.dataset_type).given, "jobName": world.name("import")}
        made = world.create("DatasetImportJob", **job)
        call = world.calling(records.operation, _request(world, records, records.one("x")))
        expect.refused(call, code="ResourceInUseException")
        world.settled(made.arn)

    return run


for _records in (ITEMS, USERS, ACTIONS):
    _level = Level.DATA
    _name = _records.operation
    case(_name, "success", reference="§18.3", level=_level, title="an empty answer")(_answers_empty(_records))
    case(_name, "error", error=INVALID, reference="§7, §18.3", level=_level, title="what is no record")(
        _no_records(_records)
    )
    case(_name, "error", error="ResourceNotFoundException", reference="§18.3", title="an ARN of nothing")(
        _nothing(_records)
    )
    case(_name, "error", error="ResourceInUseException", reference="§18.3", title="a dataset that is not ACTIVE")(
        _not_active(_records)
    )
    case(_name, "error", error="ResourceInUseException", reference="§18.3", level=_level, title="during an import")(
        _while_importing(_records)
    )


@case("PutItems", "effect", reference="§16.3, §18.3, §19", level=Level.TRAINING)
def a_filter_sees_the_new_metadata(world: World, expect: Expect) -> None:
    campaign(world)
    import_of(world, "ITEMS")
    record = ITEMS.one(data.item(5), genres="Odd", price=999.0)
    world.call("PutItems", **_request(world, ITEMS, record))
    given = {
        "name": world.name("filter"),
        "datasetGroupArn": group(world).arn,
        "filterExpression": "INCLUDE ItemID WHERE Items.PRICE > 900",
    }
    with world.throwaway("Filter", **given) as made:
        seen: list[str] = []
        for attempt in attempts(world.patience, "the effect of PutItems"):
            seen = ids(recommended(world, userId=data.user(1), numResults=500, filterArn=made.arn))
            if seen or attempt > 20:
                break
        expect.equal("the items of that price", [data.item(5)], seen)
    world.call("PutItems", **_request(world, ITEMS, ITEMS.one(data.item(5), genres="Odd", price=6.0)))


@case("PutUsers", "effect", reference="§16.3, §18.3", level=Level.TRAINING)
def a_filter_sees_the_user(world: World, expect: Expect) -> None:
    campaign(world)
    import_of(world, "USERS")
    import_of(world, "ITEMS")
    user = world.name("user")
    given = {
        "name": world.name("filter"),
        "datasetGroupArn": group(world).arn,
        "filterExpression": 'EXCLUDE ItemID WHERE Items.GENRES IN ("Even") IF CurrentUser.AGE = 99',
    }
    with world.throwaway("Filter", **given) as made:
        asked = {"userId": user, "numResults": 500, "filterArn": made.arn}
        expect.equal("items for an unknown user", data.ITEMS, len(recommended(world, asked)))
        world.call("PutUsers", **_request(world, USERS, USERS.one(user, age=99)))
        seen = data.ITEMS
        for attempt in attempts(world.patience, "the effect of PutUsers"):
            seen = len(recommended(world, asked))
            if seen != data.ITEMS or attempt > 20:
                break
        expect.equal("items for the user of 99", data.ITEMS // 2, seen)


@case("PutActions", "effect", reference="§18.3", level=Level.DATA)
def an_export_has_it(world: World, expect: Expect) -> None:
    action = world.name("action")
    world.call("PutActions", **_request(world, ACTIONS, ACTIONS.one(action)))
    text = _export(world, "ACTIONS")
    expect.true("the export of what was put has the action", action in text, text[:200])


def _export(world: World, dataset_type: str) -> str:
    """What an export of the records that were put says."""
    name = world.name("export")
    world.made(
        "DatasetExportJob",
        jobName=name,
        datasetArn=dataset(world, dataset_type).arn,
        ingestionMode="PUT",
        roleArn=world.role_arn,
        jobOutput={"s3DataDestination": {"path": world.location(f"{name}/")}},
    )
    return "\n".join(world.texts(f"{name}/").values())


def _interaction(**more: object) -> Members:
    return {
        "actionId": "action-0",
        "userId": data.user(0),
        "sessionId": "session",
        "timestamp": data.EPOCH + _FOUR_DAYS,  # a later one would make what was imported too old to be learned from
        "eventType": "Taken",
        **more,
    }


def _tracking_id(world: World) -> str:
    return str(world.describe(dataset(world, "ACTION_INTERACTIONS").arn)["trackingId"])


@case("PutActionInteractions", "success", reference="§18.4", level=Level.DATA)
def an_empty_answer(world: World, expect: Expect) -> None:
    for event_type in ("Viewed", "Taken", "Not Taken", "NOT_TAKEN"):
        given = [_interaction(eventType=event_type)]
        answer = world.call("PutActionInteractions", trackingId=_tracking_id(world), actionInteractions=given)
        expect.equal(f"the answer to {event_type}", {}, answer)


@case("PutActionInteractions", "effect", reference="§18.4", level=Level.DATA)
def an_export_has_it_too(world: World, expect: Expect) -> None:
    action = world.name("action")
    given = [_interaction(actionId=action)]
    world.call("PutActionInteractions", trackingId=_tracking_id(world), actionInteractions=given)
    text = _export(world, "ACTION_INTERACTIONS")
    expect.true("the export of what was put has the interaction", action in text, text[:200])


@case("PutActionInteractions", "error", error=INVALID, reference="§7, §18.4", level=Level.DATA)
def what_is_no_action_interaction(world: World, expect: Expect) -> None:
    for given in (
        [],
        [_interaction()] * 11,
        [_interaction(eventType="Bought")],
        [_interaction(actionId="a" * 257)],
        [_interaction(properties="no json")],
    ):
        call = world.calling("PutActionInteractions", trackingId=_tracking_id(world), actionInteractions=given)
        expect.refused(call, code=INVALID)


@case("PutActionInteractions", "error", error="ResourceNotFoundException", reference="§5.1", level=Level.DATA)
def a_tracking_id_of_nothing(world: World, expect: Expect) -> None:
    tracking_id = "00000000-0000-4000-8000-000000000000"
    call = world.calling("PutActionInteractions", trackingId=tracking_id, actionInteractions=[_interaction()])
    expect.refused(call, code="ResourceNotFoundException")


@case("PutActionInteractions", "error", error="ResourceInUseException", reference="§5.1")
def a_dataset_that_is_not_active(world: World, expect: Expect) -> None:
    made = world.create(
        "Dataset",
        name=world.name("dataset"),
        datasetGroupArn=spare_group(world).arn,
        schemaArn=schema(world, "ACTION_INTERACTIONS").arn,
        datasetType="ACTION_INTERACTIONS",
    )
    tracking_id = world.describe(made.arn)["trackingId"]
    call = world.calling("PutActionInteractions", trackingId=tracking_id, actionInteractions=[_interaction()])
    expect.refused(call, code="ResourceInUseException")
    world.discard(made.arn)


@case("PutActionInteractions", "question", reference="§18.3, §18.4", level=Level.DATA)
def while_an_import_is_under_way(world: World, expect: Expect) -> None:
    tracking_id = _tracking_id(world)
    given = {**import_of(world, "ACTION_INTERACTIONS").given, "jobName": world.name("import")}
    job = world.create(resources.IMPORT_JOB.word, **given)
    call = world.calling("PutActionInteractions", trackingId=tracking_id, actionInteractions=[_interaction()])
    expect.answer("action interactions during an import", outcome_of(call), chosen="accepted")
    world.settled(job.arn)
