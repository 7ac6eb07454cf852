"""What recipes are worth as one HTML file: tables, plots and examples, without scripts and without the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tastemaker.cli.charts import COLOURS, Point, Series, line_chart, swatch
from tastemaker.cli.example_users import ExampleUser, Shown
from tastemaker.cli.markup import Markup, joined, tag
from tastemaker.cli.page_style import STYLE
from tastemaker.cli.quality import DIGITS, Figures, Report, half_width, mark
from tastemaker.cli.recipes import BASELINES
from tastemaker.cli.titles import MEANINGS, TITLES
from tastemaker.evaluation import (
    Figure,
    Group,
    Interval,
    Judged,
    View,
    as_imported,
    by_history_length,
    by_item_popularity,
    coverage_curve,
    repeats_removed,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VIEWS: Final[dict[str, View]] = {"events as imported": as_imported, "repeats removed": repeats_removed}
_HEADLINE: Final = {"personalize": "normalized_discounted_cumulative_gain_at_25", "leave-one-out": "ndcg_at_10"}
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_ASKED: Final = {
    "personalize": "A tenth of the users are left out of training; the newest tenth of their events is to be found, as "
    "in GetSolutionMetrics.",
    "leave-one-out": "The last event of each user is to be found among all items that are new to the user.",
}


@dataclass(frozen=True, eq=False)
class QualityPage:
    """`tenths`: of each draw, `popularity_tenths` of what was trained on; `source`: where the events are from."""

    report: Report
    tenths: Sequence[NDArray[np.int64]]
    examples: Sequence[ExampleUser]
    source: str

    def html(self) -> str:
        """The whole file."""
        title = "How good the recipes are"
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"{title}: {self.source}"),
            tag("style", Markup(STYLE)),
        )
        body = tag(
            "body",
            tag(
                "main",
                tag("h1", title),
                self._summary(),
                self._tables(),
                self._plots(),
                self._examples(),
                _glossary(self.report.keys),
            ),
        )
        return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"

    def _summary(self) -> Markup:
        report = self.report
        seeds = f"Means of {report.seeds} seeds." if report.seeds > 1 else "One seed."
        over = {
            "seeds": "over the seeds (Student's t). They tell where more draws of these events would lie",
            "users": "over the users who were asked. They tell what other users like these may make of it",
        }[report.over]
        return joined(
            tag("p", f"{self.source}, protocol {report.protocol}: {_ASKED[report.protocol]} {seeds}"),
            tag(
                "p",
                f"± is half the 95 % interval, {over}. ▲ and ▼ mark what is above and below "
                f"{report.comparison.baseline} on the same requests by more than chance makes likely.",
            ),
        )

    def _tables(self) -> Markup:
        parts = []
        for what, figures in self.report.tables.items():
            parts.append(self._table(what, f"Metrics, {what}", figures, _cell))
            others = {name: of for name, of in figures.items() if name != self.report.comparison.baseline}
            caption = f"Above or below {self.report.comparison.baseline}, {what}, with 95 % intervals"
            parts.append(tag("details", tag("summary", caption), self._table(what, caption, others, _difference)))
        parts += [tag("p", words) for words in self.report.choices]
        return tag("section", tag("h2", "Metrics"), *parts)

    def _table(self, what: str, caption: str, figures: Figures, cell: Callable[[Figure], Markup]) -> Markup:
        header = tag("tr", tag("td"), *(tag("th", TITLES[key], scope="col") for key in self.report.keys))
        rows = [
            tag("tr", tag("th", name, scope="row"), *(cell(of_recipe[key]) for key in self.report.keys))
            for name, of_recipe in figures.items()
        ]
        table = tag("table", tag("caption", caption), tag("thead", header), tag("tbody", *rows), data_of=what)
        return tag("div", table, class_="wide")

    def _plots(self) -> Markup:
        comparison = self.report.comparison
        key = _HEADLINE[self.report.protocol]
        depth = comparison.judged(comparison.baseline, as_imported)[0].depth

        def lengths(draws: Sequence[Judged], users: NDArray[np.int64]) -> list[Group]:
            return by_history_length(draws, key, users)

        def tenths(draws: Sequence[Judged], users: NDArray[np.int64]) -> list[Group]:
            return by_item_popularity(draws, self.tenths, users)

        def curve(draws: Sequence[Judged], _: NDArray[np.int64]) -> list[Group]:
            n_requests = sum(len(judged.user_ids) for judged in draws)
            return [
                Group(str(rank), n_requests, float(share), None)
                for rank, share in enumerate(coverage_curve(draws), start=1)
            ]

        found = f"held-out items among the first {depth}"
        return tag(
            "section",
            tag("h2", "Where they are good"),
            tag(
                "p",
                "All seeds together. Bars are 95 % intervals over users, of few users too narrow; one that is much "
                "longer than the others is cut off at the top, and the table below it has its length.",
            ),
            self._legend(),
            self._plot("length", "By length of the history", lengths, "events in the input", TITLES[key], "requests"),
            self._plot(
                "tail",
                "By popularity of the right item",
                tenths,
                "tenth of the catalogue, the most popular first",
                found,
                "held-out items",
            ),
            self._plot(
                "coverage", "Coverage", curve, "recommendations to each user", "share of the catalogue", "requests"
            ),
        )

    def _plot(
        self,
        key: str,
        title: str,
        grouped: Callable[[Sequence[Judged], NDArray[np.int64]], list[Group]],
        x_title: str,
        y_title: str,
        counted: str,
    ) -> Markup:
        """A figure with a panel for each view, and the same as a table."""
        comparison = self.report.comparison
        panels = []
        for place, (what, view) in enumerate(self._views().items()):
            users = comparison.users(view)
            groups = {name: grouped(comparison.judged(name, view), users) for name in comparison.names}
            labels = [group.label for group in groups[comparison.baseline]]
            chart = line_chart(
                f"{key}-{place}",
                [self._series(name, of_recipe) for name, of_recipe in groups.items()],
                labels,
                title=f"{title}, {what}",
                description=f"{y_title} of each recipe over {x_title}; the table below has the figures",
                x_title=x_title,
                y_title=y_title,
            )
            table = tag(
                "details",
                tag("summary", "The figures as a table"),
                _groups_table(f"{title}, {what}", groups, x_title, counted),
            )
            panels.append(tag("figure", tag("figcaption", what), chart, table))
        return joined(tag("h3", title), tag("div", *panels, class_="panels"))

    def _views(self) -> dict[str, View]:
        """One where nobody repeats anything, so that both are the same."""
        if self.report.figures == self.report.figures_new_items:
            return {"events as imported (nobody repeats)": as_imported}
        return VIEWS

    def _series(self, name: str, groups: Sequence[Group]) -> Series:
        place = self.report.comparison.names.index(name)
        # the recipes take the colours, what they are compared with is grey
        style = f"baseline b{list(BASELINES).index(name)}" if name in BASELINES else f"s{place % COLOURS}"
        points = [
            Point(at, group.mean, *((group.interval.low, group.interval.high) if group.interval else (None, None)))
            for at, group in enumerate(groups)
            if group.mean is not None
        ]
        return Series(name, style, place, points)

    def _legend(self) -> Markup:
        entries = [tag("li", swatch(self._series(name, [])), name) for name in self.report.comparison.names]
        return tag("ul", *entries, class_="legend")

    def _examples(self) -> Markup:
        words = (
            "Up to five users of the first seed, drawn by chance and not by success, on the events as imported, "
            "with the first six of each list. Their ids and items are those of your own file."
        )
        return tag("section", tag("h2", "Example users"), tag("p", words), *(_example(one) for one in self.examples))


def _cell(figure: Figure) -> Markup:
    sign = mark(figure)
    meaning = {"▲": "above popularity", "▼": "below popularity"}.get(sign)
    # empty ones keep the place, so that the points stand below each other
    sign_and_interval = tag("span", sign, title=meaning), tag("small", half_width(figure.interval))
    return tag("td", f"{figure.mean:.{DIGITS}f}", *sign_and_interval)


def _difference(figure: Figure) -> Markup:
    difference = figure.over_baseline
    if difference is None:
        return tag("td")
    bounds = tag("small", _bounds(difference.interval)) if difference.interval else ""
    return tag("td", f"{difference.mean:+.{DIGITS}f} ", bounds)


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.{DIGITS}f} to {interval.high:.{DIGITS}f}"


def _groups_table(caption: str, groups: dict[str, list[Group]], x_title: str, counted: str) -> Markup:
    first = next(iter(groups.values()))
    header = tag("tr", *(tag("th", text, scope="col") for text in (x_title, counted, *groups)))
    rows = []
    for place, group in enumerate(first):
        cells = [tag("td", _value(of_recipe[place])) for of_recipe in groups.values()]
        rows.append(tag("tr", tag("th", group.label, scope="row"), tag("td", f"{group.size:,}"), *cells))
    table = tag("table", tag("caption", caption), tag("thead", header), tag("tbody", *rows))
    return tag("div", table, class_="wide")


def _value(group: Group) -> str:
    return "" if group.mean is None else f"{group.mean:.{DIGITS}f} {half_width(group.interval)}".rstrip()


def _example(user: ExampleUser) -> Markup:
    rows = [("last did, newest last", user.history), ("did next", user.truth), *user.recommended.items()]
    lines = [
        tag("tr", tag("th", name, scope="row"), tag("td", _items(shown)), class_="did" if place < 2 else None)
        for place, (name, shown) in enumerate(rows)
    ]
    return tag("div", tag("table", tag("caption", f"User {user.user_id}"), tag("tbody", *lines)), class_="wide example")


def _items(shown: Sequence[Shown]) -> Markup:
    if not shown:
        return joined("nothing")
    return tag(
        "ol", *(tag("li", tag("strong", f"✓ {one.label}") if one.hit else one.label) for one in shown), class_="items"
    )


def _glossary(keys: Sequence[str]) -> Markup:
    entries = [joined(tag("dt", TITLES[key]), tag("dd", MEANINGS[key])) for key in keys]
    return tag("section", tag("h2", "What the metrics mean"), tag("dl", *entries))
