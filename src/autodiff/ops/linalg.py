"""Square matrices: determinants, inverses, linear systems."""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops, register
from autodiff.graph.primitive import Primitive, none, primitive, zero
from autodiff.graph.sizes import Shape, broadcast, contiguous_strides
from autodiff.ops.matmul import OUTER, matrix_product, transposed
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
    over_matrices,
    singular,
    solve_factored,
    widen,
)

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
    value = along(H, C) * along(g, C) - along(g, product(product(C, transposed(H)), C))
    onto = (
        H * along(g, C)
        + g * along(H, C)
        - product(product(g, transposed(C)), H)
        - product(product(H, transposed(C)), g)
    )
    return COFACTOR_SLOPE(A, onto * scale) - value * scale * scale * C  # type: ignore[no-any-return]


COFACTOR: Primitive = Primitive(
    "cofactor(A)",
    _cofactor_kernel,
    shape=lambda A: A.shape,
    vjp=[lambda g, out, A: COFACTOR_SLOPE(A, g)],
    text="det(A)*inv(A).T",
    doc="The matrix of cofactors, the gradient of det; det(A)*inv(A).T where A has an inverse.",
)
COFACTOR_SLOPE: Primitive = Primitive(
    "cofactor_slope(A, H)",
    _cofactor_slope_kernel,
    shape=lambda A, H: A.shape,
    vjp=[_third_order, lambda g, out, A, H: COFACTOR_SLOPE(A, g)],
    doc="How the matrix of cofactors of A changes in the direction H; symmetric, as second derivatives are.",
)
linalg_det: Primitive = primitive(
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
    vjp=[lambda g, out, A: -matrix_product(matrix_product(transposed(out), g), transposed(out))],
    text="inv(A)",
    doc="The inverse, as rules use it: a singular matrix gives infinities and NaN.",
)
slogdet: Primitive = primitive(
    "linalg.slogdet(A)",
    _signs_and_logs,
    check=check_factorizable("linalg.slogdet", "lu_cpu"),
    results=lambda A: [(A.shape[:-2], A.dtype)] * 2,
    fields=("sign", "logabsdet"),
    vjp_all=lambda g, out, A: [None if g[1] is None else over_matrices(g[1]) * transposed(PLAIN_INVERSE(A))],
    grad_fn="LinalgSlogdetBackward0",
    doc="Sign and logarithm of the absolute value of the determinant.",
    example="linalg.slogdet([[1., 2.], [3., 4.]])[1]",
    samples=["linalg.slogdet(x)[1]; x:3,3", "linalg.slogdet(x).logabsdet; x:2,2,2"],
)
# What logdet does with a negative determinant. Formulas print it as x: they hold where logdet has a value.
WHERE_POSITIVE: Primitive = Primitive(
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
        ": {}The diagonal element %d is zero, the inversion could not be completed because the input matrix is"
        " singular."
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
        vjp=[lambda g, out, A: -matrix_product(matrix_product(transposed(out), g), transposed(out))],
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
    inverse = transposed(out[0])
    return [-matrix_product(matrix_product(inverse, g[0]), inverse)]


primitive(
    "linalg.inv_ex(A, *, check_errors: bool = False)",
    _inverse_ex_kernel,
    check=lambda A, check_errors: _check_inverse(A),
    results=lambda A, check_errors: [(A.shape, A.dtype), (A.shape[:-2], dtypes.int32)],
    fields=("inverse", "info"),
    vjp_all=_inverse_ex_vjp,
    grad_fn="LinalgInvExBackward0",
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
    return _solve_pullback(SOLVE(transposed(A), g, left, vector), out, left, vector)


def _solve_pullback(G: Node, out: Node, left: bool, vector: bool) -> list[Node]:
    """The cotangents of A and B, from that of B."""
    if vector:
        product = OUTER(G, out) if len(G.shape) == 1 else ops.unsqueeze(G, -1) * ops.unsqueeze(out, -2)
    else:
        product = matrix_product(G, transposed(out)) if left else matrix_product(transposed(out), G)
    return [-product, G]


def _solve_layout(node: Node) -> Shape:
    left, vector = node.params
    if vector:
        return contiguous_strides(node.shape[::-1])[::-1]
    return column_major(node) if left else contiguous_strides(node.shape)


SOLVE: Primitive = Primitive(
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


def _fitting_system(A: Node, B: Node, left: bool) -> tuple[Node, Node, bool]:
    """The operands with the same leading dims, and whether B is a vector."""
    name = "linalg.solve"
    check_floating(name, A)
    check_same_dtype(name, A, B)
    check_square(name, A)
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
    return widen(A, (*batch, *A.shape[-2:])), widen(B, (*batch, *own)), vector


def _solve(A: Node, B: Node, left: bool) -> Node:
    A, B, vector = _fitting_system(A, B, left)
    return SOLVE(A, B, left, vector)  # type: ignore[no-any-return]


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


def _solve_ex_kernel(A: Any, B: Any, left: bool, vector: bool, check_errors: bool) -> Any:
    if vector:
        B = B[..., None]
    if not left:
        A, B = np.swapaxes(A, -1, -2), np.swapaxes(B, -1, -2)
    factors = factorize(A)
    position, pivot = first_singular(factors)
    if pivot and check_errors:
        raise singular("torch.linalg.solve_ex: {}The solver failed because the input matrix is singular.", position)
    X = solve_factored(factors, B)
    if not left:
        X = np.swapaxes(X, -1, -2)
    return (X[..., 0] if vector else X), factors.info


def _solve_ex_vjp(
    g: Any, out: Any, A: Node, B: Node, left: bool, vector: bool, check_errors: bool
) -> list[Node] | list[None]:
    if g[0] is None:
        return [None, None]
    G = SOLVE_EX(transposed(A), g[0], left, vector, False)[0]  # where A is singular, NaN rather than an error
    return _solve_pullback(G, out[0], left, vector)


SOLVE_EX = Primitive(
    "linalg.solve_ex(A, B, left: bool, vector: bool, check_errors: bool)",
    _solve_ex_kernel,
    results=lambda A, B, *_: [(B.shape, B.dtype), (A.shape[:-2], dtypes.int32)],
    fields=("result", "info"),
    grad_fn="LinalgSolveExBackward0",
    vjp_all=_solve_ex_vjp,
    doc="X with A @ X = B, and the first zero pivot.",
)


def _solve_ex(A: Node, B: Node, left: bool, check_errors: bool) -> Results:
    A, B, vector = _fitting_system(A, B, left)
    return SOLVE_EX(A, B, left, vector, check_errors)  # type: ignore[no-any-return]


composite(
    "linalg.solve_ex(A, B, *, left: bool = True, check_errors: bool = False)",
    _solve_ex,
    doc="X with A @ X = B (or X @ A = B), and the place of the first zero pivot (zero where there is none).",
    example="linalg.solve_ex([[2., 0.], [1., 4.]], [2., 5.]).result",
    samples=[
        "linalg.solve_ex(x + 3*eye(3), y)[0]; x:3,3 in -1..1, y:3",
        "linalg.solve_ex(x + 3*eye(2), y, left=False)[0]; x:2,2 in -1..1, y:3,2",
    ],
)
