"""Products of reflections: what a QR decomposition leaves, and what is made of it."""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, primitive
from autodiff.graph.sizes import Shape, concrete, show
from autodiff.ops.checks import not_differentiable
from autodiff.ops.matmul import matrix_product, transposed
from autodiff.ops.matrices import check_kernel, narrow, smaller

# H_i = 1 - tau_i v_i v_i^T, and v_i is column i of A below its diagonal, with a one on it and zeros above.


def _directions(A: Any, count: int) -> Any:
    """The vectors v, as columns."""
    V = np.tril(A[..., :count], -1)
    i = np.arange(count)
    V[..., i, i] = 1
    return V


def _reflect_kernel(A: Any, tau: Any, C: Any, transpose: bool) -> Any:
    count = tau.shape[-1]
    V, C = _directions(A, count), np.array(C)
    for i in range(count) if transpose else range(count - 1, -1, -1):
        v = V[..., :, i, None]
        C -= tau[..., i, None, None] * v * np.matmul(np.swapaxes(v, -1, -2), C)
    return C


def _reflect_rule(g: Node, out: Node, A: Node, tau: Node, C: Node, transpose: bool) -> list[Node | None]:
    """One reflection after another: each is its own adjoint, so that the cotangent passes through it as C did.

    Where there are none, A and tau get no gradient, as in PyTorch.
    """
    if 0 in A.shape or 0 in tau.shape:
        return [None, None, g]
    m, count = concrete((A.shape[-2], tau.shape[-1]))
    first = narrow(A, -1, 0, count) if A.shape[-1] != count else A
    V = ops.tril(first, -1) + ops.eye(m, count, dtype=A.dtype)
    order = range(count) if transpose else range(count - 1, -1, -1)
    vectors = [narrow(V, -1, i, 1) for i in range(count)]
    factors = [ops.unsqueeze(narrow(tau, -1, i, 1), -1) for i in range(count)]
    before = []
    for i in order:
        before.append(C)
        C = C - factors[i] * matrix_product(vectors[i], matrix_product(transposed(vectors[i]), C))
    onto_tau: list[Node] = [tau] * count
    onto_V: list[Node] = [V] * count
    for i, C in zip(reversed(order), reversed(before), strict=True):
        v = vectors[i]
        seen, pulled = matrix_product(transposed(v), C), matrix_product(transposed(v), g)
        onto_tau[i] = ops.squeeze(-matrix_product(pulled, transposed(seen)), -1)
        onto_V[i] = -factors[i] * (matrix_product(g, transposed(seen)) + matrix_product(C, transposed(pulled)))
        g = g - factors[i] * matrix_product(v, pulled)
    onto_A = ops.tril(ops.cat(onto_V, -1), -1)
    if A.shape[-1] != count:
        rest: Shape = (*A.shape[:-1], A.shape[-1] - count)
        onto_A = ops.cat([onto_A, ops.zeros(rest, dtype=A.dtype)], -1)
    return [onto_A, ops.cat(onto_tau, -1), g]


def _reflecting(name: str, grad_fn: str, **about: Any) -> Primitive:
    return Primitive(
        f"{name}(A, tau, C, transpose: bool)",
        _reflect_kernel,
        shape=lambda A, tau, C, transpose: C.shape,
        vjp_all=_reflect_rule,
        grad_fn=grad_fn,
        doc="The reflections that A and tau hold, applied to the columns of C.",
        **about,
    )


REFLECT = _reflecting("ormqr", "OrmqrBackward0")
PRODUCT = _reflecting(
    "linalg.householder_product",
    "LinalgHouseholderProductBackward0",
    edges=lambda A, tau, C, transpose: [A, tau],
)


def _check_reflections(name: str, A: Node, tau: Node) -> None:
    if len(A.shape) < 2:
        raise AutodiffError("bad-rank", f"{name}: input must have at least 2 dimensions.", operands=(0,))
    problems = [
        (A.shape[-2], A.shape[-1], "input.shape[-2] must be greater than or equal to input.shape[-1]"),
        (
            A.shape[-1],
            tau.shape[-1] if tau.shape else 1,
            "input.shape[-1] must be greater than or equal to tau.shape[-1]",
        ),
    ]
    for large, small, message in problems[1 if name == "torch.ormqr" else 0 :]:
        if isinstance(large, int) and isinstance(small, int) and large < small:
            raise AutodiffError("shape-mismatch", f"{name}: {message}", operands=(0, 1))
    if len(tau.shape) != len(A.shape) - 1:
        raise AutodiffError(
            "bad-rank",
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to"
            f" {len(tau.shape)} and input.ndim is equal to {len(A.shape)}",
            operands=(0, 1),
        )
    if tau.shape[:-1] != A.shape[:-2]:
        raise AutodiffError(
            "shape-mismatch",
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {show(tau.shape[:-1])}",
            operands=(0, 1),
        )
    if tau.dtype is not A.dtype:
        raise AutodiffError(
            "bad-dtype",
            f"{name}: tau dtype {tau.dtype.long_name} does not match input dtype {A.dtype.long_name}",
            operands=(0, 1),
        )


