"""Square matrices: determinants, inverses, linear systems, Cholesky factors, powers; and the cross product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.node import Node
from autodiff.graph.op import Primitive, broadcast_to, composite, none, ops, primitive, register, zero
from autodiff.graph.sizes import Shape, broadcast, contiguous_strides, normalize_dim
from autodiff.ops.checks import not_implemented
from autodiff.ops.matmul import OUTER, mT, matrix_product
from autodiff.ops.matrices import (
    SMALL,
    check_factorizable,
    check_floating,
    check_kernel,
    check_matrix,
    check_same_dtype,
    check_square,
    column_major,
    factorize,
    first_singular,
    invert,
    singular,
    solve_factored,
)


def over_matrices(g: Node) -> Node:
    """One number a matrix, ready to multiply the matrices."""
    return ops.unsqueeze(ops.unsqueeze(g, -1), -1) if g.shape else g  # type: ignore[no-any-return]


# Determinants. The gradient of det is the matrix of cofactors: det(A)*inv(A).T where A has an inverse, and polynomial
# in the elements where it has none.


def _signs_and_logs(A: Any) -> tuple[Any, ...]:
    if A.shape[-1] > SMALL:
        return tuple(np.linalg.slogdet(A))
    factors = factorize(np.swapaxes(A, -1, -2))
    diagonal = np.diagonal(factors.lu, axis1=-2, axis2=-1)
    return factors.parity * np.prod(np.sign(diagonal), axis=-1), np.sum(np.log(np.abs(diagonal)), axis=-1)


def _det_kernel(A: Any) -> Any:
    if A.shape[-1] > SMALL:
        return np.linalg.det(A)
    factors = factorize(np.swapaxes(A, -1, -2))
    return np.prod(np.diagonal(factors.lu, axis1=-2, axis2=-1), axis=-1) * factors.parity


def _others_product(s: Any) -> Any:
    """For each element of the last axis the product of all others."""
    n = s.shape[-1]
    table = np.broadcast_to(s[..., None, :], (*s.shape, n)).copy()
    table[..., np.arange(n), np.arange(n)] = 1
    return np.prod(table, axis=-1)


def _cofactor_kernel(A: Any) -> Any:
    det = np.linalg.det(A)
    result = np.swapaxes(invert(A), -1, -2) * det[..., None, None]
    poor = np.asarray((np.abs(det) < 100 * np.finfo(A.dtype).eps) & np.isfinite(A).all(axis=(-2, -1)))
    if poor.any():
        U, S, Vh = np.linalg.svd(A[poor])
        sign = np.linalg.det(U) * np.linalg.det(Vh)
        result = np.array(result)
        result[poor] = np.matmul(U * (_others_product(S) * sign[..., None])[..., None, :], Vh)
    return result


def _cofactor_slope_kernel(A: Any, H: Any) -> Any:
    """The derivative of the cofactors of A in the direction H, in the basis where A is diagonal."""
    U, S, Vh = np.linalg.svd(A)
    n = A.shape[-1]
    sign = (np.linalg.det(U) * np.linalg.det(Vh))[..., None, None]
    table = np.broadcast_to(S[..., None, None, :], (*S.shape, n, n)).copy()
    i = np.arange(n)
    table[..., i, :, i] = 1
    table[..., :, i, i] = 1
    products = np.prod(table, axis=-1)  # of all singular values but two
    products[..., i, i] = 0
    K = np.matmul(np.matmul(np.swapaxes(U, -1, -2), H), np.swapaxes(Vh, -1, -2))
    inner = -products * np.swapaxes(K, -1, -2)
    inner[..., i, i] = np.matmul(products, K[..., i, i][..., None])[..., 0]
    return sign * np.matmul(np.matmul(U, inner), Vh)


def _third_order(g: Node, out: Node, A: Node, H: Node) -> Node:
    """The pullback of the cofactors' derivative onto A, through det(A)*inv(A).T: right for invertible A alone."""
    C, det = COFACTOR(A), linalg_det(A)
    scale = over_matrices(1 / det)

    def along(x: Node, y: Node) -> Node:
        return over_matrices(ops.sum(x * y, (-2, -1)))

    product = matrix_product
    value = along(H, C) * along(g, C) - along(g, product(product(C, mT(H)), C))
    onto = H * along(g, C) + g * along(H, C) - product(product(g, mT(C)), H) - product(product(H, mT(C)), g)
    return COFACTOR_SLOPE(A, onto * scale) - value * scale * scale * C  # type: ignore[no-any-return]


