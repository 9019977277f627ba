"""How tensors lie in memory: what decides whether a view is possible."""

from __future__ import annotations

from autodiff.graph.node import Node
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Dim, Shape, contiguous_strides
from autodiff.graph.strides import iterator_strides, packed


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
    if not shape:
        return (0,) * len(target)
    steps, sizes = list(own), list(shape)
    while len(sizes) < len(target):
        steps.insert(0, sizes[0] * steps[0])
        sizes.insert(0, 1)
    return tuple(step if size == wide else 0 for size, step, wide in zip(sizes, steps, target, strict=True))


__all__ = ["expanded_strides", "is_contiguous", "iterator_strides", "packed", "view_strides"]
