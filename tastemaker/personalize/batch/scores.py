"""Scores as batch files have them: at most seven decimals, written as Java writes a double."""

from __future__ import annotations

from typing import Final

_DECIMALS: Final = 7
_LEAST_PLAIN: Final = 1e-3


def java_double(value: float) -> str:
    """A score between 0 and 1, rounded: `0.0155`, but `7.699E-4` below a thousandth. Valid JSON."""
    if value >= _LEAST_PLAIN:
        return repr(round(value, _DECIMALS))
    return _SMALL[round(value * 10**_DECIMALS)]


def _written(number: int) -> str:
    """`number` ten-millionths in the notation that Java has for less than a thousandth."""
    if number == 0:
        return "0.0"
    if number == 10 ** (_DECIMALS - 3):
        return "0.001"
    digits = str(number)
    return f"{digits[0]}.{digits[1:].rstrip('0') or '0'}E{len(digits) - 1 - _DECIMALS}"


# a file can have millions of them, and there are so few
_SMALL: Final = tuple(_written(number) for number in range(10 ** (_DECIMALS - 3) + 1))