def _householder_product(A: Node, tau: Node) -> Node:
    _check_reflections("torch.linalg.householder_product", A, tau)
    check_kernel("orgqr_cpu", A)
    one = ops.eye(*A.shape[-2:], dtype=A.dtype)
    return PRODUCT(A, tau, ops.expand(one, A.shape) if len(A.shape) > 2 else one, False)  # type: ignore[no-any-return]


composite(
    "linalg.householder_product(A, tau)",
    _householder_product,
    aliases=["orgqr"],
    doc="The first columns of the product of the reflections 1 - tau[i]*outer(v, v), v being column i of A below its"
    " diagonal with a one on it; A and tau as geqrf gives them.",
    example="linalg.householder_product([[1., 0.], [0.5, 1.]], [1.6, 0.])",
    samples=[
        "linalg.householder_product(x, y); x:3,2, y:2",
        "linalg.householder_product(x, y); x:2,3,2, y:2,1",
        "linalg.householder_product(x, ones(0)); x:3,2",
    ],
)


def _ormqr(A: Node, tau: Node, C: Node, left: bool, transpose: bool) -> Node:
    _check_reflections("torch.ormqr", A, tau)
    side = -2 if left else -1
    if len(C.shape) < 2 or C.shape[side] != A.shape[-2]:
        raise AutodiffError(
            "shape-mismatch", f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]", operands=(0, 2)
        )
    if C.dtype is not A.dtype:
        raise AutodiffError(
            "bad-dtype",
            "torch.ormqr: Expected input and other to have the same dtype, but input has dtype"
            f"{A.dtype.long_name} and other has dtype {C.dtype.long_name}",
            operands=(0, 2),
        )
    check_kernel("ormqr_cpu", A)
    if left:
        return REFLECT(A, tau, C, transpose)  # type: ignore[no-any-return]
    return RIGHT(A, tau, C, transpose)  # type: ignore[no-any-return]


def _right_rule(g: Node, out: Node, A: Node, tau: Node, C: Node, transpose: bool) -> list[Node | None]:
    *onto, onto_C = _reflect_rule(transposed(g), out, A, tau, transposed(C), not transpose)
    assert onto_C is not None
    return [*onto, transposed(onto_C)]


RIGHT = Primitive(
    "ormqr(A, tau, C, transpose: bool)",
    lambda A, tau, C, transpose: np.swapaxes(_reflect_kernel(A, tau, np.swapaxes(C, -1, -2), not transpose), -1, -2),
    shape=lambda A, tau, C, transpose: C.shape,
    vjp_all=_right_rule,
    grad_fn="OrmqrBackward0",
    doc="The reflections that A and tau hold, applied to the rows of C.",
)

composite(
    "ormqr(x, tau, other, left: bool = True, transpose: bool = False)",
    _ormqr,
    doc="Q @ other, or other @ Q, for the orthogonal Q whose reflections x and tau hold (as geqrf gives them), or its"
    " transpose.",
    example="ormqr([[1., 0.], [0.5, 1.]], [1.6, 0.], [[1.], [2.]])",
    samples=[
        "ormqr(x, y, z); x:3,2, y:2, z:3,2",
        "ormqr(x, y, z, True, True); x:3,2, y:2, z:3,2",
        "ormqr(x, y, z, left=False); x:2,3,2, y:2,2, z:2,1,3",
        "ormqr(x, y, z, False, True); x:3,2, y:2, z:2,3",
    ],
)


# The decomposition itself


def _geqrf_kernel(A: Any) -> Any:
    if not A.size:
        return A, np.zeros((*A.shape[:-2], min(A.shape[-2:])), A.dtype)
    packed, tau = np.linalg.qr(A, mode="raw")
    return np.ascontiguousarray(np.swapaxes(packed, -1, -2)), tau


def _check_geqrf(x: Node) -> None:
    if len(x.shape) < 2:
        raise AutodiffError("bad-rank", "torch.geqrf: input must have at least 2 dimensions.", operands=(0,))
    check_kernel("geqrf_cpu", x)


primitive(
    "geqrf(x)",
    _geqrf_kernel,
    check=_check_geqrf,
    results=lambda x: [(x.shape, x.dtype), ((*x.shape[:-2], smaller(*x.shape[-2:])), x.dtype)],
    fields=("a", "tau"),
    vjp_all=not_differentiable("geqrf", "the derivative for '{}' is not implemented."),
    grad_fn="NotImplemented",
    doc="The QR decomposition packed in one matrix: R on and above the diagonal, reflections below, and their factors.",
    example="geqrf([[1., 2.], [3., 4.]])[0]",
    samples=["x + geqrf([[1., 2.], [3., 4.]])[0]; x:2,2"],
)
