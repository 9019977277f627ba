"""Conditions as algebra: where, comparisons and logic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction

from autodiff.formula import classes
from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.dtypes import BOOL
from autodiff.graph.node import Node

_generic = [True]


@contextmanager
def at_poles() -> Iterator[None]:
    """Inside, what rules put beside a pole stays: for formulas that must hold where a norm is zero as well."""
    _generic.append(False)
    try:
        yield
    finally:
        _generic.pop()


def read_where(node: Node, inputs: list[Term]) -> Term:
    condition, a, b = inputs
    if _is_never(condition):
        return t.mul([b, t.ones(node.shape)])
    if _is_always(condition) and _generic[-1]:
        return t.mul([a, t.ones(node.shape)])
    pole = condition.kind == "cmp" and condition.data == "==" and t.is_zero(a) and t.is_zero(condition.args[1])
    if pole and _generic[-1]:
        # What rules put beside a pole that cancels: the norm's subgradient at zero, n*x^(n - 1) at n = 0.
        tested = t.split(t.unbroadcast(condition.args[0]))[1]
        if _is_norm(tested) or _tests_norm(node) or _has_power(node):
            return t.mul([b, t.ones(node.shape)])
    if condition.kind == "fn" and condition.data == ("&",) and t.is_zero(a) and _has_log(b, condition.args[0]):
        return t.mul([b, t.ones(node.shape)])
    return t.where(condition, t.mul([a, t.ones(node.shape)]), t.mul([b, t.ones(node.shape)]))


def _tests_norm(node: Node) -> bool:
    """Whether the condition is about a norm, which may stand there as a letter."""
    condition = _shown(node.inputs[0])
    return bool(condition.inputs) and _shown(condition.inputs[0]).op.name in ("vector_norm", "std")


def _shown(node: Node) -> Node:
    """The node without hidden broadcasts and the like."""
    while node.op.hidden and len(node.inputs) == 1:
        node = node.inputs[0]
    return node


def _is_norm(x: Term) -> bool:
    if x.kind in ("mul", "col", "row"):
        return any(_is_norm(arg) for arg in x.args)
    if x.kind == "pow" and t.number_of(x.args[1]) == Fraction(1, 2):
        squares = x.args[0]
        return (squares.args[0] if squares.kind in ("col", "row") else squares).kind == "sum"
    if x.kind == "fn" and x.data[0] == "call":
        return bool(x.data[1].name == "vector_norm")
    return x.kind == "fn" and x.data[0] in ("norm", "std")


def _has_power(node: Node) -> bool:
    """Whether this is where(n == 0, 0, g*(n*x^(n - 1))), the rule of x^n for n."""
    n = node.inputs[0].inputs[0]
    while n.op.name == "broadcast":
        n = n.inputs[0]
    stack = [(node.inputs[2], 0)]
    while stack:
        inner, depth = stack.pop()
        if inner.op.name == "pow_tensor" and any(n in (a, *a.inputs) for a in inner.inputs[1].inputs):
            return True
        if depth < 4:
            stack.extend((operand, depth + 1) for operand in inner.inputs)
    return False


def _has_log(b: Term, condition: Term) -> bool:
    if condition.kind != "cmp" or condition.data != "==":
        return False
    factors = b.args if b.kind == "mul" else (b,)
    tested = t.sub(*condition.args)
    logs = [f.args[0] for f in factors if f.kind == "fn" and f.data == ("log",)]
    return any(t.is_zero(t.sub(x, tested)) or t.is_zero(t.add([x, tested])) for x in logs)


NEVER = ("never",)


def _is_never(condition: Term) -> bool:
    if condition.kind == "cmp" and condition.data == "==" and t.is_zero(condition.args[1]):
        return _is_size(condition.args[0])
    return condition.kind == "fn" and condition.data == NEVER


def _is_always(condition: Term) -> bool:
    """Whether this says that a norm is not zero."""
    if condition.kind != "cmp" or condition.data not in (">", ">="):
        return False
    least = t.number_of(condition.args[1])
    return least is not None and 0 < least <= EPSILON and _is_norm(condition.args[0])


def _is_size(x: Term) -> bool:
    """Whether this is a size or 1 over one, which are not 0."""
    base, _ = t.power_of(x)
    return base.kind == "dim" or (base.kind == "mul" and bool(base.data) and all(map(_is_size, base.args)))


EPSILON = 1e-6  # a bound this near to 0 only keeps what divides by a norm from dividing by zero


def read_clamp_min(node: Node, inputs: list[Term]) -> Term | None:
    """A norm, or p*(1 - p), is not bounded: where that matters, the textbook's formula has no value."""
    x = inputs[0]
    if not _generic[-1]:
        return None
    least = node.params[0] if node.params else t.number_of(t.unbroadcast(inputs[1]))
    return x if least is not None and 0 < least <= EPSILON and (_is_norm(x) or _is_spread(x)) else None


def _is_spread(x: Term) -> bool:
    """Whether this is p*(1 - p)."""
    factors = x.args if x.kind == "mul" and x.data == 1 else ()
    return any(t.sub(t.num(1), a) is b for a in factors for b in factors)


def read_comparison(op: str) -> Callable[[Node, list[Term]], Term]:
    def rule(node: Node, inputs: list[Term]) -> Term:
        a, b = inputs
        if op == "==" and classes.is_never_ignored(node, b):
            return t.make("fn", (), NEVER, ())
        if op == "==" and t.is_zero(b) and a.kind == "fn" and a.data == ("exp",):
            return t.make("fn", (), NEVER, ())
        return t.compare(op, a, b)

    return rule


def read_logic(op: str) -> Callable[[Node, list[Term]], Term | None]:
    def rule(node: Node, inputs: list[Term]) -> Term | None:
        if any(x.dtype.kind != BOOL for x in node.inputs):
            return None
        missing = [x.kind == "fn" and x.data[0] == "isnan" for x in inputs]
        if op == "&" and (all(missing) or any(map(_is_never, inputs))):
            return t.make("fn", (), NEVER, ())
        kept = [x for x in inputs if not (op == "|" and _is_never(x))]
        return kept[0] if len(kept) == 1 else t.make("fn", kept, (op,), t.common_shape(kept))

    return rule


def read_not(node: Node, inputs: list[Term]) -> Term | None:
    return t.negation(inputs[0]) if node.inputs[0].dtype.kind == BOOL else None
