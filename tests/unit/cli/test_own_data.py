"""The user's own files in place of the example shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdas.common.config import load
from tastemaker.cli.catalogue import Catalogue
from tastemaker.cli.errors import CommandError
from tastemaker.cli.own_data import OwnData, rows
from tests.cloud.synthesis import ROOT

EVENTS = "USER_ID,ITEM_ID,TIMESTAMP\nann,a,1\nbob,b,2\n"
ITEMS = """ITEM_ID,TITLE,GENRES,RELEASE_YEAR,PRICE,STORY
a,"A, the \\"first\\"",Drama|Comedy,1999,9.5,{long}
b,B,Drama,2001,,short
c,C,Comedy,2001,3,
d,D,Comedy|Drama,1999,4,
"""
USERS = "USER_ID,TIER\nann,gold\nbob,gold\ncid,\ndan,tin\neve,tin\n"


def files(folder: Path, *, items: str = ITEMS, users: str = USERS) -> OwnData:
    paths = [folder / name for name in ("events.csv", "items.csv", "users.csv")]
    for path, text in zip(paths, (EVENTS, items.replace("{long}", "s" * 1001), users), strict=True):
        path.write_text(text, encoding="utf-8")
    return OwnData.read(*paths)


def test_the_configuration_that_is_written_is_valid_and_has_the_files_columns(tmp_path: Path) -> None:
    written = tmp_path / "own.toml"
    files(tmp_path).write_config(ROOT / "tastemaker.toml", written)

    config = load(written)

    assert config.items is not None
    assert {
        name: (m.field, m.type, m.categorical, m.textual, m.optional) for name, m in config.items.fields.items()
    } == {
        "itemId": ("ITEM_ID", "string", False, False, False),
        "title": ("TITLE", "string", False, False, False),
        "genres": ("GENRES", "string", True, False, False),
        "releaseYear": ("RELEASE_YEAR", "long", False, False, False),
        "price": ("PRICE", "float", False, False, True),
        "story": ("STORY", "string", False, True, True),
    }
    assert config.users is not None
    assert [m.field for m in config.users.fields.values()] == ["USER_ID", "TIER"]
    assert [model.name for model in config.models] == ["for-you", "similar", "popular"]
    # the other asks for a field of the example shop's products
    assert [each.name for each in config.filters] == ["not-purchased"]


def test_without_items_and_users_there_are_no_such_tables(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    written = tmp_path / "own.toml"
    OwnData.read(tmp_path / "events.csv", None, None).write_config(ROOT / "tastemaker.toml", written)

    assert list(load(written).datasets) == ["INTERACTIONS"]


def test_rows_hold_what_the_columns_say_and_nothing_where_they_are_empty(tmp_path: Path) -> None:
    items = files(tmp_path).items
    assert items is not None

    first, second, *_ = rows(items, "items")

    assert first["title"] == {"S": 'A, the "first"'}
    assert (first["releaseYear"], first["price"]) == ({"N": "1999"}, {"N": "9.5"})
    assert second.keys() == {"itemId", "title", "genres", "releaseYear", "story"}


def test_the_catalogue_shows_titles_and_groups_by_the_first_categories(tmp_path: Path) -> None:
    items = files(tmp_path).items
    assert items is not None

    catalogue = Catalogue.of_file(items)

    assert (catalogue.label("b"), catalogue.label("unknown")) == ("B", "unknown")
    assert catalogue.field == "genres"
    assert catalogue.categories["a"] == {"Drama", "Comedy"}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("ITEM_ID\na\nb\n", "has no column beside ITEM_ID"),
        ("ITEM_ID,A_B,a_B\nx,1,2\n", "two columns become the attribute aB"),
        ("ITEM_ID," + ",".join(f"C{n}" for n in range(101)) + "\nx" + ",1" * 101 + "\n", "Personalize takes 100"),
    ],
)
def test_columns_that_will_not_do_are_told(tmp_path: Path, items: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        files(tmp_path, items=items)
