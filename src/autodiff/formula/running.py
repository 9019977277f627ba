"""Running products and recurrences as algebra: cumprod's gradient is flip(cumsum(flip(g*cumprod(x))))/x."""

from __future__ import annotations

from autodiff.formula import term as t
from autodiff.formula.indexing import cut
from autodiff.formula.term import Term
from autodiff.graph.node import Node
from autodiff.ops.axes import FLIP
from autodiff.ops.cumulative import CUMPROD, CUMSUM


def _is_call(x: Term, name: str) -> bool:
    return x.kind == "fn" and x.data[0] == "call" and x.data[1].name == name


def _called(op: object, x: Term, dim: tuple[int, ...]) -> Term:
    return t.make("fn", (x,), ("call", op, (dim,)), x.shape)


def _flipped(x: Term, dim: tuple[int, ...]) -> Term:
    scalars, rest = t.scalars_of(x)
    if rest.kind == "ones":
        return x
    inner = rest.args[0] if _is_call(rest, "flip") and rest.data[2] == (dim,) else _called(FLIP, rest, dim)
    return t.mul([*scalars, inner])


def read_shift(node: Node, inputs: list[Term]) -> Term | None:
    """Moved by one: zeros come in, and of running products 1 does, which divides them by their last factor."""
    (x,), (dim, fill) = inputs, node.params
    if fill == 1 and _is_call(x, "cumprod") and x.data[2] == (dim,):
        return t.mul([x, t.power(x.args[0], -1)])
    if fill != 0 or len(x.shape) > 2 or len(dim) != 1:
        return None
    size = x.shape[dim[0]]
    shorter = tuple([s - 1 if d == dim[0] else s for d, s in enumerate(x.shape)])
    scalars, rest = t.scalars_of(cut(x, dim[0], 0, 1, shorter))
    return t.mul([*scalars, t.make("fn", (rest,), ("pad", dim[0], 1, 0), x.shape)]) if size != 1 else t.zeros(x.shape)


def read_recurrence(node: Node, inputs: list[Term]) -> Term | None:
    """s[i] = x[i + 1]*s[i + 1] + g[i], which is computed from behind: sums of g*cumprod(x), over cumprod(x)."""
    factors, b = inputs
    (dim,) = node.params
    if node.inputs[0].op.name != "shift" or len(dim) != 1:
        return None
    x = _before_shift(factors)
    if x is None:
        return None
    products = _called(CUMPROD, _flipped(x, dim), dim)
    weighed = _flipped(t.mul([_flipped(b, dim), products]), dim)
    scalars, rest = t.scalars_of(weighed)
    sums = t.mul([*scalars, _flipped(_called(CUMSUM, rest, dim), dim)])
    return _flipped(t.mul([sums, t.power(products, -1)]), dim)


def _before_shift(factors: Term) -> Term | None:
    """What was moved by one with 0 for the first."""
    scalars, rest = t.scalars_of(factors)
    if rest.kind != "fn" or rest.data[0] != "pad" or rest.data[2:] != (1, 0):
        return None
    (inner,) = rest.args
    if inner.kind == "fn" and inner.data == ("cut", rest.data[1], 0, 1):
        return t.mul([*scalars, *inner.args])
    return None


TABLE = {"shift": read_shift, "linear_recurrence": read_recurrence}
