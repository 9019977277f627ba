"""Functions of matrices: powers, the exponential; and tensors seen as matrices."""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, primitive, zero
from autodiff.graph.sizes import Dim, normalize_dims, numel
from autodiff.ops.linalg import TENSOR_INVERSE
from autodiff.ops.matmul import transposed
from autodiff.ops.matrices import check_factorizable, check_square, narrow

# Powers


IDENTITY_LIKE = Primitive(
    "eye_like(x)",
    lambda x: np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape),
    shape=lambda x: x.shape,
    doc="Identity matrices of the shape of x.",
)
OVERWRITE = Primitive(
    "copy_(x, y)",
    lambda x, y: y,
    shape=lambda x, y: x.shape,
    vjp=[zero, lambda g, out, x, y: g],
    grad_fn="torch::autograd::CopyBackwards",
    text="y",
    doc="y in the place of x.",
)


def _matrix_power(x: Node, n: int) -> Node:
    check_square("linalg.matrix_power", x)
    if n == 0:
        return OVERWRITE(ops.clone(x), IDENTITY_LIKE(x))  # type: ignore[no-any-return]
    if n == 1:
        return ops.clone(x)  # type: ignore[no-any-return]
    if n < 0:
        x, n = ops.linalg_inv(x), -n
    if n == 1:
        return x
    if n <= 3:
        return x @ x if n == 2 else (x @ x) @ x
    result: Node | None = None
    power = x
    while True:
        if n % 2:
            result = power if result is None else result @ power
        n //= 2
        if not n:
            break
        power = power @ power
    assert result is not None
    return result


composite(
    "linalg.matrix_power(x, n: int)",
    _matrix_power,
    doc="The product of n copies of x, of its inverse where n is negative.",
    example="linalg.matrix_power([[1., 1.], [0., 1.]], 5)",
    samples=[
        "linalg.matrix_power(x, 2); x:2,2",
        "linalg.matrix_power(x, 5); x:2,2",
        "linalg.matrix_power(x + 3*eye(2), -3); x:2,2,2 in -1..1",
        "linalg.matrix_power(x, 0) + x; x:2,2",
    ],
)


# The exponential


def _matrix_exp_kernel(x: Any) -> Any:
    """Scaling and squaring with a Padé approximant. Source: Higham, 2005."""
    n = x.shape[-1]
    if not x.size:
        return x.copy()
    one = np.eye(n, dtype=x.dtype)
    norm = np.abs(x).sum(axis=-2).max(axis=-1)
    scale = np.where(np.isfinite(norm) & (norm > 0.5), np.ceil(np.log2(np.maximum(norm, 1e-300) / 0.5)), 0)
    times = np.maximum(scale, 0).astype(int)
    A = x / np.exp2(times)[..., None, None].astype(x.dtype)
    q = 8
    c = 0.5
    top, bottom, power = one + c * A, one - c * A, A
    for k in range(2, q + 1):
        c = c * (q - k + 1) / (k * (2 * q - k + 1))
        power = np.matmul(A, power)
        top = top + c * power
        bottom = bottom + c * power if k % 2 == 0 else bottom - c * power
    try:
        result = np.linalg.solve(bottom, top)
    except np.linalg.LinAlgError:
        return np.full_like(x, np.nan)
    for i in range(int(times.max(initial=0))):
        result = np.where((times > i)[..., None, None], np.matmul(result, result), result)
    return result


def _matrix_exp_vjp(g: Node, out: Node, x: Node) -> Node:
    """The upper right block of exp([[x.T, g], [0, x.T]]). Source: Mathias, 1996."""
    xt = transposed(x)
    n = x.shape[-1]
    block = ops.cat([ops.cat([xt, g], -1), ops.cat([ops.zeros_like(xt), xt], -1)], -2)
    return narrow(narrow(ops.matrix_exp(block), -2, 0, n), -1, n, n)


primitive(
    "matrix_exp(x)",
    _matrix_exp_kernel,
    check=check_factorizable("linalg.matrix_exp", "linalg_matrix_exp"),
    shape=lambda x: x.shape,
    vjp=[_matrix_exp_vjp],
    grad_fn="LinalgMatrixExpBackward0",
    aliases=["linalg.matrix_exp"],
    doc="The exponential of a matrix: the sum of its powers over factorials.",
    example="matrix_exp([[0., 1.], [0., 0.]])",
    samples=["matrix_exp(x); x:2,2", "matrix_exp(x); x:2,3,3"],
)


