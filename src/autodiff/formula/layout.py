"""Layout as algebra: what reshaping, transposing and broadcasting nodes mean for terms."""

from __future__ import annotations

from typing import Any

from autodiff.formula import classes
from autodiff.formula import term as t
from autodiff.formula.rewrite import postorder, rebuild
from autodiff.formula.term import Term
from autodiff.graph.dtypes import BOOL
from autodiff.graph.node import Node
from autodiff.graph.sizes import Shape, numel

REDUCTIONS = ("logsumexp", "prod", "amax", "amin")


def read_broadcast(node: Node, inputs: list[Term]) -> Term:
    x = inputs[0]
    if node.inputs[0].dtype.kind == BOOL:
        return x
    return t.mul([x, t.ones(node.shape)])


def read_unsqueeze(node: Node, inputs: list[Term]) -> Term | None:
    x, dim = inputs[0], node.params[0]
    rank = len(x.shape)
    if rank == 0 or node.inputs[0].dtype.kind == BOOL:
        return t.mul([x, t.ones(node.shape)]) if rank == 0 else None
    if rank == 1 and x.shape != (1,):
        return t.column(x) if dim == 1 else t.row(x)
    if x.kind == "ones":
        return t.ones(node.shape)
    if x.kind in ("sum", "fn") and _reduction(x) and _dims(x) == (dim,):
        if x.kind == "sum":
            return t.total(x.args[0], (dim,), True)
        return t.make("fn", x.args, (x.data[0], x.data[1], True), node.shape)
    return None


def _reduction(x: Term) -> bool:
    return (x.kind == "sum" and not x.data[1]) or (
        x.kind == "fn" and x.data[0] in REDUCTIONS and len(x.data) > 2 and not x.data[2]
    )


def _dims(x: Term) -> Any:
    return x.data[0] if x.kind == "sum" else x.data[1]


def read_squeeze(node: Node, inputs: list[Term]) -> Term | None:
    x = inputs[0]
    if node.shape == x.shape:
        return x
    if node.shape == ():
        scalars, rest = t.scalars_of(x)
        if rest.kind == "ones":
            return t.mul(scalars) if scalars else t.num(1)
    if len(node.shape) == 1 and len(x.shape) == 2:
        return t.flat(x)
    return None


def read_view(node: Node, inputs: list[Term]) -> Term | None:
    x, shape = inputs[0], node.shape
    if shape == x.shape:
        return x
    if x.kind == "ones":
        return t.ones(shape)
    if not x.shape:
        return t.mul([x, t.ones(shape)])
    if len(x.shape) == 1 and len(shape) == 2 and 1 in shape and numel(shape) == numel(x.shape):
        return t.column(x) if shape[1] == 1 else t.row(x)
    if len(x.shape) == 2 and len(shape) == 1 and 1 in x.shape:
        return t.flat(x)
    scalars, rest = t.scalars_of(x)
    if rest.kind == "ones":
        return t.mul([*scalars, t.ones(shape)])
    back = _as_before(rest, shape)
    if back is not None:
        return t.mul([*scalars, back])
    if rest.kind == "eye" and len(shape) == 4 and shape[:2] == shape[2:]:
        m, n = shape[:2]  # that of a Kronecker product is the one of two smaller ones
        return t.mul([*scalars, _reshaped(t.eye(m), (m, 1, m, 1)), _reshaped(t.eye(n), (1, n, 1, n))])
    return t.mul([*scalars, _reshaped(rest, shape)])


def _reshaped(x: Term, shape: Shape) -> Term:
    return x if x.shape == shape else t.make("fn", (x,), ("reshape", shape), shape)


def _as_before(root: Term, shape: Any) -> Term | None:
    """What a tensor was before a reshape that the one to `shape` undoes."""
    done: dict[Term, Term] = {}
    for x in postorder(root, _element_by_element):
        if not x.shape:
            done[x] = x
        elif x.kind == "fn" and x.data[0] == "reshape" and x.args[0].shape == shape:
            done[x] = x.args[0]
        elif (marks := classes.before_reshape(x, shape)) is not None:
            done[x] = marks
        elif _element_by_element(x):
            args = [done[arg] for arg in x.args]
            if x.kind == "mul":
                done[x] = t.mul([t.num(x.data), *args])
            else:
                done[x] = t.fn(x.data[0], args) if x.kind == "fn" else rebuild(x, args)
        else:
            return None
    return done[root]


def _element_by_element(x: Term) -> bool:
    if not x.shape:
        return False
    if x.kind == "fn":
        return x.data[0] in t.ELEMENTWISE and len(x.data) == 1
    return x.kind in ("mul", "add") or (x.kind == "pow" and t.number_of(x.args[1]) is not None)


def read_permute(node: Node, inputs: list[Term]) -> Term | None:
    x = inputs[0]
    if node.params[0] == tuple(range(len(x.shape))):
        return x
    if node.inputs[0].dtype.kind == BOOL:
        return None
    return t.transpose(x) if len(x.shape) == 2 and node.params[0] == (1, 0) else None


def read_swap(node: Node, inputs: list[Term]) -> Term | None:
    x = inputs[0]
    if node.inputs[0].dtype.kind == BOOL:
        return None
    if len(x.shape) < 2 or node.params[0] == node.params[1]:
        return x
    return t.transpose(x) if len(x.shape) == 2 else None
