"""How scores and lines of batch files are written."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.personalize.batch.lines import INFERENCE, SEGMENTS, Answer, Line, LineRefused, lines_of_part
from tastemaker.personalize.batch.scores import java_double


@pytest.mark.parametrize(
    ("score", "written"),
    [
        (0.0, "0.0"),
        (1.0, "1.0"),
        (0.0155, "0.0155"),
        (0.001, "0.001"),
        (0.00099999999, "0.001"),
        (0.0009999, "9.999E-4"),
        (0.0007699, "7.699E-4"),
        (0.0001, "1.0E-4"),
        (0.00001234, "1.23E-5"),
        (0.0000001, "1.0E-7"),
        (0.00000001, "0.0"),
        (1 / 3, "0.3333333"),
    ],
)
def test_a_score_is_written_as_java_writes_it(score: float, written: str) -> None:
    assert java_double(score) == written


@given(st.floats(min_value=0, max_value=1))
def test_a_score_reads_as_what_it_is_to_seven_decimals(score: float) -> None:
    assert float(java_double(score)) == pytest.approx(round(score, 7), abs=1e-12)


def test_jobs_for_items_and_for_users_are_not_of_one_hand() -> None:
    line = Line('{"itemId":"105"}').read()

    assert line.answered(Answer("recommendedItems", ["a", "b"], [0.5, None]), INFERENCE) == (
        '{"input":{"itemId":"105"},"output":{"recommendedItems":["a","b"],"scores":[0.5,null]},"error":null}'
    )
    assert line.answered(Answer("usersList", ["106", "107"]), SEGMENTS) == (
        '{"input": {"itemId": "105"}, "output": {"usersList": ["106", "107"]}, "error": null}'
    )


def test_a_line_without_an_answer_says_why() -> None:
    assert json.loads(Line("{").refused("why", INFERENCE)) == {"input": "{", "output": None, "error": "why"}
    assert json.loads(Line("{}").read().refused("why", INFERENCE)) == {"input": {}, "output": None, "error": "why"}


@pytest.mark.parametrize("text", ["{", "[]", '"a"', '{"itemId": NaN}', "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(LineRefused, match="no JSON object"):
        Line(text).read()


def test_a_list_to_be_ranked_is_text_of_a_bounded_length() -> None:
    assert Line('{"itemList": ["b", "a", "b"]}').read().strings("itemList") == ["b", "a"]
    for wrong in ("[]", "[1]", '"a"', json.dumps([str(number) for number in range(501)])):
        with pytest.raises(LineRefused, match="itemList"):
            Line(f'{{"itemList": {wrong}}}').read().strings("itemList")


@given(st.lists(st.text(st.sampled_from("ab"), max_size=9)), st.integers(1, 7), st.sampled_from(["", "\n"]))
def test_the_parts_of_a_file_have_all_lines_once_and_in_order(lines: list[str], parts: int, end: str) -> None:
    content = ("\n".join(lines) + end).encode()

    found = [line for part in range(parts) for line in lines_of_part(io.BytesIO(content), part, parts)]

    assert b"".join(found) == content
    assert all(line.endswith(b"\n") for line in found[:-1])
