"""Calls of a module that has hooks: before and after forward, and around its part of backward.

Source: PyTorch documentation, `torch.nn.Module.register_full_backward_hook`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autodiff.tensor import modes
from autodiff.tensor.function import Function
from autodiff.tensor.module import Module
from autodiff.tensor.tensor import Tensor

NO_INPUTS = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require"
    " gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
    "#torch.nn.Module.register_full_backward_hook for more details."
)


class BackwardHookFunction(Function):
    """Nothing but a node, at which gradients can be seen."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `module(*args, **kwargs)` gives, with its hooks called in PyTorch's order."""
    for hook, with_kwargs in list((module._forward_pre_hooks or {}).values()):
        if with_kwargs:
            both = hook(module, args, kwargs)
            if both is not None:
                if not (isinstance(both, tuple) and len(both) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {both}."
                    )
                args, kwargs = both
            continue
        replaced = hook(module, args)
        if replaced is not None:
            args = replaced if isinstance(replaced, tuple) else (replaced,)
    around = None
    if module._backward_hooks or module._backward_pre_hooks:
        around = _Around(module)
        args = around.into(args)
    result = module.forward(*args, **kwargs)
    for hook, with_kwargs in list((module._forward_hooks or {}).values()):
        replaced = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
        if replaced is not None:
            result = replaced
    if around is None:
        return result
    if not isinstance(result, (Tensor, tuple)):
        warnings.warn(
            "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received"
            f" {type(result)}",
            UserWarning,
            stacklevel=3,
        )
    return around.out_of(result)


class _Around:
    """The hooks around one call: what they are shown, and when."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.hooks = list((module._backward_hooks or {}).values())
        self.earlier = list((module._backward_pre_hooks or {}).values())
        self.received: Any = None  # gradients of the outputs, between the two nodes
        self.inputs = 0
        self.places: list[int] | None = None  # of the tensors among the inputs

    def into(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        passed, self.places = _watched(args, self._watch_inputs)
        return passed

    def out_of(self, result: Any) -> Any:
        several = isinstance(result, tuple)
        values = result if several else (result,)
        count = len(values)

        def watch(node: Any, places: list[int]) -> None:
            node.register_hook(lambda _, grads: self._outputs_known(_spread(places, grads, count)))

        passed, _ = _watched(values, watch)
        return passed if several else passed[0]

    def _watch_inputs(self, node: Any, places: list[int]) -> None:
        def hook(grads: Any, _: Any) -> Any:
            if self.received is None:  # a gradient that did not come through the module's output
                return None
            shown = _spread(places, grads, self.inputs)
            for user in self.hooks:
                replaced = user(self.module, shown, self.received)
                if replaced is None:
                    continue
                if not isinstance(replaced, tuple):
                    replaced = (replaced,)
                if len(replaced) != len(shown):
                    raise RuntimeError(
                        f"Backward hook returned an invalid number of grad_input, got {len(replaced)}, but expected"
                        f" {len(shown)}"
                    )
                shown = replaced
            self.received = None
            return tuple(shown[place] for place in places)

        node.register_hook(hook)

    def _outputs_known(self, grads: tuple[Any, ...]) -> Any:
        self.received = grads
        for user in self.earlier:
            replaced = user(self.module, self.received)
            if replaced is None:
                continue
            if not isinstance(replaced, tuple):
                replaced = (replaced,)
            if len(replaced) != len(grads):
                raise RuntimeError(
                    f"Backward pre hook returned an invalid number of grad_output, got {len(replaced)}, but expected"
                    f" {len(grads)}"
                )
            self.received = replaced
        shown = self.received
        if self.places is None:
            self._nobody_before(shown)
        return None if shown is grads else tuple(g for g in shown if g is not None)

    def _nobody_before(self, grads: Any) -> None:
        """No input wants a gradient: the hooks are called at the outputs."""
        if self.hooks:
            warnings.warn(NO_INPUTS, UserWarning, stacklevel=5)
        nothing = (None,) * self.inputs
        for user in self.hooks:
            replaced = user(self.module, nothing, grads)
            if replaced is not None and not (isinstance(replaced, tuple) and all(g is None for g in replaced)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for"
                    " all gradients."
                )
        self.received = None


def _spread(places: list[int], values: Any, count: int) -> tuple[Any, ...]:
    """Values at their places, None elsewhere."""
    spread: list[Any] = [None] * count
    for place, value in zip(places, values, strict=True):
        spread[place] = value
    return tuple(spread)


def _watched(
    values: tuple[Any, ...], watch: Callable[[Any, list[int]], None]
) -> tuple[tuple[Any, ...], list[int] | None]:
    """The values with the tensors among them behind one node, which is handed to `watch`."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not modes.is_grad_enabled() or not any(values[i].requires_grad for i in places):
        return values, None
    passed = BackwardHookFunction.apply(*(values[i] for i in places))
    node = next(t.grad_fn for t in passed if t.grad_fn is not None)
    watch(node, places)
    together = list(values)
    for place, value in zip(places, passed, strict=True):
        together[place] = value
    return tuple(together), places
