"""`autodiff plot`."""

from __future__ import annotations

from typing import Any

import pytest


def test_in_the_terminal(command: Any) -> None:
    result = command("plot", "x^2", "x=-1:1")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("f(x) = x^2\n")
    assert "\nf'(x) = 2*x\n" in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    assert "\x1b[" in command("plot", "x^2", "x=-1:1", "--color", "always").out


def test_order_and_values(command: Any) -> None:
    out = command("plot", "a*x", "x=0:2*pi", "a=[1,2][0]", "--order", "0").out
    assert out.startswith("f(x) = a*x\n")
    assert "f'" not in out


def test_json(command: Any) -> None:
    (answer,) = command("plot", "1/x", "x=-1:1", "--points", "3", "--json").answers
    assert answer == {
        "variable": "x",
        "points": [-1.0, 0.0, 1.0],
        "value": [-1.0, "Infinity", 1.0],
        "derivatives": [{"formula": "-1/x^2", "values": [-1.0, "-Infinity", -1.0]}],
    }


def test_a_picture(command: Any, tmp_path: Any) -> None:
    result = command("plot", "sin(t)", "t=0:1", "--svg", "p.svg")
    assert (result.code, result.out) == (0, "")
    assert (tmp_path / "p.svg").read_text().startswith("<svg ")
    assert command("plot", "sin(t)", "t=0:1", "--svg", "no/p.svg").code == 2


def test_nothing_to_draw(command: Any) -> None:
    assert "there is no number to draw" in command("plot", "sqrt(x)", "x=-2:-1").err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "there is no expression"),
        (["x^2"], "no variable has a range"),
        (["x*y", "x=0:1", "y=0:1"], "one axis"),
        (["x", "x=1:0"], "from a smaller to a larger"),
        (["x", "x=:1"], "needs two ends"),
        (["x", "x=0:inf"], "ends at a number"),
        (["x", "x=0:1", "x=2"], "given twice"),
        (["x", "x=0:1", "--svg", "a", "--json"], "choose one"),
        (["x*[1,2]", "x=0:1"], "one number for each x"),
    ],
)
def test_wrong_usage(command: Any, argv: list[str], says: str) -> None:
    result = command("plot", *argv)
    assert result.code == 2
    assert says in result.err
