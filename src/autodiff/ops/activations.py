"""Activation functions of neural networks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import Composite, composite
from autodiff.graph.elementwise import Elementwise, elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Rule
from autodiff.ops.checks import floating_only, plain_as
from autodiff.ops.elementwise import logistic, sqrt_of
from autodiff.ops.numerics import erf, log_expit
from autodiff.ops.numerics import softplus as softplus_kernel
from autodiff.ops.select import choose
from autodiff.ops.trigonometry import tanh

# PyTorch's signatures have `inplace`, which is accepted and changes nothing: nodes are immutable.


def _activation(
    signature: str,
    kernel: Callable[..., Any],
    rule: Rule,
    doc: str,
    *,
    computes: str = "float",
    check: Callable[..., Any] | None = None,
    specialize: Callable[..., Any] | None = None,
    **about: Any,
) -> Composite:
    """A function of one tensor and plain numbers, that may be told to work in place."""
    primitive = Elementwise(
        signature, kernel, vjp=[rule], doc=doc, computes=computes, check=check, specialize=specialize
    )
    name = primitive.name
    about.setdefault("samples", [f"{name}(x); x:2,3"])
    about.setdefault("example", f"{name}([-1., 0.5, 2.])")
    return composite(f"{signature[:-1]}, inplace: bool = False)", lambda *args: primitive(*args[:-1]), doc=doc, **about)


def _check_relu(x: Node) -> None:
    if x.dtype.kind == dtypes.BOOL:
        raise AutodiffError("bad-dtype", "Boolean inputs not supported for relu", operands=(0,))


relu = _activation(
    "relu(x)",
    lambda x: np.maximum(0, x),  # a negative zero stays one, as in PyTorch
    lambda g, out, x: ops.where(out <= 0, 0, g),
    "x where it is positive, else 0.",
    specialize=lambda: (np.maximum, ((0,), 0)),
    computes="promote",
    check=_check_relu,
    kinks="The derivative at 0 is 0.",
)
HARDTANH = Elementwise(
    "hardtanh(x, min_val: Number, max_val: Number)",
    lambda x, low, high: np.minimum(high, np.maximum(low, x)),
    computes="promote",
    vjp=[lambda g, out, x, low, high: ops.where((x <= low) | (x >= high), 0, g)],
    doc="x, kept between min_val and max_val.",
)


def _hardtanh(x: Node, low: Any, high: Any) -> Node:
    if low > high:
        raise AutodiffError("bad-value", "min_val cannot be greater than max_val", type="ValueError", operands=(1, 2))
    if x.dtype.kind < dtypes.FLOATING:
        if x.dtype.kind == dtypes.BOOL:
            raise AutodiffError("bad-dtype", "Bool inputs not supported for hardtanh", operands=(0,))
        low, high = plain_as(low, dtypes.int64), plain_as(high, dtypes.int64)
        if low < 0 and x.dtype is dtypes.uint8:
            raise AutodiffError(
                "bad-value", "cannot do hardtanh on an unsigned type with negative limits", operands=(0, 1)
            )
    return HARDTANH(x, low, high)  # type: ignore[no-any-return]


hardtanh = composite(
    "hardtanh(x, min_val: Number = -1.0, max_val: Number = 1.0, inplace: bool = False)",
    lambda x, low, high, inplace: _hardtanh(x, low, high),
    doc="x, kept between min_val and max_val.",
    kinks="The derivative at the bounds is 0.",
    example="hardtanh([-2., 0.5, 2.])",
    samples=["hardtanh(x); x:2,3", "hardtanh(x, -0.5, 0.8); x:2,3"],
)
relu6 = composite(
    "relu6(x, inplace: bool = False)",
    lambda x, inplace: _hardtanh(x, 0, 6),
    doc="x, kept between 0 and 6.",
    kinks="The derivative at the bounds is 0.",
    example="relu6([-1., 3., 8.])",
    samples=["relu6(x); x:2,3"],
)
leaky_relu = _activation(
    "leaky_relu(x, negative_slope: Number = 0.01)",
    lambda x, slope: choose(np.greater(x, 0), x, np.multiply(x, slope)),
    lambda g, out, x, slope: ops.where(x > 0, g, g * slope),
    "x where it is positive, else negative_slope*x.",
    check=floating_only("leaky_relu_cpu"),
    kinks="The derivative at 0 is negative_slope.",
    samples=["leaky_relu(x); x:2,3", "leaky_relu(x, 0.3); x:2,3"],
)
RRELU = Elementwise(
    "rrelu(x, lower: Number, upper: Number)",
    lambda x, lower, upper: np.where(np.greater(x, 0), x, np.multiply(x, (lower + upper) / 2)),
    vjp=[lambda g, out, x, lower, upper: ops.where(x > 0, g, g * ((lower + upper) / 2))],
    check=floating_only("leaky_relu_cpu"),
    grad_fn="RreluWithNoiseBackward0",
    doc="leaky_relu with a slope halfway between lower and upper.",
)


def _rrelu(x: Node, lower: Any, upper: Any, training: bool, inplace: bool) -> Node:
    if lower > upper:
        message = "Lower bound should be less than or equal to the upper bound"
        raise AutodiffError("bad-value", message, operands=(1, 2))
    if training:
        raise AutodiffError("bad-value", "rrelu draws random slopes in training", help="leave out training=True")
    return RRELU(x, lower, upper)  # type: ignore[no-any-return]


rrelu = composite(
    "rrelu(x, lower: Number = 0.125, upper: Number = 0.3333333333333333, training: bool = False,"
    " inplace: bool = False)",
    _rrelu,
    doc="leaky_relu with a slope halfway between lower and upper, as it is outside of training.",
    kinks="The derivative at 0 is the slope.",
    example="rrelu([-1., 0.5, 2.])",
    samples=["rrelu(x); x:2,3"],
)


def _elu_kernel(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    below = np.multiply(alpha * scale, np.expm1(np.multiply(np.minimum(0, x), input_scale)))
    return choose(np.less(x, 0), below, np.multiply(x, scale))


def _elu_rule(g: Node, out: Node, x: Node, alpha: Any, scale: Any, input_scale: Any) -> Node:
    negative = ops.where(x >= 0, 0, x)  # exp would overflow, and spoil the second derivative
    below = g * (input_scale * alpha * scale * ops.exp(_scaled(negative, input_scale)))
    return ops.where(x <= 0, below, _scaled(g, scale))  # type: ignore[no-any-return]


def _scaled(x: Node, factor: Any) -> Node:
    return x if factor == 1 else x * factor


ELU = Elementwise(
    "elu(x, alpha: Number, scale: Number, input_scale: Number)",
    _elu_kernel,
    check=floating_only("elu_cpu"),
    vjp=[_elu_rule],
    text="elu(x, alpha)",
    doc="scale*x where x is positive, else scale*alpha*(exp(input_scale*x) - 1).",
)
_CELU = Elementwise(
    "celu(x, alpha: Number)",
    lambda x, alpha: _elu_kernel(x, alpha, 1.0, 1 / alpha),
    check=floating_only("elu_cpu"),
    vjp=[lambda g, out, x, alpha: _elu_rule(g, out, x, alpha, 1, 1 / alpha)],
    doc="x where it is positive, else alpha*(exp(x/alpha) - 1).",
)
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
_SELU = Elementwise(
    "selu(x)",
    lambda x: _elu_kernel(x, SELU_ALPHA, SELU_SCALE, 1.0),
    check=floating_only("elu_cpu"),
    vjp=[lambda g, out, x: _elu_rule(g, out, x, SELU_ALPHA, SELU_SCALE, 1)],
    grad_fn="EluBackward0",
    doc="elu scaled so that layers keep mean 0 and variance 1.",
)
elu = composite(
    "elu(x, alpha: Number = 1.0, inplace: bool = False)",
    lambda x, alpha, inplace: ELU(x, alpha, 1, 1),
    doc="x where it is positive, else alpha*(exp(x) - 1).",
    kinks="The derivative at 0 is alpha.",
    example="elu([-1., 0.5, 2.])",
    samples=["elu(x); x:2,3", "elu(x, 0.5); x:2,3"],
)
selu = composite(
    "selu(x, inplace: bool = False)",
    lambda x, inplace: _SELU(x),
    doc="elu scaled so that layers keep mean 0 and variance 1 (Klambauer et al. 2017).",
    kinks="The derivative at 0 is that from below, 1.7581.",
    example="selu([-1., 0.5, 2.])",
    samples=["selu(x); x:2,3"],
)


def _celu(x: Node, alpha: Any) -> Node:
    if alpha == 0:
        raise AutodiffError("bad-value", "ZeroDivisionError: alpha cannot be 0 for CELU", operands=(1,))
    return _CELU(x, alpha)  # type: ignore[no-any-return]


celu = composite(
    "celu(x, alpha: Number = 1.0, inplace: bool = False)",
    lambda x, alpha, inplace: _celu(x, alpha),
    doc="x where it is positive, else alpha*(exp(x/alpha) - 1).",
    kinks="The derivative at 0 is 1.",
    example="celu([-1., 0.5, 2.])",
    samples=["celu(x); x:2,3", "celu(x, 0.5); x:2,3"],
)

# gelu is x times the normal distribution function, or an approximation of it by tanh.

_CUBIC = 0.044715


def _normal_cdf(x: Any) -> Any:
    return 0.5 * (1 + erf(np.multiply(x, math.sqrt(0.5))))


def _gelu_rule(g: Node, out: Node, x: Node) -> Node:
    density = ops.exp(-0.5 * (x * x)) / sqrt_of(2 * math.pi)
    return g * (0.5 * (1 + ops.erf(x / sqrt_of(2))) + x * density)  # type: ignore[no-any-return]


def _gelu_tanh_kernel(x: Any) -> Any:
    inner = math.sqrt(2 / math.pi) * (x + _CUBIC * np.multiply(np.multiply(x, x), x))
    return 0.5 * np.multiply(x, 1 + np.tanh(inner))


def _gelu_tanh_rule(g: Node, out: Node, x: Node) -> Node:
    scale = sqrt_of(2 / math.pi)
    t = tanh(scale * (x + _CUBIC * x**3))
    return g * (0.5 * (1 + t) + 0.5 * x * ((1 - t**2) * (scale * (1 + 3 * _CUBIC * x**2))))  # type: ignore[no-any-return]


GELU = Elementwise(
    "gelu(x)",
    lambda x: np.multiply(x, _normal_cdf(x)),
    check=floating_only("GeluKernelImpl"),
    vjp=[_gelu_rule],
    doc="x times the standard normal distribution function of x.",
)
GELU_TANH = Elementwise(
    "gelu_tanh(x)",
    _gelu_tanh_kernel,
    check=floating_only("GeluKernelImpl"),
    vjp=[_gelu_tanh_rule],
    grad_fn="GeluBackward0",
    text="gelu(x, approximate='tanh')",
    doc="gelu, approximated by tanh.",
)


def _gelu(x: Node, approximate: str) -> Node:
    if approximate not in ("none", "tanh"):
        raise AutodiffError("bad-value", "approximate argument must be either none or tanh.", operands=(1,))
    return (GELU if approximate == "none" else GELU_TANH)(x)  # type: ignore[no-any-return]


gelu = composite(
    "gelu(x, *, approximate: str = 'none')",
    _gelu,
    doc="x times the standard normal distribution function (Hendrycks and Gimpel 2016), or its tanh approximation.",
    example="gelu([-1., 0.5, 2.])",
    samples=["gelu(x); x:2,3", "gelu(x, approximate='tanh'); x:2,3"],
)


def _silu_rule(g: Node, out: Node, x: Node) -> Node:
    s = ops.sigmoid(x)
    return g * (s * (1 + x * (1 - s)))  # type: ignore[no-any-return]


silu = _activation(
    "silu(x)",
    lambda x: np.multiply(x, logistic(x)),
    _silu_rule,
    "x*sigmoid(x).",
    check=floating_only("silu_cpu"),
    aliases=["swish"],
)


def _mish_rule(g: Node, out: Node, x: Node) -> Node:
    s, t = ops.sigmoid(x), tanh(ops.softplus(x))
    return g * (t + x * s * (1 - t * t))  # type: ignore[no-any-return]


mish = _activation(
    "mish(x)",
    lambda x: np.multiply(x, np.tanh(np.logaddexp(x, 0))),
    _mish_rule,
    "x*tanh(softplus(x)).",
    check=floating_only("mish_cpu"),
)
hardsigmoid = _activation(
    "hardsigmoid(x)",
    lambda x: np.divide(np.minimum(np.maximum(np.add(x, 3), 0), 6), 6),
    lambda g, out, x: ops.where((x > -3) & (x < 3), g / 6, 0),
    "x/6 + 1/2, kept between 0 and 1.",
    check=floating_only("hardsigmoid_cpu"),
    kinks="The derivative at -3 and 3 is 0.",
)
hardswish = _activation(
    "hardswish(x)",
    lambda x: np.divide(np.multiply(x, np.minimum(np.maximum(np.add(x, 3), 0), 6)), 6),
    lambda g, out, x: ops.where(x <= -3, 0, ops.where(x < 3, g * (x / 3 + 0.5), g)),
    "x*hardsigmoid(x).",
    check=floating_only("hardswish_cpu"),
    kinks="The derivative is 0 at -3 and 1 at 3.",
)


def _softplus_rule(g: Node, out: Node, x: Node, beta: Any, threshold: Any) -> Node:
    scaled = _scaled(x, beta)
    return ops.where(scaled > threshold, g, g * ops.sigmoid(scaled))  # type: ignore[no-any-return]


softplus = elementwise(
    "softplus(x, beta: Number = 1, threshold: Number = 20)",
    softplus_kernel,
    check=floating_only("softplus_cpu"),
    vjp=[_softplus_rule],
    doc="log(1 + exp(beta*x))/beta; x itself where beta*x is above threshold.",
    example="softplus([-1., 0., 30.])",
    samples=["softplus(x); x:2,3", "softplus(x, 2, 1); x:2,3"],
)
logsigmoid = elementwise(
    "logsigmoid(x)",
    log_expit,
    check=floating_only("log_sigmoid_cpu"),
    vjp=[lambda g, out, x: g * ops.sigmoid(-x)],
    grad_fn="LogSigmoidBackward0",
    doc="log(sigmoid(x)), without overflow.",
    example="logsigmoid([-1000., 0., 1.])",
    samples=["logsigmoid(x); x:2,3"],
)
softsign = composite(
    "softsign(x)",
    lambda x: x / (ops.abs(x) + 1),
    doc="x/(1 + |x|).",
    kinks="|x| has derivative 0 at 0, so that of softsign is 1.",
    example="softsign([-1., 0.5, 2.])",
    samples=["softsign(x); x:2,3"],
)
tanhshrink = composite(
    "tanhshrink(x)",
    lambda x: x - tanh(x),
    doc="x - tanh(x).",
    example="tanhshrink([-1., 0.5, 2.])",
    samples=["tanhshrink(x); x:2,3"],
)
