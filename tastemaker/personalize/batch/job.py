"""The lines of one batch job, in a process of their own: `python -m tastemaker.personalize.batch.job DIRECTORY`.

DIRECTORY holds what `orders` says: the order, the input files and a copy of the account; the job adds the output files
and its report. The lines are answered here, and not where requests are, because a hundred thousand of them would hold
the interpreter for seconds; and because filters need records, events and expressions, those come along as the copy of
the account, which the runtime API's own code is asked with.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Protocol

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.batch.lines import Answer, Line, LineRefused, Style, lines_of_part
from tastemaker.personalize.batch.orders import BatchFiles, BatchOrder, BatchReport
from tastemaker.personalize.batch.recommending import ItemAnswers
from tastemaker.personalize.batch.segmenting import UserAnswers
from tastemaker.personalize.child_process import serve_parent
from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.kinds import SOLUTION_VERSION
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.runtime import ModelUnavailable
from tastemaker.personalize.service import Personalize


class JobRefused(Exception):
    """The job cannot be done. The message is the failureReason."""


class Answers(Protocol):
    """What answers lines, and how the answers are written."""

    @property
    def style(self) -> Style: ...

    def answer(self, line: Line) -> Answer:
        """Raises LineRefused."""


def main() -> None:
    directory = Path(sys.argv[1])
    serve_parent()
    try:
        report = run(directory)
    except (JobRefused, ModelUnavailable) as error:
        report = BatchReport(failure_reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever went wrong must reach the failureReason
        traceback.print_exc()
        report = BatchReport(
            failure_reason=f"The batch job failed with an internal error: {type(error).__name__}: {error}"
        )
    report.write(directory)


def run(directory: Path) -> BatchReport:
    """Answer the lines of all input files. Raises JobRefused and ModelUnavailable."""
    order, files = BatchOrder.read(directory), BatchFiles(directory)
    personalize = Personalize(objects=MemoryObjects({}), data_dir=files.account, clock=ManualClock(order.now))
    try:
        answers = _answers(personalize.account(order.account, order.region), order)
        counts = [_answer_file(files, number, answers, order) for number in range(order.files)]
    finally:
        personalize.close()
    return BatchReport(
        answered=[answered for answered, _, _ in counts],
        refused=[refused for _, refused, _ in counts],
        results=sum(results for _, _, results in counts),
    )


def _answers(here: AccountRegion, order: BatchOrder) -> Answers:
    with here.resources.changing():
        version = here.resources.get(SOLUTION_VERSION, order.version_arn)
        if BY_ARN[version.members["recipeArn"]].type == "USER_SEGMENTATION":
            return UserAnswers(here, order, version)
        return ItemAnswers(here, order, version)


def _answer_file(files: BatchFiles, number: int, answers: Answers, order: BatchOrder) -> tuple[int, int, int]:
    """How many lines were answered and how many refused, and how many results there are, in one part of a file."""
    answered = refused = results = 0
    with files.input(number).open("rb") as lines, files.output(number).open("wb") as output:
        for content in lines_of_part(lines, order.part, order.parts):
            text = content.decode(errors="replace").strip()
            if not text:
                continue
            if answered + refused == order.most_lines:
                raise JobRefused(f"An input file has more than {order.most_lines:,} lines: split it.")
            line = Line(text)
            try:
                answer = answers.answer(line.read())
            except LineRefused as refusal:
                refused += 1
                written = line.refused(str(refusal), answers.style)
            else:
                answered += 1
                results += len(answer.ids)
                written = line.answered(answer, answers.style)
            # a lone surrogate, which JSON can have and UTF-8 cannot, becomes the escape that JSON has for it
            output.write(written.encode(errors="backslashreplace") + b"\n")
    return answered, refused, results


if __name__ == "__main__":
    main()
