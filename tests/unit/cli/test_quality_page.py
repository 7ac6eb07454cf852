"""The page of `tastemaker evaluate --html`: whole, offline, unbroken by ids, and with the figures of the JSON."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tastemaker.cli.catalogue import Catalogue
from tastemaker.cli.charts import Point, Series, line_chart
from tastemaker.cli.example_users import example_users
from tastemaker.cli.main import main
from tastemaker.cli.markup import joined, tag
from tastemaker.cli.titles import MEANINGS, TITLES
from tastemaker.evaluation import LEAVE_ONE_OUT
from tastemaker.recommenders import SequenceRidge
from tests.unit.recommenders.planted import cycles, random_interactions

EVIL = "<script>alert('&amp;\"')</script>"
_WITHOUT_END = {"meta", "circle", "line", "path", "polyline", "rect"}


class Page(HTMLParser):
    """Reads a page and refuses one whose elements do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.tables: list[list[list[str]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in _WITHOUT_END:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _WITHOUT_END
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data

    def table(self, data_of: str) -> list[list[str]]:
        """The table of a view."""
        tables = [attributes for name, attributes in self.elements if name == "table"]
        return self.tables[next(place for place, found in enumerate(tables) if found.get("data-of") == data_of)]


def _csv(path: Path, *, user: str = "{}", repeats: bool = True) -> Path:
    log = random_interactions(80, 30, 900, seed=2) if repeats else cycles()
    rows = zip(log.user_ids[log.user], log.item_ids[log.item], log.timestamp, strict=True)
    quoted = [user.format(who).replace("\\", "\\\\").replace('"', '\\"') for who in log.user_ids]
    by_name = dict(zip(log.user_ids.tolist(), quoted, strict=True))
    path.write_text(
        "USER_ID,ITEM_ID,TIMESTAMP\n" + "".join(f'"{by_name[str(u)]}",{i},{t}\n' for u, i, t in rows), encoding="utf-8"
    )
    return path


def _made(
    folder: Path, capsys: pytest.CaptureFixture[str], *options: str, **csv: Any
) -> tuple[str, dict[str, Any], Path]:
    page = folder / "page.html"
    events = _csv(folder / "events.csv", **csv)
    arguments = ["--interactions", str(events), "--recipe", "aws-similar-items", "--html", str(page), *options]
    assert main(["evaluate", "--json", *arguments]) == 0
    return page.read_text(encoding="utf-8"), json.loads(capsys.readouterr().out), page


@pytest.mark.parametrize("protocol", ["personalize", "leave-one-out"])
def test_the_tables_have_the_figures_of_the_json(
    protocol: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, found, _ = _made(tmp_path, capsys, "--protocol", protocol, "--seeds", "2")
    page = Page(text)

    assert any(words.startswith("aws-similar-items chose ") for element, words in page.texts if element == "p")
    for what, part in (("events as imported", "metrics"), ("repeats removed", "metricsNewItems")):
        header, *rows = page.table(what)
        keys = [key for key in TITLES if key in found["recipes"]["popularity"][part]]
        assert header[1:] == [TITLES[key] for key in keys]
        assert [name for name, *_ in rows] == list(found["recipes"])
        for name, *cells in rows:
            for key, cell in zip(keys, cells, strict=True):
                figure = found["recipes"][name][part][key]
                mean, _, half = cell.replace("▲", "").replace("▼", "").partition("±")
                assert float(mean) == pytest.approx(figure["mean"], abs=1e-9)
                if figure["ci95"] is None:
                    assert half == ""
                else:
                    assert float(half) == pytest.approx(figure["ci95"][1] - figure["mean"], abs=1.6e-4)


def test_it_opens_offline_and_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, _, _ = _made(tmp_path, capsys, "--seeds", "1")
    page = Page(text)

    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint({name for name, _ in page.elements})
    assert not [
        key for _, attributes in page.elements for key in attributes if key in ("src", "href") or key[:2] == "on"
    ]
    policies = [one["content"] for name, one in page.elements if one.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_plot_has_a_title_a_description_and_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, _, _ = _made(tmp_path, capsys, "--seeds", "1")
    page = Page(text)

    plots = [one for name, one in page.elements if name == "svg" and one.get("role") == "img"]
    ids = [one["id"] for _, one in page.elements if one.get("id")]
    # three plots of two views each
    assert len(plots) == 6
    assert len(ids) == len(set(ids))
    for plot in plots:
        assert set((plot["aria-labelledby"] or "").split()) <= set(ids)
    assert [name for name, _ in page.texts].count("figcaption") == 6
    headers = [
        table[0]
        for table in page.tables
        if table and table[0][0] in ("events in the input", "recommendations to each user")
    ]
    assert len(headers) == 4
    assert all(header[2:] == ["aws-similar-items", "popularity", "repeat-last"] for header in headers)


def test_the_coverage_plot_ends_at_the_coverage_of_the_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, found, _ = _made(tmp_path, capsys, "--seeds", "2")

    imported = next(table for table in Page(text).tables if table[0][0] == "recommendations to each user")

    last = dict(zip(imported[0], imported[-1], strict=True))
    for name, quality in found["recipes"].items():
        assert float(last[name]) == pytest.approx(quality["metrics"]["coverage"]["mean"], abs=1.01e-4)


def test_an_id_that_is_markup_is_shown_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, _, _ = _made(tmp_path, capsys, "--seeds", "1", user=EVIL + "{}")
    page = Page(text)

    assert "<script" not in text
    shown = [words for name, words in page.texts if name == "caption" and words.startswith("User ")]
    assert len(shown) == 5
    assert all(words.startswith(f"User {EVIL}u") for words in shown)


def test_titles_take_the_place_of_item_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = tmp_path / "items.csv"
    items.write_text("ITEM_ID,TITLE\n" + "".join(f"i{n},The tale of {n} & more\n" for n in range(30)), encoding="utf-8")

    text, _, _ = _made(tmp_path, capsys, "--seeds", "1", "--items", str(items))

    listed = [words for name, words in Page(text).texts if name == "li"]
    assert any(re.fullmatch(r"The tale of \d+ & more", words) for words in listed)
    assert not [words for words in listed if re.fullmatch(r"i\d+", words)]


def test_where_nobody_repeats_there_is_one_view_of_each_plot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _, _ = _made(tmp_path, capsys, "--protocol", "leave-one-out", "--seeds", "1", repeats=False)

    captions = [words for name, words in Page(text).texts if name == "figcaption"]
    assert captions == ["events as imported (nobody repeats)"] * 3


@pytest.mark.parametrize("protocol", ["personalize", "leave-one-out"])
def test_where_nothing_new_is_held_out_the_figures_without_repeats_are_zero_and_unsure(
    protocol: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events, page = tmp_path / "events.csv", tmp_path / "page.html"
    events.write_text("USER_ID,ITEM_ID,TIMESTAMP\n" + "".join(f"{u},a,{t}\n" for u in "uvw" for t in range(3)))
    arguments = ["--interactions", str(events), "--recipe", "popularity", "--protocol", protocol, "--html", str(page)]

    assert main(["evaluate", "--json", "--seeds", "1", *arguments]) == 0

    figures = json.loads(capsys.readouterr().out)["recipes"]["popularity"]["metricsNewItems"].values()
    assert all((figure["mean"], figure["ci95"]) == (0.0, None) for figure in figures)
    assert len(Page(page.read_text(encoding="utf-8")).tables) > 2


def test_the_examples_are_what_was_asked_and_answered() -> None:
    log = cycles()
    split = LEAVE_ONE_OUT.split(log, 0)
    evaluation = LEAVE_ONE_OUT.measure(SequenceRidge(), split, seed=0)

    examples = example_users(split.test, {"ridge": evaluation}, log.item_ids, Catalogue.unknown())

    assert len(examples) == 5
    for example in examples:
        ring = "abcdef" * 2
        (truth,) = example.truth
        assert "".join(one.label for one in example.history) in ring
        assert "".join(one.label for one in [*example.history, truth]) in ring
        first, *others = example.recommended["ridge"]
        assert (first.label, first.hit) == (truth.label, True)
        assert not any(one.hit for one in others)


@pytest.mark.parametrize("name", ["folder", "missing/page.html"])
def test_a_page_that_cannot_be_written_is_told_before_anything_is_read(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    page = tmp_path / name

    assert main(["evaluate", "--interactions", "none.csv", "--recipe", "popularity", "--html", str(page)]) == 1

    said = capsys.readouterr().err
    assert f"--html {page}" in said
    assert "name a file to write" in said


def test_who_gets_a_page_is_told_that_it_names_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events, page = _csv(tmp_path / "events.csv"), tmp_path / "page.html"

    assert main(["evaluate", "--interactions", str(events), "--recipe", "popularity", "--html", str(page)]) == 0

    assert "It names users and items" in capsys.readouterr().out


def test_every_metric_of_the_tables_is_explained() -> None:
    assert list(MEANINGS) == list(TITLES)


def test_markup_escapes_all_that_is_none() -> None:
    inner = tag("b", "1 < 2 & 3", data_x='"quoted" & <b>')

    assert inner == '<b data-x="&quot;quoted&quot; &amp; &lt;b&gt;">1 &lt; 2 &amp; 3</b>'
    assert tag("p", inner, "<i>", class_=None) == f"<p>{inner}&lt;i&gt;</p>"
    assert joined("<", tag("meta", charset="utf-8")) == '&lt;<meta charset="utf-8"/>'


def _of_whiskers(chart: str, attribute: str) -> list[float]:
    return [float(one[attribute] or "nan") for _, one in Page(chart).elements if one.get("class") == "whisker"]


def test_a_chart_puts_larger_values_higher_and_keeps_intervals_inside() -> None:
    points = [Point(0, 0.1, 0.05, 0.15), Point(1, 0.3, -0.5, 9.0)]
    chart = line_chart(
        "k", [Series("a", "s0", 0, points)], ["x", "y"], title="T", description="D", x_title="X", y_title="Y"
    )

    (line,) = [one["points"] for name, one in Page(chart).elements if name == "polyline"]
    (first_x, first_y), (second_x, second_y) = (map(float, pair.split(",")) for pair in (line or "").split())
    assert first_x < second_x
    assert first_y > second_y
    below, above = _of_whiskers(chart, "y1"), _of_whiskers(chart, "y2")
    assert below[0] > first_y > above[0]
    # from the axis to the top of the plot, and no further
    assert below[1] == 250.0
    assert above[1] == 12.0


def test_a_chart_of_nothing_is_still_one() -> None:
    chart = line_chart("k", [Series("a", "s0", 0, [])], [], title="T", description="D", x_title="X", y_title="Y")

    assert [words for _, words in Page(chart).texts][:2] == ["T", "D"]
