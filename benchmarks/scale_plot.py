"""Lines over logarithmic axes as an SVG, panels side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 320, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 15, 70, 45
_COLOURS: Final = ("#0b6e4f", "#7fb069", "#c8553d", "#33658a")


@dataclass(frozen=True)
class Line:
    """`points`: x and y, both above 0."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    title: str
    x_title: str
    lines: Sequence[Line]


def plot(panels: Sequence[Panel]) -> str:
    """The SVG's text. The names of the first panel's lines are the legend of all."""
    width = _WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="11"><rect width="{width}" height="{_HEIGHT}" fill="white"/>'
    ]
    for number, line in enumerate(panels[0].lines if panels else ()):
        x = _LEFT + 170 * number
        parts.append(f'<path d="M{x} 18h24" stroke="{_COLOURS[number]}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 30}" y="22">{escape(line.name)}</text>')
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate({_WIDTH * number} 0)">{_drawn(panel)}</g>')
    return "".join([*parts, "</svg>\n"])


def _drawn(panel: Panel) -> str:
    points = [point for line in panel.lines for point in line.points]
    across, up = (_Axis.of([point[side] for point in points]) for side in (0, 1))
    left, right, top, bottom = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    parts = [
        f'<text x="{left}" y="{top - 18}" font-weight="bold">{escape(panel.title)}</text>',
        f'<text x="{(left + right) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(panel.x_title)}</text>',
    ]
    for power in range(across.low, across.high + 1):
        x = across.place(10.0**power, left, right)
        parts.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{10.0**power:,g}</text>')
    for power in range(up.low, up.high + 1):
        y = up.place(10.0**power, bottom, top)
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for colour, line in zip(_COLOURS, panel.lines, strict=False):
        places = [(across.place(x, left, right), up.place(y, bottom, top)) for x, y in line.points]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return "".join(parts)


@dataclass(frozen=True)
class _Axis:
    """From 10^low to 10^high."""

    low: int
    high: int

    @classmethod
    def of(cls, values: Sequence[float]) -> _Axis:
        low = math.floor(math.log10(min(values)))
        return cls(low, max(low + 1, math.ceil(math.log10(max(values)))))

    def place(self, value: float, first: float, last: float) -> float:
        return first + (last - first) * (math.log10(value) - self.low) / (self.high - self.low)
