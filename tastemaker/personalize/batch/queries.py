"""Which items a line of an Item-Attribute-Affinity job is about: `ITEMS.genres = "Comedy" AND ITEMS.price < 10`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from tastemaker.personalize.filters.expression import (
    Clause,
    Comparison,
    Expression,
    FieldName,
    FilterError,
    Operator,
)

if TYPE_CHECKING:
    from lark import Lark, Token

_GRAMMAR: Final = r"""
start: condition (_AND condition)*
condition: NAME "." NAME OPERATOR value
?value: string | number
string: STRING
number: NUMBER

_AND: "AND"i
OPERATOR: "<=" | ">=" | "!=" | "=" | "<" | ">"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
NUMBER: /[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
STRING: /"[^"]*"|'[^']*'/
%ignore /\s+/
"""
_SHOWN: Final = 20


def parse_query(text: str) -> Expression:
    """The query as an expression that includes its items, yet to be checked. Raises FilterError, which says where."""
    from lark.exceptions import UnexpectedInput  # takes a twentieth of a second, which only such jobs need

    try:
        conditions = cast(tuple[Comparison, ...], _parser().parse(text))
    except UnexpectedInput as error:
        place: int | None = getattr(error, "pos_in_stream", None)
        found = "the end" if place is None or place >= len(text) else repr(text[place : place + _SHOWN])
        raise FilterError(
            f'itemAttributes is not understood at {found}: write conditions such as ITEMS.GENRE = "Comedy", with AND '
            "between them."
        ) from error
    for condition in conditions:
        if condition.field.dataset.lower() != "items":
            raise FilterError(f"itemAttributes is about fields of ITEMS, not about {condition.field}.")
        if isinstance(condition.value, str) and condition.operator != "=":
            raise FilterError(f"itemAttributes: {condition.field} can only be compared with a text by =.")
    return Expression((Clause(include=True, target="ItemID", where=(conditions,)),))


@cache
def _parser() -> Lark:
    from lark import Lark, Transformer, v_args

    @v_args(inline=True)
    class Reading(Transformer[Any, Any]):
        """Builds the values bottom-up while the parser goes."""

        def start(self, *conditions: Comparison) -> tuple[Comparison, ...]:
            return conditions

        def condition(self, dataset: Token, name: Token, operator: Token, value: str | float) -> Comparison:
            return Comparison(FieldName(str(dataset), str(name)), cast(Operator, str(operator)), value)

        def string(self, token: Token) -> str:
            return str(token[1:-1])

        def number(self, token: Token) -> float:
            return float(token)

    return Lark(_GRAMMAR, parser="lalr", transformer=Reading())
