"""The key of a class: what it may say, and what is said about one that is wrong."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.graph.sizes import Size
from autodiff.request.key import read_key

QUESTION = '[[questions]]\nid = "1a"\nexpression = "x^3"\n'


def wrong(text: str, path: str = "key.toml") -> AutodiffError:
    with pytest.raises(AutodiffError) as caught:
        read_key(text.encode(), path)
    assert caught.value.exit_code in (2, 3)
    return caught.value


def test_everything_that_a_question_can_say() -> None:
    key = read_key(
        b"""
title = "Sheet 1"
[defaults]
points = 3
credit = {sign = 0.5}
[[questions]]
id = "1a"
title = "least squares"
expression = "sum((X @ w - y)^2)"
wrt = "w"
shapes = {X = ["m", 3], w = 3, y = "m"}
domains = {w = [0, inf]}
allowed = ["exp", "torch.log"]
rtol = 1e-4
atol = 1e-8
seed = 4
samples = 20
seconds = 2
[[questions]]
id = 2
expression = "c*x"
points = 1.5
credit = {count = 1, wrong = 0.1}
values = {x = [1, 2], c = "2*ones(2)"}
let = {y = "x+1"}
""",
        "key.toml",
    )
    assert key.title == "Sheet 1"
    first, second = key.items.values()
    assert list(key.items) == ["1a", "2"]
    assert (first.points, first.credit, first.title) == (3.0, {"sign": 0.5}, "least squares")
    asked = first.question
    m = Size.named("m")
    assert asked.shapes == {"X": (m, 3), "w": (3,), "y": (m,)}
    assert asked.domains == {"w": (0.0, math.inf)}
    assert asked.allowed == frozenset(("exp", "torch.log"))
    assert (asked.wrt, asked.rtol, asked.atol, asked.seed, asked.points, asked.seconds) == ("w", 1e-4, 1e-8, 4, 20, 2)
    assert (second.points, second.credit) == (1.5, {"count": 1.0, "wrong": 0.1})
    np.testing.assert_array_equal(second.question.vars["c"], [2, 2])
    assert second.question.let == {"y": "x+1"}
    assert key.lines == {"1a": 6, "2": 19}


def test_json_says_the_same() -> None:
    data = {"questions": [{"id": "1a", "expression": "log(x)", "domains": {"x": [0, "Infinity"]}, "points": 2}]}
    key = read_key(b"\xef\xbb\xbf" + json.dumps(data).encode(), "key.json")
    assert key.items["1a"].points == 2
    assert key.items["1a"].question.domains == {"x": (0.0, math.inf)}


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (QUESTION + "expresion = 3", "key.toml, line 4, question '1a': there is no key 'expresion'", "'expression'"),
        (QUESTION + "points = '3'", "line 4, question '1a': points must be a number from 0, and is '3'", ""),
        (QUESTION + "points = -1", "points must be a number from 0, and is -1", ""),
        (QUESTION + "credit = {sgn = 0.5}", "line 4, question '1a': credit: there is no kind of mistake 'sgn'", "sign"),
        (QUESTION + "credit = {sign = 2}", "credit must be parts between 0 and 1", "half of the points"),
        (QUESTION + 'allowed = ["expp"]', "allowed: there is no function 'expp'", "exp"),
        (QUESTION + "domains = {x = [2, 1]}", "x goes from 2 to 1", ""),
        (QUESTION + 'shapes = {x = "3,"}', "'' is no size in the shape of x", ""),
        (QUESTION + 'wrt = ["x", "y"]', "wrt must be the name of one variable", "several questions"),
        (QUESTION + "samples = 1", "samples must be a whole number from 3 to 1000", ""),
        (QUESTION + "seconds = 0", "seconds must be a number of seconds", ""),
        (QUESTION + "values = {x = 1}\nshapes = {x = 3}", "line 5, question '1a': x has a value and a shape", ""),
        (QUESTION + QUESTION, "line 5, question '1a': the id '1a' is taken by an earlier question", ""),
        (QUESTION + '[[questions]]\nid = "1b"', "line 4, question '1b': expression is missing", ""),
        ("[defaults]\npoint = 3\n" + QUESTION, "line 2, defaults: there is no key 'point'", "points"),
        ("[defaults]\npoints = true\n" + QUESTION, "line 2, defaults: points must be a number from 0", ""),
        ("question = 3", "line 1: there is no key 'question'", "questions"),
        ("title = 'x'", "there are no questions", "[[questions]]"),
        ("title = ", "key.toml is not TOML: Invalid value (at end of document)", ""),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str, help: str) -> None:
    error = wrong(text)
    assert error.code == "bad-key"
    assert message in error.message
    assert any(help in line for line in error.help) or not help


def test_the_line_in_json() -> None:
    text = '{"questions": [\n {"id": "a", "expression": "x"},\n {"id": "b",\n  "expression": "x",\n  "point": 2}]}'
    error = wrong(text, "key.json")
    assert error.message == "key.json, line 5, question 'b': there is no key 'point'"
    assert wrong('{"questions": [}', "key.json").message.startswith("key.json is not JSON: ")
