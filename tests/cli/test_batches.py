"""Rows that are answered together have the answers that they have alone."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from autodiff.request import batches, jsons
from autodiff.solve import Compiled, Problem, compile_problem

EXPRESSIONS = ["sum(x^2)", "mean(x*y)", "x @ y", "exp(x)/y", "log(x)", "x[0] + y", "max(x)", "sum(x[x > 0])"]
ODD = [
    b"",
    b"not json",
    b'{"vars": {"x": [1, [2]]}}',
    b'{"vars": {"x": [true, false]}}',
    b'{"vars": {"x": ["NaN", 1]}}',
    b'{"vars": {"x": {"data": [1], "dtype": "int64"}}}',
    b'{"id": null, "vars": {"x": 1}}',
    b'{"id": 12345678901234567890123, "vars": {"x": 1}}',
    b'{"vars": {"x": []}}',
    b'{"vars": {"x": null, "y": 2}}',
    b'{"vars": {"x": 1}, "colour": 1}',
    b'{"vars": {"x": 1e999}}',
    b'{"vars": {"x": NaN}}',
    b'\xef\xbb\xbf{"vars": {"x": 1}}',
    b'{"vars": {"x y": 1}}',
    '{"vars": {"\U0001d465": 2}}'.encode(),
    b"[1]",
    b"\xff\xfe",
    b'{"a": [{"b": 1}',
    b'{"c": 2}]}',
    b'{"vars": {"x": 1}},{"vars": {"x": 2}}',
    b'{"vars": {"x": 9007199254740993}}',
]


def stream(seed: int) -> list[bytes]:
    """Requests of several forms, some of them wrong, shuffled."""
    rng = random.Random(seed)
    lines = list(ODD)
    for i in range(200):
        length = rng.choice([2, 2, 2, 3])
        variables = {name: [rng.uniform(-2, 2) for _ in range(length)] for name in "xy"}
        request: dict[str, Any] = {"expr": rng.choice(EXPRESSIONS), "vars": variables}
        if rng.random() < 0.5:
            request["id"] = rng.choice([i, str(i), [i], None])
        lines.append(json.dumps(request).encode())
    rng.shuffle(lines)
    return lines


@pytest.fixture(params=["json", "orjson"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "orjson":
        pytest.importorskip("orjson")
    else:
        monkeypatch.setattr(jsons, "fast_loads", jsons._decoder_of_bytes)
        monkeypatch.setattr(jsons, "fast_dumps", jsons._dumps_array)
    return str(request.param)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_together_as_alone(command: Any, library: str, seed: int, jobs: str) -> None:
    lines = stream(seed)
    arguments = ("eval", "sum(x)", "y=[1,2]", "--rows", "-")
    together = command(*arguments, "--jobs", jobs, stdin=b"\n".join(lines))
    alone = [command(*arguments, stdin=b"\n" * i + line) for i, line in enumerate(lines)]
    assert together.answers == [answer for result in alone for answer in result.answers]
    assert together.code == min(filter(None, (result.code for result in alone)))


def test_one_plan_serves_a_form(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Problem] = []

    def counted(problem: Problem) -> Compiled:
        compiled.append(problem)
        return compile_problem(problem)

    monkeypatch.setattr(batches, "compile_problem", counted)
    rows = "\n".join(f'{{"vars": {{"x": [{i}, 2]}}}}' for i in range(50))
    assert len(command("eval", "sum(x^3)", "--rows", "-", stdin=rows).answers) == 50
    assert len(compiled) == 1


def test_a_failing_row_costs_no_other(command: Any) -> None:
    rows = ['{"vars": {"x": [[1, 0], [0, 2]]}}'] * 3
    rows[1] = '{"vars": {"x": [[1, 2], [2, 4]]}}'
    result = command("eval", "sum(linalg.inv(x))", "--rows", "-", stdin="\n".join(rows))
    assert result.code == 4
    assert [("error" in answer) for answer in result.answers] == [False, True, False]
    assert result.answers[0]["value"] == 1.5


def test_separators_between_lines_cannot_be_guessed(command: Any) -> None:
    rows = ['{"vars": {"x": [1', "2]}}", '{"vars": {"x": 3}}']
    answers = command("eval", "x", "--rows", "-", stdin="\n".join(rows)).answers
    assert [answer.get("error", {}).get("code") for answer in answers] == ["bad-json", "bad-json", None]


def test_a_fault_in_a_batch_is_that_of_its_rows_alone(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr(batches, "compile_problem", broken)
    rows = [{"id": i, "expr": "x^2", "vars": {"x": i}} for i in range(3)]
    result = command("eval", "--rows", "-", stdin="\n".join(map(json.dumps, rows)))
    assert [(answer["id"], answer["value"]) for answer in result.answers] == [(0, 0.0), (1, 1.0), (2, 4.0)]
