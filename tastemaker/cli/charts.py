"""Line charts with intervals as SVG: small, without scripts, coloured by the page's own style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

from tastemaker.cli.markup import Markup, joined, tag

_WIDTH: Final = 520
_HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 50
_MOST_LABELS: Final = 12
_MOST_TICKS: Final = 5
_SPREAD: Final = 0.5
_HIGHEST_WHISKER: Final = 1.6
COLOURS: Final = 6
"""How many colours there are; with four markers, the first 12 pairs of them differ."""

_MARKERS: Final = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
    "M-3.5 -3.5H3.5V3.5H-3.5Z",
    "M0 -4.6L4.6 3.4H-4.6Z",
    "M0 -5L5 0L0 5L-5 0Z",
)


@dataclass(frozen=True)
class Point:
    """A value over the label `place`, between `low` and `high` where there is an interval."""

    place: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """`style`: its class on the page, which gives the colour; `marker`: which of the shapes, from 0 on."""

    name: str
    style: str
    marker: int
    points: Sequence[Point]


def line_chart(
    key: str,
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    title: str,
    description: str,
    x_title: str,
    y_title: str,
) -> Markup:
    """An `<svg>`: values from 0 on over labels, a line a series. `key`: what its ids begin with, unlike any other's."""
    top = _top(series)
    plot = _Plot(n_labels=len(labels), top=top)
    parts = [tag("title", title, id=f"{key}-title"), tag("desc", description, id=f"{key}-desc"), _axes(plot, labels)]
    for place, one in enumerate(series):
        parts.append(_line(plot, one, plot.aside(place, len(series))))
    parts.append(tag("text", x_title, class_="axis", x=_LEFT + plot.width / 2, y=_HEIGHT - 8, text_anchor="middle"))
    middle = _TOP + plot.height / 2
    parts.append(
        tag("text", y_title, class_="axis", transform=f"translate(13 {middle}) rotate(-90)", text_anchor="middle")
    )
    return tag("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_labelledby=f"{key}-title {key}-desc")


def swatch(one: Series) -> Markup:
    """The marker and line of a series, for a legend."""
    line = tag("line", x1=0, y1=8, x2=28, y2=8)
    return tag(
        "svg",
        tag("g", line, _marker(one, 14, 8), class_=one.style),
        class_="swatch",
        viewBox="0 0 28 16",
        aria_hidden="true",
    )


@dataclass(frozen=True)
class _Plot:
    """Where things are: labels from left to right, values from 0 at the bottom to `top`."""

    n_labels: int
    top: float

    @property
    def width(self) -> float:
        return _WIDTH - _LEFT - _RIGHT

    @property
    def height(self) -> float:
        return _HEIGHT - _TOP - _BOTTOM

    @property
    def step(self) -> float:
        return self.width / max(1, self.n_labels)

    def x(self, place: float) -> float:
        return _LEFT + (place + 0.5) * self.step

    def y(self, value: float) -> float:
        return _TOP + self.height * (1 - min(max(value, 0.0), self.top) / self.top)

    def aside(self, place: int, n_series: int) -> float:
        """How far a series is moved, so that intervals do not cover each other."""
        return (place - (n_series - 1) / 2) * _SPREAD * self.step / max(1, n_series)


def _axes(plot: _Plot, labels: Sequence[str]) -> Markup:
    parts = []
    for value in _ticks(plot.top):
        y = _n(plot.y(value))
        parts.append(tag("line", class_="grid", x1=_LEFT, y1=y, x2=_WIDTH - _RIGHT, y2=y))
        parts.append(tag("text", f"{value:g}", x=_LEFT - 6, y=y + 4, text_anchor="end"))
    every = -(-len(labels) // _MOST_LABELS)
    for place, label in enumerate(labels):
        # the last one stays, and so those that are a multiple before it
        if (len(labels) - 1 - place) % every == 0:
            parts.append(tag("text", label, x=_n(plot.x(place)), y=_HEIGHT - _BOTTOM + 18, text_anchor="middle"))
    return joined(*parts)


def _line(plot: _Plot, one: Series, aside: float) -> Markup:
    whiskers = any(point.low is not None for point in one.points)
    shift = aside if whiskers else 0.0
    at = [(_n(plot.x(point.place) + shift), _n(plot.y(point.value))) for point in one.points]
    parts = [tag("polyline", points=" ".join(f"{x},{y}" for x, y in at))]
    for point, (x, y) in zip(one.points, at, strict=True):
        if point.low is not None and point.high is not None:
            parts.append(tag("line", class_="whisker", x1=x, y1=_n(plot.y(point.low)), x2=x, y2=_n(plot.y(point.high))))
        if whiskers:
            parts.append(_marker(one, x, y))
    if not whiskers and at:
        parts.append(_marker(one, *at[-1]))
    return tag("g", *parts, class_=one.style)


def _marker(one: Series, x: float, y: float) -> Markup:
    return tag("path", class_="marker", d=_MARKERS[one.marker % len(_MARKERS)], transform=f"translate({x} {y})")


def _top(series: Sequence[Series]) -> float:
    """Where the axis ends: above all values, and above intervals unless one of few requests would dwarf the rest."""
    points = [point for one in series for point in one.points]
    largest = max((point.value for point in points), default=0.0)
    highest = max((point.high for point in points if point.high is not None), default=largest)
    return max(largest * 1.02, min(highest, largest * _HIGHEST_WHISKER)) or 1.0


def _ticks(top: float) -> list[float]:
    """0 and the multiples of 1, 2, 2.5 or 5 times a power of ten up to the top, at most six in all."""
    power = 10 ** floor(log10(top / _MOST_TICKS))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor * _MOST_TICKS >= top)
    return [step * place for place in range(int(top / step + 1e-9) + 1)]


def _n(number: float) -> float:
    """Tenths of a pixel are enough."""
    return round(number, 1)
