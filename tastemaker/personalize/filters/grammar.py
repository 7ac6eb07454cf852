"""The language of filter expressions: text in, an Expression out.

The grammar is a little wider than the language, so that what is not allowed in it (a second IF, OR in one) can be
refused in words by the checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from tastemaker.personalize.filters.expression import (
    Alternatives,
    Clause,
    Comparison,
    Condition,
    Expression,
    FieldName,
    FilterError,
    Membership,
    Operator,
    Parameter,
    Value,
)

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

_GRAMMAR: Final = r"""
start: clause ("|" clause)*
clause: ACTION NAME _WHERE alternatives (_IF alternatives)*
alternatives: conjunction (_OR conjunction)*
conjunction: condition (_AND condition)*
condition: field [NOT] _IN members -> membership
         | field OPERATOR operand  -> comparison
members: "(" value ("," value)* ")" -> listed
       | field                      -> taken
operand: value | "(" parameter ")" | field
field: NAME "." NAME
?value: string | number | parameter
string: STRING
number: NUMBER
parameter: PARAMETER

ACTION: "INCLUDE"i | "EXCLUDE"i
_WHERE: "WHERE"i
_IF: "IF"i
_AND: "AND"i
_OR: "OR"i
NOT: "NOT"i
_IN: "IN"i
OPERATOR: "<=" | ">=" | "!=" | "=" | "<" | ">"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
PARAMETER: /\$[A-Za-z0-9_]+/
NUMBER: /[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
STRING: /"[^"]*"|'[^']*'/
%ignore /\s+/
"""

_WORDS: Final = {
    "ACTION": "INCLUDE or EXCLUDE",
    "NAME": "a name",
    "STRING": "a text in quotes",
    "NUMBER": "a number",
    "PARAMETER": "a $placeholder",
    "OPERATOR": "one of = != < <= > >=",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "DOT": "'.'",
    "VBAR": "'|'",
    "NOT": "NOT IN",
    "$END": "the end",
}
_SHOWN: Final = 20


def parse(text: str) -> Expression:
    """The expression that `text` says, names as they are written. Raises FilterError, which says where."""
    from lark.exceptions import UnexpectedInput  # takes a twentieth of a second, which only filters need

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise FilterError(_explained(text, error)) from error
    return cast(Expression, tree)


@cache
def _parser() -> Lark:
    from lark import Lark, Transformer, v_args

    @v_args(inline=True)
    class Reading(Transformer[Any, Expression]):
        """Builds the values bottom-up while the parser goes."""

        def start(self, *clauses: Clause) -> Expression:
            return Expression(clauses)

        def clause(self, action: Token, target: Token, where: Alternatives, *users: Alternatives) -> Clause:
            return Clause(action.upper() == "INCLUDE", str(target), where, users)

        def alternatives(self, *rows: tuple[Condition, ...]) -> Alternatives:
            return rows

        def conjunction(self, *conditions: Condition) -> tuple[Condition, ...]:
            return conditions

        def membership(
            self, field: FieldName, negation: Token | None, values: tuple[Value, ...] | FieldName
        ) -> Condition:
            return Membership(field, values, negated=negation is not None)

        def comparison(self, field: FieldName, operator: Token, value: Value | FieldName) -> Condition:
            return Comparison(field, cast(Operator, str(operator)), value)

        def listed(self, *values: Value) -> tuple[Value, ...]:
            return values

        def taken(self, field: FieldName) -> FieldName:
            return field

        def operand(self, value: Value | FieldName) -> Value | FieldName:
            return value

        def field(self, dataset: Token, name: Token) -> FieldName:
            return FieldName(str(dataset), str(name))

        def string(self, token: Token) -> str:
            return str(token[1:-1])

        def number(self, token: Token) -> float:
            return float(token)

        def parameter(self, token: Token) -> Parameter:
            return Parameter(str(token[1:]))

    return Lark(_GRAMMAR, parser="lalr", transformer=Reading(), maybe_placeholders=True)


def _explained(text: str, error: UnexpectedInput) -> str:
    # what lark says depends on where it noticed, in the characters or in the order of the words
    names: Iterable[str] = next(filter(None, (getattr(error, name, None) for name in ("allowed", "accepts"))), ())
    expected = sorted({_WORDS.get(name, name.lstrip("_")) for name in names})
    wanted = " or ".join(filter(None, (", ".join(expected[:-1]), *expected[-1:])))
    place: int | None = getattr(error, "pos_in_stream", None)
    if place is None or getattr(getattr(error, "token", None), "type", None) == "$END":
        return f"Invalid Expression: it ends where {wanted} should follow."
    found = text[place : place + _SHOWN]
    return f"Invalid Expression: at character {place + 1}, {found!r} stands where {wanted} should."
