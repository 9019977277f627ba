"""A table of slips, each named and placed."""

from __future__ import annotations

from pathlib import Path

import pytest

from homework.asking import verdict

SLIPS = [
    line
    for line in (Path(__file__).parent / "slips.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def _judge(line: str) -> None:
    expr, shapes, answer, *more = [part.strip() for part in line.split(";")]
    kinds, places = [*more, "", ""][:2]
    found = verdict(expr, shapes, answer)
    assert found.verdict == ("wrong" if kinds else "right"), found
    if kinds:
        assert found.cause is not None
        assert found.cause.kind in kinds.split(), found.cause
    if places:
        assert found.cause is not None
        assert "".join(found.cause.at.split()) in ["".join(place.split()) for place in places.split("|")]


@pytest.mark.parametrize("line", SLIPS[::4])
def test_slip(line: str) -> None:
    _judge(line)


@pytest.mark.slow
@pytest.mark.parametrize("line", SLIPS)
def test_each_slip(line: str) -> None:
    _judge(line)