COFACTOR = Primitive(
    "cofactor(A)",
    _cofactor_kernel,
    shape=lambda A: A.shape,
    vjp=[lambda g, out, A: COFACTOR_SLOPE(A, g)],
    text="det(A)*inv(A).T",
    doc="The matrix of cofactors, the gradient of det; det(A)*inv(A).T where A has an inverse.",
)
COFACTOR_SLOPE = Primitive(
    "cofactor_slope(A, H)",
    _cofactor_slope_kernel,
    shape=lambda A, H: A.shape,
    vjp=[_third_order, lambda g, out, A, H: COFACTOR_SLOPE(A, g)],
    doc="How the matrix of cofactors of A changes in the direction H; symmetric, as second derivatives are.",
)
linalg_det = primitive(
    "linalg.det(A)",
    _det_kernel,
    check=check_factorizable("linalg.det", "lu_cpu"),
    shape=lambda A: A.shape[:-2],
    vjp=[lambda g, out, A: over_matrices(g) * COFACTOR(A)],
    grad_fn="LinalgDetBackward0",
    text="det(A)",
    doc="Determinant. The gradient of a singular matrix is its cofactors, as PyTorch gives it when it keeps the graph.",
    example="linalg.det([[1., 2.], [3., 4.]])",
    samples=["linalg.det(x); x:3,3", "linalg.det(x); x:2,2,2", "linalg.det(outer(x, x)); x:3"],
)

PLAIN_INVERSE = Primitive(
    "inv(A)",
    invert,
    shape=lambda A: A.shape,
    vjp=[lambda g, out, A: -matrix_product(matrix_product(mT(out), g), mT(out))],
    text="inv(A)",
    doc="The inverse, as rules use it: a singular matrix gives infinities and NaN.",
)
slogdet = primitive(
    "linalg.slogdet(A)",
    _signs_and_logs,
    check=check_factorizable("linalg.slogdet", "lu_cpu"),
    results=lambda A: [(A.shape[:-2], A.dtype)] * 2,
    fields=("sign", "logabsdet"),
    vjp_all=lambda g, out, A: [None if g[1] is None else over_matrices(g[1]) * mT(PLAIN_INVERSE(A))],
    grad_fn="LinalgSlogdetBackward0",
    doc="Sign and logarithm of the absolute value of the determinant.",
    example="linalg.slogdet([[1., 2.], [3., 4.]])[1]",
    samples=["linalg.slogdet(x)[1]; x:3,3", "linalg.slogdet(x).logabsdet; x:2,2,2"],
)
# What logdet does with a negative determinant. Formulas print it as x: they hold where logdet has a value.
WHERE_POSITIVE = Primitive(
    "where_positive(sign, instead, x)",
    lambda sign, instead, x: np.where(sign == -1, x.dtype.type(instead), x),
    shape=lambda sign, instead, x: x.shape,
    dtype=lambda sign, instead, x: x.dtype,
    vjp=[none, zero, lambda g, out, sign, instead, x: WHERE_POSITIVE(sign, 0, g)],
    grad_fn="WhereBackward0",
    text="x",
    doc="x where the sign is not -1.",
)


def _logdet(x: Node) -> Node:
    check_factorizable("logdet", "lu_cpu")(x)
    sign, log = slogdet(x)
    return WHERE_POSITIVE(sign, math.nan, log)  # type: ignore[no-any-return]


composite(
    "logdet(x)",
    _logdet,
    doc="Logarithm of the determinant; NaN where that is negative, -inf where it is zero.",
    example="logdet([[2., 0.], [0., 3.]])",
    samples=["logdet(x @ x.T + 3*eye(3)); x:3,3"],
)


# Inverses and linear systems


def _inverse_kernel(said: str) -> Any:
    """The kernel of an inverse that says its name in errors."""
    message = (
        ": {}The diagonal element %d is zero, the inversion could not be completed because the input matrix is singular."
    )

    def kernel(A: Any) -> Any:
        if A.shape[-1] > SMALL:
            try:
                return np.linalg.inv(A)
            except np.linalg.LinAlgError:
                pass
        factors = factorize(A)
        position, pivot = first_singular(factors)
        if pivot:
            raise singular(said + message % pivot, position)
        return solve_factored(factors, np.eye(A.shape[-1], dtype=A.dtype))

    return kernel


