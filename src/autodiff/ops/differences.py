"""Finite differences along a dim, and the integrals that undo them: diff, gradient, trapezoid."""

from __future__ import annotations

from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import Composite, composite
from autodiff.graph.dtypes import uint8
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.sizes import Dim, normalize_dim, normalize_dims, reduced
from autodiff.graph.values import tensor
from autodiff.ops.arithmetic import DIV_NUMBER, MUL_NUMBER
from autodiff.ops.cumulative import CUMSUM
from autodiff.ops.matrix_functions import OVERWRITE
from autodiff.ops.reduce import SUM, invalid_combination
from autodiff.ops.slices import sliced

Pieces = tuple[Node, Node, Node]


def _without_last(x: Node, dim: int) -> Node:
    return sliced(x, dim, 0, -1, 1)


def _without_first(x: Node, dim: int) -> Node:
    return sliced(x, dim, 1, None, 1)


# diff


def _check_edge(x: Node, edge: Node, dim: int, operand: int) -> None:
    if len(edge.shape) != len(x.shape):
        raise AutodiffError(
            "bad-rank", "diff expects prepend or append to be the same dimension as input", operands=(0, operand)
        )
    for i, (size, given) in enumerate(zip(x.shape, edge.shape, strict=True)):
        if i != dim and size != given:
            raise AutodiffError(
                "shape-mismatch",
                "diff expects the shape of tensor to prepend or append to match that of input except along the"
                f" differencing dimension; input.size({i}) = {size}, but got tensor.size({i}) = {given}",
                operands=(0, operand),
            )


def _diff(x: Node, n: int, dim: int, prepend: Node | None, append: Node | None) -> Node:
    if not x.shape:
        raise AutodiffError("bad-rank", "diff expects input to be at least one-dimensional", operands=(0,))
    if n < 0:
        raise AutodiffError("bad-value", f"order must be non-negative but got {n}", operands=(1,))
    dim = normalize_dim(dim, len(x.shape))
    pieces = []
    for edge, operand in ((prepend, 3), (append, 4)):
        if edge is not None:
            _check_edge(x, edge, dim, operand)
    if n == 0:  # PyTorch then leaves the edges out
        return OVERWRITE(ops.zeros_like(x), x)  # type: ignore[no-any-return]
    if prepend is not None:
        pieces.append(prepend)
    pieces.append(x)
    if append is not None:
        pieces.append(append)
    if len(pieces) > 1:
        x = ops.cat(pieces, dim)
    size = x.shape[dim]
    for _ in range(min(n, size) if isinstance(size, int) else n):
        late, early = _without_first(x, dim), _without_last(x, dim)
        x = ops.logical_xor(late, early) if x.dtype is dtypes.bool_ else late - early
    return x


diff = composite(
    "diff(x, n: int = 1, dim: int = -1, prepend: Tensor? = None, append: Tensor? = None)",
    _diff,
    doc="Differences of neighbours along dim, n times over.",
    example="diff([1., 4., 9., 16.])",
    samples=[
        "diff(x); x:2,4",
        "diff(x, 2, 0); x:4,2",
        "diff(x, 1, -1, y, y); x:2,3, y:2,1",
        "diff(x, n=0); x:3",
    ],
)


# gradient


def _at_numbers(x: Node, dim: int, spacing: Any, edge_order: int) -> Pieces:
    """First, inner and last differences for samples at equal distances."""
    inner = DIV_NUMBER(DIV_NUMBER(sliced(x, dim, 2, None, 1) - sliced(x, dim, 0, -2, 1), spacing), 2)
    if edge_order == 1:
        first = sliced(x, dim, 1, 2, 1) - sliced(x, dim, 0, 1, 1)
        last = sliced(x, dim, -1, None, 1) - sliced(x, dim, -2, -1, 1)
    else:
        a, b, c = (sliced(x, dim, i, i + 1, 1) for i in range(3))
        first = (MUL_NUMBER(a, -1.5) + MUL_NUMBER(b, 2)) - MUL_NUMBER(c, 0.5)
        a, b, c = sliced(x, dim, -3, -2, 1), sliced(x, dim, -2, -1, 1), sliced(x, dim, -1, None, 1)
        last = (MUL_NUMBER(a, 0.5) - MUL_NUMBER(b, 2)) + MUL_NUMBER(c, 1.5)
    return DIV_NUMBER(first, spacing), inner, DIV_NUMBER(last, spacing)


