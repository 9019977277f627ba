"""Triangular systems."""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import fit
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import broadcast
from autodiff.ops.linalg import check_system
from autodiff.ops.matmul import matrix_product, transposed
from autodiff.ops.matrices import check_kernel, check_matrix, check_square, column_major, substitute, widen


def _triangular_kernel(A: Any, B: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    if left:
        return substitute(A, B, upper, unitriangular)
    swapped = substitute(np.swapaxes(A, -1, -2), np.swapaxes(B, -1, -2), not upper, unitriangular)
    return np.swapaxes(swapped, -1, -2)


def _triangle(x: Node, upper: bool, unit: bool) -> Node:
    """The part of a matrix that a triangular solve reads."""
    return ops.triu(x, int(unit)) if upper else ops.tril(x, -int(unit))  # type: ignore[no-any-return]


def _triangular_vjp(g: Node, out: Node, A: Node, B: Node, upper: bool, left: bool, unitriangular: bool) -> list[Node]:
    G = TRIANGULAR(transposed(A), g, not upper, left, unitriangular)
    product = matrix_product(G, transposed(out)) if left else matrix_product(transposed(out), G)
    return [-_triangle(product, upper, unitriangular), G]


TRIANGULAR: Primitive = Primitive(
    "linalg.solve_triangular(A, B, upper: bool, left: bool, unitriangular: bool)",
    _triangular_kernel,
    shape=lambda A, B, *_: B.shape,
    vjp_all=_triangular_vjp,
    grad_fn="LinalgSolveTriangularBackward0",
    layout=column_major,
    text="linalg.solve_triangular(A, B, upper=upper)",
    doc="X with A @ X = B, for operands with the same leading dims.",
)


def common_batch(A: Node, B: Node) -> tuple[Node, Node]:
    """Both with the leading dims they broadcast to."""
    batch = broadcast(A.shape[:-2], B.shape[:-2])
    return widen(A, (*batch, *A.shape[-2:])), widen(B, (*batch, *B.shape[-2:]))


def _solve_triangular(x: Node, B: Node, upper: bool, left: bool, unitriangular: bool) -> Node:
    name = "linalg.solve_triangular"
    check_square(name, x)
    check_matrix(name, B, 1, "B")
    check_system(name, x, B.shape, left)
    check_kernel("triangular_solve_cpu", x)
    A, B = common_batch(x, fit(B, B.shape, x.dtype))
    return TRIANGULAR(A, B, upper, left, unitriangular)  # type: ignore[no-any-return]


composite(
    "linalg.solve_triangular(x, B, *, upper: bool, left: bool = True, unitriangular: bool = False)",
    _solve_triangular,
    doc="X with x @ X = B (or X @ x = B) for a triangular x; the other triangle is not looked at.",
    example="linalg.solve_triangular([[2., 0.], [1., 4.]], [[2.], [5.]], upper=False)",
    samples=[
        "linalg.solve_triangular(x + 3*eye(3), y, upper=True); x:3,3 in -1..1, y:3,2",
        "linalg.solve_triangular(x + 3*eye(2), y, upper=False, left=False); x:2,2 in -1..1, y:2,3,2",
        "linalg.solve_triangular(x, y, upper=False, unitriangular=True); x:2,2,2 in -1..1, y:2,2",
    ],
)


def _old_triangular_vjp(
    g: Any, out: Any, x: Node, A: Node, upper: bool, transpose: bool, unitriangular: bool
) -> list[Node | None]:
    onto_A = g[1]
    G = None
    if g[0] is not None:
        own = transposed(A) if transpose else A
        G = TRIANGULAR(transposed(own), g[0], upper == transpose, True, unitriangular)
        product = -matrix_product(G, transposed(out[0]))
        product = _triangle(transposed(product) if transpose else product, upper, unitriangular)
        onto_A = product if onto_A is None else onto_A + product
    return [ops.zeros_like(x) if G is None else G, onto_A]


OLD_TRIANGULAR = Primitive(
    "triangular_solve(x, A, upper: bool, transpose: bool, unitriangular: bool)",
    lambda x, A, upper, transpose, unitriangular: (
        _triangular_kernel(np.swapaxes(A, -1, -2) if transpose else A, x, upper != transpose, True, unitriangular),
        A,
    ),
    results=lambda x, A, *_: [(x.shape, x.dtype), (A.shape, A.dtype)],
    fields=("solution", "cloned_coefficient"),
    vjp_all=_old_triangular_vjp,
    doc="X with A @ X = x, and A.",
)


def check_old_system(name: str, B: Node, A: Node) -> None:
    """The checks of PyTorch's older solvers, with their messages."""
    if A.dtype is not B.dtype:
        raise AutodiffError(
            "bad-dtype",
            f"Expected b and A to have the same dtype, but found b of type {B.dtype.long_name} and A of type"
            f" {A.dtype.long_name} instead.",
            operands=(0, 1),
        )
    if A.shape[-2] != A.shape[-1]:
        raise AutodiffError(
            "not-square",
            f"A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices",
            operands=(1,),
        )
    if A.shape[-1] != B.shape[-2]:
        n = A.shape[-1]
        raise AutodiffError(
            "shape-mismatch",
            f"Incompatible matrix sizes for {name}: each A matrix is {n} by {n} but each b matrix is {B.shape[-2]} by"
            f" {B.shape[-1]}",
            operands=(0, 1),
        )


def _triangular_solve(x: Node, A: Node, upper: bool, transpose: bool, unitriangular: bool) -> Results:
    for letter, node, position in (("b", x, 0), ("A", A, 1)):
        if len(node.shape) < 2:
            raise AutodiffError(
                "bad-rank",
                f"torch.triangular_solve: Expected {letter} to have at least 2 dimensions, but it has"
                f" {len(node.shape)} dimensions instead",
                operands=(position,),
            )
    check_old_system("triangular_solve", x, A)
    check_kernel("triangular_solve_cpu", A)
    A, x = common_batch(A, x)
    return OLD_TRIANGULAR(x, A, upper, transpose, unitriangular)  # type: ignore[no-any-return]


composite(
    "triangular_solve(x, A, upper: bool = True, transpose: bool = False, unitriangular: bool = False)",
    _triangular_solve,
    doc="X with A @ X = x for a triangular A, and A; linalg.solve_triangular is its successor.",
    example="triangular_solve([[2.], [5.]], [[2., 1.], [0., 4.]])[0]",
    samples=[
        "triangular_solve(x, y + 3*eye(2))[0]; x:2,3, y:2,2 in -1..1",
        "triangular_solve(x, y)[1]; x:2,3, y:2,2",
        "triangular_solve(x, y + 3*eye(2), upper=False, transpose=True)[0]; x:2,3, y:2,2 in -1..1",
    ],
)
