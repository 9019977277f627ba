"""Sums, means, products and norms of a graph, as terms."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from autodiff.formula import term as t
from autodiff.formula.constants import factor
from autodiff.formula.term import Term
from autodiff.graph.node import Node


def _flat_or_not(x: Term) -> Term:
    """A reduction of everything does not depend on the shape."""
    return x.args[0] if x.kind == "fn" and x.data[0] == "reshape" else x


def read_spread(name: str) -> Callable[[Node, list[Term]], Term]:
    """std and var."""

    def rule(node: Node, inputs: list[Term]) -> Term:
        dims, correction, keepdim = node.params
        (x,) = inputs
        if (dims is None or len(dims) == len(x.shape)) and correction == 1:
            return t.mul([t.make("fn", (_flat_or_not(x),), (name,), ()), t.ones(node.shape)])
        return t.make("fn", (x,), (name, dims, correction, keepdim), node.shape)

    return rule


def read_sum(node: Node, inputs: list[Term]) -> Term:
    dims, keepdim = node.params
    return t.total(factor(node, inputs[0], 0), dims, keepdim)


def read_mean(node: Node, inputs: list[Term]) -> Term:
    summed = read_sum(node, inputs)
    count = t.mul([t.numel_term(node.inputs[0].shape), t.power(t.numel_term(node.shape), -1)])
    return t.mul([summed, t.power(count, -1)])


def read_norm(node: Node, inputs: list[Term]) -> Term | None:
    order, dims, keepdim = node.params
    x = inputs[0]
    if order != 2:
        return None
    if dims is None or len(dims) == len(x.shape):
        scalars, rest = t.scalars_of(x)
        out = t.make("fn", (rest,), ("norm",), ())
        result = t.mul([*[t.fn("abs", [s]) for s in scalars], out]) if scalars else out
        return t.mul([result, t.ones(node.shape)])
    return t.power(t.total(t.power(x, 2), dims, keepdim), Fraction(1, 2))


def read_product_of_others(node: Node, inputs: list[Term]) -> Term:
    (x,), dims = inputs, node.params[0]
    if len(dims) == len(x.shape):
        whole = t.make("fn", (_flat_or_not(x),), ("prod",), ())
    else:
        shape = tuple([1 if d in dims else s for d, s in enumerate(x.shape)])
        whole = t.make("fn", (x,), ("prod", dims, True), shape)
    return t.mul([whole, t.power(x, -1), t.ones(node.shape)])


def read_prod(node: Node, inputs: list[Term]) -> Term:
    dims, keepdim = node.params
    (x,) = inputs
    if dims is None or len(dims) == len(x.shape):
        return t.mul([t.make("fn", (_flat_or_not(x),), ("prod",), ()), t.ones(node.shape)])
    return t.make("fn", (x,), ("prod", dims, keepdim), node.shape)


def read_logsumexp(node: Node, inputs: list[Term]) -> Term:
    (x,), (dims, keepdim) = inputs, node.params
    if len(dims) == len(x.shape):
        return t.mul([t.make("fn", (x,), ("logsumexp", dims), ()), t.ones(node.shape)])
    return t.make("fn", (x,), ("logsumexp", dims, keepdim), node.shape)
