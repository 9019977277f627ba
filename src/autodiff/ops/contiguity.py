"""How tensors lie in memory: what decides whether a view is possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.graph.node import Node
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Dim, Shape, contiguous_strides


def is_contiguous(x: Node) -> bool:
    """Whether x lies in memory row by row; dims of size one do not matter."""
    if 0 in x.shape:
        return True
    plain = contiguous_strides(x.shape)
    return all(size == 1 or a == b for size, a, b in zip(x.shape, strides(x), plain, strict=True))


def view_strides(shape: Shape, own: Shape, target: Shape) -> Shape | None:
    """Strides of a view of the target shape, None where it takes a copy. Source: PyTorch's `computeStride`."""
    if 0 in shape:
        return own if shape == target else contiguous_strides(target)
    result: list[Dim] = [1] * len(target)
    if not shape:
        return tuple(result)
    place = len(target) - 1
    base = own[-1]
    elements: Dim = 1
    viewed: Dim = 1
    for i in range(len(shape) - 1, -1, -1):
        elements = elements * shape[i]
        if i and (shape[i - 1] == 1 or own[i - 1] == elements * base):
            continue
        while place >= 0 and (viewed != elements or target[place] == 1):
            result[place] = viewed * base
            viewed = viewed * target[place]
            place -= 1
        if viewed != elements:
            return None
        if i:
            base, elements, viewed = own[i - 1], 1, 1
    return tuple(result) if place < 0 else None


def expanded_strides(shape: Shape, own: Shape, target: Shape) -> Shape:
    """Strides of a tensor seen with a larger shape."""
    steps, sizes = list(own), list(shape)
    while len(sizes) < len(target):
        steps.insert(0, sizes[0] * steps[0] if sizes else 1)
        sizes.insert(0, 1)
    return tuple(step if size == wide else 0 for size, step, wide in zip(sizes, steps, target, strict=True))


def packed(shape: Shape, own: Shape) -> Shape:
    """Strides without gaps that keep the order of dims, as PyTorch's `empty_like` makes them."""
    if any(step == 0 for step in own) or not all(isinstance(step, int) for step in own):
        return contiguous_strides(shape)
    order = sorted(range(len(own)), key=lambda i: own[i], reverse=True)
    steps = contiguous_strides(tuple(shape[i] for i in order))
    return tuple(steps[order.index(i)] for i in range(len(own)))


def iterator_strides(shape: Shape, operands: Sequence[Shape]) -> Shape:
    """Strides of a result that is computed element by element from operands, given their strides (0 where a dim is
    broadcast): dims are ordered as in the first operand that tells two of them apart. Source: PyTorch's TensorIterator.
    """
    if not all(isinstance(step, int) for step in (*shape, *[step for own in operands for step in own])):
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
