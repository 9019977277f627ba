"""What is asked of `derive`, and the graphs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autodiff.backward import gradients, initial_cotangent
from autodiff.formula.reading import scope_of
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64
from autodiff.graph.node import Node, placed
from autodiff.graph.op import ops
from autodiff.graph.primitive import strengthen, variable
from autodiff.graph.sizes import Dim, Shape
from autodiff.solve import parsed


class Question(NamedTuple):
    """What is asked: shapes of variables (None in `shapes` is not there), and whom to differentiate for."""

    expr: str
    shapes: Mapping[str, Shape]
    wrt: Sequence[str] | None = None
    gradient: str | None = None  # the name that stands for the cotangent
    let: Mapping[str, str] = {}
    order: int = 1  # 2: the second derivatives too


class Built(NamedTuple):
    output: Node
    variables: dict[str, Node]
    gradients: list[Node | None]


def names_of(size: Dim) -> set[str]:
    return set() if isinstance(size, int) else {name for names, _ in size.terms for name in names}


def output_of(
    question: Question, shapes: Mapping[str, Shape], wrt: Sequence[str], sizes: Mapping[str, int] | None = None
) -> tuple[Node, dict[str, Node], dict[str, Any]]:
    """The expression over variables of these shapes, the variables, and what all names mean."""
    variables, scope = scope_of(shapes, tuple(wrt))
    scope.update(sizes or {})
    builder = Builder(scope)
    for name, text in question.let.items():
        scope[name] = builder.build(parsed(text))
    tree = parsed(question.expr)
    result = builder.tensor(tree)
    with placed(tree.span):
        return strengthen(result, result.dtype), variables, scope


def build(
    question: Question, shapes: Mapping[str, Shape], wrt: Sequence[str], sizes: Mapping[str, int] | None = None
) -> Built:
    """The expression over variables of these shapes, and its gradients; names of sizes are integers."""
    output, variables, _ = output_of(question, shapes, wrt, sizes)
    if not wrt:
        return Built(output, variables, [])
    if not output.requires_grad:
        return Built(output, variables, [None for _ in wrt])
    if question.gradient is not None:
        g = variable(question.gradient, output.shape, float64, False)
        variables[question.gradient] = g
        start = initial_cotangent(output, g)
    elif output.shape and all(size == 1 for size in output.shape):
        start = initial_cotangent(output, None)
    elif output.shape:
        start = ops.ones_like(output)
    else:
        start = initial_cotangent(output, None)
    return Built(output, variables, gradients([output], [start], [variables[name] for name in wrt]))
