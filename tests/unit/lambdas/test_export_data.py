import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.errors import InvalidError
from lambdas.export_data.columns import Column, Refused, quoted
from lambdas.export_data.manifest import write_manifest
from lambdas.export_data.segment import Progress, SegmentExport
from lambdas.export_data.upload import Upload

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Storage = tuple["DynamoDBClient", "S3Client"]
BUCKET = "exports"
FIELDS = [
    {"name": "USER_ID", "attribute": "userId", "type": "string", "required": True},
    {"name": "ITEM_ID", "attribute": "itemId", "type": "string", "required": True},
    {"name": "TIMESTAMP", "attribute": "timestamp", "type": "long", "required": True},
    {"name": "EVENT_TYPE", "attribute": "eventType", "type": "string", "required": False},
    {"name": "TAGS", "attribute": "tags", "type": "categories", "required": False},
    {"name": "STORY", "attribute": "story", "type": "text", "required": False},
]


def personalize_reads(text: str) -> list[list[str]]:
    """CSV by Personalize's rules, read by a reader that is not ours."""
    return list(csv.reader(io.StringIO(text, newline=""), escapechar="\\", doublequote=False))


def given_a_table(storage: Storage, items: Sequence[dict[str, Any]]) -> None:
    dynamodb, s3 = storage
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    dynamodb.create_table(
        TableName="UserEvents",
        KeySchema=[
            {"AttributeName": "userId", "KeyType": "HASH"},
            {"AttributeName": "eventKey", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "userId", "AttributeType": "S"},
            {"AttributeName": "eventKey", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for item in items:
        dynamodb.put_item(TableName="UserEvents", Item=item)


def event(number: int, **changes: Any) -> dict[str, Any]:
    item = {
        "userId": {"S": f"user-{number % 7}"},
        "eventKey": {"S": f"{number:09d}"},
        "itemId": {"S": f"item-{number}"},
        "timestamp": {"N": str(1_700_000_000 + number)},
        "eventType": {"S": "View"},
    }
    return {name: value for name, value in {**item, **changes}.items() if value is not None}


def export(storage: Storage, progress: Progress | None = None, *, since: int | None = None) -> dict[str, Any]:
    return run(storage, progress or Progress(), since=since, out_of_time=lambda: False)


def run(
    storage: Storage, progress: Progress, *, since: int | None = None, out_of_time: Callable[[], bool]
) -> dict[str, Any]:
    dynamodb, s3 = storage
    segment = SegmentExport(
        dynamodb,
        s3,
        bucket=BUCKET,
        table="UserEvents",
        run_id="run-1",
        dataset="INTERACTIONS",
        columns=[Column.of(field, progress.mended) for field in FIELDS],
        since=since,
        segment=0,
        total_segments=1,
    )
    return segment.run(progress, out_of_time=out_of_time)


def contents(s3: "S3Client", key: str) -> str:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def test_a_table_of_many_pages_is_exported_to_the_last_event(storage: Storage) -> None:
    # 12 items of 200 kB: DynamoDB answers at most 1 MB a page
    ballast = {"S": "x" * 200_000}
    given_a_table(storage, [event(n, ballast=ballast) for n in range(12)])
    outcome = export(storage)
    rows = personalize_reads(contents(storage[1], outcome["files"][0]))
    assert rows[0] == [field["name"] for field in FIELDS]
    assert sorted(row[1] for row in rows[1:]) == sorted(f"item-{n}" for n in range(12))
    assert (outcome["done"], outcome["rows"], outcome["rejected"]) == (True, 12, 0)


def test_a_call_that_runs_out_of_time_is_taken_up_where_it_stopped(storage: Storage) -> None:
    given_a_table(storage, [event(n, ballast={"S": "x" * 200_000}) for n in range(13)])
    outcome, calls = run(storage, Progress(), out_of_time=lambda: True), 1
    assert not outcome["done"]
    while not outcome["done"]:
        cursor = json.loads(json.dumps(outcome["cursor"]))
        outcome, calls = run(storage, Progress.of(cursor), out_of_time=lambda: True), calls + 1
    lines = [row for key in outcome["files"] for row in personalize_reads(contents(storage[1], key))[1:]]
    assert len(outcome["files"]) == calls > 2
    assert sorted(row[1] for row in lines) == sorted(f"item-{n}" for n in range(13))
    assert outcome["rows"] == 13


def test_a_repeated_call_writes_the_same_files(storage: Storage) -> None:
    given_a_table(storage, [event(n) for n in range(3)])
    first = export(storage)
    assert export(storage) == first
    assert len(storage[1].list_objects_v2(Bucket=BUCKET)["Contents"]) == 1


def test_only_events_since_the_look_back_are_exported_and_bad_ones_refused_all_the_same(storage: Storage) -> None:
    texts = [event(9, timestamp={"S": "1700000001"}), event(10, timestamp={"S": "soon"}), event(11, timestamp=None)]
    given_a_table(storage, [event(n) for n in range(5)] + texts)
    outcome = export(storage, since=1_700_000_003)
    assert outcome["reasons"] == {"notANumber": 1, "missing": 1}
    rows = personalize_reads(contents(storage[1], outcome["files"][0]))[1:]
    assert {row[1] for row in rows} == {"item-3", "item-4"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"itemId": None}, "missing"),
        ({"itemId": {"NULL": True}}, "missing"),
        ({"itemId": {"S": ""}}, "empty"),
        ({"itemId": {"S": "i" * 257}}, "tooLong"),
        ({"itemId": {"S": "two\nlines"}}, "lineBreak"),
        ({"itemId": {"BOOL": True}}, "wrongType"),
        ({"itemId": {"B": b"bytes"}}, "wrongType"),
        ({"timestamp": {"S": "yesterday"}}, "notANumber"),
        ({"timestamp": {"S": "NaN"}}, "notANumber"),
        ({"timestamp": {"S": "1e999999999"}}, "notANumber"),
        ({"timestamp": {"S": "9" * 5000}}, "notANumber"),
        ({"timestamp": {"N": "1700000000000"}}, "milliseconds"),
        ({"timestamp": {"N": "-5"}}, "outOfRange"),
        ({"eventType": {"S": "e" * 1001}}, "tooLong"),
        ({"tags": {"L": [{"S": "t" * 500}, {"S": "t" * 500}]}}, "tooLong"),
        ({"tags": {"L": [{"M": {}}]}}, "wrongType"),
    ],
)
def test_a_row_that_personalize_would_stumble_over_is_kept_aside_with_its_reason(
    storage: Storage, change: dict[str, Any], code: str
) -> None:
    given_a_table(storage, [event(1), event(2, **change)])
    outcome = export(storage)
    assert (outcome["rows"], outcome["rejected"], outcome["reasons"]) == (1, 1, {code: 1})
    accepted, refused = outcome["files"]
    assert refused == "exports/run-1/rejected/interactions/part-00000-00000.jsonl"
    record = json.loads(contents(storage[1], refused))
    assert record["code"] == code
    assert "the attribute" in record["message"]
    assert len(personalize_reads(contents(storage[1], accepted))) == 2


