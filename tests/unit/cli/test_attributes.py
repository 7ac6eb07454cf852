"""Items and users from the user's own CSV files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tastemaker.cli.attributes import read_attributes
from tastemaker.cli.columns import infer_column
from tastemaker.cli.errors import CommandError


def _file(folder: Path, text: str) -> Path:
    path = folder / "items.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("texts", "type_", "kind"),
    [
        (["1995", "-3", "", "0"], "long", "whole numbers"),
        (["19.95", "7", ".5", "1e-3"], "float", "numbers"),
        (["007", "012", "100"], "string", "text"),
        (["1234567890123456789", "2234567890123456789"], "string", "text"),
        (["NaN", "1"], "string", "text"),
        (["Adventure|Comedy", "Drama", "Noir"], "string", "categories"),
        (["shoes", "shoes", "hats", "hats"], "string", "categories"),
        (["007", "007", "012", "012"], "string", "categories"),
        (["Toy Story", "Jumanji", "Heat"], "string", "text"),
        (["A sentence.", *[f"Sentence {n}." for n in range(19)], "This | that."], "string", "text"),
        (["", ""], "string", "text"),
    ],
)
def test_a_column_s_kind_is_told_by_its_values(texts: list[str], type_: str, kind: str) -> None:
    column = infer_column("F", texts)

    assert (column.type, column.kind) == (type_, kind)
    assert column.categorical == (kind == "categories")
    assert column.values == [text or None for text in texts]


def test_escapes_are_personalizes_and_the_last_row_of_an_id_counts(tmp_path: Path) -> None:
    path = _file(tmp_path, 'NOTE,ITEM_ID,PRICE\nold,i,1\n"a, \\"b\\"",i,2.5\nx,,3\ny,j,\n')

    items = read_attributes(path, "ITEM_ID")

    assert items.ids == ["i", "j"]
    assert [(column.field, column.type, column.values) for column in items.columns] == [
        ("NOTE", "string", ['a, "b"', "y"]),
        ("PRICE", "float", ["2.5", None]),
    ]
    assert list(items.refused.values()) == [1, 1]


def test_fields_are_named_as_attributes_of_a_table(tmp_path: Path) -> None:
    users = read_attributes(_file(tmp_path, "USER_ID,AGE_GROUP,region\nu,18-24,north\n"), "USER_ID")

    assert [column.attribute for column in users.columns] == ["ageGroup", "region"]


def test_recommenders_get_categories_numbers_and_texts(tmp_path: Path) -> None:
    path = _file(tmp_path, "ITEM_ID,TITLE,GENRES,YEAR\nb,B,x|y,1990\na,A,x,\n")

    found = read_attributes(path, "ITEM_ID").for_recommenders()

    assert found.ids.tolist() == ["a", "b"]
    assert found.categories.sum(axis=1).tolist() == [1, 2]
    np.testing.assert_array_equal(found.numbers, [[np.nan], [1990]])
    assert found.texts == ("A", "B")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ID,X\n1,2\n", r"no column ITEM_ID; its header says ID, X\. Give it the column ITEM_ID"),
        ("ITEM_ID,X,X\n1,2,3\n", "has the column X more than once"),
        ("ITEM_ID,X\n", "no rows"),
        ("ITEM_ID,X\n,2\n", "no row with an ITEM_ID"),
        ("", "no CSV file"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=words):
        read_attributes(_file(tmp_path, text), "ITEM_ID")
