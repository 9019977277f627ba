"""Products that are added to something: beta*x + alpha*product. Where beta is zero, x is not looked at."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.dtypes import DType
from autodiff.graph.elementwise import fit
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import broadcast_to, primitive, strengthen
from autodiff.graph.sizes import Shape
from autodiff.ops.matmul import (
    OUTER,
    bad_rank,
    bmm,
    check_batches,
    check_inner,
    mm,
    mv,
    mv_kernel,
    no_bool,
    product,
    same_dtype,
    transposed,
    type_text,
)


def _scaled(x: Any, by: Any) -> Any:
    """x*by, or x itself; integers are scaled by integers, as PyTorch truncates."""
    if by == 1:
        return x
    return np.multiply(x, x.dtype.type(by)) if x.dtype.kind in "iu" else np.multiply(x, by)


def _added(x: Any, beta: Any, term: Any, alpha: Any) -> Any:
    term = _scaled(term, alpha)
    return term if beta == 0 else np.add(_scaled(x, beta), term)


def times(g: Node, factor: Any) -> Node:
    """g*factor, g itself where the factor is one."""
    return g if factor == 1 else g * factor


def _check_addmm(x: Node, mat1: Node, mat2: Node, beta: Any, alpha: Any) -> tuple[Any, ...]:
    x = strengthen(x, mat1.dtype)
    _check_dtypes(x, mat1, mat2)
    for position, (name, node) in enumerate((("mat1", mat1), ("mat2", mat2)), 1):
        if len(node.shape) != 2:
            raise bad_rank(f"{name} must be a matrix, got {len(node.shape)}-D tensor", (position,))
    check_inner(mat1, mat2, (1, 2))
    x = _fitted(x, (mat1.shape[0], mat2.shape[1]), mat1.dtype)
    no_bool("addmm_impl_cpu_", x)
    return x, mat1, mat2, beta, alpha


def _check_dtypes(x: Node, mat1: Node, mat2: Node) -> None:
    for position, (name, node) in enumerate((("self", x), ("mat1", mat1))):
        names = f"{node.dtype.long_name} and {mat2.dtype.long_name}"
        same_dtype(f"{name} and mat2 must have the same dtype, but got {names}", node, mat2, (position, 2))


def _fitted(x: Node, shape: Shape, dtype: DType) -> Node:
    """x as a tensor of the shape, by a hidden broadcast; raises PyTorch's error of expanding."""
    x = strengthen(x, dtype)
    ops.expand.check(x, shape)
    return x if x.shape == shape else broadcast_to(x, shape)


addmm = primitive(
    "addmm(x, mat1, mat2, *, beta: Number = 1, alpha: Number = 1)",
    lambda x, mat1, mat2, beta, alpha: _added(x, beta, product(mat1, mat2), alpha),
    check=_check_addmm,
    shape=lambda x, mat1, mat2, beta, alpha: x.shape,
    vjp=[
        lambda g, out, x, mat1, mat2, beta, alpha: times(g, beta),
        lambda g, out, x, mat1, mat2, beta, alpha: times(mm(g, transposed(mat2)), alpha),
        lambda g, out, x, mat1, mat2, beta, alpha: times(mm(transposed(mat1), g), alpha),
    ],
    text="beta*x + alpha*(mat1 @ mat2)",
    doc="beta*x + alpha*(mat1 @ mat2).",
    example="addmm([1., 1.], [[1., 2.], [3., 4.]], [[1., 0.], [0., 2.]])",
    samples=["addmm(x, y, z); x:4, y:2,3, z:3,4", "addmm(x, y, z, beta=2, alpha=0.5); x:2,2, y:2,3, z:3,2"],
)


def _check_addmv(x: Node, mat: Node, vec: Node, beta: Any, alpha: Any) -> tuple[Any, ...]:
    if len(mat.shape) != 2 or len(vec.shape) != 1 or len(x.shape) > 1:
        raise bad_rank(
            f"vector + matrix @ vector expected, got {len(x.shape)}, {len(mat.shape)}, {len(vec.shape)}", (0, 1, 2)
        )
    rows, columns = mat.shape
    if columns != vec.shape[0] or (x.shape and x.shape[0] not in (1, rows)):
        first = x.shape[0] if x.shape else 1
        raise AutodiffError(
            "matmul-shape",
            f"size mismatch, got input ({first}), mat ({rows}x{columns}), vec ({vec.shape[0]})",
            operands=(0, 1, 2),
        )
    x = strengthen(x, vec.dtype)
    names = f"{x.dtype.long_name}, {mat.dtype.long_name}, and {vec.dtype.long_name}"
    for other in (mat, vec):
        same_dtype(f"addmv input tensors must have the same dtype, but got {names}", x, other, (0, 1, 2))
    no_bool("addmv_impl_cpu", x)
    return _fitted(x, (rows,), x.dtype), mat, vec, beta, alpha