def _at_places(x: Node, dim: int, places: Node, edge_order: int) -> Pieces:
    """The same for samples at given coordinates: parabolas through three neighbours."""
    shape = tuple(-1 if i == dim else 1 for i in range(len(x.shape)))
    steps = _diff(places, 1, 0, None, None)
    left, right = _without_last(steps, 0), _without_first(steps, 0)

    def along(weights: Node) -> Node:
        return ops.reshape(weights, shape)  # type: ignore[no-any-return]

    a = along(-right / (left * (left + right)))
    b = along((right - left) / (left * right))
    c = along(left / (right * (left + right)))
    inner = a * sliced(x, dim, 0, -2, 1) + b * sliced(x, dim, 1, -1, 1) + c * sliced(x, dim, 2, None, 1)
    if edge_order == 1:
        first = (sliced(x, dim, 1, 2, 1) - sliced(x, dim, 0, 1, 1)) / ops.select(steps, 0, 0)
        last = (sliced(x, dim, -1, None, 1) - sliced(x, dim, -2, -1, 1)) / ops.select(steps, 0, -1)
        return first, inner, last
    p, q = ops.select(left, 0, 0), ops.select(right, 0, 0)
    a, b, c = -(2.0 * p + q) / (p * (p + q)), (p + q) / (p * q), -p / (q * (p + q))
    first = a * sliced(x, dim, 0, 1, 1) + b * sliced(x, dim, 1, 2, 1) + c * sliced(x, dim, 2, 3, 1)
    p, q = ops.select(left, 0, -1), ops.select(right, 0, -1)
    a, b, c = q / (p * (p + q)), -(q + p) / (p * q), (2.0 * q + p) / (q * (p + q))
    last = a * sliced(x, dim, -3, -2, 1) + b * sliced(x, dim, -2, -1, 1) + c * sliced(x, dim, -1, None, 1)
    return first, inner, last


def _spacings(x: Node, spacing: Any, dims: tuple[int, ...], dim_given: bool) -> list[Any]:
    """One number or tensor for each dim; raises PyTorch's errors."""
    if spacing is None:
        spacing = 1
    if (isinstance(spacing, Node) and not spacing.shape) or not isinstance(spacing, (Node, list, tuple, str)):
        return [spacing] * len(dims)
    if isinstance(spacing, (Node, str)):
        raise invalid_combination("gradient", x, spacing=spacing)
    if len(spacing) != len(dims):
        if dim_given:
            message = (
                "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have"
                f" the same length, but got a spacing argument of length {len(spacing)} and a dim argument of length"
                f" {len(dims)}."
            )
        else:
            message = (
                "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to"
                f" 'self.dim() = {len(x.shape)}', since dim argument was not given, but got a list of length"
                f" {len(spacing)}"
            )
        raise AutodiffError("bad-value", message, operands=(0,))
    spacing = [tensor(places) if isinstance(places, list) else places for places in spacing]
    for places in spacing:
        if isinstance(places, Node) and len(places.shape) != 1:
            raise AutodiffError(
                "bad-rank",
                "torch.gradient expected each element of spacing to have one dimension, but got an element with"
                f" {len(places.shape)} dimensions!",
                operands=(1,),
            )
    return list(spacing)


def _gradient(x: Node, spacing: Any, dim: Any, edge_order: int) -> Any:
    if edge_order not in (1, 2):
        raise AutodiffError("bad-value", "torch.gradient only supports edge_order=1 and edge_order=2.", operands=(3,))
    if x.dtype is uint8:
        raise AutodiffError("bad-dtype", "torch.gradient does not support uint8 input.", operands=(0,))
    dims = tuple(range(len(x.shape))) if dim is None else tuple(dim)
    spacings = _spacings(x, spacing, dims, dim is not None)
    if dims and not x.shape:
        raise AutodiffError(
            "bad-rank",
            f"Dimension specified as {dims[0]} but tensor has no dimensions",
            type="IndexError",
            operands=(0,),
        )
    dims = normalize_dims(dims, len(x.shape))
    for d in dims:
        size = x.shape[d]
        if isinstance(size, int) and size < edge_order + 1:
            raise AutodiffError(
                "shape-mismatch",
                "torch.gradient expected each dimension size to be at least edge_order+1",
                operands=(0,),
            )
    results = []
    for d, places in zip(dims, spacings, strict=True):
        coordinates = isinstance(places, Node) and places.shape
        pieces = (_at_places if coordinates else _at_numbers)(x, d, places, edge_order)
        results.append(ops.cat(list(pieces), d))
    return tuple(results)


gradient = composite(
    "gradient(x, *, spacing: any = None, dim: ints? = None, edge_order: int = 1)",
    _gradient,
    doc="Derivatives along each dim, estimated from samples that are `spacing` apart (or at given coordinates).",
    example="gradient([1., 4., 9., 16.])[0]",
    samples=[
        "gradient(x)[0]; x:5",
        "gradient(x, dim=1, edge_order=2)[0]; x:2,4",
        "gradient(x, spacing=[2., 0.5])[1]; x:3,3",
        "gradient(x, spacing=[[1., 2., 4., 7.]], edge_order=2)[0]; x:4",
    ],
)


