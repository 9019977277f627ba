"""Products of vectors and matrices, and the rule by which `@` chooses among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.dtypes import DType
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import (
    Primitive,
    as_operand,
    broadcast_to,
    composite,
    fit,
    ops,
    primitive,
    strengthen,
    strides,
)
from autodiff.graph.sizes import Shape, broadcast, numel, show
from autodiff.ops.checks import C_NAMES, not_implemented
from autodiff.ops.layout import SQUEEZE, SQUEEZE_VECTOR, UNSAFE_VIEW, contiguous_copy

# Checks


def bad_rank(message: str, operands: tuple[int, ...] = (0, 1), help: str = "", **about: Any) -> AutodiffError:
    return AutodiffError("bad-rank", message, operands=operands, help=help or (), **about)


def type_text(dtype: DType) -> str:
    """The C++ name of an element type, as PyTorch's products write it."""
    return {"int64": "long int", "int16": "short int"}.get(dtype.name) or C_NAMES[dtype.name]


def same_dtype(message: str, x: Node, y: Node, operands: tuple[int, ...] = (0, 1)) -> None:
    """Products do not promote: raises `bad-dtype` with the message for operands of two element types."""
    if x.dtype is not y.dtype:
        raise AutodiffError(
            "bad-dtype", message, operands=operands, help="convert one of them: x.to(float64), or x.double()"
        )


def _no_bool(kernel: str, x: Node) -> None:
    if x.dtype is dtypes.bool_:
        raise not_implemented(kernel, x.dtype)


def check_inner(x: Node, y: Node, operands: tuple[int, ...] = (0, 1)) -> None:
    """Raises `matmul-shape` unless the columns of one matrix are the rows of the other."""
    if x.shape[1] != y.shape[0]:
        raise AutodiffError(
            "matmul-shape",
            f"mat1 and mat2 shapes cannot be multiplied ({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})",
            operands=operands,
            help=_transpose_help(x.shape, y.shape),
        )


def _transpose_help(a: Shape, b: Shape) -> str:
    if a[1] == b[1]:
        return f"the inner sizes must agree ({a[1]} and {b[0]}): transpose the right one, y.T"
    if a[0] == b[0]:
        return f"the inner sizes must agree ({a[1]} and {b[0]}): transpose the left one, x.T"
    return f"the inner sizes must agree, and they are {a[1]} and {b[0]}"


def _check_mm(x: Node, mat2: Node) -> None:
    if len(x.shape) != 2:
        raise bad_rank("self must be a matrix", (0,), f"this has {len(x.shape)} dims; @ takes any number")
    if len(mat2.shape) != 2:
        raise bad_rank("mat2 must be a matrix", (1,), f"this has {len(mat2.shape)} dims; @ takes any number")
    check_inner(x, mat2)
    same_dtype(
        f"expected m1 and m2 to have the same dtype, but got: {type_text(x.dtype)} != {type_text(mat2.dtype)}", x, mat2
    )
    _no_bool("addmm_impl_cpu_", x)


def _check_bmm(x: Node, mat2: Node) -> None:
    if len(x.shape) != 3:
        raise bad_rank("batch1 must be a 3D tensor", (0,))
    if len(mat2.shape) != 3:
        raise bad_rank("batch2 must be a 3D tensor", (1,))
    _check_batches(x, mat2)
    same_dtype(f"expected scalar type {x.dtype.long_name} but found {mat2.dtype.long_name}", x, mat2)
    _no_bool("bmm", x)


def _check_batches(x: Node, mat2: Node, operands: tuple[int, ...] = (0, 1)) -> None:
    wanted = (x.shape[0], x.shape[2])
    if mat2.shape[:2] != wanted:
        raise AutodiffError(
            "matmul-shape",
            f"Expected size for first two dimensions of batch2 tensor to be: {show(wanted)} but got:"
            f" {show(mat2.shape[:2])}.",
            operands=operands,
        )


def _check_mv(x: Node, vec: Node) -> None:
    if len(x.shape) != 2 or len(vec.shape) != 1:
        raise bad_rank(f"vector + matrix @ vector expected, got 1, {len(x.shape)}, {len(vec.shape)}")
    if x.shape[1] != vec.shape[0]:
        raise AutodiffError(
            "matmul-shape",
            f"size mismatch, got input ({x.shape[0]}), mat ({x.shape[0]}x{x.shape[1]}), vec ({vec.shape[0]})",
            operands=(0, 1),
        )
    names = f"{vec.dtype.long_name}, {x.dtype.long_name}, and {vec.dtype.long_name}"
    same_dtype(f"addmv input tensors must have the same dtype, but got {names}", x, vec)
    _no_bool("addmv_impl_cpu", x)


