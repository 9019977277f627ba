"""Losses of numbers against numbers: squares, absolute values, likelihoods; and how every loss is reduced."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import BOOL, FLOATING, DType
from autodiff.graph.elementwise import common_form, fit
from autodiff.graph.kinds import written
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, strengthen
from autodiff.graph.sizes import Shape, broadcast, size_text
from autodiff.ops.arithmetic import ADD_NUMBER, MUL_NUMBER, SUB
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import NUMEL, fitting

LEGACY = "size_average: any = None, reduce: any = None, reduction: any = 'mean'"

# How a loss is reduced


def legacy_reduction(size_average: Any, reduce: Any, reduction: Any) -> Any:
    """What PyTorch's old arguments ask for, where they are given."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def checked_reduction(reduction: Any) -> str:
    """none, mean or sum; raises PyTorch's ValueError for others."""
    if reduction == "elementwise_mean":
        return "mean"
    if reduction not in ("none", "mean", "sum"):
        raise AutodiffError(
            "bad-value",
            f"{reduction if isinstance(reduction, str) else written(reduction)} is not a valid value for reduction",
            type="ValueError",
            help="reduction is 'mean', 'sum' or 'none'",
        )
    return str(reduction)


def reduced_loss(loss: Node, reduction: str) -> Node:
    """The loss, its mean, or its sum."""
    if reduction == "mean":
        return ops.mean(loss)  # type: ignore[no-any-return]
    return ops.sum(loss) if reduction == "sum" else loss


def reduced_array(loss: Any, reduction: str) -> Any:
    """As `reduced_loss`, for kernels."""
    if reduction == "mean":
        return np.mean(loss) if np.size(loss) else np.asarray(loss).dtype.type(np.nan)
    return np.sum(loss) if reduction == "sum" else loss


def loss_shape(x: Node, reduction: str) -> Shape:
    return x.shape if reduction == "none" else ()


def share(g: Node, x: Node, reduction: str) -> Node:
    """The cotangent of each element of the unreduced loss."""
    return g / NUMEL(x) if reduction == "mean" else g


def a_tensor(x: Node) -> Node:
    """x, or the plain number that it is as a tensor."""
    return strengthen(x, x.dtype)


def refuse_gradient(function: str, name: str, node: Node | None) -> None:
    """PyTorch's error for an operand that has no derivative and asks for one."""
    if node is not None and node.requires_grad:
        raise AutodiffError(
            "not-differentiable",
            f"The function '{function}' is not differentiable with respect to argument '{name}'."
            " This input cannot have requires_grad True.",
            help=f"leave {name} out of the variables that want a gradient, or write {name}.detach()",
        )


def expanded_pair(x: Node, target: Node) -> tuple[Node, Node]:
    """Both with their common shape, by visible expansions, as `torch.broadcast_tensors` makes them."""
    x, target = a_tensor(x), a_tensor(target)
    shape = broadcast(x.shape, target.shape)
    return tuple(node if node.shape == shape else ops.expand(node, shape) for node in (x, target))  # type: ignore[return-value]


def promoted(kernel: str, *operands: Node) -> list[Node]:
    """Operands converted and broadcast to a common floating form; raises for integers alone."""
    shape, dtype = common_form(operands)
    if dtype.kind < FLOATING:
        raise not_implemented(kernel, dtype, tuple(range(len(operands))))
    return [fit(operand, shape, dtype) for operand in operands]


# Losses of a difference. The rules differentiate the unreduced loss; `share` takes care of the reduction.


def _mse_kernel(x: Any, target: Any, reduction: str) -> Any:
    difference = np.subtract(x, target)
    return reduced_array(difference * difference, reduction)


MSE = Primitive(
    "mse_loss(x, target, reduction: str)",
    _mse_kernel,
    shape=lambda x, target, reduction: loss_shape(x, reduction),
    vjp=[
        lambda g, out, x, target, reduction: share(g, x, reduction) * 2 * (x - target),
        lambda g, out, x, target, reduction: share(g, x, reduction) * 2 * (target - x),
    ],
    doc="The squared difference.",
)


def _smooth_l1_kernel(x: Any, target: Any, reduction: str, beta: float) -> Any:
    z = np.abs(np.subtract(x, target))
    return reduced_array(np.where(z < beta, 0.5 * z * z / beta, z - 0.5 * beta), reduction)


def _smooth_slope(x: Node, target: Node, beta: Any) -> Node:
    difference = x - target
    return ops.where(ops.abs(difference) >= beta, ops.sign(difference), difference / beta)  # type: ignore[no-any-return]


