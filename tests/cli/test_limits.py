"""Limits of an evaluation that only the command line has: the time for one answer."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any

import pytest

LONG = "sum(sin(x.expand(10^9)))"  # seconds of work, tile by tile


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """As the command runs: an alarm that rings while the collector calls somebody's callback would be lost there."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("verb", ["eval", "jacobian", "gradcheck"])
def test_an_answer_may_take_so_long(verb: str, command: Any) -> None:
    result = command(verb, LONG, "x=1", "--limit-seconds", "0.02")
    assert (result.code, result.out) == (4, "")
    assert "error[limit-time]: this has not ended after 0.02 seconds" in result.err
    assert "--limit-seconds raises the limit" in result.err


def test_a_value_may_take_so_long(command: Any) -> None:
    result = command("eval", "x", f"x={LONG.replace('x.', 'ones(1).')}", "--limit-seconds", "0.02")
    assert result.code == 4
    assert "limit-time" in result.err


def test_every_row_has_its_own_time(command: Any) -> None:
    requests = [{"expr": expr, "vars": {"x": i}} for i, expr in enumerate(["x", LONG, "2*x", "3*x"])]
    result = command("eval", "--rows", "-", "--limit-seconds", "0.5", stdin="".join(map(json.dumps, requests)) + "\n")
    assert result.code == 3  # one line is one request
    lines = "\n".join(map(json.dumps, requests))
    result = command("eval", "--rows", "-", "--limit-seconds", "0.05", stdin=lines)
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert result.code == 4
    assert [answer.get("value") for answer in answers] == [0, None, 4, 9]
    assert answers[1]["error"]["code"] == "limit-time"


def test_no_alarm_is_left_behind(command: Any) -> None:
    from autodiff.cli.allowance import clock

    assert command("eval", "x", "x=1", "--limit-seconds", "50").code == 0
    assert clock is None or clock.getitimer(clock.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_limit_is_a_positive_number(seconds: str, command: Any) -> None:
    result = command("eval", "x", "x=1", "--limit-seconds", seconds)
    assert result.code == 2
    assert "--limit-seconds" in result.err
