"""Trigonometric and hyperbolic functions and their inverses. Angles are radians."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.graph.elementwise import Elementwise, elementwise
from autodiff.graph.op import ops
from autodiff.ops.checks import floating_only
from autodiff.ops.elementwise import unary
from autodiff.ops.numerics import sinc as sinc_kernel

_INSIDE = (-0.9, 0.9)

sin = unary("sin", np.sin, lambda g, out, x: g * ops.cos(x), "The sine.", "[0., 1.]", latex=r"\sin")
cos = unary("cos", np.cos, lambda g, out, x: g * -ops.sin(x), "The cosine.", "[0., 1.]", latex=r"\cos")
tan = unary(
    "tan", np.tan, lambda g, out, x: g * (1 + out**2), "The tangent.", "[0., 1.]", domain=(-1.2, 1.2), latex=r"\tan"
)
asin = unary(
    "asin",
    np.arcsin,
    lambda g, out, x: g * ops.rsqrt(1 - x * x),
    "The angle whose sine is x.",
    "[0., 0.5]",
    aliases=["arcsin"],
    domain=_INSIDE,
    latex=r"\arcsin",
)
acos = unary(
    "acos",
    np.arccos,
    lambda g, out, x: g * -ops.rsqrt(1 - x * x),
    "The angle whose cosine is x.",
    "[0., 0.5]",
    aliases=["arccos"],
    domain=_INSIDE,
    latex=r"\arccos",
)
atan = unary(
    "atan",
    np.arctan,
    lambda g, out, x: g / (x * x + 1),
    "The angle whose tangent is x.",
    "[0., 1.]",
    aliases=["arctan"],
    latex=r"\arctan",
)
sinh = unary("sinh", np.sinh, lambda g, out, x: g * ops.cosh(x), "The hyperbolic sine.", "[0., 1.]", latex=r"\sinh")
cosh = unary("cosh", np.cosh, lambda g, out, x: g * ops.sinh(x), "The hyperbolic cosine.", "[0., 1.]", latex=r"\cosh")
tanh = unary("tanh", np.tanh, lambda g, out, x: g * (1 - out**2), "The hyperbolic tangent.", "[0., 1.]", latex=r"\tanh")
asinh = unary(
    "asinh",
    np.arcsinh,
    lambda g, out, x: g * ops.rsqrt(x**2 + 1),
    "The inverse of sinh.",
    "[0., 1.]",
    aliases=["arcsinh"],
    latex=r"\operatorname{arsinh}",
)
acosh = unary(
    "acosh",
    np.arccosh,
    lambda g, out, x: g * ops.rsqrt(x**2 - 1),
    "The inverse of cosh, for x of at least 1.",
    "[1., 2.]",
    aliases=["arccosh"],
    domain=(1.2, 3.0),
    latex=r"\operatorname{arcosh}",
)
atanh = unary(
    "atanh",
    np.arctanh,
    lambda g, out, x: g / (1 - x**2),
    "The inverse of tanh, for x between -1 and 1.",
    "[0., 0.5]",
    aliases=["arctanh"],
    domain=_INSIDE,
    latex=r"\operatorname{artanh}",
)


def _inverse_or_zero(x: Any) -> Any:
    return np.where(np.equal(x, 0), x, np.reciprocal(x))


# 1/x, but 0 at 0: PyTorch gives atan2 the gradient 0 at the origin.
INVERSE = Elementwise(
    "reciprocal(x)", _inverse_or_zero, vjp=[lambda g, out, x: -g * (out * out)], text="1/x", doc="1/x, and 0 at 0."
)
atan2 = elementwise(
    "atan2(x, y)",
    np.arctan2,
    vjp=[
        lambda g, out, x, y: g * y * INVERSE(x * x + y * y),
        lambda g, out, x, y: g * -x * INVERSE(x * x + y * y),
    ],
    aliases=["arctan2"],
    doc="The angle between the horizontal axis and the point (y, x), whose tangent is x/y.",
    kinks="At the origin the gradient is 0.",
    example="atan2([1., -1.], [1., -1.])",
    samples=["atan2(x, y); x:2,3, y:3"],
)
hypot = elementwise(
    "hypot(x, y)",
    np.hypot,
    check=floating_only("hypot_cpu", 2),
    vjp=[lambda g, out, x, y: g * (x / out), lambda g, out, x, y: g * (y / out)],
    doc="sqrt(x^2 + y^2), without overflow.",
    kinks="At the origin the gradient is NaN.",
    example="hypot([3., 5.], [4., 12.])",
    samples=["hypot(x, y); x:2,3, y:3"],
    latex=r"\operatorname{hypot}",
)


def _sinc_rule(g: Any, out: Any, x: Any) -> Any:
    angle = math.pi * x
    slope = g * ((angle * ops.cos(angle) - ops.sin(angle)) / (angle * x))
    return ops.where(ops.eq(angle * x, 0), 0, slope)


sinc = unary(
    "sinc", sinc_kernel, _sinc_rule, "sin(pi*x)/(pi*x), and 1 at 0.", "[0., 0.5]", samples=["sinc(x); x:2,3 in 0.1..2"]
)
deg2rad = unary(
    "deg2rad",
    lambda x: np.multiply(x, math.pi / 180),
    lambda g, out, x: g * (math.pi / 180),
    "Degrees to radians.",
    "[90., 180.]",
    grad_fn="Deg2RadBackward0",
)
rad2deg = unary(
    "rad2deg",
    lambda x: np.multiply(x, 180 / math.pi),
    lambda g, out, x: g * (180 / math.pi),
    "Radians to degrees.",
    "[1., 3.14]",
    grad_fn="Rad2DegBackward0",
)
