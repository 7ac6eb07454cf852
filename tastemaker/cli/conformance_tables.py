"""What a run of the conformance suite shows to people: what differs, what could not run, and what AWS leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from tastemaker.conformance.expectations import Difference
from tastemaker.conformance.runner import Outcome, counts

if TYPE_CHECKING:
    from rich.console import Console


def print_run(outcomes: Sequence[Outcome], console: Console) -> None:
    differences = [(outcome.case.name, difference) for outcome in outcomes for difference in outcome.differences]
    _print_differences(differences, console)
    _print_unasked(outcomes, console)
    _print_answers(outcomes, console)
    found = counts(outcomes)
    words = ", ".join(f"{found[verdict]} {verdict}" for verdict in ("passed", "different", "could not run"))
    console.print(f"{len(outcomes)} cases: {words}", highlight=False)


def print_comparison(differences: Sequence[tuple[str, Difference]], console: Console) -> None:
    _print_differences(differences, console)
    real = sum(not difference.is_hint for _, difference in differences)
    console.print(f"{real} differences, {len(differences) - real} hints", highlight=False)


def _print_differences(differences: Iterable[tuple[str, Difference]], console: Console) -> None:
    hints: list[tuple[str, Difference]] = []
    table = _table("What differs", ("Case", "Aspect", "What", "Expected", "Seen"))
    for name, difference in differences:
        if difference.is_hint:
            hints.append((name, difference))
        else:
            _row(table, name, difference.aspect, difference.what, difference.expected, difference.seen)
    _show(table, console)
    table = _table("Worded otherwise, which nobody should rely on", ("Case", "Expected", "Seen"))
    for name, difference in hints:
        _row(table, name, difference.expected, difference.seen)
    _show(table, console)


def _print_unasked(outcomes: Sequence[Outcome], console: Console) -> None:
    table = _table("What could not run", ("Case", "Why"))
    for outcome in outcomes:
        if outcome.verdict == "could not run":
            _row(table, outcome.case.name, outcome.why or "")
    _show(table, console)


def _print_answers(outcomes: Sequence[Outcome], console: Console) -> None:
    table = _table("What AWS leaves open", ("Operation", "Question", "Answer", "Embedded", "§"))
    for outcome in outcomes:
        for answered in outcome.answers:
            case = outcome.case
            _row(table, case.operation, answered.question, answered.answer, answered.chosen, case.reference)
    _show(table, console)


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(escape(cell) for cell in cells))


def _show(table: Table, console: Console) -> None:
    if table.row_count:
        console.print(table)