def _check_inverse(A: Node) -> None:
    check_square("linalg.inv", A)
    check_floating("linalg.inv", A)
    if A.dtype is dtypes.float16:
        raise AutodiffError("bad-dtype", "linalg.inv: Low precision dtypes not supported. Got Half", operands=(0,))


def _inverse(name: str, said: str, **about: Any) -> Primitive:
    return Primitive(
        f"{name}(A)",
        _inverse_kernel(said),
        check=_check_inverse,
        shape=lambda A: A.shape,
        vjp=[lambda g, out, A: -matrix_product(matrix_product(mT(out), g), mT(out))],
        grad_fn="LinalgInvExBackward0",
        layout=column_major,
        text="inv(A)",
        doc="The inverse of a square matrix.",
        **about,
    )


TENSOR_INVERSE = _inverse("inv", "inv")
INVERSE = _inverse(
    "linalg.inv",
    "linalg.inv",
    aliases=["inverse"],
    example="linalg.inv([[1., 2.], [3., 4.]])",
    samples=["linalg.inv(x + 3*eye(3)); x:3,3 in -1..1", "linalg.inv(x + 3*eye(2)); x:2,2,2 in -1..1"],
)
register(INVERSE)


def _inverse_ex_kernel(A: Any, check_errors: bool) -> Any:
    if check_errors:
        inverse = _inverse_kernel("linalg.inv_ex")(A)
        return inverse, np.zeros(A.shape[:-2], np.int32)
    factors = factorize(A)
    return solve_factored(factors, np.eye(A.shape[-1], dtype=A.dtype)), factors.info


def _inverse_ex_vjp(g: Any, out: Any, A: Node, check_errors: bool) -> list[Node | None]:
    if g[0] is None:
        return [None]
    inverse = mT(out[0])
    return [-matrix_product(matrix_product(inverse, g[0]), inverse)]


primitive(
    "linalg.inv_ex(A, *, check_errors: bool = False)",
    _inverse_ex_kernel,
    check=lambda A, check_errors: _check_inverse(A),
    results=lambda A, check_errors: [(A.shape, A.dtype), (A.shape[:-2], dtypes.int32)],
    fields=("inverse", "info"),
    vjp_all=_inverse_ex_vjp,
    doc="The inverse, and the place of the first zero pivot (zero where there is none); no error where it is singular.",
    example="linalg.inv_ex([[1., 2.], [3., 4.]]).inverse",
    samples=["linalg.inv_ex(x + 3*eye(3))[0]; x:3,3 in -1..1"],
)


def _solve_kernel(A: Any, B: Any, left: bool, vector: bool) -> Any:
    if vector:
        B = B[..., None]
    if not left:
        A, B = np.swapaxes(A, -1, -2), np.swapaxes(B, -1, -2)
    X = None
    if A.shape[-1] > SMALL:
        try:
            X = np.linalg.solve(A, B)
        except np.linalg.LinAlgError:
            X = None
    if X is None:
        factors = factorize(A)
        position, pivot = first_singular(factors)
        if pivot:
            raise singular("torch.linalg.solve: {}The solver failed because the input matrix is singular.", position)
        X = solve_factored(factors, B)
    if not left:
        X = np.swapaxes(X, -1, -2)
    return X[..., 0] if vector else X


def _solve_vjp(g: Node, out: Node, A: Node, B: Node, left: bool, vector: bool) -> list[Node]:
    G = SOLVE(mT(A), g, left, vector)
    if vector:
        product = OUTER(G, out) if len(G.shape) == 1 else ops.unsqueeze(G, -1) * ops.unsqueeze(out, -2)
    else:
        product = matrix_product(G, mT(out)) if left else matrix_product(mT(out), G)
    return [-product, G]


def _solve_layout(node: Node) -> Shape:
    left, vector = node.params
    if vector:
        return contiguous_strides(node.shape[::-1])[::-1]
    return column_major(node) if left else contiguous_strides(node.shape)


SOLVE = Primitive(
    "linalg.solve(A, B, left: bool, vector: bool)",
    _solve_kernel,
    shape=lambda A, B, left, vector: B.shape,
    vjp_all=_solve_vjp,
    grad_fn="LinalgSolveExBackward0",
    layout=_solve_layout,
    text="linalg.solve(A, B)",
    doc="X with A @ X = B, for operands with the same leading dims.",
)