def _check_dot(x: Node, tensor: Node) -> None:
    if len(x.shape) != 1 or len(tensor.shape) != 1:
        raise bad_rank(f"1D tensors expected, but got {len(x.shape)}D and {len(tensor.shape)}D tensors")
    same_dtype(
        "dot : expected both vectors to have same dtype, but found"
        f" {x.dtype.long_name} and {tensor.dtype.long_name}",
        x,
        tensor,
    )
    a, b = x.shape[0], tensor.shape[0]
    if a != b:
        raise AutodiffError(
            "matmul-shape",
            f"inconsistent tensor size, expected tensor [{a}] and src [{b}] to have the same number of elements, but got"
            f" {a} and {b} elements respectively",
            operands=(0, 1),
        )
    _no_bool("dot", x)


# Kernels. Half precision is multiplied in single, as PyTorch does.


def product(x: Any, y: Any) -> Any:
    """Matrix product over the last two axes."""
    if x.dtype == np.float16:
        return np.matmul(x.astype(np.float32), y.astype(np.float32)).astype(np.float16)
    return np.matmul(x, y)


def _dot_kernel(x: Any, y: Any) -> Any:
    return product(x[..., None, :], y[..., :, None])[..., 0, 0]


def _mv_kernel(x: Any, vec: Any) -> Any:
    return product(x, vec[..., None])[..., 0]


# The four products that all others are made of


def mT(x: Node) -> Node:
    """The transpose of a matrix, or of each in a batch."""
    return ops.t(x) if len(x.shape) == 2 else ops.transpose(x, -2, -1)  # type: ignore[no-any-return]


OUTER = Primitive(
    "outer(x, vec2)",
    lambda x, vec2: np.multiply(x[..., :, None], vec2[..., None, :]),
    shape=lambda x, vec2: (*x.shape, *vec2.shape),
    vjp=[lambda g, out, x, vec2: mv(g, vec2), lambda g, out, x, vec2: mv(mT(g), x)],
    grad_fn="MulBackward0",
    text="outer(x, vec2)",
    latex=r"x\,vec2^\top",
    doc="The matrix of all products of two vectors' elements, as rules use it.",
)
mm = primitive(
    "mm(x, mat2)",
    product,
    check=_check_mm,
    shape=lambda x, mat2: (x.shape[0], mat2.shape[1]),
    vjp=[lambda g, out, x, mat2: mm(g, mT(mat2)), lambda g, out, x, mat2: mm(mT(x), g)],
    text="x @ mat2",
    doc="Product of two matrices.",
    example="mm([[1., 2.], [3., 4.]], [[1., 0.], [0., 2.]])",
    samples=["mm(x, y); x:2,3, y:3,4", "mm(x, x); x:2,2"],
)
bmm = primitive(
    "bmm(x, mat2)",
    product,
    check=_check_bmm,
    shape=lambda x, mat2: (*x.shape[:2], mat2.shape[2]),
    vjp=[lambda g, out, x, mat2: bmm(g, mT(mat2)), lambda g, out, x, mat2: bmm(mT(x), g)],
    text="x @ mat2",
    doc="Products of the matrices of two batches, one by one.",
    example="bmm([[[1., 2.], [3., 4.]]], [[[1., 0.], [0., 2.]]])",
    samples=["bmm(x, y); x:2,2,3, y:2,3,2"],
)
mv = primitive(
    "mv(x, vec)",
    _mv_kernel,
    check=_check_mv,
    shape=lambda x, vec: x.shape[:1],
    vjp=[lambda g, out, x, vec: OUTER(g, vec), lambda g, out, x, vec: mv(mT(x), g)],
    text="x @ vec",
    doc="Product of a matrix and a vector.",
    example="mv([[1., 2.], [3., 4.]], [1., -1.])",
    samples=["mv(x, y); x:2,3, y:3"],
)
dot = primitive(
    "dot(x, tensor)",
    _dot_kernel,
    check=_check_dot,
    shape=lambda x, tensor: (),
    vjp=[lambda g, out, x, tensor: g * tensor, lambda g, out, x, tensor: g * x],
    text="x @ tensor",
    doc="Sum of the products of two vectors' elements.",
    example="dot([1., 2.], [3., 4.])",
    samples=["dot(x, y); x:3, y:3", "dot(x, x); x:3"],
)
vdot = primitive(
    "vdot(x, y)",
    _dot_kernel,
    check=_check_dot,
    shape=lambda x, y: (),
    vjp=[lambda g, out, x, y: g * y, lambda g, out, x, y: g * x],
    text="x @ y",
    doc="Sum of the products of two vectors' elements; for real numbers the same as dot.",
    example="vdot([1., 2.], [3., 4.])",
    samples=["vdot(x, y); x:3, y:3"],
)


