"""Copies, conversions between element types, and leaving the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.kinds import CONVERTERS, REQUIRED, type_name
from autodiff.graph.node import Node
from autodiff.graph.primitive import Primitive, convert, primitive, strengthen
from autodiff.graph.sizes import Shape, is_concrete, numel


def _same_shape(x: Node, *_: Any) -> Shape:
    return x.shape


def _strong(x: Node, *rest: Any) -> tuple[Any, ...]:
    return (strengthen(x, x.dtype), *rest)


_copy: dict[str, Any] = {"shape": _same_shape, "vjp": [lambda g, out, x: g], "check": _strong, "doc": "A copy of x."}
CLONE = Primitive("clone(x)", np.copy, layout="like", **_copy)
clone = composite("clone(x)", CLONE, doc="A copy of x.", example="clone([1., 2.])", samples=["clone(x); x:2,3"])
alias_copy = primitive(
    "alias_copy(x)",
    np.copy,
    layout="like",
    grad_fn="AliasBackward0_copy",
    shape=_same_shape,
    vjp=[lambda g, out, x: g],
    check=_strong,
    doc="A copy of x.",
    example="alias_copy([1., 2.])",
    samples=["alias_copy(x); x:2,3"],
)
detach = primitive(
    "detach(x)",
    lambda x: x,
    layout="like",
    view=True,
    shape=_same_shape,
    check=_strong,
    doc="x as a constant: no gradient flows through it.",
    example="detach([1., 2.])",
)


# Element types

TO_COPY = Primitive(
    "to_copy(x, dtype: dtype)",
    lambda x, dtype: np.asarray(x).astype(dtype.numpy),
    layout="like",
    shape=_same_shape,
    dtype=lambda x, dtype: dtype,
    vjp=[lambda g, out, x, dtype: g if g.dtype is x.dtype else convert(g, x.dtype)],
    text="x.to(dtype)",
    doc="x in another element type.",
)


def _to_copy(x: Node, dtype: DType) -> Node:
    x = strengthen(x, x.dtype)
    return x if dtype is x.dtype else TO_COPY(x, dtype)


to_copy = composite(
    "to_copy(x, dtype: dtype)",
    _to_copy,
    doc="x in another element type; x itself if it has it already.",
    example="to_copy([1.5, 2.], 'int64')",
)

# Methods that are named after a type
for _name, _dtype in {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "short": dtypes.int16,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "bool": dtypes.bool_,
}.items():
    composite(
        f"{_name}(x)",
        lambda x, dtype=_dtype: _to_copy(x, dtype),
        doc=f"x as {_dtype.name}.",
        example=f"[1.5, 2.].{_name}()",
        samples=[f"x.{_name}(); x:2,3"] if _dtype is dtypes.float64 else (),
    )


def _as_dtype(value: Any) -> DType | None:
    converted = CONVERTERS["dtype"](value)
    return None if converted is REQUIRED else converted


def _is_device(value: Any) -> bool:
    return isinstance(value, str) and value.partition(":")[0] in ("cpu", "cuda", "mps", "meta", "xpu")


def _to(x: Node, first: Any, second: Any, non_blocking: bool, copy: bool, dtype: Any, device: Any, other: Any) -> Node:
    x = strengthen(x, x.dtype)
    wanted: DType | None = dtype
    for value in (first, second, device, other):
        if isinstance(value, Node):
            wanted = value.dtype
        elif _is_device(value):
            if value.partition(":")[0] != "cpu":
                raise AutodiffError(
                    "bad-value", "there is no device but the CPU", help="leave the device out", operands=(1,)
                )
        elif _as_dtype(value) is not None:
            wanted = _as_dtype(value)
        elif isinstance(value, bool) or value is None:
            continue
        else:
            raise AutodiffError(
                "argument-type",
                f"to() received an invalid combination of arguments - got ({type_name(value)})",
                type="TypeError",
                operands=(1,),
                help="x.to(torch.float32), or x.to(y) for the type of y",
            )
    if wanted is not None and wanted is not x.dtype:
        return _to_copy(x, wanted)
    return TO_COPY(x, x.dtype) if copy else x


to = composite(
    "to(x, target: any = None, dtype_or_flag: any = None, non_blocking: bool = False, copy: bool = False, *,"
    " dtype: dtype? = None, device: any = None, y: any = None)",
    _to,
    doc="x in another element type, given as such or as a tensor that has it.",
    example="[1.5, 2.].to('float32')",
)
TENSOR_TYPES = {
    f"torch.{long_name}Tensor": dtype for long_name, dtype in ((d.long_name, d) for d in dtypes.DTYPES.values())
}


def _type(x: Node, dtype: Any, non_blocking: bool) -> Node:
    wanted = TENSOR_TYPES.get(dtype) if isinstance(dtype, str) else None
    wanted = wanted or _as_dtype(dtype)
    if wanted is None and not isinstance(dtype, str):
        message = "dtype must be a type, str, or dtype object"
        raise AutodiffError("argument-type", message, type="TypeError", operands=(1,))
    if wanted is None:
        raise AutodiffError("bad-dtype", f"invalid type: '{dtype}'", type="ValueError", operands=(1,))
    return _to_copy(x, wanted)


composite(
    "type(x, dtype: any, non_blocking: bool = False)",
    _type,
    doc="x in another element type.",
    example="[1.5, 2.].type('float32')",
)
composite(
    "type_as(x, y)", lambda x, y: _to_copy(x, y.dtype), doc="x in the element type of y.", example="[1.5].type_as([1])"
)

# Plain numbers


class _Item(Primitive):
    """A plain number that the data decide."""

    __slots__ = ()

    def make(self, values: Any) -> Node:
        (x,) = values
        dtype = dtypes.default_dtype() if x.dtype.is_floating else x.dtype
        if dtype.kind == dtypes.INTEGER:
            dtype = dtypes.int64
        return Node(self, (x,), (), (), dtype, False, weak=True)


def _check_item(x: Node) -> None:
    if not is_concrete(x.shape) or numel(x.shape) != 1:
        raise AutodiffError(
            "no-conversion",
            f"a Tensor with {numel(x.shape)} elements cannot be converted to Scalar",
            operands=(0,),
            help="pick one with an index, x[0], or reduce them, x.sum()",
        )


ITEM = _Item(
    "item(x)", lambda x: np.asarray(x).item(), check=_check_item, doc="The only element of x, as a plain number."
)
item = composite(
    "item(x)",
    lambda x: x if x.weak else ITEM(x),
    doc="The only element of x, as a plain number; no gradient flows through it.",
    example="item([3.])",
)
for _name, _says in {
    "real": "The real part of x, which is x.",
    "conj": "The complex conjugate of x, which is x.",
    "conj_physical": "The complex conjugate of x, which is x.",
    "resolve_conj": "x, the conjugation carried out.",
    "resolve_neg": "x, the negation carried out.",
}.items():
    composite(f"{_name}(x)", lambda x: strengthen(x, x.dtype), doc=_says, example=f"{_name}([1., -2.])")
