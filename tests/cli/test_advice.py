"""What is said about requests, options and files that are not quite right."""

from __future__ import annotations

import json
from typing import Any

import pytest

REQUESTS = [
    ({"vars": {"x": "@d.json"}}, "files are read for arguments of the command line alone, x=@x.json"),
    ({"vars": {"x": "3"}}, "write it without quotes: 3"),
    ({"vars": {"x": "-nan"}}, 'write "NaN"'),
    ({"vars": {"x": "-inf"}}, 'write "-Infinity"'),
    ({"vars": {"x": "ones(2)"}}, "expressions belong in let; a value is numbers alone"),
    ({"vars": {"x": {}}}, 'such as {"data": [1, 2], "dtype": "float32"}'),
    ({"vars": {"x": {"data": [1], "shape": [-1]}}}, "sizes are integers from 0"),
    ({"expr": "z"}, 'give it a value: "vars": {"z": …}'),
    ({"expr": "x=z+1"}, 'leave out the name: z+1; write "let": {"x": "z+1"}; to compare, write =='),
    ({"expr": "x=3"}, 'give x its value in "vars"; write "let": {"x": "3"}; to compare, write =='),
]


@pytest.mark.parametrize(("request_", "help"), REQUESTS, ids=[json.dumps(request) for request, _ in REQUESTS])
def test_requests(request_: dict[str, Any], help: str, command: Any) -> None:
    result = command("eval", "--rows", "-", stdin=json.dumps({"expr": "x", **request_}))
    assert result.answers[0]["error"]["help"].replace("to name a sub-expression, ", "") == help


def test_what_a_list_holds(command: Any) -> None:
    result = command(
        "eval", "x", "x=1", "--rows", "-", stdin='{"wrt": [1]}\n{"vars": {"x": {"data": 1, "shape": ["a"]}}}'
    )
    assert [answer["error"]["message"] for answer in result.answers] == [
        "wrt must be a list of names, and holds a number",
        "vars.x.shape must be a list of sizes, and holds the text 'a'",
    ]


OPTIONS = [
    (["x", "x=1", "--gradient"], "option '--gradient' requires an argument", "autodiff eval --help lists the options"),
    (["x", "x=1", "-q"], "there is no option -q", "autodiff eval --help lists the options"),
    (
        ["-q", "x=1"],
        "there is no option -q",
        "starts with - comes after --: autodiff eval -- -q x=1",
    ),
    (["x", "x=1", "--precision", "a"], "invalid value for '--precision': 'a' is not a whole number", ""),
    (["x*y", "x=1", "y=2", "--wrt", "x y"], "'x y' is not a name", "names are separated by commas: x,y"),
    (["x", "x:[2,3]"], "x:2,3 is a shape without a value, and eval works with values", "write x='zeros(2,3)'"),
    (["x", "x=1", "--limit-seconds", "a"], "invalid value for '--limit-seconds': 'a' is not a number", ""),
]


@pytest.mark.parametrize(("argv", "message", "help"), OPTIONS, ids=[" ".join(argv) for argv, _, _ in OPTIONS])
def test_options(argv: list[str], message: str, help: str, command: Any) -> None:
    result = command("eval", *argv)
    assert (result.code, result.out) == (2, "")
    assert f"error[usage]: {message}\n" in result.err
    assert help in result.err


def test_shapes_have_no_brackets(command: Any) -> None:
    assert "write x:2,3" in command("derive", "sum(x)", "x:[2,3]").err
    assert "write x:scalar" in command("derive", "sum(x)", "x:()").err


def test_weights_of_a_formula_are_a_name(command: Any) -> None:
    result = command("derive", "2*x", "x:n", "--gradient", "[1]")
    assert result.code == 2
    assert "--gradient '[1]' is not a name" in result.err


