"""The state of a module: what `state_dict` gives and `load_state_dict` takes.

Source: PyTorch documentation, `torch.nn.Module.load_state_dict`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from autodiff.tensor import modes
from autodiff.tensor.module import Module, Parameter
from autodiff.tensor.tensor import Tensor


class IncompatibleKeys(tuple[list[str], list[str]]):
    """The keys that a state did not have, and those that nobody wanted."""

    __slots__ = ()
    missing_keys = property(lambda self: self[0])
    unexpected_keys = property(lambda self: self[1])

    def __repr__(self) -> str:
        if not self[0] and not self[1]:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self[0]!r}, unexpected_keys={self[1]!r})"


def _places(module: Module, prefix: str) -> Iterator[tuple[str, Module]]:
    """Every module with the prefix of its keys, also one that is there twice."""
    stack = [(prefix, module)]
    while stack:
        path, current = stack.pop()
        yield path, current
        below = [(f"{path}{name}.", m) for name, m in current._modules.items() if m is not None]
        stack.extend(reversed(below))


def _own(module: Module) -> dict[str, Any]:
    """The parameters and buffers of a module alone that are part of its state."""
    buffers = {name: value for name, value in module._buffers.items() if name not in module._temporary}
    return {name: value for name, value in {**module._parameters, **buffers}.items() if value is not None}


def state_of(module: Module, prefix: str = "", keep_vars: bool = False) -> OrderedDict[str, Any]:
    """The parameters and buffers by dotted name."""
    return OrderedDict(
        (path + name, value if keep_vars else value.detach())
        for path, current in _places(module, prefix)
        for name, value in _own(current).items()
    )


def load(module: Module, state: Any, strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy a state into a module; raises TypeError for what is no state, RuntimeError for what does not match."""
    if not isinstance(state, dict):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []
    for path, current in _places(module, ""):
        own = _own(current)
        for name, value in own.items():
            key = path + name
            if key not in state:
                missing.append(key)
            elif problem := _copied(current, name, value, key, state[key], assign):
                errors.append(problem)
        for key in state:
            if key.startswith(path):
                first, _, rest = key[len(path) :].partition(".")
                if first not in (current._modules if rest else own):
                    unexpected.append(key)
    if strict:
        for what, keys in (("Unexpected", unexpected), ("Missing", missing)):
            if keys:
                listed = ", ".join(f'"{key}"' for key in keys)
                errors.insert(0, f"{what} key(s) in state_dict: {listed}. ")
    if errors:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(errors))
    return IncompatibleKeys((missing, unexpected))


def _copied(module: Module, name: str, own: Tensor, key: str, given: Any, assign: bool) -> str | None:
    """Put a given tensor into the place of an own one, or say why not."""
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint'
            f" but received {type(given)}"
        )
    if not own.ndim and given.shape == (1,):
        given = given[0]
    if given.shape != own.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, the shape in current"
            f" model is {own.shape}."
        )
    if assign:
        setattr(module, name, Parameter(given, own.requires_grad) if isinstance(own, Parameter) else given)
        return None
    with modes.no_grad():
        own.copy_(given)
    return None