def test_line_breaks_in_a_text_become_spaces_and_fractions_of_a_second_are_cut(storage: Storage) -> None:
    given_a_table(storage, [event(1, eventType={"S": "two\r\nlines"}, timestamp={"N": "1700000000.9"})])
    outcome = export(storage)
    row = personalize_reads(contents(storage[1], outcome["files"][0]))[1]
    assert row[2:4] == ["1700000000", "two lines"]


def test_what_could_not_stay_as_it_was_is_counted_over_all_calls(storage: Storage) -> None:
    broken = {"eventType": {"S": "a\nb"}, "story": {"S": "once\n\nupon\na time"}}
    given_a_table(storage, [event(n, ballast={"S": "x" * 200_000}, **broken) for n in range(7)])
    outcome = run(storage, Progress(), out_of_time=lambda: True)
    while not outcome["done"]:
        outcome = run(storage, Progress.of(outcome["cursor"]), out_of_time=lambda: True)
    assert outcome["mended"] == {"lineBreak": 14}
    assert personalize_reads(contents(storage[1], outcome["files"][0]))[1][5] == "once upon a time"


@pytest.mark.parametrize(
    ("attribute", "cell"),
    [
        ({"S": "Action|Crime"}, "Action|Crime"),
        ({"L": [{"S": "Sci, Fi"}, {"S": 'the "best"'}, {"N": "7"}]}, 'Sci, Fi|the "best"|7'),
        ({"SS": ["b", "a\\c"]}, "a\\c|b"),
        ({"NS": ["3", "1"]}, "1|3"),
        ({"L": []}, ""),
    ],
)
def test_categories_come_from_texts_lists_and_sets(storage: Storage, attribute: dict[str, Any], cell: str) -> None:
    given_a_table(storage, [event(1, tags=attribute)])
    outcome = export(storage)
    assert personalize_reads(contents(storage[1], outcome["files"][0]))[1][4] == cell


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))
def test_every_text_comes_back_from_csv_as_it_was(plain: str) -> None:
    assert personalize_reads(f"{quoted(plain)},next\n") == [[plain, "next"]]