BATCHED = Primitive(
    "matmul(x, y)",
    product,
    shape=lambda x, y: (*x.shape[:-1], y.shape[-1]),
    vjp=[lambda g, out, x, y: matrix_product(g, mT(y)), lambda g, out, x, y: matrix_product(mT(x), g)],
    grad_fn="BmmBackward0",
    text="x @ y",
    doc="Products of matrices whose leading dims agree, as rules use it.",
)


def matrix_product(x: Node, y: Node) -> Node:
    """The product of two matrices or of two batches of the same shape, for rules."""
    return mm(x, y) if len(x.shape) == 2 else BATCHED(x, y)  # type: ignore[no-any-return]


# matmul


def _folds(x: Node, y: Node) -> bool:
    """Whether the batch of the larger operand is laid out as one tall matrix. Source: PyTorch's `should_fold`.

    A smaller operand that wants a gradient always makes it fold: expanding it would make its gradient batched too.
    """
    larger, smaller = (x, y) if len(x.shape) >= len(y.shape) else (y, x)
    if len(larger.shape) < 3 or len(smaller.shape) > 2:
        return False
    if smaller.requires_grad:
        return True
    if len(x.shape) == 2:
        return False
    if 0 in larger.shape:
        return True
    own, shape = strides(larger), larger.shape
    if larger is y:  # the transpose of the last two dims is what would be folded
        own, shape = (*own[:-2], own[-1], own[-2]), (*shape[:-2], shape[-1], shape[-2])
    return all(own[i] == own[i + 1] * shape[i + 1] for i in range(len(shape) - 2))


def _folded(x: Node, y: Node) -> Node:
    swapped = len(y.shape) > len(x.shape)
    large, small = (ops.transpose(y, -2, -1), ops.t(x) if len(x.shape) == 2 else x) if swapped else (x, y)
    lead = large.shape[:-1]
    tall = ops.reshape(large, (numel(lead), large.shape[-1]))
    if len(small.shape) == 1:
        return UNSAFE_VIEW(mv(tall, small), lead)  # type: ignore[no-any-return]
    result = UNSAFE_VIEW(mm(tall, small), (*lead, small.shape[1]))
    return contiguous_copy(ops.transpose(result, -2, -1)) if swapped else result


def _batched(x: Node, y: Node) -> Node:
    batch_x, batch_y = x.shape[:-2], y.shape[:-2]
    if len(x.shape) == len(y.shape) == 3 and batch_x != batch_y:
        if batch_x[0] == 1 and x.requires_grad:
            return _matmul(SQUEEZE(x, 0), y)
        if batch_y[0] == 1 and y.requires_grad:
            return _matmul(x, SQUEEZE(y, 0))
    rows = x.shape[-2:] if len(x.shape) > 1 else (1, *x.shape)
    batch = broadcast(batch_x, batch_y)
    count = numel(batch)
    left = ops.reshape(ops.expand(x, (*batch, *rows)), (count, *rows))
    if len(y.shape) == 1:
        right = ops.unsqueeze(ops.reshape(ops.expand(y, (*batch, *y.shape)), (count, *y.shape)), 2)
        return UNSAFE_VIEW(SQUEEZE(bmm(left, right), 2), x.shape[:-1])  # type: ignore[no-any-return]
    right = ops.reshape(ops.expand(y, (*batch, *y.shape[-2:])), (count, *y.shape[-2:]))
    kept = (rows[0],) if len(x.shape) > 1 else ()
    return UNSAFE_VIEW(bmm(left, right), (*batch, *kept, y.shape[-1]))  # type: ignore[no-any-return]


