"""How results lie in memory: the order of dims that elementwise operations take over from their operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.graph.sizes import Dim, Shape, contiguous_strides


def is_dense(shape: Shape, own: Shape) -> bool:
    """Whether the elements fill a stretch of memory, each place once; dims of size one do not matter."""
    expected: Dim = 1
    for step, size in sorted((s, n) for s, n in zip(own, shape, strict=True) if n != 1):
        if step != expected:
            return False
        expected = expected * size
    return True


def packed(shape: Shape, own: Shape) -> Shape:
    """Strides without gaps that keep the order of dims, as PyTorch's `empty_like` makes them."""
    if 0 in shape:
        return own if own == contiguous_strides(shape) else iterator_strides(shape, [own])
    if not _known(shape, [own]):
        return contiguous_strides(shape)
    return own if is_dense(shape, own) else iterator_strides(shape, [own])


def elementwise_strides(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> Shape:
    """Strides of what is computed element by element from operands, given their shapes and strides.

    Source: PyTorch's TensorIterator, `fast_set_up` and `compute_strides`.
    """
    if not _known(shape, [own for _, own in operands]):
        return contiguous_strides(shape)
    if all(size == shape for size, _ in operands):
        if all(is_contiguous(shape, own) for _, own in operands):
            return contiguous_strides(shape)
        first = operands[0][1]
        if all(own == first for _, own in operands) and is_dense(shape, first):
            return first
    return iterator_strides(shape, [_broadcast(size, own, shape) for size, own in operands])


def is_contiguous(shape: Shape, own: Shape) -> bool:
    """Whether elements lie row by row; dims of size one do not matter."""
    plain = contiguous_strides(shape)
    return 0 in shape or all(n == 1 or a == b for n, a, b in zip(shape, own, plain, strict=True))


def _broadcast(shape: Shape, own: Shape, target: Shape) -> Shape:
    pad = len(target) - len(shape)
    seen = zip(shape, own, target[pad:], strict=True)
    return (0,) * pad + tuple(0 if size == 1 and wide != 1 else step for size, step, wide in seen)


def iterator_strides(shape: Shape, operands: Sequence[Shape]) -> Shape:
    """Strides of a result that is computed element by element from operands, given their strides (0 where a dim is
    broadcast): dims are ordered as in the first operand that tells two of them apart. Source: PyTorch's TensorIterator.
    """
    if not _known(shape, operands):
        return contiguous_strides(shape)
    order = list(range(len(shape) - 1, -1, -1))  # the fastest first
    for i in range(1, len(order)):
        later = i
        for earlier in range(i - 1, -1, -1):
            comparison = _compare(shape, operands, order[earlier], order[later])
            if comparison > 0:
                order[earlier], order[later] = order[later], order[earlier]
                later = earlier
            elif comparison < 0:
                break
    result: list[Dim] = [1] * len(shape)
    step: Dim = 1
    for dim in order:
        result[dim] = step
        step = step * (shape[dim] or 1)
    return tuple(result)


def _known(shape: Shape, operands: Sequence[Shape]) -> bool:
    return all(isinstance(step, int) for step in (*shape, *[step for own in operands for step in own]))


def _compare(shape: Shape, operands: Sequence[Any], a: int, b: int) -> int:
    """Positive where dim a is slower than dim b."""
    for own in operands:
        if own[a] == 0 or own[b] == 0:
            continue
        if own[a] != own[b]:
            return 1 if own[a] > own[b] else -1
        if shape[a] > shape[b]:
            return 1
    return 0