@pytest.mark.parametrize("text", ["1 2 3\n", "arange(3.)\n", "sum(x)"])
def test_standard_input_that_holds_no_numbers(text: str, command: Any) -> None:
    result = command("eval", "sum(x)", "x=@-", stdin=text)
    assert (result.code, result.out) == (4, "")
    assert "standard input holds neither JSON nor a table of numbers" in result.err


def test_a_table_on_standard_input(command: Any) -> None:
    assert command("eval", "sum(x)", "x=@-", "--only", "value", stdin="a,b\n1,2\n").out == "3.0\n"


def test_one_result_raw_is_for_one_answer(command: Any) -> None:
    result = command("eval", "-", "--only", "value", stdin='{"expr": "1"}')
    assert result.code == 2
    assert "--only and JSON requests cannot go together" in result.err


def test_an_archive_of_arrays(command: Any, tmp_path: Any) -> None:
    import numpy as np

    np.savez(tmp_path / "a.npz", x=np.ones(2))
    result = command("eval", "sum(x)", "x=@a.npz")
    assert result.code == 2
    assert "an .npz file holds several arrays" in result.err


@pytest.mark.parametrize("verb", ["eval", "derive"])
def test_options_come_before_the_dashes(verb: str, command: Any) -> None:
    result = command(verb, "--", "-x^2", "--json")
    assert result.code == 2
    assert "'--json' comes after --, where only arguments are" in result.err


def test_a_value_is_no_json_object(command: Any) -> None:
    result = command("eval", "x", 'x={"data": [1]}')
    assert result.code == 3
    assert "a value is written in the language" in result.err


MEANT = [
    (["eval", "x=3", "x^2"], 'the expression comes first: autodiff eval "x^2" x=3'),
    (["eval", "x^2", "3"], "say which variable has this value, such as x=3"),
    (["eval", "x^2", "[1, 2]"], "say which variable has this value, such as x=[1, 2]"),
    (["check", "x^2", "2*x"], "write --answer '2*x'"),
    (["derive", "a*x", "x"], "to differentiate by x, write --wrt x"),
    (["derive", "sum(X)", "X=m,n"], "a shape is written X:m,n"),
    (["eval", "sum(x)", "x=1,2,3"], "to give several numbers, write [1, 2, 3]"),
    (["eval", "sum(x)", "x=1 -2.5 3e2"], None),
    (["eval", "sum(x)", "x=1 2.5 3e2"], "to give several numbers, write [1, 2.5, 3e2]"),
    (["eval", "sum(x)", "x=3,5"], "in a number, write a point: 3.5"),
    (["plot", "x^2", "x=0:1:0.1"], "--points N says how many points are computed"),
]


@pytest.mark.parametrize(("arguments", "help"), MEANT)
def test_what_was_meant(arguments: list[str], help: str | None, command: Any) -> None:
    result = command(*arguments)
    assert result.code in (2, 3)
    assert help is None or f"  = help: {help}\n" in result.err


@pytest.mark.parametrize("code", ["error[unknown-name]", "error[unknown-name]:", "Unknown_Name"])
def test_codes_as_they_are_pasted(code: str, command: Any) -> None:
    assert command("explain", code).out == command("explain", "unknown-name").out != ""


NAMES = [
    ("2*t", "the question has one name, x"),
    ("2*x + C", "the question has one name, x"),
    ("x2", "to raise to a power, write x^2; an element is x[0], x[1] …"),
    ("π*x", "write pi"),
]


@pytest.mark.parametrize(("answer", "help"), NAMES)
def test_names_in_an_answer(answer: str, help: str, command: Any) -> None:
    result = command("check", "x^2", "--answer", answer)
    assert (result.code, f"  = help: {help}\n" in result.out) == (6, True)


def test_a_product_of_matrices_in_an_answer(command: Any) -> None:
    asked = ["sum((X @ w - y)^2)", "X:m,n", "w:n", "y:m", "--wrt", "w", "--json"]
    [verdict] = command("check", *asked, "--answer", "2*X.T @ (Xw - y)").answers
    assert "for the product of matrices, write X @ w" in verdict["error"]["help"]