def _matmul(x: Any, y: Any) -> Node:
    x, y = as_operand(x), as_operand(y)
    ranks = len(x.shape), len(y.shape)
    if 0 in ranks:
        raise bad_rank(
            f"both arguments to matmul need to be at least 1D, but they are {ranks[0]}D and {ranks[1]}D",
            help="numbers are multiplied with *",
        )
    if ranks == (1, 1):
        return dot(x, y)  # type: ignore[no-any-return]
    if ranks == (2, 1):
        return mv(x, y)  # type: ignore[no-any-return]
    if ranks == (1, 2):
        return SQUEEZE_VECTOR(mm(ops.unsqueeze(x, 0), y), 0)  # type: ignore[no-any-return]
    if ranks == (2, 2):
        return mm(x, y)  # type: ignore[no-any-return]
    return _folded(x, y) if _folds(x, y) else _batched(x, y)


matmul = composite(
    "matmul(x, y)",
    _matmul,
    aliases=["linalg.matmul"],
    doc="Matrix product: of vectors, matrices, or batches of matrices; leading dims broadcast.",
    example="matmul([[1., 2.], [3., 4.]], [1., -1.])",
    samples=[
        "matmul(x, y); x:3, y:3",
        "matmul(x, y); x:3, y:3,2",
        "x @ y; x:2,3, y:3",
        "x @ y; x:2,3, y:3,2",
        "x @ y; x:2,2,3, y:3",
        "x @ y; x:2,2,3, y:3,2",
        "x @ y; x:3, y:2,3,2",
        "x @ y; x:2,3, y:2,3,2",
        "x @ y; x:2,2,3, y:2,3,2",
        "x @ y; x:1,2,3, y:2,3,2",
        "x @ y; x:2,1,2,3, y:2,3,2",
    ],
)
OPERATORS["@"] = _matmul


def _check_outer(x: Node, vec2: Node) -> None:
    for position, (name, node) in enumerate((("self", x), ("vec2", vec2))):
        if len(node.shape) != 1:
            raise bad_rank(f"outer: Expected 1-D argument {name}, but got {len(node.shape)}-D", (position,))


def _outer(x: Node, vec2: Node) -> Node:
    _check_outer(x, vec2)
    return ops.reshape(x, (x.shape[0], 1)) * vec2


composite(
    "outer(x, vec2)",
    _outer,
    aliases=["ger"],
    doc="The matrix of all products of two vectors' elements.",
    example="outer([1., 2.], [3., 4., 5.])",
    samples=["outer(x, y); x:2, y:3", "outer(x, x); x:2"],
)


# Products that are added to something: beta*x + alpha*product. Where beta is zero, x is not looked at.


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
    for position, (name, node) in enumerate((("mat1", mat1), ("mat2", mat2)), 1):
        if len(node.shape) != 2:
            raise bad_rank(f"{name} must be a matrix, got {len(node.shape)}-D tensor", (position,))
    check_inner(mat1, mat2, (1, 2))
    x = _fitted(x, (mat1.shape[0], mat2.shape[1]), mat1.dtype)
    _check_self_dtype(x, mat1, mat2)
    _no_bool("addmm_impl_cpu_", x)
    return x, mat1, mat2, beta, alpha


def _check_self_dtype(x: Node, mat1: Node, mat2: Node) -> None:
    same_dtype(
        f"self and mat2 must have the same dtype, but got {x.dtype.long_name} and {mat2.dtype.long_name}", x, mat2, (0, 2)
    )
    same_dtype(
        f"expected m1 and m2 to have the same dtype, but got: {type_text(mat1.dtype)} != {type_text(mat2.dtype)}",
        mat1,
        mat2,
        (1, 2),
    )


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
        lambda g, out, x, mat1, mat2, beta, alpha: times(mm(g, mT(mat2)), alpha),
        lambda g, out, x, mat1, mat2, beta, alpha: times(mm(mT(mat1), g), alpha),
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
    _no_bool("addmv_impl_cpu", x)
    return _fitted(x, (rows,), x.dtype), mat, vec, beta, alpha


