"""The lines of batch files: a question as a JSON object in, what it was and its answer as a JSON object out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import SEEK_END
from typing import Any, BinaryIO, Final, NoReturn

from tastemaker.personalize.batch.scores import java_double

MOST_RANKED: Final = 500
"""How many items a line may ask to be ranked, as in GetPersonalizedRanking."""


class LineRefused(Exception):
    """A line cannot be answered. The message becomes its `error`; the other lines go on."""


@dataclass(frozen=True)
class Style:
    """How the objects of a file are written: Personalize's jobs are not of one hand."""

    comma: str
    colon: str

    def text(self, value: object) -> str:
        return json.dumps(value, separators=(self.comma, self.colon), ensure_ascii=False)

    def fields(self, **texts: str) -> str:
        """An object of members that are text already."""
        return "{" + self.comma.join(f'"{name}"{self.colon}{text}' for name, text in texts.items()) + "}"

    def list(self, texts: Sequence[str]) -> str:
        return f"[{self.comma.join(texts)}]"


INFERENCE: Final = Style(",", ":")
SEGMENTS: Final = Style(", ", ": ")


@dataclass(frozen=True)
class Answer:
    """What a line is answered: ids, the best first, in the member of that name. `scores`: of each id, if any have one.

    `reasons`: why each is there, where the recipe tells.
    """

    member: str
    ids: Sequence[str]
    scores: Sequence[float | None] | None = None
    reasons: Sequence[Sequence[str]] | None = None


class Line:
    """A line of an input file."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._members: Mapping[str, Any] | None = None

    def read(self) -> Line:
        """Raises LineRefused for what is no JSON object."""
        try:
            members = json.loads(self._text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise LineRefused(f"The line is no JSON object: {error}") from error
        if not isinstance(members, dict):
            raise LineRefused("The line is no JSON object.")
        self._members = members
        return self

    def string(self, name: str) -> str:
        """A member that has to be there. Raises LineRefused."""
        value = self._member(name)
        if not isinstance(value, str) or not value:
            raise LineRefused(f'{name} is required, as text: {{"{name}": "…"}}.')
        return value

    def optional(self, name: str) -> str | None:
        """A member that may be missing. Raises LineRefused where it is no text."""
        return None if self._member(name) is None else self.string(name)

    def strings(self, name: str) -> list[str]:
        """A list that has to be there, without what it says again. Raises LineRefused."""
        value = self._member(name)
        if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
            raise LineRefused(f'{name} is required, as a list of text: {{"{name}": ["…"]}}.')
        if len(value) > MOST_RANKED:
            raise LineRefused(f"{name} has {len(value)} entries, and {MOST_RANKED} is the most.")
        return list(dict.fromkeys(value))

    def filter_values(self) -> dict[str, str]:
        """The values for the filter's placeholders. Raises LineRefused."""
        values = self._member("filterValues") or {}
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise LineRefused('filterValues is an object of text: {"GENRE": "\\"drama\\",\\"comedy\\""}.')
        return values

    def answered(self, answer: Answer, style: Style) -> str:
        """The line of the output file."""
        output = {answer.member: style.text(answer.ids)}
        if answer.scores is not None:
            output["scores"] = style.list([_NULL if score is None else java_double(score) for score in answer.scores])
        if answer.reasons is not None:
            output["reasons"] = style.text(answer.reasons)
        return style.fields(input=self._shown(style), output=style.fields(**output), error=_NULL)

    def refused(self, why: str, style: Style) -> str:
        """The line of the output file, where there is no answer."""
        return style.fields(input=self._shown(style), output=_NULL, error=style.text(why))

    def _member(self, name: str) -> Any:
        return None if self._members is None else self._members.get(name)

    def _shown(self, style: Style) -> str:
        return style.text(self._text if self._members is None else self._members)


def lines_of_part(file: BinaryIO, part: int, parts: int) -> Iterator[bytes]:
    """The lines that begin in the part of a file of that number, where it is cut into equal ones."""
    size = file.seek(0, SEEK_END)
    place, end = size * part // parts, size * (part + 1) // parts
    if place:
        # a line that begins earlier is of the part before
        place = file.seek(place - 1)
        place += len(file.readline())
    else:
        file.seek(0)
    while place < end and (line := file.readline()):
        place += len(line)
        yield line


_NULL: Final = "null"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