addmv = primitive(
    "addmv(x, mat, vec, *, beta: Number = 1, alpha: Number = 1)",
    lambda x, mat, vec, beta, alpha: _added(x, beta, mv_kernel(mat, vec), alpha),
    check=_check_addmv,
    shape=lambda x, mat, vec, beta, alpha: x.shape,
    vjp=[
        lambda g, out, x, mat, vec, beta, alpha: times(g, beta),
        lambda g, out, x, mat, vec, beta, alpha: times(OUTER(g, vec), alpha),
        lambda g, out, x, mat, vec, beta, alpha: times(mv(transposed(mat), g), alpha),
    ],
    text="beta*x + alpha*(mat @ vec)",
    doc="beta*x + alpha*(mat @ vec).",
    example="addmv([1., 1.], [[1., 2.], [3., 4.]], [1., -1.])",
    samples=["addmv(x, y, z); x:2, y:2,3, z:3", "addmv(x, y, z, beta=2, alpha=0.5); x:1, y:2,3, z:3"],
)


def _check_addr(x: Node, vec1: Node, vec2: Node, beta: Any, alpha: Any) -> tuple[Any, ...]:
    for position, (name, node) in enumerate((("vec1", vec1), ("vec2", vec2)), 1):
        if len(node.shape) != 1:
            raise bad_rank(f"addr: Expected 1-D argument {name}, but got {len(node.shape)}-D", (position,))
    dtype = vec1.dtype
    for node in (vec2, x):
        dtype = dtype if node.weak else dtypes.promote(dtype, node.dtype)
    for name, value in (("beta", beta), ("alpha", alpha)):
        if not dtype.is_floating and not isinstance(value, int):
            raise AutodiffError(
                "bad-dtype", f"For integral input tensors, argument {name} must not be a floating point number."
            )
    x = _fitted(x, (*vec1.shape, *vec2.shape), dtype)
    return fit(x, x.shape, dtype), fit(vec1, vec1.shape, dtype), fit(vec2, vec2.shape, dtype), beta, alpha


def _addr_kernel(x: Any, vec1: Any, vec2: Any, beta: Any, alpha: Any) -> Any:
    return _added(x, beta, np.multiply(_scaled(vec1[..., :, None], alpha), vec2[..., None, :]), 1)


addr = primitive(
    "addr(x, vec1, vec2, *, beta: Number = 1, alpha: Number = 1)",
    _addr_kernel,
    check=_check_addr,
    shape=lambda x, vec1, vec2, beta, alpha: x.shape,
    vjp=[
        lambda g, out, x, vec1, vec2, beta, alpha: times(g, beta),
        lambda g, out, x, vec1, vec2, beta, alpha: times(mv(g, vec2), alpha),
        lambda g, out, x, vec1, vec2, beta, alpha: times(mv(transposed(g), vec1), alpha),
    ],
    text="beta*x + alpha*outer(vec1, vec2)",
    doc="beta*x + alpha*outer(vec1, vec2).",
    example="addr([[1., 1.], [1., 1.]], [1., 2.], [3., 4.])",
    samples=["addr(x, y, z); x:2,3, y:2, z:3", "addr(x, y, z, beta=2, alpha=0.5); x:3, y:2, z:3"],
)


def _needs_batches(batch1: Node, batch2: Node) -> None:
    """PyTorch reads the sizes that the result will have before it looks at ranks."""
    for position, node, dims in ((1, batch1, (0, 1)), (2, batch2, (2,))):
        rank = len(node.shape)
        for dim in dims:
            if rank > dim:
                continue
            message = f"Dimension out of range (expected to be in range of [-{rank}, {rank - 1}], but got {dim})"
            if not rank:
                message = f"Dimension specified as {dim} but tensor has no dimensions"
            raise AutodiffError("dim-out-of-range", message, type="IndexError", operands=(position,))


