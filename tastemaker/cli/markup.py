"""HTML and SVG that cannot be broken by what it shows: every text is escaped, unless it is markup already."""

from __future__ import annotations

from html import escape

_EMPTY = frozenset({"meta", "circle", "line", "path", "polyline", "rect"})


class Markup(str):
    """Text that is HTML or SVG, and not to be escaped."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: object) -> Markup:
    """An element of these children, one after another.

    A trailing `_` of an attribute is left out and other `_` become `-`: `class_="x"`, `stroke_width=2`. One that is
    None is left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        # closed as SVG asks for, which HTML passes over
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """The children one after another, those that are no markup escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child, quote=False) for child in children))