def _is_vector(A: Node, B: Node) -> bool:
    return len(B.shape) == 1 or (len(A.shape) - 1 == len(B.shape) and B.shape == A.shape[:-1])


def check_system(name: str, A: Node, B: Shape, left: bool) -> None:
    """Raises `shape-mismatch` unless a right-hand side of shape B fits."""
    if A.shape[-2] != (B[-2] if left else B[-1]):
        raise AutodiffError(
            "shape-mismatch",
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'}"
            f" ({A.shape[-2]}x{A.shape[-1]} and {B[-2]}x{B[-1]})",
            operands=(0, 1),
        )


def _solve(A: Node, B: Node, left: bool) -> Node:
    name = "linalg.solve"
    check_square(name, A)
    check_floating(name, A)
    check_same_dtype(name, A, B)
    vector = _is_vector(A, B)
    if not vector:
        check_matrix(name, B, 1, "B")
    check_system(name, A, (*B.shape, 1) if vector else B.shape, left)
    if vector and not left:
        raise AutodiffError(
            "bad-value",
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case"
            " linalg.solve is equivalent to B / A.squeeze(-1)",
        )
    check_kernel("lu_cpu", A)
    own = B.shape[-1:] if vector else B.shape[-2:]
    batch = broadcast(B.shape[: len(B.shape) - len(own)], A.shape[:-2], (1, 0))
    return SOLVE(widen(A, (*batch, *A.shape[-2:])), widen(B, (*batch, *own)), left, vector)  # type: ignore[no-any-return]


def widen(x: Node, shape: Shape) -> Node:
    return x if x.shape == shape else broadcast_to(x, shape)


linalg_solve = composite(
    "linalg.solve(A, B, *, left: bool = True)",
    _solve,
    doc="X with A @ X = B (or X @ A = B), for a vector or matrix B.",
    example="linalg.solve([[2., 0.], [1., 4.]], [2., 5.])",
    samples=[
        "linalg.solve(x + 3*eye(3), y); x:3,3 in -1..1, y:3",
        "linalg.solve(x + 3*eye(2), y); x:2,2 in -1..1, y:2,3",
        "linalg.solve(x + 3*eye(2), y, left=False); x:2,2 in -1..1, y:3,2",
        "linalg.solve(x + 3*eye(2), y); x:2,2,2 in -1..1, y:2",
        "linalg.solve(x + 3*eye(2), y); x:2,2 in -1..1, y:2,2,1",
    ],
)


# Cholesky factors


def _cholesky_failure(name: str, A: Any) -> AutodiffError:
    """The error for the first matrix that is not positive-definite, with the order of the minor that is not."""
    for position, matrix in enumerate(A.reshape(-1, *A.shape[-2:])):
        L = np.zeros_like(matrix)
        for j in range(matrix.shape[-1]):
            rest = matrix[j:, j] - L[j:, :j] @ L[j, :j]
            if not rest[0] > 0:
                where = f"(Batch element {position}): " if A.ndim > 2 else ""
                return AutodiffError(
                    "not-positive-definite",
                    f"{name}: {where}The factorization could not be completed because the input is not positive-definite"
                    f" (the leading minor of order {j + 1} is not positive-definite).",
                    type="LinAlgError",
                    operands=(0,),
                    help="a covariance that is nearly singular may need a little more on its diagonal: A + 1e-6*eye(n)",
                )
            L[j:, j] = rest / np.sqrt(rest[0])
    return AutodiffError("not-positive-definite", f"{name}: the factorization failed", type="LinAlgError")


def _cholesky_kernel(name: str) -> Any:
    def kernel(A: Any, upper: bool) -> Any:
        lower = np.swapaxes(A, -1, -2) if upper else A
        try:
            L = np.linalg.cholesky(lower)
        except np.linalg.LinAlgError:
            raise _cholesky_failure(name, lower) from None
        return np.swapaxes(L, -1, -2) if upper else L

    return kernel


def _cholesky_vjp(g: Node, out: Node, x: Node, upper: bool) -> Node:
    """L^-T sym(tril(L^T g)) L^-1. Source: Murray, Differentiation of the Cholesky decomposition, 2016."""
    L, gL = (mT(out), mT(g)) if upper else (out, g)
    inner = ops.tril(matrix_product(mT(L), gL))
    inner = (inner + mT(ops.tril(inner, -1))) * 0.5
    half = ops.linalg_solve_triangular(mT(L), inner, upper=True)
    return ops.linalg_solve_triangular(L, half, upper=False, left=False)  # type: ignore[no-any-return]


