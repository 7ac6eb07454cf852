"""Definitions: parsed once per text, and with the tolerances that moto's grammar does not take."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlt4utils.antlr4utils import from_string_literal, is_terminal
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map import tolerated_failure
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from tastemaker.cloud.states.patching import replace, replace_everywhere

if TYPE_CHECKING:
    from collections.abc import Callable

_REMEMBERED = 64


def parse_once() -> None:
    """Remember programs by their text: a parse takes up to a second, and each execution needs the program.

    Programs hold no state of an execution but the keys of their counters, which are made safe to share here.
    """
    parse: Callable[[str], tuple[Any, Any]] = AmazonStateLanguageParser.parse

    @lru_cache(maxsize=_REMEMBERED)
    def remembered(definition: str) -> tuple[Any, Any]:
        return parse(with_fractional_percentages(definition))

    replace(AmazonStateLanguageParser, "parse", staticmethod(remembered))
    replace(EvalComponent, "heap_key", property(lambda self: str(id(self))))


def read_each_definition_afresh() -> None:
    """Keep a definition's query languages to its own parse: moto keeps those of one that it refused for the next."""

    def begin(preprocessor: Preprocessor) -> None:
        preprocessor._query_language_per_scope = []

    replace(Preprocessor, "__init__", begin)


def read_strings_as_json() -> None:
    """Give a definition's strings the value that JSON says: moto leaves escapes in some, and reads others as Python."""

    def inner_string(parser_rule_context: Any) -> str | None:
        return None if is_terminal(parser_rule_context, ASLLexer.NULL) else _unquoted(parser_rule_context)

    replace_everywhere(from_string_literal, _unquoted)
    replace(Preprocessor, "_inner_string_of", staticmethod(inner_string))


def _unquoted(parser_rule_context: Any) -> str:
    text: str = parser_rule_context.getText()
    return str(json.loads(text, strict=False)) if text.startswith('"') else text


def read_tolerances() -> None:
    """Take a JSONata ToleratedFailureCount for a count, and say nothing about tolerances having no effect."""

    def count(self: Preprocessor, ctx: Any) -> tolerated_failure.ToleratedFailureCountInt:  # noqa: ARG001 - the signature is ANTLR's
        return tolerated_failure.ToleratedFailureCountInt(tolerated_failure_count=int(ctx.INT().getText()))

    def count_expression(self: Preprocessor, ctx: Any) -> tolerated_failure.ToleratedFailureCountStringJSONata:
        return tolerated_failure.ToleratedFailureCountStringJSONata(
            string_jsonata=self.visitString_jsonata(ctx=ctx.string_jsonata())
        )

    replace(Preprocessor, "visitTolerated_failure_count_int", count)
    replace(Preprocessor, "visitTolerated_failure_count_string_jsonata", count_expression)


def with_fractional_percentages(definition: str) -> str:
    """The definition with whole percentages as fractions, the only ones that the grammar knows.

    What is no JSON is left to the parser, whose message names line and column.
    """
    if "ToleratedFailurePercentage" not in definition:
        return definition
    try:
        tree = json.loads(definition)
    except ValueError:
        return definition
    return json.dumps(_fractional(tree), ensure_ascii=False)


def _fractional(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: float(value) if key == "ToleratedFailurePercentage" and isinstance(value, int) else _fractional(value)
            for key, value in node.items()
        }
    return [_fractional(item) for item in node] if isinstance(node, list) else node
