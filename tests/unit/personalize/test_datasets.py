"""CSV files become records by Personalize's rules, and what breaks a rule fails in Personalize's words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastemaker.personalize.csv_files import NONCONFORMING, ImportRefused
from tastemaker.personalize.datasets import Datasets, ImportCancelled, ImportSpec
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.schemas import Schema, parse_schema

ARN = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/INTERACTIONS"
ROLE = "arn:aws:iam::123456789012:role/reader"


def schema(name: str, *fields: dict[str, Any]) -> Schema:
    return parse_schema(json.dumps({"type": "record", "name": name, "fields": fields}), None)


INTERACTIONS = schema(
    "Interactions",
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_VALUE", "type": ["float", "null"]},
    {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
)
ITEMS = schema(
    "Items",
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TITLE", "type": ["null", "string"]},
    {"name": "STOCK", "type": ["null", "int"]},
    {"name": "SOLD", "type": ["null", "boolean"]},
    {"name": "STORY", "type": ["null", "string"], "textual": True},
)
HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE,DEVICE"
ITEMS_HEADER = "ITEM_ID,TITLE,STOCK,SOLD,STORY"


@pytest.fixture
def datasets(tmp_path: Path) -> Datasets:
    return Datasets(tmp_path / "datasets")


def events(first: int = 0, count: int = 1000) -> list[str]:
    return [f"u{n % 50},i{n % 7},{1_600_000_000 + n},," for n in range(first, first + count)]


def csv(header: str, rows: Sequence[str]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def spec(location: str = "s3://b/data.csv", *, of: Schema = INTERACTIONS, mode: str = "FULL") -> ImportSpec:
    return ImportSpec(ARN, of, location, ROLE, "INCREMENTAL" if mode == "INCREMENTAL" else "FULL")


def stored(datasets: Datasets) -> list[dict[str, Any]]:
    table = datasets.read(ARN)
    assert table is not None
    return list(table.to_pylist())


def import_items(datasets: Datasets, body: bytes, *, mode: str = "FULL") -> list[dict[str, Any]]:
    datasets.import_csv(MemoryObjects({"b": {"data.csv": body}}), spec(of=ITEMS, mode=mode))
    return stored(datasets)


def refusal(datasets: Datasets, objects: Mapping[str, bytes], import_spec: ImportSpec) -> ImportRefused:
    with pytest.raises(ImportRefused) as refused:
        datasets.import_csv(MemoryObjects({"b": objects}), import_spec)
    return refused.value


def test_records_come_typed_and_empty_cells_are_null(datasets: Datasets) -> None:
    body = csv(ITEMS_HEADER, ["a,Tea,3,True,leaves", "b,,,fAlSe,", 'c,"",0,,""'])

    assert import_items(datasets, body) == [
        {"ITEM_ID": "a", "TITLE": "Tea", "STOCK": 3, "SOLD": True, "STORY": "leaves"},
        {"ITEM_ID": "b", "TITLE": None, "STOCK": None, "SOLD": False, "STORY": None},
        {"ITEM_ID": "c", "TITLE": "", "STOCK": 0, "SOLD": None, "STORY": ""},
    ]


def test_columns_are_found_by_name_and_unknown_ones_passed_over(datasets: Datasets) -> None:
    body = csv("NOTE,STORY,SOLD,STOCK,NOTE,TITLE,ITEM_ID", ["x,leaves,true,3,y,Tea,a"])

    assert import_items(datasets, body) == [
        {"ITEM_ID": "a", "TITLE": "Tea", "STOCK": 3, "SOLD": True, "STORY": "leaves"}
    ]


def test_backslashes_escape_quotes_and_themselves_inside_quotes(datasets: Datasets) -> None:
    body = csv(ITEMS_HEADER, [r'a,"A \"classic\" film, with a back\\slash",,,'])

    assert import_items(datasets, body)[0]["TITLE"] == r'A "classic" film, with a back\slash'


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_the_data(datasets: Datasets) -> None:
    body = b"\xef\xbb\xbf" + csv(ITEMS_HEADER, ["a,Tea,1,,mild"]).replace(b"\n", b"\r\n")

    assert import_items(datasets, body)[0] == {
        "ITEM_ID": "a", "TITLE": "Tea", "STOCK": 1, "SOLD": None, "STORY": "mild"
    }  # fmt: skip


def test_a_last_line_without_line_break_is_a_record(datasets: Datasets) -> None:
    assert len(import_items(datasets, csv(ITEMS_HEADER, ["a,,,,", "b,,,,"]).rstrip(b"\n"))) == 2


_CELL = st.none() | st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
_ID = st.text(st.sampled_from('ab,"\\|🙂é '), min_size=1, max_size=6)


def as_cell(value: str | None) -> str:
    if value is None:
        return ""
    if value and not any(character in value for character in ',"\\'):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_ID, st.tuples(_CELL, _CELL), min_size=1, max_size=20))
def test_whatever_is_written_by_the_rules_comes_back(
    datasets: Datasets, records: dict[str, tuple[str | None, str | None]]
) -> None:
    rows = [f"{as_cell(key)},{as_cell(title)},,,{as_cell(story)}" for key, (title, story) in records.items()]

    imported = import_items(datasets, csv(ITEMS_HEADER, rows))

    assert {record["ITEM_ID"]: (record["TITLE"], record["STORY"]) for record in imported} == records


def test_an_import_says_how_many_records_it_read(datasets: Datasets) -> None:
    objects = MemoryObjects({"b": {"data.csv": csv(HEADER, [*events(), *events(count=200)])}})

    assert datasets.import_csv(objects, spec()) == 1200
    assert len(stored(datasets)) == 1000


def test_missing_columns_are_named_in_the_order_of_the_schema(datasets: Datasets) -> None:
    body = csv("ITEM_ID,EVENT_VALUE,DEVICE", ["i,,"])

    refused = refusal(datasets, {"data.csv": body}, spec())

    assert refused.reason == "Input CSV is missing the following columns: [USER_ID, TIMESTAMP]."


def test_a_quoted_header_is_no_header(datasets: Datasets) -> None:
    body = csv('"ITEM_ID",TITLE,STOCK,SOLD,STORY', ["a,,,,"])

    refused = refusal(datasets, {"data.csv": body}, spec(of=ITEMS))

    assert refused.reason == "Input CSV is missing the following columns: [ITEM_ID]."
    assert "without quotes" in refused.detail


def test_an_empty_file_lacks_every_column(datasets: Datasets) -> None:
    refused = refusal(datasets, {"data.csv": b""}, spec(of=ITEMS))

    assert refused.reason == "Input CSV is missing the following columns: [ITEM_ID, TITLE, STOCK, SOLD, STORY]."


def test_a_column_that_is_there_twice_is_refused(datasets: Datasets) -> None:
    refused = refusal(datasets, {"data.csv": csv(f"{ITEMS_HEADER},TITLE", ["a,,,,,"])}, spec(of=ITEMS))

    assert refused.reason == "Input CSV has the following columns more than once: [TITLE]."


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("a,Tea,three,,", "column #2: CSV conversion error to int32"),
        ("a,Tea,3.0,,", "column #2: CSV conversion error to int32"),
        ("a,Tea,99999999999,,", "column #2: CSV conversion error to int32"),
        ("a,Tea,3,perhaps,", "column #3: CSV conversion error to bool"),
        ("a,Tea", "Expected 5 columns, got 2"),
        ("a,Tea,3,true,leaves,more", "Expected 5 columns, got 6"),
        (",Tea,3,true,leaves", "record 1 has no ITEM_ID"),
        ('"",Tea,3,true,leaves', "an empty ITEM_ID"),
        ('a,Tea,3,true,"green\nleaves"', "record 1 has a line break in STORY"),
        ('a,Tea,3,true,"green\rleaves"', "record 1 has a line break in STORY"),
    ],
)
def test_a_row_that_does_not_conform_fails_the_import(datasets: Datasets, row: str, detail: str) -> None:
    refused = refusal(datasets, {"data.csv": csv(ITEMS_HEADER, [row])}, spec(of=ITEMS))

    assert refused.reason == NONCONFORMING
    assert detail in refused.detail
    assert "s3://b/data.csv" in refused.detail


@pytest.mark.parametrize(
    "body",
    [
        csv(ITEMS_HEADER, ["someone's id,Tea"]),
        csv(ITEMS_HEADER, ["a,Tea,someone's id,true,"]),
        csv("someone's id,Tea,3,true,", ["another's id,Tea,3,true,"]),
    ],
    ids=["too few columns", "a value in another's column", "no header"],
)
def test_what_is_said_of_a_broken_file_does_not_repeat_its_records(datasets: Datasets, body: bytes) -> None:
    refused = refusal(datasets, {"data.csv": body}, spec(of=ITEMS))

    assert "someone" not in str(refused)


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "1e300"])
def test_a_number_has_to_be_finite_in_its_type(datasets: Datasets, value: str) -> None:
    body = csv(HEADER, [*events(), f"u,i,1600000000,{value},"])

    refused = refusal(datasets, {"data.csv": body}, spec())

    assert refused.reason == NONCONFORMING
    assert "record 1001 has no finite number in EVENT_VALUE" in refused.detail


def test_text_that_is_not_utf_8_does_not_conform(datasets: Datasets) -> None:
    body = csv(ITEMS_HEADER, ["a,caf\u00e9,,,"]).decode().encode("latin-1")

    assert refusal(datasets, {"data.csv": body}, spec(of=ITEMS)).reason == NONCONFORMING


def test_a_required_number_may_not_be_empty(datasets: Datasets) -> None:
    body = csv(HEADER, [*events(), "u,i,,,"])

    refused = refusal(datasets, {"data.csv": body}, spec())

    assert refused.reason == NONCONFORMING
    assert "record 1001 has no TIMESTAMP" in refused.detail


@pytest.mark.parametrize(
    ("column", "row", "limit"),
    [("ITEM_ID", "{},Tea,,,", 256), ("TITLE", "a,{},,,", 1000)],
)
def test_a_value_that_is_too_long_fails_the_import(datasets: Datasets, column: str, row: str, limit: int) -> None:
    fits, too_long = "é" * limit, "é" * (limit + 1)

    assert import_items(datasets, csv(ITEMS_HEADER, [row.format(fits)]))[0][column] == fits
    refused = refusal(datasets, {"data.csv": csv(ITEMS_HEADER, [row.format(too_long)])}, spec(of=ITEMS))
    assert refused.reason.startswith(
        f"Length cannot be more than {limit} characters for {column}. If no values exceed the character limit, make "
        "sure your data follows the formatting guidelines listed in https://"
    )


def test_the_strings_of_interactions_have_the_same_limits(datasets: Datasets) -> None:
    body = csv(HEADER, [*events(), f"u,i,1,,{'d' * 1001}"])

    assert "1000 characters for DEVICE" in refusal(datasets, {"data.csv": body}, spec()).reason


def test_text_that_is_too_long_is_cut(datasets: Datasets) -> None:
    assert import_items(datasets, csv(ITEMS_HEADER, ["a,,,," + "é" * 20_001]))[0]["STORY"] == "é" * 20_000


def test_fewer_than_a_thousand_interactions_fail_the_import(datasets: Datasets) -> None:
    refused = refusal(datasets, {"data.csv": csv(HEADER, events(count=999))}, spec())

    assert refused.reason == "Dataset has fewer than 1000 interactions."
    assert "999" in refused.detail
    assert not datasets.holds(ARN)


def test_a_few_items_are_enough(datasets: Datasets) -> None:
    assert len(import_items(datasets, csv(ITEMS_HEADER, ["a,,,,"]))) == 1


def test_no_items_at_all_are_an_empty_dataset(datasets: Datasets) -> None:
    assert import_items(datasets, csv(ITEMS_HEADER, [])) == []


def test_a_folder_gives_its_own_files_and_none_from_below(datasets: Datasets) -> None:
    objects = MemoryObjects(
        {
            "b": {
                "run/": b"",
                "run/part-0.csv": csv(HEADER, events(0, 600)),
                "run/part-1.csv": csv(HEADER, events(600, 600)),
                "run/rejected/part-0.csv": b"REASON\nwrong\n",
                "run-2/part-0.csv": b"",
            }
        }
    )

    assert datasets.import_csv(objects, spec("s3://b/run/")) == 1200


def test_the_files_of_a_folder_must_have_one_header(datasets: Datasets) -> None:
    other = csv("ITEM_ID,USER_ID,TIMESTAMP,EVENT_VALUE,DEVICE", ["i,u,1,,"])

    refused = refusal(datasets, {"run/0.csv": csv(HEADER, events()), "run/1.csv": other}, spec("s3://b/run/"))

    assert refused.reason == "Input CSV files must all have the same header."
    assert "s3://b/run/1.csv" in refused.detail


@pytest.mark.parametrize(
    "location",
    ["s3://b/other.csv", "s3://b/none/", "s3://nowhere/data.csv", "s3://b", "https://b/data.csv", "data.csv"],
)
def test_a_location_without_files_is_invalid(datasets: Datasets, location: str) -> None:
    assert refusal(datasets, {"data.csv": b""}, spec(location)).reason == "Invalid Data location."


def test_a_bucket_that_the_role_may_not_read_is_named(datasets: Datasets) -> None:
    objects = MemoryObjects({"b": {"data.csv": b""}}, readers={"b": frozenset({"someone-else"})})

    with pytest.raises(
        ImportRefused, match=r"Insufficient privileges for accessing data in S3.*fix bucket policy on b"
    ):
        datasets.import_csv(objects, spec())


def test_identical_interactions_are_one_and_any_difference_keeps_both(datasets: Datasets) -> None:
    twice = ["x,y,5,,", "x,y,5,,", "x,y,6,,", "x,y,5,1.5,", "x,y,5,1.5,", "x,y,5,,phone", "x,z,5,,", 'x,y,5,,""']
    objects = MemoryObjects({"b": {"data.csv": csv(HEADER, [*events(), *twice])}})

    datasets.import_csv(objects, spec())

    assert [tuple(record.values()) for record in stored(datasets)[1000:]] == [
        ("x", "y", 5, None, None),
        ("x", "y", 6, None, None),
        ("x", "y", 5, 1.5, None),
        ("x", "y", 5, None, "phone"),
        ("x", "z", 5, None, None),
        ("x", "y", 5, None, ""),
    ]


_EVENT = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from(["x", "y"]),
    st.sampled_from([0, 2**62, -(2**62)]),
    st.sampled_from(["", "0.5"]),
    st.sampled_from(["", "p"]),
)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_EVENT, max_size=30))
def test_records_collapse_just_where_they_are_equal(
    datasets: Datasets, extra: list[tuple[str, str, int, str, str]]
) -> None:
    rows = [",".join(map(str, event)) for event in extra]
    objects = MemoryObjects({"b": {"data.csv": csv(HEADER, [*events(), *rows])}})

    datasets.import_csv(objects, spec())

    assert len(stored(datasets)) == 1000 + len(set(rows))


def test_records_of_many_wide_columns_stay_apart(datasets: Datasets) -> None:
    wide = schema(
        "Interactions",
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        *({"name": name, "type": "long"} for name in "ABCD"),
    )
    far = 2**30 - 1
    rows = [f"u,i,{n},{n % 2 * far},{n % 2 * far},{n % 2 * far},{n % 2 * far}" for n in range(1000)]
    body = csv("USER_ID,ITEM_ID,TIMESTAMP,A,B,C,D", [*rows, "u,i,7,0,0,0,0", "u,i,7,1,0,0,0", "u,i,7,0,0,0,0"])

    datasets.import_csv(MemoryObjects({"b": {"data.csv": body}}), spec(of=wide))

    assert [record["A"] for record in stored(datasets)[1000:]] == [0, 1]


def test_of_items_with_one_id_the_last_wins(datasets: Datasets) -> None:
    records = import_items(datasets, csv(ITEMS_HEADER, ["a,old,,,", "b,only,,,", "a,new,,,"]))

    assert [(record["ITEM_ID"], record["TITLE"]) for record in records] == [("b", "only"), ("a", "new")]


def test_a_full_import_replaces_what_was_there(datasets: Datasets) -> None:
    import_items(datasets, csv(ITEMS_HEADER, ["a,,,,"]))

    assert [record["ITEM_ID"] for record in import_items(datasets, csv(ITEMS_HEADER, ["b,,,,"]))] == ["b"]


def test_an_incremental_import_adds_and_replaces_by_id(datasets: Datasets) -> None:
    import_items(datasets, csv(ITEMS_HEADER, ["a,old,,,", "b,kept,,,"]))

    records = import_items(datasets, csv(ITEMS_HEADER, ["a,new,,,", "c,added,,,"]), mode="INCREMENTAL")

    assert {record["ITEM_ID"]: record["TITLE"] for record in records} == {"a": "new", "b": "kept", "c": "added"}


def test_an_incremental_import_of_interactions_collapses_with_the_earlier_ones(datasets: Datasets) -> None:
    objects = MemoryObjects(
        {"b": {"data.csv": csv(HEADER, events(0, 1000)), "more.csv": csv(HEADER, events(500, 1000))}}
    )
    datasets.import_csv(objects, spec())

    datasets.import_csv(objects, spec("s3://b/more.csv", mode="INCREMENTAL"))

    assert sorted(record["TIMESTAMP"] for record in stored(datasets)) == [1_600_000_000 + n for n in range(1500)]


def test_a_failed_import_leaves_the_dataset_as_it_was(datasets: Datasets) -> None:
    import_items(datasets, csv(ITEMS_HEADER, ["a,,,,"]))

    refusal(datasets, {"data.csv": csv(ITEMS_HEADER, ["b,,x,,"])}, spec(of=ITEMS))

    assert [record["ITEM_ID"] for record in stored(datasets)] == ["a"]


def test_a_cancelled_import_leaves_the_dataset_as_it_was(datasets: Datasets) -> None:
    import_items(datasets, csv(ITEMS_HEADER, ["a,,,,"]))
    answers = iter([True, False])

    with pytest.raises(ImportCancelled):
        datasets.import_csv(
            MemoryObjects({"b": {"data.csv": csv(ITEMS_HEADER, ["b,,,,"])}}),
            spec(of=ITEMS),
            go_on=lambda: next(answers),
        )

    assert [record["ITEM_ID"] for record in stored(datasets)] == ["a"]


def test_records_survive_a_restart_and_half_written_ones_are_swept(tmp_path: Path) -> None:
    import_items(Datasets(tmp_path), csv(ITEMS_HEADER, ["a,,,,"]))
    (tmp_path / "killed.partial").write_bytes(b"half")

    assert [record["ITEM_ID"] for record in stored(Datasets(tmp_path))] == ["a"]
    assert not list(tmp_path.glob("*.partial"))


def test_a_revision_tells_of_every_change_and_survives_a_restart(tmp_path: Path) -> None:
    datasets = Datasets(tmp_path)
    assert datasets.revision(ARN) is None
    revisions = []
    for rows in (["a,,,,"], ["a,,,,"], ["b,,,,", "c,,,,"]):
        import_items(datasets, csv(ITEMS_HEADER, rows))
        revisions.append(datasets.revision(ARN))

    datasets.forget(ARN, "ITEM_ID", ["b"])
    revisions.append(datasets.revision(ARN))

    assert None not in revisions
    assert len(set(revisions)) == 4
    assert datasets.forget(ARN, "ITEM_ID", ["b"]) == 0
    assert Datasets(tmp_path).revision(ARN) == datasets.revision(ARN) == revisions[-1]
    datasets.delete(ARN)
    assert datasets.revision(ARN) is None


def test_a_snapshot_stays_when_the_dataset_changes(datasets: Datasets, tmp_path: Path) -> None:
    import_items(datasets, csv(ITEMS_HEADER, ["a,,,,"]))
    target = tmp_path / "work" / "ITEMS.arrow"

    assert datasets.snapshot(ARN, target)
    before = target.read_bytes()
    import_items(datasets, csv(ITEMS_HEADER, ["b,,,,"]))

    assert target.read_bytes() == before


def test_there_is_no_snapshot_and_no_record_of_what_was_never_imported_or_was_deleted(
    datasets: Datasets, tmp_path: Path
) -> None:
    import_items(datasets, csv(ITEMS_HEADER, ["a,,,,"]))
    datasets.delete(ARN)

    assert datasets.read(ARN) is None
    assert not datasets.snapshot(ARN, tmp_path / "ITEMS.arrow")
    assert not (tmp_path / "ITEMS.arrow").exists()