# Integrals by the trapezoid rule


def _refuse_bool(name: str, *tensors: Node) -> None:
    if any(t.dtype is dtypes.bool_ for t in tensors):
        which = "`y`" if len(tensors) == 1 else "`x` or `y`"
        raise AutodiffError(
            "bad-dtype", f"{name}: received a bool input for {which}, but bool is not supported", operands=(0,)
        )


def _widths(name: str, y: Node, x: Node, dim: int) -> Node:
    """Distances between the places x of the samples y, shaped to multiply them."""
    if len(x.shape) == 1:
        if x.shape[0] != y.shape[dim]:
            raise AutodiffError(
                "shape-mismatch", f"{name}: There must be one `x` value for each sample point", operands=(0, 1)
            )
        seen: tuple[Dim, ...] = tuple(x.shape[0] if i == dim else 1 for i in range(len(y.shape)))
    else:
        seen = (*(1,) * (len(y.shape) - len(x.shape)), *x.shape)
    if len(x.shape) == 1 or seen != x.shape:
        x = ops.view(x, seen)
    return _without_first(x, dim) - _without_last(x, dim)


def _samples(name: str, y: Node, x: Any, dx: Any) -> Node | None:
    """The places as a tensor; raises where there are both places and a distance."""
    if isinstance(x, list):
        x = tensor(x)
    if x is not None and not isinstance(x, Node):
        raise invalid_combination(name, y, x)
    if x is not None and dx is not None:
        raise invalid_combination(name, y, x, dx=dx)
    return x


def _trapezoid(y: Node, x: Any, dx: Any, dim: int) -> Node:
    x = _samples("trapezoid", y, x, dx)
    if not y.shape:
        raise AutodiffError(
            "bad-rank", f"Dimension specified as {dim} but tensor has no dimensions", type="IndexError", operands=(0,)
        )
    dim = normalize_dim(dim, len(y.shape))
    if y.shape[dim] == 0:
        return ops.zeros(reduced(y.shape, (dim,), False), dtype=y.dtype)  # type: ignore[no-any-return]
    if x is None:
        _refuse_bool("trapezoid", y)
        ends = ops.select(y, dim, 0) + ops.select(y, dim, -1)
        return MUL_NUMBER(SUM(y, (dim,), False) - MUL_NUMBER(ends, 0.5), 1.0 if dx is None else float(dx))  # type: ignore[no-any-return]
    _refuse_bool("trapezoid", y, x)
    widths = _widths("trapezoid", y, x, dim)
    total = SUM((_without_last(y, dim) + _without_first(y, dim)) * widths, (dim,), False)
    return DIV_NUMBER(total, 2.0)  # type: ignore[no-any-return]


def _cumulative_trapezoid(y: Node, x: Any, dx: Any, dim: int) -> Node:
    x = _samples("cumulative_trapezoid", y, x, dx)
    dim = normalize_dim(dim, len(y.shape))
    _refuse_bool("cumulative_trapezoid", y, *(() if x is None else (x,)))
    if not y.shape:
        raise AutodiffError(
            "bad-rank", "slice() cannot be applied to a 0-dim tensor.", type="IndexError", operands=(0,)
        )
    if x is None:
        pairs = _without_last(y, dim) + _without_first(y, dim)
        return CUMSUM(MUL_NUMBER(pairs, (1.0 if dx is None else float(dx)) / 2.0), (dim,))  # type: ignore[no-any-return]
    widths = _widths("cumulative_trapezoid", y, x, dim)
    pairs = _without_last(y, dim) + _without_first(y, dim)
    return DIV_NUMBER(CUMSUM(pairs * widths, (dim,)), 2.0)  # type: ignore[no-any-return]


def _declare(name: str, function: Any, doc: str, *aliases: str) -> Composite:
    return composite(
        f"{name}(y, x: any = None, *, dx: Number? = None, dim: int = -1)",
        function,
        aliases=aliases,
        doc=doc,
        example=f"{name}([1., 4., 9.], dx=0.5)",
        samples=[
            f"{name}(y); y:2,4",
            f"{name}(y, dx=0.5, dim=0); y:3,2",
            f"{name}(y, x); y:2,4, x:4",
            f"{name}(y, x, dim=0); y:3,2, x:3,2",
        ],
    )


trapezoid = _declare(
    "trapezoid",
    _trapezoid,
    "The integral of samples y along dim, at places x or dx apart, by the trapezoid rule.",
    "trapz",
)
cumulative_trapezoid = _declare(
    "cumulative_trapezoid",
    _cumulative_trapezoid,
    "Integrals of samples y from the first up to each, at places x or dx apart, by the trapezoid rule.",
)
