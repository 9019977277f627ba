"""Products of vectors and matrices, and the rule by which `@` chooses among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, as_operand, primitive
from autodiff.graph.shown import strides
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


def no_bool(kernel: str, x: Node) -> None:
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
    no_bool("addmm_impl_cpu_", x)


def _check_bmm(x: Node, mat2: Node) -> None:
    if len(x.shape) != 3:
        raise bad_rank("batch1 must be a 3D tensor", (0,))
    if len(mat2.shape) != 3:
        raise bad_rank("batch2 must be a 3D tensor", (1,))
    check_batches(x, mat2)
    same_dtype(f"expected scalar type {x.dtype.long_name} but found {mat2.dtype.long_name}", x, mat2)
    no_bool("bmm", x)


def check_batches(x: Node, mat2: Node, operands: tuple[int, ...] = (0, 1)) -> None:
    wanted = (x.shape[0], x.shape[2])
    if mat2.shape[:2] != wanted:
        raise AutodiffError(
            "matmul-shape",
            f"Expected size for first two dimensions of batch2 tensor to be: {show(wanted)} but got:"
            f" {show(mat2.shape[:2])}.",
            operands=operands,
        )


def _check_mv(x: Node, vec: Node) -> None:
    if not x.shape:
        raise AutodiffError(
            "dim-out-of-range",
            "Dimension specified as 0 but tensor has no dimensions",
            type="IndexError",
            operands=(0,),
        )
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
    no_bool("addmv_impl_cpu", x)


def _check_dot(x: Node, tensor: Node) -> None:
    if len(x.shape) != 1 or len(tensor.shape) != 1:
        raise bad_rank(f"1D tensors expected, but got {len(x.shape)}D and {len(tensor.shape)}D tensors")
    same_dtype(
        f"dot : expected both vectors to have same dtype, but found {x.dtype.long_name} and {tensor.dtype.long_name}",
        x,
        tensor,
    )
    a, b = x.shape[0], tensor.shape[0]
    if a != b:
        raise AutodiffError(
            "matmul-shape",
            f"inconsistent tensor size, expected tensor [{a}] and src [{b}] to have the same number of elements, but"
            f" got {a} and {b} elements respectively",
            operands=(0, 1),
        )
    no_bool("dot", x)


# Kernels. Half precision is multiplied in single, as PyTorch does.


def product(x: Any, y: Any) -> Any:
    """Matrix product over the last two axes."""
    if x.dtype == np.float16:
        return np.matmul(x.astype(np.float32), y.astype(np.float32)).astype(np.float16)
    return np.matmul(x, y)


def _dot_kernel(x: Any, y: Any) -> Any:
    return product(x[..., None, :], y[..., :, None])[..., 0, 0]


def mv_kernel(x: Any, vec: Any) -> Any:
    return product(x, vec[..., None])[..., 0]


# The four products that all others are made of


def transposed(x: Node) -> Node:
    """The transpose of a matrix, or of each in a batch."""
    return ops.t(x) if len(x.shape) == 2 else ops.transpose(x, -2, -1)  # type: ignore[no-any-return]


OUTER: Primitive = Primitive(
    "outer(x, vec2)",
    lambda x, vec2: np.multiply(x[..., :, None], vec2[..., None, :]),
    shape=lambda x, vec2: (*x.shape, *vec2.shape),
    vjp=[lambda g, out, x, vec2: mv(g, vec2), lambda g, out, x, vec2: mv(transposed(g), x)],
    grad_fn="MulBackward0",
    text="outer(x, vec2)",
    latex=r"x\,vec2^\top",
    doc="The matrix of all products of two vectors' elements, as rules use it.",
)
mm: Primitive = primitive(
    "mm(x, mat2)",
    product,
    check=_check_mm,
    shape=lambda x, mat2: (x.shape[0], mat2.shape[1]),
    vjp=[lambda g, out, x, mat2: mm(g, transposed(mat2)), lambda g, out, x, mat2: mm(transposed(x), g)],
    text="x @ mat2",
    doc="Product of two matrices.",
    example="mm([[1., 2.], [3., 4.]], [[1., 0.], [0., 2.]])",
    samples=["mm(x, y); x:2,3, y:3,4", "mm(x, x); x:2,2"],
)
bmm: Primitive = primitive(
    "bmm(x, mat2)",
    product,
    check=_check_bmm,
    shape=lambda x, mat2: (*x.shape[:2], mat2.shape[2]),
    vjp=[lambda g, out, x, mat2: bmm(g, transposed(mat2)), lambda g, out, x, mat2: bmm(transposed(x), g)],
    text="x @ mat2",
    doc="Products of the matrices of two batches, one by one.",
    example="bmm([[[1., 2.], [3., 4.]]], [[[1., 0.], [0., 2.]]])",
    samples=["bmm(x, y); x:2,2,3, y:2,3,2"],
)
mv: Primitive = primitive(
    "mv(x, vec)",
    mv_kernel,
    check=_check_mv,
    shape=lambda x, vec: x.shape[:1],
    vjp=[lambda g, out, x, vec: OUTER(g, vec), lambda g, out, x, vec: mv(transposed(x), g)],
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


BATCHED: Primitive = Primitive(
    "matmul(x, y)",
    product,
    shape=lambda x, y: (*x.shape[:-1], y.shape[-1]),
    vjp=[lambda g, out, x, y: matrix_product(g, transposed(y)), lambda g, out, x, y: matrix_product(transposed(x), g)],
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
    return ops.reshape(x, (x.shape[0], 1)) * vec2  # type: ignore[no-any-return]


composite(
    "outer(x, vec2)",
    _outer,
    aliases=["ger"],
    doc="The matrix of all products of two vectors' elements.",
    example="outer([1., 2.], [3., 4., 5.])",
    samples=["outer(x, y); x:2, y:3", "outer(x, x); x:2"],
)
