"""How tensors lie in memory: what decides whether a view is possible."""

from __future__ import annotations

from autodiff.graph.node import Node
from autodiff.graph.op import strides
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


def packed(shape: Shape, own: Shape) -> Shape:
    """Strides without gaps that keep the order of dims, as PyTorch's `empty_like` makes them."""
    if any(step == 0 for step in own) or not all(isinstance(step, int) for step in own):
        return contiguous_strides(shape)
    order = sorted(range(len(own)), key=lambda i: own[i], reverse=True)
    steps = contiguous_strides(tuple(shape[i] for i in order))
    return tuple(steps[order.index(i)] for i in range(len(own)))
