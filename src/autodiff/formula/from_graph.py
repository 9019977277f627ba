"""Graph to term: one table that says what each operation is in algebra.

What is not in the table stays a call of the operation's own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.formula import classes, conditions, indexing, layout, matrices, placing, reductions, running
from autodiff.formula import term as t
from autodiff.formula.constants import factor, number, read_constant, truth
from autodiff.formula.refusal import no_formula
from autodiff.formula.term import Term
from autodiff.graph.dtypes import BOOL
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node, ancestors


def convert(outputs: Sequence[Node], known: Mapping[Node, Term] | None = None) -> list[Term]:
    """The terms of nodes; `known` are nodes that have one already."""
    terms: dict[Node, Term] = dict(known or {})
    order = ancestors(outputs, lambda node: known is None or node not in known)
    within = _within_sums(order, outputs)
    for node in order:
        if node not in terms and node not in within:
            if node.op.name == "add":
                terms[node] = t.add(_summands(node, terms, within))
            else:
                operands = _without_relu(node, terms) if node.op.name in SIGNS else node.inputs
                terms[node] = _convert(node, [terms.get(n) or _leaf_of(n, terms) for n in operands])
    return [terms[node] for node in outputs]


SIGNS = ("gt", "le")


def _without_relu(node: Node, terms: Mapping[Node, Term]) -> Sequence[Node]:
    """relu(x) > 0 is x > 0, as relu's own rule has it."""
    x, bound = node.inputs
    limit = classes.known_labels(bound)
    if limit is None or limit.any() or x.op.name != "relu" or x.inputs[0] not in terms:
        return node.inputs
    return [x.inputs[0], bound]


def _within_sums(order: Sequence[Node], outputs: Sequence[Node]) -> set[Node]:
    """Sums that are only there for another sum: a long one is collected once, rather than at each of its parts."""
    uses: dict[Node, list[Node]] = {}
    for node in order:
        for operand in node.inputs:
            uses.setdefault(operand, []).append(node)
    return {
        node
        for node in order
        if node.op.name == "add"
        and len(uses.get(node, ())) == 1
        and uses[node][0].op.name == "add"
        and uses[node][0].shape == node.shape
        and node not in outputs
    }


def _summands(node: Node, terms: dict[Node, Term], within: set[Node]) -> list[Term]:
    """The operands of a sum and of the sums within it."""
    found: list[Term] = []
    stack = [node]
    while stack:
        top = stack.pop()
        if (top in within and top not in terms) or top is node:
            stack.extend(reversed(top.inputs))
        else:
            x = terms.get(top) or _leaf_of(top, terms)
            found.append(x if top.dtype.kind != BOOL else truth(top, x))
    return found


def _leaf_of(node: Node, terms: dict[Node, Term]) -> Term:
    terms[node] = found = _convert(node, [terms[n] for n in node.inputs])
    return found


def _convert(node: Node, inputs: list[Term]) -> Term:
    rule = TABLE.get(node.op.name)
    if rule is not None:
        found = rule(node, inputs)
        if found is not None:
            return found
    return call(node, inputs)


def call(node: Node, inputs: list[Term]) -> Term:
    """The node as a call of its own name, whatever it means."""
    if node.results is not None:
        return t.make("fn", inputs, ("call", node.op, _frozen(node.params)), ())
    if isinstance(node.op, Elementwise) and len(inputs) == 1 and not node.params:
        t.ELEMENTWISE.add(node.op.name)
        return t.fn(node.op.name.removeprefix("linalg."), inputs, (), node.shape)
    return t.make("fn", inputs, ("call", node.op, _frozen(node.params)), node.shape)


def _frozen(params: Any) -> Any:
    if isinstance(params, (list, tuple)):
        return tuple(_frozen(item) for item in params)
    if isinstance(params, np.ndarray):
        raise no_formula("a tensor of numbers stands where a formula has no place for it")
    if isinstance(params, slice):
        return ("slice", params.start, params.stop, params.step)
    return params


def _variable(node: Node, inputs: list[Term]) -> Term:
    return t.var(node.params[0], node.shape)


def _same(node: Node, inputs: list[Term]) -> Term:
    return inputs[0]