SMOOTH_L1 = Primitive(
    "smooth_l1_loss(x, target, reduction: str, beta: Number)",
    _smooth_l1_kernel,
    shape=lambda x, target, reduction, beta: loss_shape(x, reduction),
    vjp=[
        lambda g, out, x, target, reduction, beta: share(g, x, reduction) * _smooth_slope(x, target, beta),
        lambda g, out, x, target, reduction, beta: share(g, x, reduction) * _smooth_slope(target, x, beta),
    ],
    grad_fn="SmoothL1LossBackward0",
    doc="The absolute difference, rounded off near zero.",
)


def _huber_kernel(x: Any, target: Any, reduction: str, delta: float) -> Any:
    z = np.abs(np.subtract(x, target))
    return reduced_array(np.where(z <= delta, 0.5 * z * z, delta * (z - 0.5 * delta)), reduction)


def _huber_slope(x: Node, target: Node, delta: Any) -> Node:
    difference = x - target
    return ops.where(ops.abs(difference) >= delta, ops.sign(difference) * delta, difference)  # type: ignore[no-any-return]


HUBER = Primitive(
    "huber_loss(x, target, reduction: str, delta: Number)",
    _huber_kernel,
    shape=lambda x, target, reduction, delta: loss_shape(x, reduction),
    vjp=[
        lambda g, out, x, target, reduction, delta: share(g, x, reduction) * _huber_slope(x, target, delta),
        lambda g, out, x, target, reduction, delta: share(g, x, reduction) * _huber_slope(target, x, delta),
    ],
    doc="The squared difference, linear beyond delta.",
)


def _weighted(errors: Node, weight: Node, reduction: str) -> Node:
    errors = errors * weight
    if reduction not in ("none", "mean", "sum"):
        raise AutodiffError(
            "bad-value",
            f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.",
            type="ValueError",
        )
    if reduction == "mean":
        return ops.sum(errors) / ops.sum(weight)  # type: ignore[no-any-return]
    return reduced_loss(errors, reduction)


def _check_weight(x: Node, weight: Node) -> None:
    if weight.shape != x.shape:
        raise AutodiffError("shape-mismatch", "Weights and input must have the same size.", type="ValueError")


def _mse_loss(x: Node, target: Node, average: Any, reduce: Any, reduction: Any, weight: Node | None) -> Node:
    reduction = legacy_reduction(average, reduce, reduction)
    a, b = expanded_pair(x, target)
    if weight is not None:
        _check_weight(x, weight)
        return _weighted((a - b) ** 2, weight, reduction)
    return MSE(*promoted("mse_cpu", a, b), checked_reduction(reduction))  # type: ignore[no-any-return]


def _l1_loss(x: Node, target: Node, average: Any, reduce: Any, reduction: Any, weight: Node | None) -> Node:
    reduction = legacy_reduction(average, reduce, reduction)
    a, b = expanded_pair(x, target)
    if weight is not None:
        _check_weight(x, weight)
        return _weighted(ops.abs(a - b), weight, reduction)
    reduction = checked_reduction(reduction)
    return reduced_loss(ops.abs(a - b), reduction)


def _smooth_l1_loss(x: Node, target: Node, average: Any, reduce: Any, reduction: Any, beta: Any) -> Node:
    reduction = legacy_reduction(average, reduce, reduction)
    a, b = expanded_pair(x, target)
    reduction = checked_reduction(reduction)
    if beta == 0:
        return reduced_loss(ops.abs(a - b), reduction)
    if beta < 0:
        raise AutodiffError("bad-value", "smooth_l1_loss does not support negative values for beta.")
    return SMOOTH_L1(*promoted("smooth_l1_cpu", a, b), reduction, beta)  # type: ignore[no-any-return]


def _huber_loss(x: Node, target: Node, reduction: Any, delta: Any, weight: Node | None) -> Node:
    a, b = expanded_pair(x, target)
    if weight is not None:
        _check_weight(x, weight)
    else:
        reduction = checked_reduction(reduction)
    if not delta > 0:
        raise AutodiffError("bad-value", "huber_loss does not support non-positive values for delta.")
    if b.dtype.is_floating and not a.dtype.is_floating:
        message = f"result type {b.dtype.long_name} can't be cast to the desired output type {a.dtype.long_name}"
        raise AutodiffError("bad-dtype", message, operands=(0, 1))
    loss = HUBER(*promoted("huber_cpu", a, b), "none" if weight is not None else reduction, delta)
    if weight is None:
        return loss  # type: ignore[no-any-return]
    if reduction == "mean":
        return ops.mean(loss * weight)  # type: ignore[no-any-return]
    return _weighted(loss, weight, reduction)


