"""Derivatives of functions remembered wrongly: tan' = 1/cos without the square, tanh' = 1 + tanh^2.

The right ones are in every table of derivatives (Stewart, Calculus, reference page 5).  Each row says which rule was
broken: a sign, a power, a factor of a product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Slip, Walk, only, text

HINT = "look up the derivative of the function"
# By function, for the operand x and the result y: the kind, the wrong derivative, and what is wrong with it.
Row = tuple[str, Callable[[Node, Node], Node], str]

TABLE: dict[str, list[Row]] = {
    "tan": [
        ("quotient", lambda x, y: ops.sin(x) ** -2, "it is 1/cos^2, and this is 1/sin^2"),
        ("power", lambda x, y: 1 / ops.cos(x), "the square of 1/cos^2 is missing"),
        ("sign", lambda x, y: 1 - y**2, "1 + tan^2 has a plus"),
        ("power", lambda x, y: 1 + y, "the square of 1 + tan^2 is missing"),
        ("quotient", lambda x, y: -ops.cos(x) / ops.sin(x), "sine and cosine are differentiated separately"),
        ("sign", lambda x, y: ops.cos(x) ** -2 * -1, "1/cos^2 has no minus"),
    ],
    "tanh": [
        ("power", lambda x, y: 1 - y, "the square of 1 - tanh^2 is missing"),
        ("sign", lambda x, y: 1 + y**2, "1 - tanh^2 has a minus"),
        ("power", lambda x, y: 1 / ops.cosh(x), "the square of 1/cosh^2 is missing"),
        ("accumulate", lambda x, y: -(y**2), "the 1 of 1 - tanh^2 is missing"),
        ("sign", lambda x, y: y**2 - 1, "1 - tanh^2 is the other way round"),
    ],
    "sigmoid": [
        ("original", lambda x, y: y, "the factor 1 - sigmoid is missing"),
        ("product", lambda x, y: 1 - y, "the factor sigmoid is missing"),
        ("sign", lambda x, y: y * (1 + y), "1 - sigmoid has a minus"),
        ("sign", lambda x, y: y * (y - 1), "1 - sigmoid is the other way round"),
        ("power", lambda x, y: y * (1 - y) ** 2, "1 - sigmoid has no square"),
        ("accumulate", lambda x, y: -(y**2), "the 1 of 1 - sigmoid is missing"),
    ],
    "asin": [
        ("sign", lambda x, y: ops.rsqrt(1 + x**2), "the minus of 1/sqrt(1 - x^2) is lost"),
        ("power", lambda x, y: 1 / (1 - x**2), "the root of 1/sqrt(1 - x^2) is missing"),
    ],
    "acos": [
        ("sign", lambda x, y: ops.rsqrt(1 - x**2), "the minus of -1/sqrt(1 - x^2) is lost"),
        ("power", lambda x, y: -1 / (1 - x**2), "the root of -1/sqrt(1 - x^2) is missing"),
    ],
    "atan": [
        ("sign", lambda x, y: 1 / (1 - x**2), "1/(1 + x^2) has a plus"),
        ("power", lambda x, y: 1 / (1 + x), "the square of 1/(1 + x^2) is missing"),
        ("power", lambda x, y: ops.rsqrt(1 + x**2), "1/(1 + x^2) has no root"),
    ],
    "log": [
        ("power", lambda x, y: 1 / x**2, "1/x has no square"),
        ("quotient", lambda x, y: x, "1/x is upside down"),
    ],
    "log10": [("factor", lambda x, y: 1 / x, "the factor 1/log(10) is missing")],
    "log2": [("factor", lambda x, y: 1 / x, "the factor 1/log(2) is missing")],
    "log1p": [("chain", lambda x, y: 1 / x, "it is 1/(1 + x)")],
    "erf": [("sign", lambda x, y: 2 / math.sqrt(math.pi) * ops.exp(x**2), "exp(-x^2) has a minus")],
    "silu": [
        ("product", lambda x, y: ops.sigmoid(x), "it is x*sigmoid(x), and the derivative of sigmoid is missing"),
        ("product", lambda x, y: y * (1 - ops.sigmoid(x)), "it is x*sigmoid(x), and the derivative of x is missing"),
        ("product", lambda x, y: ops.sigmoid(x) * (1 - ops.sigmoid(x)), "the product rule for x*sigmoid(x) is missing"),
    ],
    "abs": [("original", lambda x, y: y, "abs is sign(x)")],
    "softplus": [("chain", lambda x, y: 1 / (1 + ops.exp(x)), "the derivative of the exponential inside is missing")],
    "relu": [("original", lambda x, y: y, "it is 1 where x is positive, and 0 elsewhere")],
}


def functions(walk: Walk) -> Iterator[Slip]:
    """At each function of the table, its wrong derivatives."""
    for node in walk.pieces:
        for number, (kind, wrong, what) in enumerate(TABLE.get(node.op.name, ())):
            says = f"the derivative of {text(node)} is remembered wrongly: {what}"
            yield walk.slip(kind, f"{node.op.name} {number}", node, _wrongly, says, HINT, given=(node, wrong))


def _wrongly(g: Node, node: Node, wrong: Callable[[Node, Node], Node]) -> list[Node | None]:
    return only(node, 0, g * wrong(node.inputs[0], node))