def _converted(node: Node, inputs: list[Term]) -> Term | None:
    (x,) = node.inputs
    if x.dtype.kind == BOOL and node.dtype.kind != BOOL:
        if inputs[0].kind in ("num", "mul", "ones"):
            return inputs[0]
        return t.mul([t.indicator(inputs[0]), t.ones(node.shape)])
    if x.dtype.is_floating and not node.dtype.is_floating:
        return t.make("fn", inputs, ("to", node.dtype.name), node.shape)
    return inputs[0]


def _full(node: Node, inputs: list[Term]) -> Term:
    return t.mul([number(node.params[0]), t.ones(node.shape)])


def _mul(node: Node, inputs: list[Term]) -> Term:
    return t.mul([factor(node, x, i) for i, x in enumerate(inputs)])


def _div(node: Node, inputs: list[Term]) -> Term:
    x, y = inputs
    if t.is_zero(y):
        return t.make("fn", (x, y), ("/",), node.shape)
    return t.mul([x, t.power(y, -1), t.ones(node.shape)])


def _power(node: Node, base: Term, exponent: Term) -> Term:
    """A power of which base or exponent may be broadcast."""
    return t.mul([t.power(t.unbroadcast(base), t.unbroadcast(exponent)), t.ones(node.shape)])


def _along(name: str) -> Callable[[Node, list[Term]], Term]:
    return lambda node, inputs: t.make("fn", inputs, (name, *node.params), node.shape)


def _softplus(node: Node, inputs: list[Term]) -> Term | None:
    return t.make("fn", inputs, ("F.softplus",), node.shape) if node.params == (1, 20) else None


def _elu(node: Node, inputs: list[Term]) -> Term | None:
    alpha, scale, input_scale = node.params
    if scale != 1 or input_scale != 1:
        return None
    return t.make("fn", inputs, ("elu",) if alpha == 1 else ("elu", number(alpha).data), node.shape)


Rule = Callable[[Node, list[Term]], "Term | None"]

