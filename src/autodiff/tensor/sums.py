"""Sums of small tensors, added up in PyTorch's order, so that they round as PyTorch's do.

Source: PyTorch's `aten/src/ATen/native/cpu/SumKernel.cpp`: four sums side by side, each in levels of at least sixteen,
over vectors of 32 bytes where the elements lie side by side.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autodiff.ops.losses import reduced_array
from autodiff.ops.reduce import add_up, average

Array = np.ndarray[Any, Any]
Dims = tuple[int, ...] | None
MOST = 4096  # elements; larger sums keep NumPy's order
_LANES: dict[Any, int] = {np.dtype(np.float32): 8, np.dtype(np.float64): 4}
_SIDE_BY_SIDE = 4
_LEVELS = 4
_add = np.add.reduce
_forms: dict[Any, Any] = {}


def summed(x: Any, dim: Any, keepdim: bool) -> Any:
    """As `add_up`, in PyTorch's order."""
    form = _form(x, dim, keepdim)
    if form is None:
        return add_up(x, dim, keepdim)
    blocks, shape = form
    return _blocks(x.reshape(blocks), _LANES[x.dtype]).reshape(shape)


def averaged(x: Any, dim: Any, keepdim: bool) -> Any:
    """As `average`, in PyTorch's order."""
    form = _form(x, dim, keepdim)
    if form is None:
        return average(x, dim, keepdim)
    blocks, shape = form
    return (_blocks(x.reshape(blocks), _LANES[x.dtype]) / x.dtype.type(blocks[1])).reshape(shape)


def reduced(loss: Any, reduction: str) -> Any:
    """As `reduced_array`, in PyTorch's order."""
    if reduction == "none" or not isinstance(loss, np.ndarray):
        return reduced_array(loss, reduction)
    if not loss.size:
        return reduced_array(loss, reduction)
    return (averaged if reduction == "mean" else summed)(loss, tuple(range(-loss.ndim, 0)), False)


def _form(x: Any, dim: Dims, keepdim: bool) -> Any:
    """The array as blocks before, along and after what is summed, and the shape of the result; None for other sums."""
    if x.__class__ is not np.ndarray or not 3 < x.size <= MOST or x.dtype not in _LANES or not x.flags.c_contiguous:
        return None
    key = (x.shape, dim, keepdim)
    found = _forms.get(key, _forms)
    if found is _forms:
        if len(_forms) > 4096:
            _forms.clear()
        found = _forms[key] = _worked_out(x.shape, dim, keepdim)
    return found


def _worked_out(shape: tuple[int, ...], dim: Dims, keepdim: bool) -> Any:
    rank = len(shape)
    summed = set(range(rank)) if dim is None else {d % rank for d in dim}
    long = [i for i in range(rank) if shape[i] != 1]
    places = [k for k, i in enumerate(long) if i in summed]
    if not places or places[-1] - places[0] != len(places) - 1:
        return None
    sizes = [shape[i] for i in long]
    first, last = places[0], places[-1] + 1
    blocks = (prod(sizes[:first]), prod(sizes[first:last]), prod(sizes[last:]))
    result = tuple(1 if i in summed else shape[i] for i in range(rank) if keepdim or i not in summed)
    return (blocks, result) if blocks[1] >= _SIDE_BY_SIDE else None


def _blocks(x: Array, lanes: int) -> Array:
    """The sums along the middle one of three dims."""
    before, count, after = x.shape
    if after == 1:
        rows = x[:, :, 0].T
        if count < lanes:
            return _row(rows)
        vectors = count // lanes
        head = rows[: vectors * lanes].reshape(vectors, lanes, before)
        partial = _row(head) if vectors > 1 else head[0]
        return _in_turn(partial if vectors * lanes == count else np.concatenate((rows[vectors * lanes :], partial)))
    rows = x[0] if before == 1 else x.transpose(1, 0, 2)
    width = _SIDE_BY_SIDE * lanes if after >= lanes else _SIDE_BY_SIDE
    wide = after // width * width
    if wide == after:
        return _in_levels(rows)
    if not wide:
        return _row(rows)
    return np.concatenate((_in_levels(rows[..., :wide]), _row(rows[..., wide:])), axis=-1)


def _in_turn(x: Array) -> Array:
    """The sum along the first dim, one after the other."""
    if len(x) < 8 or (x.flags.c_contiguous and x.size > len(x)):  # elsewhere NumPy has an order of its own
        return _add(x, 0)  # type: ignore[no-any-return]
    return np.add.accumulate(x, axis=0)[-1]  # type: ignore[no-any-return]


def _in_levels(x: Array) -> Array:
    """The sum along the first dim, in blocks, blocks of blocks, and so on."""
    step = 1 << max(4, (len(x) - 1).bit_length() // _LEVELS)
    if len(x) < step:
        return _in_turn(x)
    parts = []
    for _ in range(_LEVELS - 1):
        whole = len(x) // step * step
        parts.append(_in_turn(x[whole:]))
        if not whole:
            return _in_turn(np.array(parts))
        blocks = x[:whole].reshape(whole // step, step, *x.shape[1:])
        x = np.add.accumulate(blocks, axis=1)[:, -1]
    return _in_turn(np.array([*parts, _in_turn(x)]))


def _row(x: Array) -> Array:
    """The sum along the first dim, four side by side."""
    count = len(x) // _SIDE_BY_SIDE
    if not count:
        return _in_turn(x)
    whole = count * _SIDE_BY_SIDE
    partial = x[:whole] if count == 1 else _in_levels(x[:whole].reshape(count, _SIDE_BY_SIDE, *x.shape[1:]))
    if whole == len(x):
        return _in_turn(partial)
    return _in_turn(np.concatenate((partial[:1], x[whole:], partial[1:])))
