"""`autodiff check` as a person and as a script see it."""

from __future__ import annotations

import json

import pytest

from autodiff.errors import VERDICT_CODES
from cli.conftest import Command

MEAN = "mean(2*(x+1)^2)"


def test_right(command: Command) -> None:
    result = command("check", MEAN, "--answer", "4*(x+1)/numel(x)", "x:2,3")
    assert result.code == 0
    assert result.out.splitlines()[0] == "right: this is the gradient for x"
    assert result.err == ""


def test_wrong(command: Command) -> None:
    result = command("check", MEAN, "--answer", "4*(x+1)", "x:1,2")
    assert result.code == 1
    first, source, marks, *rest = result.out.splitlines()
    assert first == (
        "wrong: this is the gradient without the 1/n of the mean: mean(2*(x+1)^2) averages over 2 elements"
    )
    assert source == f"  │ {MEAN}"
    assert marks == "  │ ━━━━━━━━━━━━━━━ count"
    assert [line.split(":")[0].strip() for line in rest] == ["= witness", "= expected", "= points"]
    assert "x.grad = 2*(x + 1)" in result.out


def test_a_place_inside(command: Command) -> None:
    result = command("check", "exp(sin(x^2))", "--answer", "cos(x^2)*exp(sin(x^2))", "x:scalar")
    assert result.out.splitlines()[1:3] == ["  │ exp(sin(x^2))", "  │         ━━━ chain"]


def test_a_hint_does_not_give_the_answer_away(command: Command) -> None:
    result = command("check", "sin(x^2)", "--answer", "cos(x^2)", "x:scalar", "--no-reveal")
    assert result.code == 1
    assert result.out.startswith("wrong: look at the chain rule again")
    assert "2*x" not in result.out
    assert "expected" not in result.out
    answer = json.loads(command("check", "sin(x^2)", "--answer", "cos(x^2)", "--no-reveal", "--json").out)
    assert "expected" not in answer
    assert "expected" not in answer["witness"]
    assert "2*x" not in json.dumps(answer)


def test_undecided(command: Command) -> None:
    result = command("check", "sqrt(-1-x^2)", "--answer", "log(-2-x^2)")
    assert result.code == 5
    assert result.out.startswith("undecided: ")


def test_invalid(command: Command) -> None:
    result = command("check", "x^2", "--answer", "2*z", "x:scalar")
    assert result.code == 6
    assert result.out.startswith("invalid: name 'z' is not defined")
    assert "in answer" in result.out
    assert "  │ 2*z\n  │   ━" in result.out


def test_numbers_and_values(command: Command) -> None:
    arguments = ("check", MEAN, "x=[[1,2,3],[4,5,6]]", "--answer")
    assert command(*arguments, "[[1.3333,2,2.6667],[3.3333,4,4.6667]]").code == 0
    assert command(*arguments, "[[1.3333,2,2.6667],[3.3333,4,4.6]]").code == 1


def test_the_variable_is_needed(command: Command) -> None:
    result = command("check", "x*y", "--answer", "y")
    assert result.code == 2
    assert "--wrt" in result.err
    assert command("check", "x*y", "--answer", "y", "--wrt", "x").code == 0
    assert command("check", "x*y", "--answer", "y", "--wrt", "x,y").code != 0


def test_seed_points_and_domain(command: Command) -> None:
    arguments = ("check", "x^3/3", "--answer", "sqrt(x)^4")
    assert command(*arguments).code == 5
    assert command(*arguments, "--domain", "x=0:inf").code == 0
    assert command(*arguments, "--domain", "x=0").code == 2
    assert command(*arguments, "--domain", "x=2:1").code == 2
    first = command("check", "x^2", "--answer", "x", "--seed", "5", "--points", "20", "--json")
    assert first.out == command("check", "x^2", "--answer", "x", "--seed", "5", "--points", "20", "--json").out
    assert first.answers[0]["seed"] == 5
    assert first.answers[0]["points"] == 20
    assert first.answers[0]["witness"] != command("check", "x^2", "--answer", "x", "--json").answers[0]["witness"]


def test_tolerances(command: Command) -> None:
    assert command("check", "x^2", "--answer", "2.001*x").code == 1
    assert command("check", "x^2", "--answer", "2.001*x", "--rtol", "0.01").code == 0
    assert command("check", "x^2", "--answer", "2*x + 0.01", "--atol", "0.1").code == 0


def test_json(command: Command) -> None:
    result = command("check", "(3*x+1)^5", "--answer", "5*(3*x+1)^4", "--json")
    (answer,) = result.answers
    assert answer["verdict"] == "wrong"
    assert answer["cause"] == {
        "kind": "chain",
        "at": "3*x+1",
        "span": [1, 6],
        "says": "this is the gradient without the inner derivative 3 of 3*x+1",
    }
    assert answer["expected"] == "15*(3*x + 1)^4"
    assert set(answer["witness"]) == {"at", "answer", "expected"}


def test_rows(command: Command) -> None:
    requests = [
        {"id": 1, "expr": "x^2", "answer": "2*x"},
        {"id": 2, "expr": "x^2", "answer": "x", "seed": 3, "rtol": 1e-3, "atol": 0.0, "points": 5},
        {"id": 3, "expr": "x*w", "shapes": {"x": ["n"], "w": []}, "wrt": ["x"], "answer": "w"},
        {"id": 4, "expr": "sum(x*x)", "vars": {"x": [1, 2]}, "answer": [2, 4]},
        {"id": 5, "expr": "x^2"},
        {"id": 6, "expr": "x^", "answer": "x"},
        {"id": 7, "expr": "x^2", "answer": "2*"},
        {"id": 8, "expr": "log(x)", "answer": "1/x", "domains": {"x": [0, "Infinity"]}},
        {"id": 9, "expr": "x^2", "answer": "2*x", "domains": {"x": 3}},
        {"id": 10, "expr": "x^2", "answer": "2*x", "points": 0},
    ]
    result = command("check", "--rows", "-", stdin="\n".join(map(json.dumps, requests)))
    answers = {answer["id"]: answer for answer in result.answers}
    assert [answers[i].get("verdict") for i in range(1, 11)] == [
        "right", "wrong", "right", "right", None, None, "invalid", "right", None, None,
    ]  # fmt: skip
    assert answers[2]["points"] == 5
    assert answers[5]["error"]["code"] == "bad-request"
    assert answers[6]["error"]["in"] == "expr"
    assert answers[7]["error"]["in"] == "answer"
    assert result.code == 1


def test_an_answer_for_all_rows(command: Command) -> None:
    result = command("check", "--rows", "-", "--answer", "2*x", stdin='{"expr": "x^2"}\n{"expr": "x^2 + 1"}')
    assert result.code == 0


def test_parts_by_name(command: Command) -> None:
    result = command("check", "sin(u)", "--let", "u=x^2", "--answer", "cos(u)", "x:scalar")
    assert result.code == 1
    assert "in let.u" in result.out
    assert "━━━ chain" in result.out


@pytest.mark.parametrize(("argv", "says"), [(("x^2",), "no answer"), ((), "no expression")])
def test_usage(command: Command, argv: tuple[str, ...], says: str) -> None:
    result = command("check", *argv)
    assert result.code == 2
    assert says in result.err


def test_exit_codes_of_verdicts() -> None:
    assert VERDICT_CODES == {"right": 0, "wrong": 1, "undecided": 5, "invalid": 6}
