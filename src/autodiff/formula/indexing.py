"""Indexing as algebra: elements, rows and slices, and what these are in the gradient, zeros but for themselves."""

from __future__ import annotations

from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.dtypes import BOOL
from autodiff.graph.node import Node
from autodiff.graph.sizes import Dim, Shape


def read_diagonal_scatter(node: Node, inputs: list[Term]) -> Term | None:
    """A diagonal put into zeros."""
    x, diagonal = inputs
    offset, dim1, dim2 = node.params
    square = len(x.shape) == 2 and x.shape[0] == x.shape[1]
    return t.diagonal(diagonal) if t.is_zero(x) and square and offset == 0 and {dim1, dim2} == {0, 1} else None


def read_select(node: Node, inputs: list[Term]) -> Term | None:
    (x,), (dim, i) = inputs, node.params
    if len(x.shape) > 2 or node.inputs[0].dtype.kind == BOOL:
        return None
    return t.item(x if dim == 0 else t.transpose(x), i)


def read_select_scatter(node: Node, inputs: list[Term]) -> Term | None:
    """Something put into zeros: an element of a vector, a row or a column of a matrix."""
    x, part = inputs
    dim, i = node.params
    if not t.is_zero(x) or len(x.shape) not in (1, 2):
        return None
    unit = t.unit(x.shape[dim], i)
    if len(x.shape) == 1:
        return t.mul([part, unit])
    return t.outer(unit, part) if dim == 0 else t.outer(part, unit)


def read_slice_scatter(node: Node, inputs: list[Term]) -> Term | None:
    """Something put into zeros, with so many zeros before and behind it."""
    x, part = inputs
    dim, start, end, step = node.params
    if not t.is_zero(x) or step != 1 or len(x.shape) > 2:
        return None
    size = x.shape[dim]
    scalars, rest = t.scalars_of(part)
    zeros = (start or 0, 0 if end is None else size - end)
    return t.mul([*scalars, t.make("fn", (rest,), ("pad", dim, *zeros), x.shape)])


def read_triangle(node: Node, inputs: list[Term]) -> Term | None:
    """tril and triu, which are linear, and do nothing a second time."""
    scalars, rest = t.scalars_of(inputs[0])
    if _is_call(rest, node.op.name) and rest.data[2] == node.params:
        return inputs[0]
    return t.mul([*scalars, t.make("fn", (rest,), ("call", node.op, node.params), node.shape)]) if scalars else None


def read_slice(node: Node, inputs: list[Term]) -> Term | None:
    """A part, without so many places before and behind it; of the rule of matrix_exp, what that is."""
    (x,) = inputs
    dim, start, end, step = node.params
    found = _of_commuting(node, x)
    if found is not None or step != 1 or len(x.shape) > 2 or node.inputs[0].dtype.kind == BOOL:
        return found
    return cut(x, dim, start or 0, 0 if end is None else x.shape[dim] - end, node.shape)


def cut(x: Term, dim: int, before: Dim, behind: Dim, shape: Shape) -> Term:
    scalars, rest = t.scalars_of(x)
    if rest.kind == "ones":
        return t.mul([*scalars, t.ones(shape)])
    if rest.kind == "fn" and rest.data == ("pad", dim, before, behind):
        return t.mul([*scalars, *rest.args])
    return t.mul([*scalars, t.make("fn", (rest,), ("cut", dim, before, behind), shape)])


def _of_commuting(node: Node, inner: Term) -> Term | None:
    """The upper right block of exp([[x.T, c*eye(n)], [0, x.T]]) is c*exp(x).T."""
    if inner.kind != "fn" or inner.data[0] != "cut" or not _is_call(inner.args[0], "matrix_exp"):
        return None
    (whole,) = inner.args
    (block,) = whole.args
    if not _is_call(block, "cat") or not _is_call(block.args[0], "cat") or len(block.args[0].args) != 2:
        return None
    x, g = block.args[0].args
    scalars, rest = t.scalars_of(g)
    if rest.kind != "eye" or node.shape != x.shape or node.params[0] == inner.data[1]:
        return None
    return t.mul([*scalars, t.transpose(t.make("fn", (t.transpose(x),), whole.data, x.shape))])


def read_flip(node: Node, inputs: list[Term]) -> Term | None:
    """flip, which undoes itself, and cumsum: numbers stand outside."""
    scalars, rest = t.scalars_of(inputs[0])
    dims = tuple(node.params[0]) if isinstance(node.params[0], (list, tuple)) else node.params[0]
    if node.op.name == "flip" and _is_call(rest, "flip") and rest.data[2] == (dims,):
        return t.mul([*scalars, *rest.args])
    return t.mul([*scalars, t.make("fn", (rest,), ("call", node.op, (dims,)), node.shape)]) if scalars else None


def _is_call(x: Term, name: str) -> bool:
    return x.kind == "fn" and x.data[0] == "call" and x.data[1].name == name


def read_pad(node: Node, inputs: list[Term]) -> Term | None:
    """Zeros before and behind along one dim."""
    pads, value = node.params
    rank = len(node.shape)
    padded = [i for i in range(len(pads) // 2) if pads[2 * i : 2 * i + 2] != (0, 0)]
    if value != 0 or rank > 2 or len(padded) != 1:
        return None
    low, high = pads[2 * padded[0] : 2 * padded[0] + 2]
    if low <= 0 and high <= 0:
        return cut(inputs[0], rank - 1 - padded[0], -low, -high, node.shape)
    if low < 0 or high < 0:
        return None
    scalars, rest = t.scalars_of(inputs[0])
    return t.mul([*scalars, t.make("fn", (rest,), ("pad", rank - 1 - padded[0], low, high), node.shape)])