TABLE: dict[str, Rule] = {
    "constant": read_constant,
    "variable": _variable,
    "convert": _converted,
    "to_copy": _converted,
    "broadcast": layout.read_broadcast,
    "expand": layout.read_broadcast,
    "full": _full,
    "contiguous": _same,
    "alias": _same,
    "alias_copy": _same,
    "clone": _same,
    "detach": _same,
    "numel": lambda node, inputs: t.numel_term(node.inputs[0].shape),
    "size": lambda node, inputs: t.dim_term(node.inputs[0].shape[node.params[0]]),
    "add_scaled": lambda node, x: t.add([x[0], t.mul([number(node.params[0]), x[1]])]),
    "sub": lambda node, x: t.sub(factor(node, x[0], 0), factor(node, x[1], 1)),
    "sub_scaled": lambda node, x: t.sub(x[0], t.mul([number(node.params[0]), x[1]])),
    "rsub": lambda node, x: t.sub(number(node.params[0]), factor(node, x[0], 0)),
    "rsub_scaled": lambda node, x: t.sub(number(node.params[0]), t.mul([number(node.params[1]), x[0]])),
    "rsub_tensor": lambda node, x: t.sub(x[1], t.mul([number(node.params[0]), x[0]])),
    "neg": lambda node, x: t.neg(factor(node, x[0], 0)),
    "mul": _mul,
    "div": _div,
    "reciprocal": lambda node, x: None if t.is_zero(x[0]) else t.power(x[0], -1),
    "pow": lambda node, x: t.power(x[0], number(node.params[0])),
    "pow_tensor": lambda node, x: _power(node, *x),
    "pow_of_number": lambda node, x: _power(node, number(node.params[0]), x[0]),
    "sqrt": lambda node, x: t.power(x[0], Fraction(1, 2)),
    "addcmul": lambda node, x: t.add([x[0], t.mul([number(node.params[0]), x[1], x[2]])]),
    "addcdiv": lambda node, x: t.add([x[0], t.mul([number(node.params[0]), x[1], t.power(x[2], -1)])]),
    "unsqueeze": layout.read_unsqueeze,
    "squeeze": layout.read_squeeze,
    "view": layout.read_view,
    "reshape": layout.read_view,
    "transpose": layout.read_swap,
    "permute": layout.read_permute,
    "t": lambda node, x: None if node.inputs[0].dtype.kind == BOOL else t.transpose(x[0]),
    "mm": matrices.read_chain,
    "mv": matrices.read_chain,
    "dot": matrices.read_chain,
    "vdot": matrices.read_chain,
    "outer": lambda node, x: t.outer(*x),
    "addmm": lambda node, x: t.add(
        [t.mul([number(node.params[0]), x[0]]), t.mul([number(node.params[1]), t.chain([x[1], x[2]])])]
    ),
    "addmv": lambda node, x: t.add(
        [t.mul([number(node.params[0]), x[0]]), t.mul([number(node.params[1]), t.chain([x[1], x[2]])])]
    ),
    "addr": lambda node, x: t.add(
        [t.mul([number(node.params[0]), x[0]]), t.mul([number(node.params[1]), t.outer(x[1], x[2])])]
    ),
    "sum": reductions.read_sum,
    "mean": reductions.read_mean,
    "prod": reductions.read_prod,
    "product_of_others": reductions.read_product_of_others,
    "std": reductions.read_spread("std"),
    "var": reductions.read_spread("var"),
    "logsumexp": reductions.read_logsumexp,
    "softmax": _along("softmax"),
    "log_softmax": _along("log_softmax"),
    "vector_norm": reductions.read_norm,
    "trace": matrices.unless_batched(t.trace),
    "diag_embed": matrices.read_diag_embed,
    "diagonal": matrices.read_diagonal,
    "diagonal_copy": matrices.read_diagonal,
    "slice": indexing.read_slice,
    "select": indexing.read_select,
    "slice_scatter": indexing.read_slice_scatter,
    "select_scatter": indexing.read_select_scatter,
    "constant_pad_nd": indexing.read_pad,
    "flip": indexing.read_flip,
    "cumsum": indexing.read_flip,
    "tril": indexing.read_triangle,
    "triu": indexing.read_triangle,
    "diagonal_scatter": indexing.read_diagonal_scatter,
    "eye": matrices.read_eye,
    "linalg.det": matrices.unless_batched(t.determinant),
    "cofactor": matrices.unless_batched(matrices.cofactor),
    "inv": matrices.unless_batched(t.inverse),
    "linalg.inv": matrices.unless_batched(t.inverse),
    "linalg.solve": matrices.read_solve,
    "pick": matrices.read_pick,
    "permutation": matrices.read_permutation,
    "safe_softmax": lambda node, x: t.make("fn", x, ("softmax", (len(node.shape) - 1,)), node.shape),
    "where_positive": matrices.read_where_positive,
    "where": conditions.read_where,
    "clamp_min": conditions.read_clamp_min,
    "clamped_copy": conditions.read_clamp_min,
    "masked_fill": lambda node, x: conditions.read_where(node, [x[0], x[2], x[1]]),
    "eq": conditions.read_comparison("=="),
    "ne": conditions.read_comparison("!="),
    "lt": conditions.read_comparison("<"),
    "le": conditions.read_comparison("<="),
    "gt": conditions.read_comparison(">"),
    "ge": conditions.read_comparison(">="),
    "bitwise_and": conditions.read_logic("&"),
    "bitwise_or": conditions.read_logic("|"),
    "logical_and": conditions.read_logic("&"),
    "logical_or": conditions.read_logic("|"),
    "bitwise_not": conditions.read_not,
    "logical_not": conditions.read_not,
    "sgn": lambda node, x: t.fn("sign", [x[0]], (), node.shape),
    "softplus": _softplus,
    "elu": _elu,
    "trilinear": lambda node, x: t.make("fn", (x[0], x[2], x[1]), ("F.bilinear",), node.shape),
    **classes.TABLE,
    **placing.TABLE,
    **running.TABLE,
}

t.ELEMENTWISE.update(
    ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "relu", "abs", "sign", "erf")
)
t.ELEMENTWISE.update(("asin", "acos", "atan", "asinh", "acosh", "atanh", "log1p", "expm1"))
