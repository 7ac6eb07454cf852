"""The envelopes of the three APIs, the dispatch, and the checks that SDKs leave to the server."""

from __future__ import annotations

import json

import pytest

from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.operations.registry import built_operations, run
from tastemaker.personalize.wire import control_operations, rest_operations
from tests.unit.personalize.scene import ACCOUNT, ARN, REGION, ROLE, Scene, refused


def test_a_control_plane_answer_is_json_1_1_with_a_request_id(scene: Scene) -> None:
    answer = scene.send(target="CreateDatasetGroup", body=b'{"name": "shop"}')

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.json == {"datasetGroupArn": f"{ARN}:dataset-group/shop"}
    assert len(answer.headers["x-amzn-RequestId"]) == 36


def test_sdks_find_the_request_id(scene: Scene) -> None:
    first, second = (scene.control.list_dataset_groups()["ResponseMetadata"]["RequestId"] for _ in range(2))

    assert first
    assert first != second


def test_timestamps_are_seconds_with_milliseconds(scene: Scene) -> None:
    scene.clock.advance(0.123456)
    scene.send(target="CreateDatasetGroup", body=b'{"name": "shop"}')

    body = json.dumps({"datasetGroupArn": f"{ARN}:dataset-group/shop"}).encode()
    group = scene.send(target="DescribeDatasetGroup", body=body).json["datasetGroup"]

    assert group["creationDateTime"] == 1_700_000_000.123


def test_a_control_plane_error_is_a_400_with_its_code_in_the_body(scene: Scene) -> None:
    body = json.dumps({"datasetGroupArn": f"{ARN}:dataset-group/none"}).encode()

    answer = scene.send(target="DescribeDatasetGroup", body=body)

    assert answer.status == 400
    assert answer.json == {
        "__type": "ResourceNotFoundException",
        "message": f"Resource Arn {ARN}:dataset-group/none does not exist.",
    }


def test_a_runtime_error_carries_its_code_in_a_header_and_its_own_status(scene: Scene) -> None:
    body = json.dumps({"campaignArn": f"{ARN}:campaign/none", "userId": "u"}).encode()

    answer = scene.send(path="/recommendations", body=body)

    assert answer.status == 404
    assert answer.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {"message": f"Resource Arn {ARN}:campaign/none does not exist."}


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"name": NaN}', b"[" * 100_000, b'{"name": "a"} x'])
@pytest.mark.parametrize("where", [{"target": "CreateDatasetGroup"}, {"path": "/recommendations"}])
def test_malformed_json_is_a_serialization_exception(scene: Scene, body: bytes, where: dict[str, str]) -> None:
    answer = scene.send(body=body, **where)

    code = answer.json["__type"] if "target" in where else answer.headers["x-amzn-ErrorType"]
    assert (answer.status, code) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "The request body must be an object, not a list."),
        (b'{"name": 5}', "name must be a string, not a number."),
        (b'{"name": "a", "tags": {}}', "tags must be a list, not an object."),
        (b'{"name": "a", "tags": ["x"]}', "tags.1.member must be an object, not a string."),
    ],
)
def test_a_wrong_json_type_is_named(scene: Scene, body: bytes, said: str) -> None:
    answer = scene.send(target="CreateDatasetGroup", body=body)

    assert answer.json == {"__type": "SerializationException", "message": said}


@pytest.mark.parametrize("value", [b"true", b"1.5", b"4294967296", b'"1"'])
def test_an_integer_is_a_32_bit_json_integer(scene: Scene, value: bytes) -> None:
    answer = scene.send(target="ListDatasetGroups", body=b'{"maxResults": ' + value + b"}")

    assert answer.json["__type"] == "SerializationException"


@pytest.mark.parametrize("value", [b"1e999", b"1" + b"0" * 400])
def test_an_infinite_number_is_refused(scene: Scene, value: bytes) -> None:
    body = b'{"trackingId": "t", "sessionId": "s", "eventList": [{"eventType": "e", "sentAt": ' + value + b"}]}"

    answer = scene.send(path="/events", body=body)

    assert answer.headers["x-amzn-ErrorType"] == "SerializationException"