def _check_baddbmm(x: Node, batch1: Node, batch2: Node, beta: Any, alpha: Any) -> tuple[Any, ...]:
    _needs_batches(batch1, batch2)
    x = strengthen(x, batch1.dtype)
    if len(batch1.shape) == 3:
        x = _fitted(x, (batch1.shape[0], batch1.shape[1], batch2.shape[2]), batch1.dtype)
    else:
        ops.expand.check(x, (*batch1.shape[:2], batch2.shape[2]))
        raise bad_rank("batch1 must be a 3D tensor", (1,))
    if len(batch2.shape) != 3:
        raise bad_rank("batch2 must be a 3D tensor", (2,))
    check_batches(batch1, batch2, (1, 2))
    if x.dtype is not batch1.dtype:
        names = f"input {type_text(x.dtype)}, batch1: {type_text(batch1.dtype)}, batch2: {type_text(batch2.dtype)}"
        same_dtype(f"Input dtypes must be the same, got: {names}", x, batch1, (0, 1, 2))
    same_dtype(f"expected scalar type {x.dtype.long_name} but found {batch2.dtype.long_name}", x, batch2, (0, 2))
    no_bool("baddbmm", x)
    return x, batch1, batch2, beta, alpha


baddbmm = primitive(
    "baddbmm(x, batch1, batch2, *, beta: Number = 1, alpha: Number = 1)",
    lambda x, batch1, batch2, beta, alpha: _added(x, beta, product(batch1, batch2), alpha),
    check=_check_baddbmm,
    shape=lambda x, batch1, batch2, beta, alpha: x.shape,
    vjp=[
        lambda g, out, x, batch1, batch2, beta, alpha: times(g, beta),
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(g, transposed(batch2)), alpha),
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(transposed(batch1), g), alpha),
    ],
    text="beta*x + alpha*(batch1 @ batch2)",
    doc="beta*x + alpha*(batch1 @ batch2), matrix by matrix.",
    example="baddbmm([1., 1.], [[[1., 2.], [3., 4.]]], [[[1., 0.], [0., 2.]]])",
    samples=["baddbmm(x, y, z, beta=2, alpha=0.5); x:2,2, y:2,2,3, z:2,3,2"],
)


def _check_addbmm(x: Node, batch1: Node, batch2: Node, beta: Any, alpha: Any) -> tuple[Any, ...]:
    _needs_batches(batch1, batch2)
    x = strengthen(x, batch1.dtype)
    if len(batch1.shape) != 3:
        ops.expand.check(x, (*batch1.shape[1:2], batch2.shape[2]))
        raise bad_rank("batch1 must be a 3D tensor", (1,))
    x = _fitted(x, (batch1.shape[1], batch2.shape[2]), batch1.dtype)
    if len(batch2.shape) != 3:
        raise bad_rank("batch2 must be a 3D tensor", (2,))
    if batch1.shape[0] != batch2.shape[0]:
        raise AutodiffError(
            "matmul-shape",
            f"batch1 and batch2 must have same number of batches, got {batch1.shape[0]} and {batch2.shape[0]}",
            operands=(1, 2),
        )
    if batch1.shape[2] != batch2.shape[1]:
        a, b = batch1.shape, batch2.shape
        raise AutodiffError(
            "matmul-shape", f"Incompatible matrix sizes for bmm ({a[1]}x{a[2]} and {b[1]}x{b[2]})", operands=(1, 2)
        )
    _check_dtypes(x, batch1, batch2)
    no_bool("addmm_impl_cpu_", x)
    return x, batch1, batch2, beta, alpha


def _each(g: Node, batch: Node) -> Node:
    return broadcast_to(g, (batch.shape[0], *g.shape))


addbmm = primitive(
    "addbmm(x, batch1, batch2, *, beta: Number = 1, alpha: Number = 1)",
    lambda x, batch1, batch2, beta, alpha: _added(x, beta, product(batch1, batch2).sum(axis=-3), alpha),
    check=_check_addbmm,
    shape=lambda x, batch1, batch2, beta, alpha: x.shape,
    vjp=[
        lambda g, out, x, batch1, batch2, beta, alpha: times(g, beta),
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(_each(g, batch1), transposed(batch2)), alpha),
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(transposed(batch1), _each(g, batch1)), alpha),
    ],
    text="beta*x + alpha*sum(batch1 @ batch2, 0)",
    doc="beta*x + alpha*(the sum of the products of the matrices of two batches).",
    example="addbmm([1., 1.], [[[1., 2.], [3., 4.]]], [[[1., 0.], [0., 2.]]])",
    samples=["addbmm(x, y, z, beta=2, alpha=0.5); x:2,2, y:2,2,3, z:2,3,2"],
)