composite(
    f"mse_loss(x, target, {LEGACY}, weight: Tensor? = None)",
    _mse_loss,
    doc="Mean squared error: the mean of (x - target)^2.",
    example="mse_loss([1., 2.], [0., 4.])",
    samples=[
        "mse_loss(x, y); x:2,3, y:2,3",
        "mse_loss(x, y, reduction='sum'); x:2,3, y:3",
        "mse_loss(x, y, reduction='none'); x:2,3, y:2,3",
        "mse_loss(x, y, weight=w); x:2,3, y:2,3, w:2,3 in 0.5..2",
    ],
)
composite(
    f"l1_loss(x, target, {LEGACY}, weight: Tensor? = None)",
    _l1_loss,
    doc="Mean absolute error: the mean of |x - target|.",
    kinks="Where both are equal the derivative is 0.",
    example="l1_loss([1., 2.], [0., 4.])",
    samples=["l1_loss(x, y); x:2,3, y:2,3", "l1_loss(x, y, reduction='sum', weight=w); x:2,3, y:2,3, w:2,3"],
)
composite(
    f"smooth_l1_loss(x, target, {LEGACY}, beta: Number = 1.0)",
    _smooth_l1_loss,
    doc="Absolute error that is quadratic where it is below beta.",
    kinks="At a distance of beta the linear piece counts.",
    example="smooth_l1_loss([1., 2.], [0., 4.])",
    samples=["smooth_l1_loss(x, y); x:2,3, y:2,3", "smooth_l1_loss(x, y, reduction='none', beta=0.5); x:2,3, y:2,3"],
)
composite(
    "huber_loss(x, target, reduction: any = 'mean', delta: Number = 1.0, weight: Tensor? = None)",
    _huber_loss,
    doc="Squared error that is linear beyond delta.",
    kinks="At a distance of delta the linear piece counts.",
    example="huber_loss([1., 2.], [0., 4.])",
    samples=[
        "huber_loss(x, y); x:2,3, y:2,3",
        "huber_loss(x, y, 'sum', 0.5); x:2,3, y:2,3",
        "huber_loss(x, y, weight=w); x:2,3, y:2,3, w:2,3",
    ],
)


# Likelihoods


def _kl_div(x: Node, target: Node, average: Any, reduce: Any, reduction: Any, log_target: bool) -> Node:
    legacy = average is not None or reduce is not None
    wanted = legacy_reduction(average, reduce, reduction)
    kept = checked_reduction("sum" if wanted == "batchmean" else wanted)
    x, target = a_tensor(x), a_tensor(target)
    if not (x.dtype.is_floating and target.dtype.is_floating):
        raise AutodiffError("bad-dtype", "kl_div: Integral inputs not supported.", operands=(0, 1))
    loss = ops.exp(target) * (target - x) if log_target else ops.xlogy(target, target) - target * x
    loss = reduced_loss(loss, kept)
    if wanted == "batchmean" and not legacy and x.shape:
        return loss / ops.size(x, 0)  # type: ignore[no-any-return]
    return loss


composite(
    f"kl_div(x, target, {LEGACY}, log_target: bool = False)",
    _kl_div,
    doc="Kullback-Leibler divergence of target from x, which holds logarithms of probabilities.",
    example="kl_div(log([0.5, 0.5]), [0.25, 0.75], reduction='batchmean')",
    samples=[
        "kl_div(x, y, reduction='batchmean'); x:2,3, y:2,3 in 0.3..2",
        "kl_div(x, y); x:2,3, y:3 in 0.3..2",
        "kl_div(x, y, reduction='sum', log_target=True); x:2,3, y:2,3",
    ],
)


def _poisson_nll_loss(
    x: Node, target: Node, log_input: bool, full: bool, average: Any, eps: Any, reduce: Any, reduction: Any
) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    x, target = a_tensor(x), a_tensor(target)
    loss = ops.exp(x) - target * x if log_input else x - target * ops.log(ADD_NUMBER(x, eps))
    if full:
        stirling = target * ops.log(target) - target + MUL_NUMBER(ops.log(MUL_NUMBER(target, 2 * math.pi)), 0.5)
        loss = loss + ops.masked_fill(stirling, target <= 1, 0)
    return reduced_loss(loss, reduction)


