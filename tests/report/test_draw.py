"""Drawings of the grad_fn graph."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.report.draw import dot, mermaid, svg
from autodiff.report.layers import layout
from autodiff.report.tree import Entry, entries
from autodiff.solve import Graph, Leaf, Problem

NAMESPACE = "{http://www.w3.org/2000/svg}"


def graph(expr: str, *names: str, **let: str) -> list[Entry]:
    return entries(Graph(Problem(expr, {name: Leaf(np.ones(2)) for name in names}, let=let)).output)


def test_dot() -> None:
    assert dot(graph("sum(x*y)", "x", "y")) == (
        "digraph autodiff {\n"
        '  node [shape=box, style=rounded, fontname="monospace", fontsize=11];\n'
        '  n0 [label="SumBackward0\\nsum(x*y)\\n[]"];\n'
        '  n1 [label="MulBackward0\\nx*y\\n[2]"];\n'
        '  n2 [label="x\\n[2]", shape=ellipse, style=filled, fillcolor=lightblue];\n'
        '  n3 [label="y\\n[2]", shape=ellipse, style=filled, fillcolor=lightblue];\n'
        "  n0 -> n1;\n"
        "  n1 -> n2;\n"
        "  n1 -> n3;\n"
        "}\n"
    )


def test_mermaid() -> None:
    assert mermaid(graph("exp(x)", "x")) == (
        'flowchart TD\n  n0["ExpBackward0<br/>exp(x)<br/>#91;2#93;"]\n  n1(["x<br/>#91;2#93;"])\n  n0 --> n1\n'
    )


def test_text_is_escaped() -> None:
    listed = graph('where((x < 1) & (x > 0), x, 0)*div(x, x, rounding_mode="floor")', "x")
    assert '\\"floor\\"' in dot(listed)
    assert '"floor"' not in mermaid(listed).replace("#34;floor#34;", "")
    texts = [element.text or "" for element in ET.fromstring(svg(listed)).iter(f"{NAMESPACE}text")]
    assert any("(x < 1) & (x" in text for text in texts)


def test_a_shared_node_is_one_box() -> None:
    root = ET.fromstring(svg(graph("y*y + y", "x", y="exp(x)")))
    names = [text.text for text in root.iter(f"{NAMESPACE}text")]
    assert names.count("ExpBackward0") == 1
    lines = [path for path in root.iter(f"{NAMESPACE}path") if path.get("marker-end")]
    assert len(lines) == 5


def test_boxes_do_not_overlap_and_edges_go_down() -> None:
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (2, 4), (1, 4), (4, 5), (0, 5)]
    sizes = [(100.0, 40.0), (60.0, 30.0), (150.0, 50.0), (40.0, 30.0), (80.0, 30.0), (40.0, 20.0)]
    placed = layout(sizes, edges, 20, 30)
    boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (w, h), (x, y) in zip(sizes, placed.centers, strict=True)]
    for i, a in enumerate(boxes):
        assert a[0] >= -1e-9
        assert a[2] <= placed.width + 1e-9
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for line in placed.lines:
        assert all(above[1] < below[1] for above, below in pairwise(line))


def test_a_picture_has_a_limit() -> None:
    listed = graph("sin(" * 2001 + "x" + ")" * 2001, "x")
    with pytest.raises(AutodiffError) as caught:
        svg(listed)
    assert caught.value.code == "usage"
    assert dot(listed).count("->") == 2001


def test_deep_graphs_are_laid_out() -> None:
    assert svg(graph("sin(" * 1500 + "x" + ")" * 1500, "x")).count("SinBackward0") == 1500