def test_an_unknown_attribute_type_names_what_was_expected() -> None:
    column = Column.of({"name": "SALE", "attribute": "sale", "type": "boolean", "required": True}, Counter())
    with pytest.raises(Refused, match="the attribute sale is of DynamoDB's type S, where BOOL is expected"):
        column.read({"sale": {"S": "yes"}})


def test_a_large_file_goes_up_in_parts_and_holds_one_part_in_memory(storage: Storage) -> None:
    s3 = storage[1]
    given_a_table(storage, [])
    upload = Upload(s3, bucket=BUCKET, key="large.csv", header="A", part_bytes=5 * 1024 * 1024)
    line = "y" * 1_000_000
    for _ in range(12):
        upload.write(line)
    assert upload.close()
    # an ETag of S3 ends in the number of parts that the file came in
    assert s3.head_object(Bucket=BUCKET, Key="large.csv")["ETag"].strip('"').endswith("-2")
    assert contents(s3, "large.csv") == "A\n" + (line + "\n") * 12


def test_an_aborted_upload_leaves_nothing_that_is_billed(storage: Storage) -> None:
    s3 = storage[1]
    given_a_table(storage, [])
    upload = Upload(s3, bucket=BUCKET, key="large.csv", part_bytes=10)
    upload.write("more than ten bytes")
    upload.abort()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def segment(**changes: Any) -> dict[str, Any]:
    return {
        "dataset": "INTERACTIONS",
        "rows": 5,
        "rejected": 1,
        "reasons": {"missing": 1},
        "mended": {"lineBreak": 3},
        "files": ["a.csv"],
        **changes,
    }


def test_the_manifest_adds_the_segments_up_and_says_where_the_files_are(storage: Storage) -> None:
    given_a_table(storage, [])
    outcome = write_manifest(storage[1], bucket=BUCKET, run_id="run-1", segments=[segment(), segment(rows=2)])
    assert outcome == {
        "rows": {"interactions": 7},
        "rejected": {"interactions": 2},
        "reasons": {"missing": 2},
        "mended": {"lineBreak": 6},
        "locations": {"INTERACTIONS": "s3://exports/exports/run-1/interactions/"},
        "manifest": "exports/run-1/manifest.json",
    }
    assert json.loads(contents(storage[1], outcome["manifest"]))["files"] == {"INTERACTIONS": ["a.csv", "a.csv"]}


def test_a_table_without_a_usable_row_ends_the_run_in_words(storage: Storage) -> None:
    given_a_table(storage, [])
    with pytest.raises(InvalidError, match=r"INTERACTIONS.*1 rows were refused \(\{'missing': 1\}\)"):
        write_manifest(storage[1], bucket=BUCKET, run_id="run-1", segments=[segment(rows=0, files=[])])


def test_another_dataset_of_which_every_row_was_refused_ends_the_run_in_words(storage: Storage) -> None:
    given_a_table(storage, [])
    refused = segment(dataset="ITEMS", rows=0, rejected=4, reasons={"tooLong": 4}, files=["rejected.jsonl"])
    with pytest.raises(InvalidError, match=r"ITEMS.*4 rows were refused \(\{'tooLong': 4\}\)"):
        write_manifest(storage[1], bucket=BUCKET, run_id="run-1", segments=[segment(), refused])


def test_another_dataset_without_a_row_has_no_location(storage: Storage) -> None:
    given_a_table(storage, [])
    empty = segment(dataset="ITEMS", rows=0, rejected=0, reasons={}, files=[])
    outcome = write_manifest(storage[1], bucket=BUCKET, run_id="run-1", segments=[segment(), empty])
    assert outcome["rows"] == {"interactions": 5, "items": 0}
    assert list(outcome["locations"]) == ["INTERACTIONS"]
