"""The user's own items and users in place of the example's: what becomes a field, and what is told."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

from tastemaker.cli.errors import CommandError
from tastemaker.cli.own_data import OwnData

EXAMPLE = Path(__file__).resolve().parents[3] / "tastemaker.toml"


def own(folder: Path, items: str) -> OwnData:
    (folder / "events.csv").write_text("USER_ID,ITEM_ID,TIMESTAMP\nu,i,1\n", encoding="utf-8")
    (folder / "items.csv").write_text(items, encoding="utf-8")
    return OwnData.read(folder / "events.csv", folder / "items.csv", None)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("ITEM_ID,release year\ni,1999\n", "'release year' is no name of a field"),
        ("ITEM_ID,Título\ni,x\n", "'Título' is no name of a field"),
        ("ITEM_ID,A,\ni,x,y\n", "'' is no name of a field"),
        ("ITEM_ID,CREATION_TIMESTAMP\ni,2020-01-01\n", "CREATION_TIMESTAMP takes whole seconds"),
        (f"ITEM_ID,TAGS\ni,a|{'b' * 1000}\n", "nothing but texts of more than 1,000 characters"),
    ],
)
def test_a_column_that_can_be_no_field_is_told_with_the_file_before_anything_is_built(
    tmp_path: Path, items: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        own(tmp_path, items)
    assert "items.csv" in str(caught.value)


def test_of_two_columns_of_long_texts_the_second_is_left_out_and_the_rows_stay(tmp_path: Path) -> None:
    data = own(tmp_path, f"ITEM_ID,STORY,NOTE\ni,{'s' * 1001},{'n' * 1001}\n")
    said = io.StringIO()

    data.print_kinds(Console(file=said, width=200))
    data.write_config(EXAMPLE, tmp_path / "own.toml")

    fields = tomllib.loads((tmp_path / "own.toml").read_text(encoding="utf-8"))["items"]["fields"]
    assert list(fields) == ["itemId", "story"]
    assert fields["story"]["textual"]
    assert "Left out: the column NOTE" in said.getvalue()
