"""The order of dimensions: transposes, permutations, reversals and rotations."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import attribute, ops
from autodiff.graph.primitive import Primitive, primitive
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Shape, contiguous_strides, normalize_dim, show
from autodiff.ops.contiguity import packed

# Views with another order of dimensions


def _swapped(items: Any, dim0: int, dim1: int) -> tuple[Any, ...]:
    result = list(items)
    if result:
        result[dim0], result[dim1] = result[dim1], result[dim0]
    return tuple(result)


transpose: Primitive = primitive(
    "transpose(x, dim0: dim, dim1: dim)",
    lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1) if np.ndim(x) else x,
    shape=lambda x, dim0, dim1: _swapped(x.shape, dim0, dim1),
    vjp=[lambda g, out, x, dim0, dim1: transpose(g, dim0, dim1)],
    layout=lambda node: _swapped(strides(node.inputs[0]), *node.params),
    view=True,
    doc="Two dims exchanged.",
    example="transpose([[1., 2.], [3., 4.]], 0, 1)",
    samples=["transpose(x, 0, 1); x:2,3", "transpose(x, -1, 0); x:2,3,2", "transpose(x, 0, 0); x:2,3"],
)
for _name in ("swapaxes", "swapdims"):
    _params = "axis0: dim, axis1: dim" if _name == "swapaxes" else "dim0: dim, dim1: dim"
    composite(
        f"{_name}(x, {_params})",
        transpose,
        doc="Two dims exchanged.",
        example=f"{_name}([[1., 2.], [3., 4.]], 0, 1)",
        samples=[f"{_name}(x, 0, 1); x:2,3"],
    )


def _checked_t(x: Node) -> None:
    if len(x.shape) > 2:
        raise AutodiffError(
            "bad-rank",
            f"t() expects a tensor with <= 2 dimensions, but self is {len(x.shape)}D",
            operands=(0,),
            help="x.mT exchanges the last two dims",
        )


t: Primitive = primitive(
    "t(x)",
    lambda x: np.swapaxes(x, -1, -2) if np.ndim(x) > 1 else x,
    shape=lambda x: x.shape[::-1],
    check=_checked_t,
    vjp=[lambda g, out, x: t(g)],
    grad_fn="TBackward0",
    layout=lambda node: strides(node.inputs[0])[::-1],
    view=True,
    doc="The transpose of a matrix; vectors and scalars stay as they are.",
    example="t([[1., 2.], [3., 4.]])",
    samples=["t(x); x:2,3", "t(x); x:3"],
)


def _checked_permute(x: Node, dims: tuple[int, ...]) -> tuple[Node, tuple[int, ...]]:
    rank = len(x.shape)
    if len(dims) != rank:
        raise AutodiffError(
            "bad-rank",
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired"
            f" ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {len(dims)}",
            operands=(0,),
            says=f"this has {rank} dimension{'s' * (rank != 1)}",
            help=f"name each of the {rank} dims once",
        )
    normal = [normalize_dim(dim, rank) for dim in dims]
    if len(set(normal)) != rank:
        raise AutodiffError("bad-value", "permute(): duplicate dims are not allowed.", operands=(1,))
    return x, tuple(normal)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    result = [0] * len(dims)
    for place, dim in enumerate(dims):
        result[dim] = place
    return tuple(result)


def _permute_kernel(x: Any, dims: tuple[int, ...]) -> Any:
    lead = np.ndim(x) - len(dims)
    return np.transpose(x, (*range(lead), *[dim + lead for dim in dims]))


permute: Primitive = primitive(
    "permute(x, dims: ints)",
    _permute_kernel,
    shape=lambda x, dims: tuple(x.shape[dim] for dim in dims),
    check=_checked_permute,
    vjp=[lambda g, out, x, dims: permute(g, _inverse(dims))],
    layout=lambda node: tuple(strides(node.inputs[0])[dim] for dim in node.params[0]),
    view=True,
    doc="The dims in another order.",
    example="permute([[1., 2.], [3., 4.]], 1, 0)",
    samples=["permute(x, 1, 0); x:2,3", "x.permute(2, 0, 1); x:2,1,3", "permute(x, (-1, 0, 1)); x:2,3,2"],
)


def _movedim(x: Node, source: tuple[int, ...], destination: tuple[int, ...]) -> Node:
    if len(source) != len(destination):
        raise AutodiffError(
            "bad-value",
            f"movedim: Invalid source or destination dims: source ({show(source)} dims) should contain the same"
            f" number of dims as destination ({show(destination)} dims)",
            operands=(1, 2),
        )
    rank = len(x.shape)
    origin = [normalize_dim(dim, rank) for dim in source]
    goal = [normalize_dim(dim, rank) for dim in destination]
    for name, given, dims in (("source", source, origin), ("destination", destination, goal)):
        if len(set(dims)) != len(dims):
            raise AutodiffError("bad-value", f"movedim: repeated dim in `{name}` ({show(given)})", operands=(1, 2))
    if not rank:
        return ops.alias(x)  # type: ignore[no-any-return]
    order = [-1] * rank
    for a, b in zip(origin, goal, strict=True):
        order[b] = a
    rest = iter([dim for dim in range(rank) if dim not in origin])
    return permute(x, tuple(next(rest) if dim < 0 else dim for dim in order))  # type: ignore[no-any-return]


composite(
    "movedim(x, source: ints, destination: ints)",
    _movedim,
    aliases=["moveaxis"],
    doc="The source dims moved to the destination places; the others keep their order.",
    example="movedim([[[1., 2.]]], 0, 2)",
    samples=["movedim(x, 0, 2); x:2,1,3", "movedim(x, (0, 1), (1, 2)); x:2,1,3"],
)


def _only_matrices(name: str, x: Node) -> AutodiffError:
    return AutodiffError(
        "bad-rank",
        f"tensor.{name} is only supported on matrices or batches of matrices. Got {len(x.shape)}-D tensor.",
        operands=(0,),
    )


def _matrix_transpose(name: str) -> Any:
    def function(x: Node) -> Node:
        if not x.shape:
            return x
        if len(x.shape) == 1:
            raise _only_matrices(name, x)
        return transpose(x, -2, -1)  # type: ignore[no-any-return]

    return function


def _h(x: Node) -> Node:
    rank = len(x.shape)
    if rank not in (0, 2):
        raise AutodiffError(
            "bad-rank",
            f"tensor.H is only supported on matrices (2-D tensors). Got {rank}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if rank > 2 else ""),
            operands=(0,),
        )
    return transpose(x, 0, 1) if rank else x


attribute("T", lambda x: permute(x, tuple(range(len(x.shape) - 1, -1, -1))))
attribute("mT", _matrix_transpose("mT"))
attribute("mH", _matrix_transpose("mH"))
attribute("H", _h)
composite(
    "adjoint(x)",
    _matrix_transpose("adjoint()"),
    doc="The last two dims exchanged.",
    example="adjoint([[1., 2.], [3., 4.]])",
    samples=["adjoint(x); x:2,2,3"],
)


# The same elements in another order


def _flip_kernel(x: Any, dims: tuple[int, ...]) -> Any:
    return np.flip(x, dims)


FLIP: Primitive = Primitive(
    "flip(x, dims: dims)",
    _flip_kernel,
    shape=lambda x, dims: x.shape,
    vjp=[lambda g, out, x, dims: FLIP(g, dims)],
    layout="like",
    doc="The order along dims reversed.",
)
composite(
    "flip(x, dims: ints)",
    lambda x, dims: FLIP(x, dims),
    doc="The order along dims reversed.",
    example="flip([[1., 2.], [3., 4.]], [0])",
    samples=["flip(x, [0]); x:2,3", "x.flip(0, 1); x:2,3"],
)


def _flipping(name: str, dim: int, sample: str) -> None:
    def function(x: Node) -> Node:
        if len(x.shape) <= dim:
            raise AutodiffError("bad-rank", f"Input must be >= {dim + 1}-d.", operands=(0,))
        return FLIP(x, (dim,))  # type: ignore[no-any-return]

    composite(
        f"{name}(x)",
        function,
        doc=f"The order along dim {dim} reversed.",
        example=f"{name}([[1., 2.], [3., 4.]])",
        samples=[sample],
    )


_flipping("flipud", 0, "flipud(x); x:3")
_flipping("fliplr", 1, "fliplr(x); x:2,3")


def _roll_kernel(x: Any, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Any:
    return np.roll(x, shifts, dims)


ROLL: Primitive = Primitive(
    "roll(x, shifts: ints, dims: dims)",
    _roll_kernel,
    shape=lambda x, shifts, dims: x.shape,
    vjp=[lambda g, out, x, shifts, dims: ROLL(g, tuple(-shift for shift in shifts), dims)],
    doc="Elements shifted along dims; what falls off one end comes back at the other.",
)
ROLL_FLAT: Primitive = Primitive(
    "roll(x, shifts: int)",
    lambda x, shifts: np.roll(x, shifts),
    shape=lambda x, shifts: x.shape,
    vjp=[lambda g, out, x, shifts: ROLL_FLAT(g, -shifts)],
    doc="All elements shifted as if in one row.",
)


def _roll(x: Node, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Node:
    if not shifts:
        raise AutodiffError("bad-value", "`shifts` required", operands=(1,))
    if not dims and len(shifts) == 1:
        return ROLL_FLAT(x, shifts[0])  # type: ignore[no-any-return]
    if len(dims) != len(shifts):
        raise AutodiffError(
            "bad-value",
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}",
            operands=(1, 2),
        )
    if 0 in x.shape:
        return ROLL(x, (0,), (0,))  # type: ignore[no-any-return]
    if not x.shape:
        raise AutodiffError(
            "dim-out-of-range",
            f"Dimension specified as {dims[0]} but tensor has no dimensions",
            type="IndexError",
            operands=(0,),
        )
    places = [normalize_dim(dim, len(x.shape)) for dim in dims]
    total: dict[int, int] = {}
    for shift, dim in zip(shifts, places, strict=True):
        total[dim] = total.get(dim, 0) + shift
    return ROLL(x, tuple(total.values()), tuple(total))  # type: ignore[no-any-return]


composite(
    "roll(x, shifts: ints, dims: ints = ())",
    _roll,
    doc="Elements shifted along dims, or as if in one row; what falls off one end comes back at the other.",
    example="roll([1., 2., 3.], 1)",
    samples=["roll(x, 1); x:2,3", "roll(x, -1, 1); x:2,3", "roll(x, (1, 2), (0, 1)); x:2,3"],
)


def _turned(shape: Shape, k: int, dim0: int, dim1: int) -> Shape:
    return _swapped(shape, dim0, dim1) if k % 2 else shape


def _turned_strides(node: Node) -> Shape:
    (x,) = node.inputs
    k, dim0, dim1 = node.params
    own = packed(x.shape, strides(x)) if k % 4 else contiguous_strides(x.shape)
    return _turned(own, k, dim0, dim1)


ROT90: Primitive = Primitive(
    "rot90(x, k: int, dim0: dim, dim1: dim)",
    lambda x, k, dim0, dim1: np.rot90(x, k, (dim0, dim1)),
    shape=lambda x, k, dim0, dim1: _turned(x.shape, k, dim0, dim1),
    vjp=[lambda g, out, x, k, dim0, dim1: ROT90(g, -k, dim0, dim1)],
    layout=_turned_strides,
    doc="x turned k times by 90 degrees in the plane of two dims.",
)


def _rot90(x: Node, k: int, dims: tuple[int, ...]) -> Node:
    rank = len(x.shape)
    if len(dims) != 2:
        raise AutodiffError(
            "bad-value", f"expected total rotation dims == 2, but got dims = {len(dims)}", operands=(2,)
        )
    if rank < 2:
        raise AutodiffError("bad-rank", f"expected total dims >= 2, but got total dims = {rank}", operands=(0,))
    if normalize_dim(dims[0], rank) == normalize_dim(dims[1], rank):
        raise AutodiffError(
            "bad-value",
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}",
            operands=(2,),
        )
    return ROT90(x, k, *dims)  # type: ignore[no-any-return]


composite(
    "rot90(x, k: int = 1, dims: ints? = None)",
    lambda x, k, dims: _rot90(x, k, (0, 1) if dims is None else dims),
    doc="x turned k times by 90 degrees, from the first of dims (0 and 1 unless said otherwise) towards the second.",
    example="rot90([[1., 2.], [3., 4.]])",
    samples=["rot90(x); x:2,3", "rot90(x, 2); x:2,3", "rot90(x, -1, (1, 2)); x:2,2,3"],
)
