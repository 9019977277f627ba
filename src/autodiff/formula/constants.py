"""Numbers and truth values of a graph, as terms."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.formula import term as t
from autodiff.formula.refusal import no_formula
from autodiff.formula.term import Term
from autodiff.graph.dtypes import BOOL
from autodiff.graph.node import Node


def read_constant(node: Node, inputs: list[Term]) -> Term:
    value = node.params[0]
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return number(value.item())
        if value.size > 1000:
            raise no_formula("a tensor of so many numbers is not printed in a formula", node)
        return t.make("const", (), (_nested(value.tolist()), value.dtype.kind), node.shape)
    return number(value)


def _nested(data: Any) -> Any:
    return tuple(_nested(item) for item in data) if isinstance(data, list) else data


def number(value: Any) -> Term:
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


def factor(node: Node, x: Term, i: int) -> Term:
    """An operand of a product; truth values count as 0 and 1."""
    return x if node.inputs[i].dtype.kind != BOOL else truth(node.inputs[i], x)


def truth(node: Node, x: Term) -> Term:
    return x if x.kind in ("num", "ones", "mul") else t.mul([t.indicator(x), t.ones(node.shape)])