for _name, _grad_fn, _keyword in (
    ("linalg.cholesky", "LinalgCholeskyExBackward0", "*, "),
    ("cholesky", "CholeskyBackward0", ""),
):

    def _check_cholesky(x: Node, upper: bool, name: str = _name) -> None:
        check_square(name, x)
        if name != "cholesky":
            check_floating(name, x)
        check_kernel("cholesky_cpu", x)

    primitive(
        f"{_name}(x, {_keyword}upper: bool = False)",
        _cholesky_kernel(_name),
        check=_check_cholesky,
        shape=lambda x, upper: x.shape,
        vjp=[_cholesky_vjp],
        grad_fn=_grad_fn,
        layout=column_major,
        doc="The lower-triangular L with L @ L.T = x, or the upper one; the gradient is symmetric, as x is meant to be.",
        example=f"{_name}([[4., 2.], [2., 3.]])",
        samples=[
            f"{_name}(x @ x.T + 3*eye(3)); x:3,3",
            f"{_name}(x @ x.mT + 3*eye(2), upper=True); x:2,2,2",
        ],
    )


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
    grad_fn="CopyBackwards",
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
        return x @ x if n == 2 else (x @ x) @ x  # type: ignore[no-any-return]
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


# The cross product


def _cross_kernel(x: Any, y: Any, dim: int) -> Any:
    a, b = np.moveaxis(x, dim, 0), np.moveaxis(y, dim, 0)
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], axis=dim)


CROSS = Primitive(
    "cross(x, y, dim: dim)",
    _cross_kernel,
    shape=lambda x, y, dim: x.shape,
    vjp=[lambda g, out, x, y, dim: CROSS(y, g, dim), lambda g, out, x, y, dim: CROSS(g, x, dim)],
    grad_fn="LinalgCrossBackward0",
    text="cross(x, y, dim=dim)",
    doc="The cross product along dim.",
)


def _cross(x: Node, y: Node, dim: int) -> Node:
    if len(x.shape) != len(y.shape):
        raise AutodiffError(
            "shape-mismatch", "linalg.cross: inputs must have the same number of dimensions.", operands=(0, 1)
        )
    if not x.shape:
        raise AutodiffError(
            "dim-out-of-range",
            f"Dimension specified as {dim} but tensor has no dimensions",
            type="IndexError",
            operands=(0,),
        )
    place = normalize_dim(dim, len(x.shape))
    if x.shape[place] != 3 or y.shape[place] != 3:
        raise AutodiffError(
            "shape-mismatch",
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.shape[place]} and {y.shape[place]}",
            operands=(0, 1),
            help="a cross product is of vectors of three elements",
        )
    shape = broadcast(x.shape, y.shape)
    if x.dtype is not y.dtype:
        raise AutodiffError(
            "bad-dtype", f"expected scalar type {x.dtype.long_name} but found {y.dtype.long_name}", operands=(0, 1)
        )
    if x.dtype is dtypes.bool_:
        raise not_implemented("cross", x.dtype)
    return CROSS(widen(x, shape), widen(y, shape), place)  # type: ignore[no-any-return]


def _cross_anywhere(x: Node, y: Node, dim: int | None) -> Node:
    if dim is None:
        if 3 not in x.shape:
            raise AutodiffError("shape-mismatch", "no dimension of size 3 in input", operands=(0,))
        dim = x.shape.index(3)
    return _cross(x, y, dim)


composite(
    "linalg.cross(x, y, *, dim: int = -1)",
    _cross,
    doc="The cross product of vectors of three elements, along dim.",
    example="linalg.cross([1., 0., 0.], [0., 1., 0.])",
    samples=["linalg.cross(x, y); x:2,3, y:2,3", "linalg.cross(x, y, dim=0); x:3,2, y:3,1"],
)
composite(
    "cross(x, y, dim: int? = None)",
    _cross_anywhere,
    doc="The cross product of vectors of three elements, along dim or the first dim of that size.",
    example="cross([1., 0., 0.], [0., 1., 0.])",
    samples=["cross(x, y); x:3,2, y:3,2", "cross(x, y, -1); x:2,3, y:1,3"],
)