composite(
    "poisson_nll_loss(x, target, log_input: bool = True, full: bool = False, size_average: any = None,"
    " eps: Number = 1e-08, reduce: any = None, reduction: any = 'mean')",
    _poisson_nll_loss,
    doc="Negative log likelihood of counts under a Poisson distribution of rate exp(x) (or x).",
    kinks="Stirling's term (full=True) counts where target is above 1.",
    example="poisson_nll_loss([1., 2.], [0., 4.])",
    samples=[
        "poisson_nll_loss(x, y); x:2,3, y:2,3",
        "poisson_nll_loss(x, y, log_input=False, full=True, reduction='sum'); x:2,3 in 0.5..2, y:2,3 in 1.1..4",
    ],
)


def _clamped_copy_kernel(x: Any, least: float) -> Any:
    if np.any(x < 0):
        raise AutodiffError("bad-value", "var has negative entry/entries", type="ValueError")
    return np.maximum(x, least)


CLAMPED_COPY = Primitive(
    "clamp_min(x, min: Number)",
    _clamped_copy_kernel,
    shape=lambda x, least: x.shape,
    vjp=[lambda g, out, x, least: g],
    grad_fn="CloneBackward0",
    layout="like",
    text="x",
    doc="A copy of x, raised to `least` behind the back of the gradient, as gaussian_nll_loss does.",
)


def _fits_variance(x: Node, var: Node) -> bool:
    """Whether var may differ from x: in one dimension of size one."""
    pairs = zip(x.shape, var.shape, strict=False)
    return len(x.shape) == len(var.shape) and sum(b if isinstance(b, int) else 2 for a, b in pairs if a != b) == 1


def _gaussian_nll_loss(x: Node, target: Node, var: Any, full: bool, eps: Any, reduction: Any) -> Node:
    x, target = a_tensor(x), a_tensor(target)
    if var.weak:
        var = var * ops.ones_like(x)
    if var.shape != x.shape:
        if x.shape[:-1] == var.shape:
            var = ops.unsqueeze(var, len(var.shape))
        elif not _fits_variance(x, var):
            raise AutodiffError("shape-mismatch", "var is of incorrect size", type="ValueError", operands=(0, 2))
    if reduction not in ("none", "mean", "sum"):
        raise AutodiffError("bad-value", f"{reduction} is not valid", type="ValueError")
    var = CLAMPED_COPY(var, eps)
    loss = (ops.log(var) + (x - target) ** 2 / var) * Fraction(1, 2)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced_loss(loss, reduction)


composite(
    "gaussian_nll_loss(x, target, var, full: bool = False, eps: Number = 1e-06, reduction: any = 'mean')",
    _gaussian_nll_loss,
    doc="Negative log likelihood of target under a normal distribution of mean x and variance var.",
    kinks="var below eps counts as eps, while its gradient passes.",
    example="gaussian_nll_loss([1., 2.], [0., 4.], [1., 2.])",
    samples=[
        "gaussian_nll_loss(x, y, v); x:2,3, y:2,3, v:2,3 in 0.5..2",
        "gaussian_nll_loss(x, y, v, full=True, reduction='sum'); x:2,3, y:2,3, v:2 in 0.5..2",
    ],
)


def size_mismatch(text: str, x: Node, target: Node) -> AutodiffError:
    """An error about two sizes that should be one; `text` has places for target's and x's."""
    message = text.format(size_text(target.shape), size_text(x.shape))
    return AutodiffError("shape-mismatch", message, type="ValueError", operands=(0, 1))


def unlike(expected: DType, found: DType) -> AutodiffError:
    return AutodiffError(
        "bad-dtype", f"Found dtype {found.long_name} but expected {expected.long_name}", operands=(0, 1)
    )


def hinge(x: Node, target: Node, margin: Any) -> Node:
    """max(0, margin - x) where target is not 1, plus x where it is not -1."""
    if not x.dtype.is_floating:  # PyTorch makes the margin a tensor like x
        number = fitting(margin, x.dtype)
        margin = bool(number) if x.dtype.kind == BOOL else int(number)
    margin_diff = ops.clamp_min(SUB(margin, x), 0)
    zeros = ops.zeros_like(x)
    return ops.where(ops.ne(target, 1), margin_diff, zeros) + ops.where(ops.ne(target, -1), x, zeros)  # type: ignore[no-any-return]
