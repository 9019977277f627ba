"""Tables on a terminal: what is wider than that is broken, at blanks where there are some; in a pipe nothing is."""

from __future__ import annotations

import pytest

from autodiff.report.cells import width
from autodiff.report.diagnostics import plain
from autodiff.report.tables import table

ROWS = [
    [("step", ""), ("expression", ""), ("value", "")],
    [("v1", ""), ("a long expression with " + "words " * 20, ""), ("1", "")],
    [("v2", ""), ("x" * 90, ""), ("2", "")],
]


def lines(columns: int | None) -> list[str]:
    return plain(table(ROWS, columns=columns)).splitlines()


@pytest.mark.parametrize("columns", [30, 40, 60, 80, 100])
def test_a_table_fits_the_terminal(columns: int) -> None:
    found = lines(columns)
    assert max(map(width, found)) <= columns
    assert "".join(found).count("words") == 20
    assert sum(line.count("x") for line in found[1:]) >= 90


@pytest.mark.parametrize("columns", [None, 200])
def test_what_has_room_is_not_broken(columns: int | None) -> None:
    assert len(lines(columns)) == len(ROWS)


def test_a_cell_that_would_be_endless_is_cut() -> None:
    found = plain(table([[("a", ""), ("word " * 2000, "")]], columns=40)).splitlines()
    assert len(found) < 30
    assert found[-1].strip() == "…"


def test_a_word_that_fits_is_not_torn() -> None:
    found = plain(table([[("x" * 12, ""), ("the derivative of 2*u is 2", "")]], columns=32)).split()
    assert found == ["x" * 12, "the", "derivative", "of", "2*u", "is", "2"]
