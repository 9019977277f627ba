"""What in-place operations refuse: leaves, views that cannot be written through, memory that overlaps.

The rules and texts are PyTorch's (`torch/csrc/autograd/VariableTypeUtils.h`, `variable.cpp`, `MemoryOverlap.cpp`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.graph.primitive import PICK, VARIABLE
from autodiff.graph.shown import grad_fn
from autodiff.tensor import modes

SEVERAL, NO_GRAD, INFERENCE, FUNCTION = "several", "no_grad", "inference", "function"  # how a view came to be

INTERNAL = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please"
    " clone() the tensor before performing the operation."
)
SHARED = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory"
    " location. Please clone() the tensor before performing the operation."
)
# Operations that may write to memory that several elements share, those whose operands may lie anywhere, and those
# whose operands may not even be the tensor itself.
SPREADS = frozenset(("zero_", "fill_", "masked_fill", "index_fill", "index_put", "tril", "triu"))
ANYWHERE = (SPREADS - {"index_put"}) | {"fill_by", "masked_scatter", "addmm", "addmv", "addr", "baddbmm", "addbmm"}
APART = frozenset(
    ("scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "put", "index_reduce", "index_put")
)


def refuse_history(tensor: Any, requires_grad: bool) -> None:
    """Raise PyTorch's error if an in-place operation with operands that want gradients may not change a tensor."""
    if not requires_grad or not modes._grad.on:
        return
    base = tensor._base
    if base is not None:
        if tensor._meta is not None:
            raise RuntimeError(forbidden(tensor, "is being"))
        if base._was_leaf and tensor.requires_grad:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    node = tensor._node  # a view that was never asked for its history has none, and counts as a leaf
    if tensor.requires_grad and (node.op is VARIABLE or not node.requires_grad):
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")


def short(name: str) -> str:
    """What messages call an operation: `Clamp1` for ClampBackward1, `Tanh` for TanhBackward0."""
    return re.sub(r"Backward(\d*)$", lambda found: found[1].strip("0"), name)


def forbidden(tensor: Any, changed: str) -> str:
    """Why a view may not be changed in place."""
    meta, node = tensor._meta, tensor._node
    name = grad_fn(node)
    which = None
    if name is not None:
        number = node.params[0] if node.op is PICK else 0
        which = f"Output {number} of {short(name)}"
    if which is None or meta in (NO_GRAD, INFERENCE):
        where = "A view was" if which is None else f"{which} is a view of a view which was"
        text = (
            f"{where} created in inference mode and {changed} modified inplace in normal mode."
            if meta == INFERENCE
            else f"{where} created in no_grad mode and {changed} modified inplace with grad mode enabled."
        )
    else:
        text = f"{which} is a view and {changed} modified inplace."
    if meta == SEVERAL:
        return (
            f"{text} This view is the output of a function that returns multiple views. Such functions do not allow the"
            " output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    if meta == FUNCTION:
        return (
            f"{text} This view was created inside a custom Function (or because an input was returned as-is) and the"
            " autograd logic to handle view+inplace would override the custom backward associated with the custom"
            " Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the"
            " output of the custom Function."
        )
    block = "inference_mode" if meta == INFERENCE else "no_grad"
    return (
        f"{text} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by"
        f" moving both the view and the inplace either both inside the {block} block (if you don't want the inplace to"
        " be tracked) or both outside (if you want the inplace to be tracked)."
    )


class Zeros(np.ndarray):
    """Zeros that PyTorch keeps without memory, as the derivative of `sgn`; what is computed of them is ordinary."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [np.asarray(value) if isinstance(value, Zeros) else value for value in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)


def refuse_zeros(tensor: Any) -> None:
    """Raise PyTorch's error for a gradient of zeros that has no memory to write to."""
    if tensor._immutable:
        raise RuntimeError(
            "ZeroTensors are immutable. Please use the materialized zero tensor obtained using .clone() if you want a"
            " mutable tensor."
        )


def repeats(array: np.ndarray[Any, Any]) -> bool:
    """Whether several elements share a place in memory, as in an expanded tensor."""
    return array.size > 0 and any(step == 0 and n > 1 for step, n in zip(array.strides, array.shape, strict=True))


def refuse_overlap(
    array: np.ndarray[Any, Any], others: Iterable[np.ndarray[Any, Any]], name: str, same: bool = False
) -> None:
    """Raise PyTorch's error if writing to an array would change what is still to be read (`same`: an operand is the
    tensor itself)."""
    if name not in SPREADS and repeats(array):
        raise RuntimeError(INTERNAL)
    if same and name in APART:
        raise RuntimeError(SHARED)
    if name in ANYWHERE:
        return
    for other in others:
        if _overlap(array, other, name in APART):
            raise RuntimeError(SHARED)


def _overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], apart: bool) -> bool:
    if a is not b and not np.may_share_memory(a, b):
        return False
    if not (_dense(a) and _dense(b)) or not a.size or not b.size:
        return False
    start, other = a.__array_interface__["data"][0], b.__array_interface__["data"][0]
    if start == other and a.nbytes == b.nbytes:
        return apart or a.strides != b.strides
    return bool(start < other + b.nbytes and other < start + a.nbytes)


def _dense(array: np.ndarray[Any, Any]) -> bool:
    """Whether the elements fill a stretch of memory, each place once."""
    if array.flags.c_contiguous:
        return True
    expected = array.itemsize
    for step, size in sorted(zip(array.strides, array.shape, strict=True)):
        if size == 1:
            continue
        if step != expected:
            return False
        expected *= size
    return True


def root_of(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that owns the memory."""
    base: Any = array.base
    while base is not None:
        if not isinstance(base, np.ndarray):  # what `as_strided` puts in between
            base = getattr(base, "base", None)
            if not isinstance(base, np.ndarray):
                break
        array, base = base, base.base
    return array


def writable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same elements for writing, where NumPy has locked them because several share a place."""
    if array.flags.writeable:
        return array
    root = root_of(array)
    if not root.flags.writeable:
        return array.copy()
    offset = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    return np.ndarray(array.shape, array.dtype, root, offset, array.strides)
