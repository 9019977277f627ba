"""`torch.autograd.graph`: hooks over several tensors, and edges of the graph. Source: PyTorch documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autodiff.graph.primitive import PICK
from autodiff.tensor.grad_fns import GradFn, grad_fn_of
from autodiff.tensor.small import Handle
from autodiff.tensor.tensor import Tensor


class GradientEdge(NamedTuple):
    """A node of the graph, and which of its results."""

    node: GradFn
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where a tensor's gradient goes; raises RuntimeError for tensors that want none."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node = tensor._current
    return GradientEdge(grad_fn_of(node), node.params[0] if node.op is PICK else 0)


def increment_version(tensor: Any) -> None:
    """Say that a tensor's memory was changed behind the library's back."""
    for one in [tensor] if isinstance(tensor, Tensor) else tensor:
        one._counter.version += 1


class _Handles:
    """Handles that come off together."""

    def __init__(self, handles: Sequence[Handle]) -> None:
        self._handles = tuple(handles)

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[..., Any], *, mode: str = "all") -> _Handles:
    """Call fn with all gradients of tensors once the last of them is there, or with the first one (mode "any")."""
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    seen: list[Any] = [None] * len(tensors)
    count = [0]

    def one(place: int) -> Callable[[Tensor], None]:
        def hook(g: Tensor) -> None:
            if mode == "any":
                if not count[0]:
                    fn(g)
                count[0] = (count[0] + 1) % len(tensors)
                return
            seen[place] = g
            count[0] += 1
            if count[0] == len(tensors):
                given = list(seen)
                seen[:], count[0] = [None] * len(tensors), 0
                fn(given)

        return hook

    return _Handles([tensor.register_hook(one(place)) for place, tensor in enumerate(tensors)])
