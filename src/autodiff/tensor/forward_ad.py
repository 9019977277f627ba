"""`torch.autograd.forward_ad`: tensors with a direction. Source: PyTorch documentation of that module.

A dual tensor is a leaf of its own, whose direction is remembered while the level lasts; the direction of a result is
computed when it is asked for, as the derivative of a gradient for its weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from autodiff.graph.node import ancestors
from autodiff.tensor import modes
from autodiff.tensor.differentiate import grad
from autodiff.tensor.tensor import Tensor

OUTSIDE = "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
_levels: list[dict[int, tuple[Tensor, Tensor]]] = []  # by identity


class UnpackedDualTensor(NamedTuple):
    """A tensor, and its direction: None where it has none."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Begin a level; raises RuntimeError inside of another one."""
    if _levels:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _levels.append({})
    return len(_levels) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: directions are forgotten."""
    if not _levels:
        raise RuntimeError("Trying to exit a forward AD level but no level is entered")
    _levels.pop()


class dual_level:  # noqa: N801
    """A level as a context."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *_: object) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor with a direction; raises RuntimeError outside of levels, ValueError for integers."""
    if not _levels:
        raise RuntimeError(OUTSIDE)
    if not tensor.dtype.is_floating:
        raise ValueError(f"Expected primal to be floating point or complex, but got: {tensor.dtype}")
    if not tangent.dtype.is_floating:
        raise ValueError(f"Expected tangent to be floating point or complex, but got: {tangent.dtype}")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not"
            f" supported. Tensor is of size {list(tensor.shape)} while the given forward gradient is of size"
            f" {list(tangent.shape)}."
        )
    with modes.enable_grad():
        made: Any = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()
    _levels[-1][id(made)] = made, tangent
    return made  # type: ignore[no-any-return]


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """A tensor without its direction, and the direction."""
    if not _levels:
        return UnpackedDualTensor(tensor, None)
    duals = _levels[-1]
    direct = duals.get(id(tensor))
    if direct is not None:
        return UnpackedDualTensor(tensor.detach(), direct[1])
    before = set(ancestors([tensor._current], lambda node: node.requires_grad)) if tensor.requires_grad else set()
    reached = [pair for pair in duals.values() if pair[0]._current in before]
    if not reached:
        return UnpackedDualTensor(tensor, None)
    with modes.enable_grad():
        weights = tensor.detach().new_zeros(tensor.shape).requires_grad_()
        slopes = grad(
            tensor, [dual for dual, _ in reached], weights, create_graph=True, allow_unused=True, materialize_grads=True
        )
        pairs = [(s, t) for s, (_, t) in zip(slopes, reached, strict=True) if s.requires_grad]
        if not pairs:
            return UnpackedDualTensor(tensor.detach(), tensor.detach().new_zeros(tensor.shape))
        (tangent,) = grad(
            [s for s, _ in pairs], [weights], [t for _, t in pairs], allow_unused=True, materialize_grads=True
        )
    return UnpackedDualTensor(tensor.detach(), tangent)
