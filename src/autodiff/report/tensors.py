"""Printed tensors, as PyTorch 2.13 prints them.

    array ──corners──▶ elements ──cells──▶ texts of one width ──nested──▶ rows and brackets ──suffixes──▶ tensor(…)

The rules are those of PyTorch's `torch/_tensor_str.py`, quirks included: the tests hold both to the same bytes.
This is on the path of every start, so nothing is imported but NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import isfinite
from typing import Any

import numpy as np

PREFIX = "tensor("
UNMARKED = ("int64", "bool")  # besides the default float dtype: what Python's own literals give


def format_tensor(
    array: np.ndarray[Any, Any],
    *,
    requires_grad: bool = False,
    grad_fn: str | None = None,
    default_dtype: str = "float32",
    precision: int = 4,
    indent: int = 0,
    threshold: float = 1000,
    edgeitems: int = 3,
    linewidth: int = 80,
    sci_mode: bool | None = None,
) -> str:
    """The text that PyTorch prints for a tensor with these elements, of a real, integer or bool dtype.

    `default_dtype` is the float dtype that goes without saying; `precision`, `threshold` (more elements than that
    are summarised), `edgeitems`, `linewidth` and `sci_mode` are those of `torch.set_printoptions`.  `indent` is the
    width of what stands before the tensor on its first line, such as `x.grad = `: the other lines are moved right
    by it after the layout is done, so that a tensor breaks at the same elements with and without a prefix.

    Raises TypeError for other dtypes.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"cannot print a tensor of dtype {array.dtype.name}")
    if array.size:
        edge = edgeitems if array.size > threshold else array.size
        cells, width = _cells(_corners(array, edge), precision, sci_mode)
        column = len(PREFIX)
        per_line = max(1, (linewidth - column - array.ndim + 1) // (width + len(", ")))
        body = _nested(iter(cells), array.shape, column, per_line, edge)
    else:
        body = "[]"
    suffixes = _suffixes(array, default_dtype, edgeitems, requires_grad, grad_fn)
    return _shifted(_closed(PREFIX + body, suffixes, linewidth), indent)


def _corners(array: np.ndarray[Any, Any], edge: int) -> np.ndarray[Any, Any]:
    """The elements that are shown: the first and last `edge` along each axis that is longer than both together."""
    if all(size <= 2 * edge for size in array.shape):
        return array
    return array[np.ix_(*(_ends(size, edge) for size in array.shape))]


def _ends(size: int, edge: int) -> list[int]:
    return [*range(edge), *range(size - edge, size)] if size > 2 * edge else list(range(size))


def _cells(shown: np.ndarray[Any, Any], precision: int, sci_mode: bool | None) -> tuple[list[str], int]:
    """One text an element, padded on the left, and the width they were padded to.

    Zeros, infinities and NaN have no say in the width and are longer than it where it is small: `[nan, 1.]`.
    """
    flat = shown.ravel()
    if flat.dtype.kind == "f":
        counts = np.isfinite(flat) & (flat != 0)
        spec, point = _number_format(flat[counts], precision, sci_mode)
        texts = [format(x, spec) + (point if isfinite(x) else "") for x in flat.tolist()]
        measured = [text for text, counted in zip(texts, counts.tolist(), strict=True) if counted]
    else:
        texts = measured = [str(x) for x in flat.tolist()]
    width = max(map(len, measured), default=1)
    return [text.rjust(width) for text in texts], width


def _number_format(numbers: np.ndarray[Any, Any], precision: int, sci_mode: bool | None) -> tuple[str, str]:
    """How to write these finite numbers other than zero: a format, and what follows it."""
    if not numbers.size:
        return ".0f", "."  # whatever sci_mode says
    if sci_mode is None:
        sizes = np.abs(numbers)
        least, most = float(sizes.min()), float(sizes.max())  # as Python floats: float16 cannot hold 1e8
        sci_mode = most / least > 1000.0 or most > 1e8 or least < 1e-4
    if sci_mode:
        return f".{precision}e", ""
    if np.array_equal(numbers, np.ceil(numbers)):
        return ".0f", "."
    return f".{precision}f", ""


def _nested(cells: Iterator[str], shape: tuple[int, ...], column: int, per_line: int, edge: int) -> str:
    """Brackets around the next cells, the opening one at `column`; axes are cut as in `_corners`."""
    if not shape:
        return next(cells)
    size, inner = shape[0], shape[1:]
    cut = size > 2 * edge
    count = 2 * edge if cut else size
    if inner:
        parts = [_nested(cells, inner, column + 1, per_line, edge) for _ in range(count)]
        dots = "..."
    else:
        parts = list(islice(cells, count))
        dots = " ..." if edge else "..."
    if cut:
        parts.insert(edge, dots)
    if not inner:
        parts = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    return "[" + ("," + "\n" * max(1, len(inner)) + " " * (column + 1)).join(parts) + "]"


def _suffixes(
    array: np.ndarray[Any, Any], default_dtype: str, edgeitems: int, requires_grad: bool, grad_fn: str | None
) -> list[str]:
    """What is said after the elements because it cannot be seen in them, in PyTorch's order."""
    suffixes = []
    shape_is_hidden = not edgeitems if array.size else array.ndim != 1
    if shape_is_hidden:
        suffixes.append(f"size={array.shape}")
    name = array.dtype.name
    if name != default_dtype and (not array.size or name not in UNMARKED):
        suffixes.append(f"dtype=torch.{name}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn.rpartition('::')[2]}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return suffixes


def _closed(text: str, suffixes: list[str], linewidth: int) -> str:
    """The text with its suffixes and the last bracket; a suffix that does not fit starts a line."""
    used = len(text) - text.rfind("\n") + 1  # PyTorch's count: two more than the last line has
    for suffix in suffixes:
        if used + len(suffix) + 2 > linewidth:
            text += ",\n" + " " * len(PREFIX) + suffix
            used = len(PREFIX) + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def _shifted(text: str, indent: int) -> str:
    """Every line but the first moved right; empty lines stay empty."""
    pad = " " * indent
    first, *rest = text.split("\n")
    return "\n".join([first, *(pad + line if line else line for line in rest)])
