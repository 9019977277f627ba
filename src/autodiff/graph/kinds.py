"""Kinds of parameters: what each takes of what a user wrote, and what messages call it.

(none), Tensor   a tensor; numbers and lists are taken where a tensor is wanted
Tensors          a list or tuple of tensors
Number           a plain number (int, float, bool)
int bool str dtype
dim              a dimension of the first operand, kept counted from the front
dims             one or several of them as a tuple
newdim           a dimension of the result of inserting one
sizes            a shape: ints in a list or one after another
ints             a list of ints, or ints one after another
any              whatever the operation makes of it
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import ALIASES, DTYPES, DType
from autodiff.graph.evaluate import values_of
from autodiff.graph.node import Node, Results
from autodiff.graph.sizes import Dim, Size

REQUIRED: Any = object()
TENSOR_KINDS = ("Tensor", "Tensors")


def type_name(value: Any) -> str:
    """What PyTorch's messages call the type of an argument."""
    if isinstance(value, Node) and value.weak:  # a plain number
        return {"bool": "bool", "int64": "int"}.get(value.dtype.name, "float")
    if isinstance(value, Node):
        return "Tensor"
    if isinstance(value, Fraction):
        return "float"
    if isinstance(value, Results):
        return "tuple"
    if isinstance(value, DType):
        return "torch.dtype"
    return "NoneType" if value is None else type(value).__name__


def written(value: Any) -> str:
    """A value of no use to a function, as its message quotes it."""
    if isinstance(value, Fraction):
        return repr(float(value))
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(written, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    return "tensor(...)" if isinstance(value, (Node, Results)) else repr(value)


def wrong_element(value: Any, tensors: bool = False) -> str:
    """What in a list of ints is none."""
    if isinstance(value, Node):
        return "tensors come as a list: [x, y]" if tensors else "found Tensor where an int is wanted"
    found = next((v for v in value if as_size(v) is REQUIRED), None) if isinstance(value, (list, tuple)) else value
    if isinstance(found, (float, Fraction)):
        return f"found the floating-point number {float(found)}; // and literals without a point give whole ones"
    return f"found {type_name(found)} where an int is wanted"


def plain(value: Any) -> Any:
    """A zero-dimensional node as the number it is, where a number is wanted; other values as they are."""
    if isinstance(value, Node) and not value.shape and value.results is None:
        if value.op.reads_shape:
            return value.op.kernel(value.inputs[0].shape, *value.params)
        size = _of_sizes(value)
        return values_of(value).item() if size is None else size
    if isinstance(value, (list, tuple)) and any(isinstance(v, Node) for v in value):
        return [plain(v) for v in value]
    return value


DEEPEST = 50  # operations between sizes
ON_SIZES: dict[str, Callable[..., Dim]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
}


def _of_sizes(node: Node, depth: int = 0) -> Dim | None:
    """What is computed of sizes, some of which are names: 2*n; None for anything else."""
    if node.op.reads_shape:
        found = node.op.kernel(node.inputs[0].shape, *node.params)
        return found if isinstance(found, (int, Size)) else None
    if node.op.name == "constant" and not node.inputs:
        number = node.params[0]
        return number if isinstance(number, int) and not isinstance(number, bool) else None
    rule = ON_SIZES.get(node.op.name)
    if rule is None or node.params or not node.weak or depth > DEEPEST:
        return None
    parts = [_of_sizes(operand, depth + 1) for operand in node.inputs]
    known = [part for part in parts if part is not None]
    return rule(*known) if len(known) == len(parts) else None


# Converters from what a user wrote to a kind; REQUIRED says that it does not fit.


def _as_tensor(value: Any) -> Any:
    if isinstance(value, (Node, int, float, Fraction)):
        return value
    return value if isinstance(value, list) else REQUIRED


def _as_tensors(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and all(_as_tensor(v) is not REQUIRED for v in value):
        return list(value)
    return REQUIRED


def _as_number(value: Any) -> Any:
    if isinstance(value, int):
        return _within_int64(value)
    return value if isinstance(value, (float, Fraction)) else REQUIRED


def _as_int(value: Any) -> Any:
    return _within_int64(value) if isinstance(value, int) and not isinstance(value, bool) else REQUIRED


def _within_int64(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise AutodiffError("limit-number", "Overflow when unpacking long long")
    return value


def as_size(value: Any) -> Any:
    return value if isinstance(value, Size) else _as_int(value)


def _as_bool(value: Any) -> Any:
    return value if isinstance(value, bool) else REQUIRED


def _as_str(value: Any) -> Any:
    return value if isinstance(value, str) else REQUIRED


def _as_dtype(value: Any) -> Any:
    if isinstance(value, str):
        value = DTYPES.get(value.removeprefix("torch.")) or ALIASES.get(value.removeprefix("torch."))
    return value if isinstance(value, DType) else REQUIRED


def _as_dims(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(value) if all(_as_int(v) is not REQUIRED for v in value) else REQUIRED
    number = _as_int(value)
    return REQUIRED if number is REQUIRED else (number,)


def _as_sizes(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        if len(value) == 1 and isinstance(value[0], (list, tuple)):
            value = value[0]
        return tuple(value) if all(as_size(v) is not REQUIRED for v in value) else REQUIRED
    size = as_size(value)
    return REQUIRED if size is REQUIRED else (size,)


def _as_any(value: Any) -> Any:
    return value


CONVERTERS = {
    "Tensor": _as_tensor,
    "Tensors": _as_tensors,
    "Number": _as_number,
    "int": _as_int,
    "bool": _as_bool,
    "str": _as_str,
    "dtype": _as_dtype,
    "dim": _as_int,
    "newdim": _as_int,
    "dims": _as_dims,
    "sizes": _as_sizes,
    "ints": _as_sizes,
    "any": _as_any,
}
LISTED = {"Tensors": _as_tensor, "dims": _as_int, "sizes": as_size, "ints": as_size}
KIND_NAMES = {
    "Tensors": "tuple of Tensors",
    "dim": "int",
    "newdim": "int",
    "dims": "tuple of ints",
    "sizes": "tuple of ints",
    "ints": "tuple of ints",
    "dtype": "torch.dtype",
}
