"""Graph to term: one table that says what each operation is in algebra.

What is not in the table stays a call of the operation's own name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.formula import conditions, indexing, layout
from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.dtypes import BOOL
from autodiff.graph.node import Node, ancestors
from autodiff.graph.op import Elementwise
from autodiff.ops.lu import LU

Args = Sequence[Any]


def no_formula(what: str, node: Node | None = None) -> AutodiffError:
    return AutodiffError(
        "no-formula",
        what,
        type="NotImplementedError",
        span=node.span if node is not None else None,
        help="autodiff eval computes the gradient for given values",
    )


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
                terms[node] = _convert(node, [terms.get(n) or _leaf_of(n, terms) for n in node.inputs])
    return [terms[node] for node in outputs]


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
            found.append(x if top.dtype.kind != BOOL else _truth(top, x))
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


def _constant(node: Node, inputs: list[Term]) -> Term:
    value = node.params[0]
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return _number(value.item())
        if value.size > 1000:
            raise no_formula("a tensor of so many numbers is not printed in a formula", node)
        return t.make("const", (), (_nested(value.tolist()), value.dtype.kind), node.shape)
    return _number(value)


def _nested(data: Any) -> Any:
    return tuple(_nested(item) for item in data) if isinstance(data, list) else data


def _number(value: Any) -> Term:
    if isinstance(value, (bool, np.bool_)):
        return t.num(int(value))
    if isinstance(value, (int, np.integer)):
        return t.num(int(value))
    if isinstance(value, Fraction):
        return t.num(value)
    value = float(value)
    if not math.isfinite(value):
        return t.make("named", (), "nan" if math.isnan(value) else "inf" if value > 0 else "-inf", ())
    if value == int(value) and abs(value) < 2**53:
        return t.num(int(value))
    for name, constant in (("pi", math.pi), ("e", math.e)):
        for below in (1, 2, 3, 4, 6, 180):
            ratio = value / constant * below
            if ratio and ratio == round(ratio) and round(ratio) * constant / below == value and abs(ratio) < 100:
                return t.mul([t.num(Fraction(round(ratio), below)), t.make("named", (), name, ())])
    exact = Fraction(value).limit_denominator(10**6)
    return t.num(exact) if float(exact) == value else t.num(value)


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
    return t.mul([_number(node.params[0]), t.ones(node.shape)])


def _factor(node: Node, x: Term, i: int) -> Term:
    """An operand of a product; truth values count as 0 and 1."""
    return x if node.inputs[i].dtype.kind != BOOL else _truth(node.inputs[i], x)


def _truth(node: Node, x: Term) -> Term:
    return x if x.kind in ("num", "ones", "mul") else t.mul([t.indicator(x), t.ones(node.shape)])


def _mul(node: Node, inputs: list[Term]) -> Term:
    return t.mul([_factor(node, x, i) for i, x in enumerate(inputs)])


def _div(node: Node, inputs: list[Term]) -> Term:
    x, y = inputs
    if t.is_zero(y):
        return t.make("fn", (x, y), ("/",), node.shape)
    return t.mul([x, t.power(y, -1), t.ones(node.shape)])


def _power(node: Node, base: Term, exponent: Term) -> Term:
    """A power of which base or exponent may be broadcast."""
    return t.mul([t.power(t.unbroadcast(base), t.unbroadcast(exponent)), t.ones(node.shape)])


def _flat_or_not(x: Term) -> Term:
    """A reduction of everything does not depend on the shape."""
    return x.args[0] if x.kind == "fn" and x.data[0] == "reshape" else x


def _spread(name: str) -> Callable[[Node, list[Term]], Term]:
    """std and var."""

    def rule(node: Node, inputs: list[Term]) -> Term:
        dims, correction, keepdim = node.params
        (x,) = inputs
        if (dims is None or len(dims) == len(x.shape)) and correction == 1:
            return t.mul([t.make("fn", (_flat_or_not(x),), (name,), ()), t.ones(node.shape)])
        return t.make("fn", (x,), (name, dims, correction, keepdim), node.shape)

    return rule


def _chain(node: Node, inputs: list[Term]) -> Term | None:
    if any(len(x.shape) not in (1, 2) for x in inputs):
        return None
    return t.chain(inputs)


def _sum(node: Node, inputs: list[Term]) -> Term:
    dims, keepdim = node.params
    return t.total(_factor(node, inputs[0], 0), dims, keepdim)


def _mean(node: Node, inputs: list[Term]) -> Term:
    summed = _sum(node, inputs)
    count = t.mul([t.numel_term(node.inputs[0].shape), t.power(t.numel_term(node.shape), -1)])
    return t.mul([summed, t.power(count, -1)])


def _diag_embed(node: Node, inputs: list[Term]) -> Term | None:
    x, (offset, dim1, dim2) = inputs[0], node.params
    if offset != 0 or len(x.shape) != 1 or {dim1, dim2} != {0, 1}:
        return None
    return t.diagonal(x)


def _diagonal(node: Node, inputs: list[Term]) -> Term | None:
    x, (offset, dim1, dim2) = inputs[0], node.params
    if offset != 0 or len(x.shape) != 2 or x.shape[0] != x.shape[1] or {dim1, dim2} != {0, 1}:
        return None
    return t.diagonal(x)


def _eye(node: Node, inputs: list[Term]) -> Term | None:
    return t.eye(node.shape[0]) if node.shape[0] == node.shape[1] else None


def _norm(node: Node, inputs: list[Term]) -> Term | None:
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


def _product_of_others(node: Node, inputs: list[Term]) -> Term:
    (x,), dims = inputs, node.params[0]
    if len(dims) == len(x.shape):
        whole = t.make("fn", (_flat_or_not(x),), ("prod",), ())
    else:
        shape = tuple([1 if d in dims else s for d, s in enumerate(x.shape)])
        whole = t.make("fn", (x,), ("prod", dims, True), shape)
    return t.mul([whole, t.power(x, -1), t.ones(node.shape)])


def _prod(node: Node, inputs: list[Term]) -> Term:
    dims, keepdim = node.params
    (x,) = inputs
    if dims is None or len(dims) == len(x.shape):
        return t.mul([t.make("fn", (_flat_or_not(x),), ("prod",), ()), t.ones(node.shape)])
    return t.make("fn", (x,), ("prod", dims, keepdim), node.shape)


def _logsumexp(node: Node, inputs: list[Term]) -> Term:
    (x,), (dims, keepdim) = inputs, node.params
    if len(dims) == len(x.shape):
        return t.mul([t.make("fn", (x,), ("logsumexp", dims), ()), t.ones(node.shape)])
    return t.make("fn", (x,), ("logsumexp", dims, keepdim), node.shape)


def _along(name: str) -> Callable[[Node, list[Term]], Term]:
    return lambda node, inputs: t.make("fn", inputs, (name, *node.params), node.shape)


BEFORE = {"linalg.lu": 1}  # results that a call gives before those of the operation within: the permutation


def _pick(node: Node, inputs: list[Term]) -> Term:
    (source,), (i,) = node.inputs, node.params
    if source.op.name == "linalg.slogdet" and i == 1 and inputs[0].kind == "fn":
        x = inputs[0].args[0]
        return t.make("fn", (x,), ("slogdet",), node.shape)
    return t.make("fn", inputs, ("pick", i + BEFORE.get(source.op.name, 0)), node.shape)


def _permutation(node: Node, inputs: list[Term]) -> Term:
    whole = t.make("fn", inputs, ("call", LU, ()), ())
    return t.make("fn", (whole,), ("pick", 0), node.shape)


def _where_positive(node: Node, inputs: list[Term]) -> Term:
    x = inputs[2]
    if x.kind == "fn" and x.data == ("slogdet",):
        return t.make("fn", x.args, ("logdet",), node.shape)
    return x


def _unless_batched(rule: Callable[..., Term]) -> Callable[[Node, list[Term]], Term | None]:
    return lambda node, inputs: rule(*inputs) if len(inputs[0].shape) == 2 else None


def _cofactor(x: Term) -> Term:
    return t.mul([t.determinant(x), t.transpose(t.inverse(x))])


def _solve(node: Node, inputs: list[Term]) -> Term | None:
    a, b = inputs
    left, _ = node.params
    if len(a.shape) != 2 or len(b.shape) > 2:
        return None
    return t.chain([t.inverse(a), b] if left else [b, t.inverse(a)])


def _softplus(node: Node, inputs: list[Term]) -> Term | None:
    return t.make("fn", inputs, ("F.softplus",), node.shape) if node.params == (1, 20) else None


def _elu(node: Node, inputs: list[Term]) -> Term | None:
    alpha, scale, input_scale = node.params
    if scale != 1 or input_scale != 1:
        return None
    return t.make("fn", inputs, ("elu",) if alpha == 1 else ("elu", _number(alpha).data), node.shape)


Rule = Callable[[Node, list[Term]], "Term | None"]

TABLE: dict[str, Rule] = {
    "constant": _constant,
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
    "add_scaled": lambda node, x: t.add([x[0], t.mul([_number(node.params[0]), x[1]])]),
    "sub": lambda node, x: t.sub(_factor(node, x[0], 0), _factor(node, x[1], 1)),
    "sub_scaled": lambda node, x: t.sub(x[0], t.mul([_number(node.params[0]), x[1]])),
    "rsub": lambda node, x: t.sub(_number(node.params[0]), _factor(node, x[0], 0)),
    "rsub_scaled": lambda node, x: t.sub(_number(node.params[0]), t.mul([_number(node.params[1]), x[0]])),
    "rsub_tensor": lambda node, x: t.sub(x[1], t.mul([_number(node.params[0]), x[0]])),
    "neg": lambda node, x: t.neg(_factor(node, x[0], 0)),
    "mul": _mul,
    "div": _div,
    "reciprocal": lambda node, x: None if t.is_zero(x[0]) else t.power(x[0], -1),
    "pow": lambda node, x: t.power(x[0], _number(node.params[0])),
    "pow_tensor": lambda node, x: _power(node, *x),
    "pow_of_number": lambda node, x: _power(node, _number(node.params[0]), x[0]),
    "sqrt": lambda node, x: t.power(x[0], Fraction(1, 2)),
    "addcmul": lambda node, x: t.add([x[0], t.mul([_number(node.params[0]), x[1], x[2]])]),
    "addcdiv": lambda node, x: t.add([x[0], t.mul([_number(node.params[0]), x[1], t.power(x[2], -1)])]),
    "unsqueeze": layout.read_unsqueeze,
    "squeeze": layout.read_squeeze,
    "view": layout.read_view,
    "reshape": layout.read_view,
    "transpose": layout.read_swap,
    "permute": layout.read_permute,
    "t": lambda node, x: None if node.inputs[0].dtype.kind == BOOL else t.transpose(x[0]),
    "mm": _chain,
    "mv": _chain,
    "dot": _chain,
    "vdot": _chain,
    "outer": lambda node, x: t.outer(*x),
    "addmm": lambda node, x: t.add(
        [t.mul([_number(node.params[0]), x[0]]), t.mul([_number(node.params[1]), t.chain([x[1], x[2]])])]
    ),
    "addmv": lambda node, x: t.add(
        [t.mul([_number(node.params[0]), x[0]]), t.mul([_number(node.params[1]), t.chain([x[1], x[2]])])]
    ),
    "addr": lambda node, x: t.add(
        [t.mul([_number(node.params[0]), x[0]]), t.mul([_number(node.params[1]), t.outer(x[1], x[2])])]
    ),
    "sum": _sum,
    "mean": _mean,
    "prod": _prod,
    "product_of_others": _product_of_others,
    "std": _spread("std"),
    "var": _spread("var"),
    "logsumexp": _logsumexp,
    "softmax": _along("softmax"),
    "log_softmax": _along("log_softmax"),
    "vector_norm": _norm,
    "trace": _unless_batched(t.trace),
    "diag_embed": _diag_embed,
    "diagonal": _diagonal,
    "diagonal_copy": _diagonal,
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
    "eye": _eye,
    "linalg.det": _unless_batched(t.determinant),
    "cofactor": _unless_batched(_cofactor),
    "inv": _unless_batched(t.inverse),
    "linalg.inv": _unless_batched(t.inverse),
    "linalg.solve": _solve,
    "pick": _pick,
    "permutation": _permutation,
    "safe_softmax": lambda node, x: t.make("fn", x, ("softmax", (len(node.shape) - 1,)), node.shape),
    "where_positive": _where_positive,
    "where": conditions.read_where,
    "clamp_min": conditions.read_clamp_min,
    "clamped_copy": conditions.read_clamp_min,
    "masked_fill": lambda node, x: t.where(x[0], t.mul([x[2], t.ones(node.shape)]), x[1]),
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
}

t.ELEMENTWISE.update(
    ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sigmoid", "relu", "abs", "sign", "erf")
)
t.ELEMENTWISE.update(("asin", "acos", "atan", "asinh", "acosh", "atanh", "log1p", "expm1"))
