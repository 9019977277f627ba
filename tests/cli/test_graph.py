"""`autodiff graph`: the tree, nodes and nested form; PyTorch's graphs are in tests/golden/graphs.jsonl."""

from __future__ import annotations

import json
from typing import Any


def test_the_tree(command: Any) -> None:
    code, out, err = command("graph", "mean(2*(x+1)^2)", "x=[[1,2,3],[4,5,6]]")
    assert (code, err) == (0, "")
    assert out == (
        "MeanBackward0             mean(2*(x+1)^2)  []\n"
        "└── MulBackward0          2*(x+1)^2        [2, 3]\n"
        "    └── PowBackward0      (x+1)^2          [2, 3]\n"
        "        └── AddBackward0  x+1              [2, 3]\n"
        "            └── AccumulateGrad (x)\n"
    )


def test_a_shared_node_is_drawn_once(command: Any) -> None:
    out = command("graph", "y*y + y", "x=1", "--let", "y=exp(x)").out
    assert out.count("ExpBackward0 #1") == 3
    assert out.count("#1, see above") == 2
    assert out.count("AccumulateGrad (x)") == 1


def test_json(command: Any) -> None:
    (answer,) = command("graph", "x*y + x", "x=1", "y=2", "--wrt", "x", "--json").answers
    assert answer["grad_fn"] == "AddBackward0"
    assert answer["nodes"] == [
        {"name": "AddBackward0", "next": [1, 2], "span": [0, 7]},
        {"name": "MulBackward0", "next": [2, None], "span": [0, 3]},
        {"name": "AccumulateGrad", "next": [], "var": "x"},
    ]
    leaf = ["AccumulateGrad", []]
    assert answer["graph"] == ["AddBackward0", [["MulBackward0", [leaf, None]], leaf]]


def test_results_without_a_graph(command: Any) -> None:
    for expr in ("x", "x < 1", "1"):
        (answer,) = command("graph", expr, "x=1", "--json").answers
        assert (answer["grad_fn"], answer["nodes"], answer["graph"]) == (None, [], None)
        result = command("graph", expr, "x=1")
        assert result.out == "None\n"
        assert "no grad_fn" in result.err


def test_rows_and_requests(command: Any) -> None:
    lines = '{"id":[1],"expr":"exp(x)","vars":{"x":1}}\n{"id":2,"expr":"exp(","vars":{"x":1}}\n'
    for argv, code in ((("--rows", "-"), 3), (("-",), 3)):
        result = command("graph", "--json", *argv, stdin=lines)
        assert result.code == code
        first, second = result.answers
        assert (first["id"], first["grad_fn"]) == ([1], "ExpBackward0")
        assert (second["id"], second["error"]["code"]) == (2, "unclosed-bracket")


def test_deep_graphs(command: Any, tmp_path: Any) -> None:
    for count, is_nested in ((400, True), (501, False), (20_000, False)):
        (tmp_path / "e.txt").write_text("sin(" * count + "x" + ")" * count)
        out = command("graph", "-f", "e.txt", "x=1", "--json").out
        before, _, graph = out.rpartition(', "graph": ')
        assert len(json.loads(before + "}")["nodes"]) == count + 1
        assert graph.startswith("[" if is_nested else "null")
        assert graph.count('"SinBackward0"') == (count if is_nested else 0)
        tree = command("graph", "-f", "e.txt", "x=1")
        assert tree.code == 0
        assert "deeper than a tree can show" in tree.out


def test_graphs_whose_nested_form_is_much_larger(command: Any) -> None:
    let = [argument for i in range(60) for argument in ("--let", f"y{i + 1}=y{i}+y{i}")]
    (answer,) = command("graph", "y60", "x=1", "--let", "y0=exp(x)", *let, "--json").answers
    assert len(answer["nodes"]) == 62
    assert answer["graph"] is None
    assert answer["nodes"][0]["in"] == "let.y60"
    assert len(command("graph", "y60", "x=1", "--let", "y0=exp(x)", *let).out.splitlines()) < 130


def test_drawings(command: Any, tmp_path: Any) -> None:
    assert command("graph", "exp(x)", "x=1", "--dot").out.startswith("digraph autodiff {\n")
    assert command("graph", "exp(x)", "x=1", "--mermaid").out.startswith("flowchart TD\n")
    result = command("graph", "exp(x)", "x=1", "--svg", "g.svg")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert (tmp_path / "g.svg").read_text().startswith("<svg ")
    assert command("graph", "exp(x)", "x=1", "--svg", "-").out == (tmp_path / "g.svg").read_text()


def test_drawings_that_cannot_be(command: Any) -> None:
    assert command("graph", "exp(x)", "x=1", "--svg", "none/g.svg").code == 2
    assert "choose one" in command("graph", "exp(x)", "x=1", "--dot", "--json").err
    result = command("graph", "1", "--dot")
    assert (result.code, "no grad_fn" in result.err) == (0, True)
    assert command("graph", "-", "--dot", stdin='{"expr":"1"}').code == 2