def test_an_operation_that_does_not_exist_is_unknown(scene: Scene) -> None:
    control = scene.send(target="MakeCoffee")
    rest = scene.send(path="/coffee")
    wrong_method = scene.send(path="/recommendations", method="GET")

    assert (control.status, control.json["__type"]) == (404, "UnknownOperationException")
    assert (rest.status, rest.headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")
    assert (wrong_method.status, wrong_method.headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")


def test_every_operation_of_the_models_is_built() -> None:
    operations = [*control_operations().values(), *rest_operations().values()]

    assert {operation.name for operation in operations} == built_operations()


def test_an_operation_of_a_later_model_is_refused_by_name(scene: Scene) -> None:
    with pytest.raises(InvalidInput, match="BrewTea is not implemented by the embedded Personalize"):
        run("BrewTea", scene.personalize.account(ACCOUNT, REGION), {})


def test_a_missing_member_is_named(scene: Scene) -> None:
    with refused("InvalidInputException", "Value null at 'name' failed to satisfy constraint: Member must not be null"):
        scene.control.create_dataset_group()  # type: ignore[call-arg] # what is missing is the point


def test_null_counts_as_missing(scene: Scene) -> None:
    required = scene.send(target="CreateDatasetGroup", body=b'{"name": null}')
    optional = scene.send(target="CreateDatasetGroup", body=b'{"name": "shop", "domain": null}')

    assert required.json["__type"] == "InvalidInputException"
    assert optional.status == 200


def test_a_pattern_is_checked(scene: Scene) -> None:
    with refused(
        "InvalidInputException", "Value '-bad name' at 'name'", "Member must satisfy regular expression pattern"
    ):
        scene.control.create_dataset_group(name="-bad name")


def test_the_whole_value_has_to_match_a_pattern(scene: Scene) -> None:
    with refused("InvalidInputException", "regular expression"):
        scene.control.create_dataset_group(name="shop\n")


def test_a_digit_in_a_pattern_is_an_ascii_digit(scene: Scene) -> None:
    with refused("InvalidInputException", "roleArn"):
        scene.control.create_dataset_group(name="shop", roleArn=ROLE.replace(ACCOUNT, "١٢٣٤٥٦٧٨٩٠١٢"))


def test_an_arn_that_is_none_is_invalid_input_and_not_a_missing_resource(scene: Scene) -> None:
    with refused("InvalidInputException", "campaignArn"):
        scene.control.describe_campaign(campaignArn="live")


def test_an_enum_is_checked(scene: Scene) -> None:
    with refused("InvalidInputException", "enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]"):
        scene.control.create_dataset_group(name="shop", domain="RETAIL")  # type: ignore[arg-type] # wrong on purpose


def test_lengths_are_checked_at_both_ends(scene: Scene) -> None:
    with refused("InvalidInputException", "length less than or equal to 63"):
        scene.control.create_dataset_group(name="a" * 64)
    with refused("InvalidInputException", "length greater than or equal to 1"):
        scene.control.create_dataset_group(name="")
    scene.control.create_dataset_group(name="a" * 63)


@pytest.mark.parametrize(("size", "said"), [(0, "greater than or equal to 1"), (101, "less than or equal to 100")])
def test_ranges_are_checked_at_both_ends(scene: Scene, size: int, said: str) -> None:
    with refused("InvalidInputException", f"Value '{size}' at 'maxResults'", said):
        scene.control.list_campaigns(maxResults=size)


def test_what_the_model_has_no_invalid_input_for_is_a_validation_error(scene: Scene) -> None:
    with refused("ValidationException", "Value '101' at 'maxResults'"):
        scene.control.list_dataset_groups(maxResults=101)


def test_map_keys_values_and_sizes_are_checked(scene: Scene) -> None:
    campaign = f"{ARN}:campaign/live"
    with refused("InvalidInputException", "at 'context.bad key.key'"):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="u", context={"bad key": "v"})
    with refused("InvalidInputException", "at 'context.K.member'"):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="u", context={"K": "v" * 1001})
    with refused("InvalidInputException", "length less than or equal to 150"):
        scene.runtime.get_recommendations(campaignArn=campaign, userId="u", context={f"K{n}": "v" for n in range(151)})


def test_every_violation_is_told_at_once(scene: Scene) -> None:
    with refused("InvalidInputException", "2 validation errors detected: ", "'name'", "; ", "'domain'"):
        scene.control.create_dataset_group(name="!", domain="RETAIL")  # type: ignore[arg-type] # wrong on purpose


def test_a_nested_member_is_named_by_its_path(scene: Scene) -> None:
    with refused("InvalidInputException", "Value null at 'tags.2.member.tagValue'"):
        scene.control.create_dataset_group(
            name="shop",
            tags=[{"tagKey": "a", "tagValue": "b"}, {"tagKey": "c"}],  # type: ignore[typeddict-item] # as meant
        )


def test_a_sensitive_value_is_not_repeated(scene: Scene) -> None:
    with refused("InvalidInputException", "Value at 'tags.1.member.tagKey' failed"):
        scene.control.create_dataset_group(name="shop", tags=[{"tagKey": "se<ret", "tagValue": ""}])


def test_tags_may_be_of_any_alphabet_with_spaces(scene: Scene) -> None:
    scene.control.create_dataset_group(name="shop", tags=[{"tagKey": "Größe 大", "tagValue": "Ⅷ ²\u00a0x"}])


def test_members_that_the_model_does_not_know_are_ignored(scene: Scene) -> None:
    assert scene.send(target="CreateDatasetGroup", body=b'{"name": "shop", "colour": "red"}').status == 200


def test_an_empty_body_is_an_empty_input(scene: Scene) -> None:
    assert scene.send(target="ListDatasetGroups", body=b"").json == {"datasetGroups": []}


def test_an_unpaired_surrogate_travels_both_ways(scene: Scene) -> None:
    text = scene.send(target="CreateSchema", body=rb'{"name": "\ud800", "schema": "{}"}')

    assert text.json["__type"] == "InvalidInputException"
    assert "\ud800" in text.json["message"]
