"""Algebraic terms: sums, products, powers and matrix chains in normal form, with exact coefficients.

Terms are made by the functions below and are interned: equal terms are the same object.  Normal form means: sums and
products are flat, like terms and like factors are collected, transposes stand at the leaves, scalars stand outside of
matrix chains, and a product with a vector is written with the vector on the right.  A scalar in a sum or product is
broadcast without saying so; `ones` is a factor that only gives a shape.

    core ◀── algebra ◀── functions ◀── matrix ◀── linalg      (each uses those on its left)
                  ◀── conditions, units
"""

from __future__ import annotations

from autodiff.formula.term.algebra import (
    add,
    dim_term,
    exp,
    mul,
    neg,
    numel_term,
    outer,
    power,
    power_of,
    product,
    scalars_of,
    split,
    sub,
    times,
    unbroadcast,
)
from autodiff.formula.term.conditions import OPPOSITE, compare, indicator, negation, where
from autodiff.formula.term.core import (
    ELEMENTWISE,
    WORK,
    ExhaustedError,
    Scalar,
    Term,
    allow,
    common_shape,
    eye,
    forget,
    is_zero,
    make,
    num,
    number_of,
    ones,
    var,
    zeros,
)
from autodiff.formula.term.functions import SPECIAL, fn
from autodiff.formula.term.linalg import determinant, diagonal, inverse, trace
from autodiff.formula.term.matrix import chain, chain_shape, column, flat, row, total, transpose
from autodiff.formula.term.units import item, unit

__all__ = [
    "ELEMENTWISE",
    "OPPOSITE",
    "SPECIAL",
    "WORK",
    "ExhaustedError",
    "Scalar",
    "Term",
    "add",
    "allow",
    "chain",
    "chain_shape",
    "column",
    "common_shape",
    "compare",
    "determinant",
    "diagonal",
    "dim_term",
    "exp",
    "eye",
    "flat",
    "fn",
    "forget",
    "indicator",
    "inverse",
    "is_zero",
    "item",
    "make",
    "mul",
    "neg",
    "negation",
    "num",
    "number_of",
    "numel_term",
    "ones",
    "outer",
    "power",
    "power_of",
    "product",
    "row",
    "scalars_of",
    "split",
    "sub",
    "times",
    "total",
    "trace",
    "transpose",
    "unbroadcast",
    "unit",
    "var",
    "where",
    "zeros",
]
