"""Public data sets in their usual forms become the same interactions; what is in no form is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.public_formats import UnknownForm, detect
from tastemaker.cli.errors import CommandError
from tastemaker.recommenders import Interactions

_TIMED = {
    "Personalize's CSV": "USER_ID,ITEM_ID,TIMESTAMP\n7,20,1100000000\n7,10,1000000000\n8,10,1050000000\n",
    "a table with the columns userId, movieId, timestamp": (
        "userId,movieId,rating,timestamp\n7,20,4.5,1100000000\n7,10,0.5,1000000000\n8,10,3.0,1050000000\n"
    ),
    "a table with the columns user_id, parent_asin, timestamp": (
        "user_id,parent_asin,rating,timestamp\n7,20,5.0,1100000000000\n7,10,1.0,1000000000000\n8,10,3.0,1050000000000\n"
    ),
    "a table with the columns user_id:token, item_id:token, timestamp:float": (
        "user_id:token\titem_id:token\ttimestamp:float\n7\t20\t1100000000\n7\t10\t1000000000\n8\t10\t1050000000\n"
    ),
    "user, item, rating, timestamp, split by `::`": (
        "7::20::5::1100000000\n7::10::1::1000000000\n8::10::3::1050000000\n"
    ),
    "user, item, rating, timestamp, split by tabs": (
        "7\t20\t5\t1100000000\n7\t10\t1\t1000000000\n8\t10\t3\t1050000000\n"
    ),
    "user, item, rating, timestamp, split by commas": "7,20,5.0,1100000000\n7,10,1.0,1000000000\n8,10,3.0,1050000000\n",
}
_ORDERED = {
    "user and item, a user's lines in order of time": "7 10\n7 20\n8 10\n",
    "one user a line, items in order of time": "7 10 20\n8 10\n",
}


def _written(directory: Path, text: str) -> Path:
    path = directory / "interactions.txt"
    path.write_text(text)
    return path


def _histories(interactions: Interactions) -> dict[str, list[str]]:
    return {
        str(user_id): interactions.item_ids[interactions.history(place)].tolist()
        for place, user_id in enumerate(interactions.user_ids)
    }


@pytest.mark.parametrize(("name", "text"), [*_TIMED.items(), *_ORDERED.items()])
def test_every_form_is_told_by_its_lines_and_gives_the_same_histories(name: str, text: str, tmp_path: Path) -> None:
    path = _written(tmp_path, text)

    form = detect(path)

    assert form.name == name
    assert _histories(form.read(path)) == {"7": ["10", "20"], "8": ["10"]}


@pytest.mark.parametrize("text", _TIMED.values())
def test_times_are_seconds_whatever_the_file_counts_in(text: str, tmp_path: Path) -> None:
    path = _written(tmp_path, text)

    assert detect(path).read(path).timestamp.tolist() == [1_000_000_000, 1_100_000_000, 1_050_000_000]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    text = _TIMED["user, item, rating, timestamp, split by commas"]
    path = _written(tmp_path, "\ufeff" + text.replace("\n", "\r\n"))

    assert _histories(detect(path).read(path)) == {"7": ["10", "20"], "8": ["10"]}


def test_event_types_of_personalizes_form_are_kept(tmp_path: Path) -> None:
    path = _written(tmp_path, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n7,10,1000000000,watch\n7,10,1000000000,click\n")

    assert detect(path).read(path).event_types == ("click", "watch")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("once upon a time there was\nonce upon a time\n", id="prose: a first word twice"),
        pytest.param("7 10 5\n8 10 3\n", id="three fields: a rating or two items"),
        pytest.param("a,b\n7,10\n", id="a header that names neither"),
        pytest.param("7,10,5.0,12\n", id="a time that is none"),
    ],
)
def test_another_form_is_refused_with_those_that_are_known(text: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownForm, match="no form that is read here: known are Personalize's CSV"):
        detect(_written(tmp_path, text))


def test_an_empty_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is empty"):
        detect(_written(tmp_path, "\n\n"))
    with pytest.raises(CommandError, match="cannot be read"):
        detect(tmp_path / "absent")


def test_a_later_line_unlike_the_first_ones_is_named(tmp_path: Path) -> None:
    rated = _written(tmp_path, "7,10,5.0,1000000000\n" * 1_000 + "7,,5.0,1000000000\n")
    with pytest.raises(UnknownForm, match="line 1001: user, item or timestamp is missing"):
        detect(rated).read(rated)

    pairs = _written(tmp_path, "7 10\n" * 1_000 + "7 10 20\n")
    with pytest.raises(UnknownForm, match="line 1001: '7 10 20' is unlike the first ones"):
        detect(pairs).read(pairs)


def test_rows_that_cannot_be_used_are_counted_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _written(tmp_path, "USER_ID,ITEM_ID,TIMESTAMP\n7,10,1000000000\n7,20,yesterday\n")

    assert _histories(detect(path).read(path)) == {"7": ["10"]}
    assert "Rows left out: 1. TIMESTAMP is no number of seconds" in capsys.readouterr().err
