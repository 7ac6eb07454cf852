import gzip
from collections import Counter
from pathlib import Path

import pytest

from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import read_csv, to_items


def file(folder: Path, text: str) -> Path:
    path = folder / "events.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv does not exist"):
        read_csv(tmp_path / "none.csv")


def test_a_file_without_user_ids_is_told_which_columns_it_has(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="has no column USER_ID; its header says user, ITEM_ID, TIMESTAMP"):
        read_csv(file(tmp_path, "user,ITEM_ID,TIMESTAMP\n1,2,3\n"))


def test_a_file_with_a_header_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no rows"):
        read_csv(file(tmp_path, "USER_ID,ITEM_ID,TIMESTAMP\n"))


@pytest.mark.parametrize("text", ["", "USER_ID,ITEM_ID,TIMESTAMP\n1,2\n"])
def test_a_file_that_is_no_csv_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CommandError, match="no CSV file"):
        read_csv(file(tmp_path, text))


def test_ids_with_commas_quotes_and_emoji_are_read_by_personalizes_rules(tmp_path: Path) -> None:
    path = file(tmp_path, 'ITEM_ID,USER_ID,TIMESTAMP\n"a, \\"b\\" \\\\",é🎬,1\n')
    events = read_csv(path)
    assert (events.item_ids, events.user_ids, events.event_types) == (['a, "b" \\'], ["é🎬"], ["interaction"])


def test_no_two_events_of_a_file_share_a_key(tmp_path: Path) -> None:
    path = file(tmp_path, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n" + "u,i,7,view\n" * 3)
    keys = [item["eventKey"]["S"] for item in to_items(read_csv(path), Counter())]
    assert len(set(keys)) == 3
    assert keys == sorted(keys)
    assert keys == [item["eventKey"]["S"] for item in to_items(read_csv(path), Counter())]


def test_a_row_becomes_an_item_as_it_stands_and_empty_user_ids_stay_out(tmp_path: Path) -> None:
    text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\nu,,soon,\n,i,7,view\n"
    refused: Counter[str] = Counter()
    (item,) = to_items(read_csv(file(tmp_path, text)), refused)
    assert (item["itemId"], item["timestamp"]) == ({"S": ""}, {"S": "soon"})
    assert "eventType" not in item
    assert refused == {"emptyUserId": 1}


def test_what_is_too_large_for_dynamodb_is_left_out_and_counted(tmp_path: Path) -> None:
    text = f"USER_ID,ITEM_ID,TIMESTAMP\nu,{'i' * 500_000},1\n{'u' * 3000},i,1\nu,i,{'9' * 5000}\n"
    refused: Counter[str] = Counter()
    (item,) = to_items(read_csv(file(tmp_path, text)), refused)
    assert list(item["timestamp"]) == ["S"]
    assert refused == {"tooLarge": 2}


def test_a_folder_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is a folder"):
        read_csv(tmp_path)


def test_a_column_that_comes_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="USER_ID more than once"):
        read_csv(file(tmp_path, "USER_ID,ITEM_ID,TIMESTAMP,USER_ID\n1,2,3,4\n"))


def test_compressed_data_is_no_csv(tmp_path: Path) -> None:
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress(b"USER_ID,ITEM_ID,TIMESTAMP\n1,2,3\n"))
    with pytest.raises(CommandError, match="no CSV file"):
        read_csv(path)