# Tensors as matrices


def _square_halves(text: str, first: Dim, second: Dim) -> None:
    if first != second:
        raise AutodiffError(
            "not-square", f"Expected self to satisfy the requirement {text}, but got {first} != {second}"
        )


def _tensorinv(x: Node, ind: int) -> Node:
    if ind <= 0:
        raise AutodiffError(
            "bad-value", f"Expected a strictly positive integer for 'ind', but got {ind}", operands=(1,)
        )
    if ind > len(x.shape):
        raise AutodiffError("bad-rank", f"ArrayRef: invalid slice, N = {ind}; size = {len(x.shape)}", operands=(0,))
    rows, columns = x.shape[:ind], x.shape[ind:]
    _square_halves("prod(self.shape[ind:]) == prod(self.shape[:ind])", numel(columns), numel(rows))
    matrix = ops.reshape(x, (numel(columns), numel(rows)))
    return ops.reshape(TENSOR_INVERSE(matrix), (*columns, *rows))  # type: ignore[no-any-return]


composite(
    "linalg.tensorinv(x, ind: int = 2)",
    _tensorinv,
    doc="The inverse of x as a linear map from its last dims to its first `ind`.",
    example="linalg.tensorinv(eye(4).view(2, 2, 4))",
    samples=["linalg.tensorinv((x + 3*eye(4)).view(2, 2, 4)); x:4,4 in -1..1"],
)


def _tensorsolve(x: Node, y: Node, dims: tuple[int, ...] | None) -> Node:
    rank = len(x.shape)
    if dims is not None:
        places = normalize_dims(dims, rank)
        x = ops.movedim(x, tuple(dims), tuple(range(rank - len(dims), rank))) if places else x
    result = x.shape[len(y.shape) :]
    _square_halves("prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim])", numel(result), numel(y.shape))
    count = numel(result)
    matrix = ops.reshape(x, (count, count))
    flat = ops.flatten(y)
    return ops.reshape(ops.linalg_solve(matrix, flat), result)  # type: ignore[no-any-return]


composite(
    "linalg.tensorsolve(x, y, dims: ints? = None)",
    _tensorsolve,
    doc="The X with tensordot(x, X, X.ndim) = y; dims are moved to the end of x first.",
    example="linalg.tensorsolve(eye(4).view(2, 2, 4), [[1., 2.], [3., 4.]])",
    samples=["linalg.tensorsolve((x + 3*eye(4)).view(2, 2, 4), y); x:4,4 in -1..1, y:2,2"],
)


def _linalg_vander(x: Node, N: int | None) -> Node:
    count = (x.shape[-1] if x.shape else 1) if N is None else N
    if isinstance(count, int) and count <= 1:
        raise AutodiffError("bad-value", "N must be greater than 1.", operands=(1,))
    if not x.shape:
        x = ops.unsqueeze(x, -1)
    powers = ops.cumprod(ops.expand(ops.unsqueeze(x, -1), (*x.shape, count - 1)), -1)
    ones = ops.ones((*x.shape, 1), dtype=powers.dtype)
    return ops.cat([ones, powers], -1)  # type: ignore[no-any-return]


composite(
    "linalg.vander(x, *, N: int? = None)",
    _linalg_vander,
    doc="Powers 0 to N-1 of each element, along a new last dim.",
    example="linalg.vander([1., 2., 3.])",
    samples=["linalg.vander(x); x:3", "linalg.vander(x, N=4); x:2,2"],
)


def _vander(x: Node, N: int | None, increasing: bool) -> Node:
    if len(x.shape) != 1:
        raise AutodiffError("bad-rank", "x must be a one-dimensional tensor.", operands=(0,))
    count = x.shape[0] if N is None else N
    if isinstance(count, int) and count < 2:
        if count < 0:
            raise AutodiffError("bad-value", "N must be non-negative.", operands=(1,))
        return ops.ones((x.shape[0], count), dtype=x.dtype)  # type: ignore[no-any-return]
    result = _linalg_vander(x, count)  # type: ignore[arg-type]
    return result if increasing else ops.flip(result, (1,))


composite(
    "vander(x, N: int? = None, increasing: bool = False)",
    _vander,
    doc="Powers N-1 to 0 of each element (0 to N-1 if increasing), a row each.",
    example="vander([1., 2., 3.])",
    samples=["vander(x); x:3", "vander(x, 2, increasing=True); x:3"],
)