addmv = primitive(
    "addmv(x, mat, vec, *, beta: Number = 1, alpha: Number = 1)",
    lambda x, mat, vec, beta, alpha: _added(x, beta, _mv_kernel(mat, vec), alpha),
    check=_check_addmv,
    shape=lambda x, mat, vec, beta, alpha: x.shape,
    vjp=[
        lambda g, out, x, mat, vec, beta, alpha: times(g, beta),
        lambda g, out, x, mat, vec, beta, alpha: times(OUTER(g, vec), alpha),
        lambda g, out, x, mat, vec, beta, alpha: times(mv(mT(mat), g), alpha),
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
        lambda g, out, x, vec1, vec2, beta, alpha: times(mv(mT(g), vec1), alpha),
    ],
    text="beta*x + alpha*outer(vec1, vec2)",
    doc="beta*x + alpha*outer(vec1, vec2).",
    example="addr([[1., 1.], [1., 1.]], [1., 2.], [3., 4.])",
    samples=["addr(x, y, z); x:2,3, y:2, z:3", "addr(x, y, z, beta=2, alpha=0.5); x:3, y:2, z:3"],
)


def _needs_batches(batch1: Node, batch2: Node) -> None:
    """PyTorch looks at the third dim of each before anything else."""
    for position, node in enumerate((batch1, batch2), 1):
        rank = len(node.shape)
        if rank < 3:
            extent = max(rank, 1)
            raise AutodiffError(
                "dim-out-of-range",
                f"Dimension out of range (expected to be in range of [-{extent}, {extent - 1}], but got 2)",
                type="IndexError",
                operands=(position,),
            )


def _check_baddbmm(x: Node, batch1: Node, batch2: Node, beta: Any, alpha: Any) -> tuple[Any, ...]:
    if len(batch2.shape) < 3:
        _needs_batches(batch2, batch2)
    x = strengthen(x, batch1.dtype)
    if len(batch1.shape) == 3:
        x = _fitted(x, (batch1.shape[0], batch1.shape[1], batch2.shape[2]), batch1.dtype)
    else:
        ops.expand.check(x, (*batch1.shape[:2], batch2.shape[2]))
        raise bad_rank("batch1 must be a 3D tensor", (1,))
    if len(batch2.shape) != 3:
        raise bad_rank("batch2 must be a 3D tensor", (2,))
    _check_batches(batch1, batch2, (1, 2))
    if x.dtype is not batch1.dtype:
        names = f"input {type_text(x.dtype)}, batch1: {type_text(batch1.dtype)}, batch2: {type_text(batch2.dtype)}"
        same_dtype(f"Input dtypes must be the same, got: {names}", x, batch1, (0, 1, 2))
    same_dtype(f"expected scalar type {x.dtype.long_name} but found {batch2.dtype.long_name}", x, batch2, (0, 2))
    _no_bool("baddbmm", x)
    return x, batch1, batch2, beta, alpha


baddbmm = primitive(
    "baddbmm(x, batch1, batch2, *, beta: Number = 1, alpha: Number = 1)",
    lambda x, batch1, batch2, beta, alpha: _added(x, beta, product(batch1, batch2), alpha),
    check=_check_baddbmm,
    shape=lambda x, batch1, batch2, beta, alpha: x.shape,
    vjp=[
        lambda g, out, x, batch1, batch2, beta, alpha: times(g, beta),
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(g, mT(batch2)), alpha),
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(mT(batch1), g), alpha),
    ],
    text="beta*x + alpha*(batch1 @ batch2)",
    doc="beta*x + alpha*(batch1 @ batch2), matrix by matrix.",
    example="baddbmm([1., 1.], [[[1., 2.], [3., 4.]]], [[[1., 0.], [0., 2.]]])",
    samples=["baddbmm(x, y, z, beta=2, alpha=0.5); x:2,2, y:2,2,3, z:2,3,2"],
)


def _check_addbmm(x: Node, batch1: Node, batch2: Node, beta: Any, alpha: Any) -> tuple[Any, ...]:
    if len(batch2.shape) < 3:
        _needs_batches(batch2, batch2)
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
    _check_self_dtype(x, batch1, batch2)
    _no_bool("addmm_impl_cpu_", x)
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
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(_each(g, batch1), mT(batch2)), alpha),
        lambda g, out, x, batch1, batch2, beta, alpha: times(bmm(mT(batch1), _each(g, batch1)), alpha),
    ],
    text="beta*x + alpha*sum(batch1 @ batch2, 0)",
    doc="beta*x + alpha*(the sum of the products of the matrices of two batches).",
    example="addbmm([1., 1.], [[[1., 2.], [3., 4.]]], [[[1., 0.], [0., 2.]]])",
    samples=["addbmm(x, y, z, beta=2, alpha=0.5); x:2,2, y:2,2,3, z:2,3,2"],
)
