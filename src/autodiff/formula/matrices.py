"""Products, inverses and diagonals of matrices, as terms."""

from __future__ import annotations

from collections.abc import Callable

from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.node import Node
from autodiff.ops.lu import LU


def read_chain(node: Node, inputs: list[Term]) -> Term | None:
    if any(len(x.shape) not in (1, 2) for x in inputs):
        return None
    return t.chain(inputs)


def read_diag_embed(node: Node, inputs: list[Term]) -> Term | None:
    x, (offset, dim1, dim2) = inputs[0], node.params
    if offset != 0 or len(x.shape) != 1 or {dim1, dim2} != {0, 1}:
        return None
    return t.diagonal(x)


def read_diagonal(node: Node, inputs: list[Term]) -> Term | None:
    x, (offset, dim1, dim2) = inputs[0], node.params
    if offset != 0 or len(x.shape) != 2 or x.shape[0] != x.shape[1] or {dim1, dim2} != {0, 1}:
        return None
    return t.diagonal(x)


def read_eye(node: Node, inputs: list[Term]) -> Term | None:
    return t.eye(node.shape[0]) if node.shape[0] == node.shape[1] else None


BEFORE = {"linalg.lu": 1}  # results that a call gives before those of the operation within: the permutation


def read_pick(node: Node, inputs: list[Term]) -> Term:
    (source,), (i,) = node.inputs, node.params
    if source.op.name == "linalg.slogdet" and i == 1 and inputs[0].kind == "fn":
        x = inputs[0].args[0]
        return t.make("fn", (x,), ("slogdet",), node.shape)
    if source.op.name in ("max", "min") and i == 1 and inputs[0].kind == "fn" and inputs[0].data[0] == "call":
        dims, keepdim = inputs[0].data[2]
        more = (True,) if keepdim else ()
        return t.make("fn", inputs[0].args, (f"arg{source.op.name}", dims, *more), node.shape)
    return t.make("fn", inputs, ("pick", i + BEFORE.get(source.op.name, 0)), node.shape)


def read_permutation(node: Node, inputs: list[Term]) -> Term:
    whole = t.make("fn", inputs, ("call", LU, ()), ())
    return t.make("fn", (whole,), ("pick", 0), node.shape)


def read_where_positive(node: Node, inputs: list[Term]) -> Term:
    x = inputs[2]
    if x.kind == "fn" and x.data == ("slogdet",):
        return t.make("fn", x.args, ("logdet",), node.shape)
    return x


def unless_batched(rule: Callable[..., Term]) -> Callable[[Node, list[Term]], Term | None]:
    return lambda node, inputs: rule(*inputs) if len(inputs[0].shape) == 2 else None


def cofactor(x: Term) -> Term:
    return t.mul([t.determinant(x), t.transpose(t.inverse(x))])


def read_solve(node: Node, inputs: list[Term]) -> Term | None:
    a, b = inputs
    left, _ = node.params
    if len(a.shape) != 2 or len(b.shape) > 2:
        return None
    return t.chain([t.inverse(a), b] if left else [b, t.inverse(a)])
