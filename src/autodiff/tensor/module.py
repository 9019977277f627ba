"""`torch.nn.Module`: parameters, buffers and modules below modules, and the containers that hold several.

Source: PyTorch documentation, `torch.nn.Module`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.tensor.storage import Counter, held
from autodiff.tensor.tensor import Tensor, _fill


class Parameter(Tensor):
    """A tensor that a module counts among its parameters; it wants a gradient unless told otherwise."""

    __slots__ = ()

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        array = np.zeros(0, np.float32) if data is None else data._array
        _fill(self, array, held(array), Counter())
        if requires_grad:
            self.requires_grad_()

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Module:
    """Base of layers and networks: parameters and modules that are assigned to it become its own."""

    training = True

    def __init__(self) -> None:
        for name in ("_parameters", "_buffers", "_modules"):
            object.__setattr__(self, name, {})
        object.__setattr__(self, "training", True)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        for group, kind, what in (("_parameters", Parameter, "parameters"), ("_modules", Module, "module")):
            if isinstance(value, kind):
                if group not in own:
                    raise AttributeError(f"cannot assign {what} before Module.__init__() call")
                for other in (own, own["_parameters"], own["_buffers"], own["_modules"]):
                    if other is not own[group]:
                        other.pop(name, None)
                own[group][name] = value
                return
        if name in own.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_title(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            own["_parameters"][name] = None
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_title(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            own["_modules"][name] = None
        elif name in own.get("_buffers", ()):
            own["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        for group in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(group, {})
            if name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for group in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(group, ()):
                del self.__dict__[group][name]
                return
        object.__delattr__(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any) -> Any:
        """The result; raises NotImplementedError where a module does not define it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or None in the place of one."""
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is no parameter."""
        self._buffers[name] = tensor

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module under a name."""
        self._modules[name] = module

    register_module = add_module

    # Going through

    def named_modules(self, memo: Any = None, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with dotted names."""
        seen = set() if memo is None else memo
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if module in seen:
                continue
            seen.add(module)
            yield name, module
            below = [(f"{name}.{key}" if name else key, m) for key, m in module._modules.items() if m is not None]
            stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below, with their names."""
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        return (module for _, module in self.named_children())

    def _named(self, group: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix=prefix) if recurse else [(prefix, self)]:
            for name, value in module.__dict__[group].items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters of this module and of those below, each once, with dotted names."""
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and of those below."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers of this module and of those below, with dotted names."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and of those below."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # Changing

    def state_dict(self) -> Any:
        """Parameters and buffers by dotted name, without history."""
        from collections import OrderedDict

        found: Any = OrderedDict()
        for path, module in self.named_modules():
            for group in (module._parameters, module._buffers):
                for name, value in group.items():
                    if value is not None:
                        found[f"{path}.{name}" if path else name] = value.detach()
        return found

    def load_state_dict(self, state_dict: dict[str, Tensor], strict: bool = True) -> str:
        """Copy values from a state; raises RuntimeError for keys that do not match."""
        own = self.state_dict()
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        if strict and (missing or unexpected):
            raise RuntimeError(_mismatch(type(self).__name__, missing, unexpected))
        for name, value in own.items():
            if name in state_dict:
                value.copy_(state_dict[name].detach())
        return "<All keys matched successfully>"

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the parameters."""
        for parameter in self.parameters():
            if set_to_none:
                parameter._grad = None
            elif parameter._grad is not None:
                parameter._grad.detach().zero_()

    def train(self, mode: bool = True) -> Module:
        """Say whether this is training, here and below."""
        for module in self.modules():
            object.__setattr__(module, "training", bool(mode))
        return self

    def eval(self) -> Module:
        """No training, here and below."""
        return self.train(False)

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call a function with every module below, and then with this one."""
        for module in reversed(list(self.modules())):
            fn(module)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Have the parameters want gradients, or not."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Module:
        """Parameters of another dtype; there is one device."""
        from autodiff.graph.dtypes import DType

        for dtype in (*args, kwargs.get("dtype")):
            if isinstance(dtype, DType):
                for module in self.modules():
                    for group in (module._parameters, module._buffers):
                        for value in group.values():
                            if value is not None and value.dtype.is_floating:
                                value.data = value.detach().to(dtype)
        return self

    def double(self) -> Module:
        """Parameters in float64."""
        from autodiff.graph import dtypes

        return self.to(dtypes.float64)

    def float(self) -> Module:
        """Parameters in float32."""
        from autodiff.graph import dtypes

        return self.to(dtypes.float32)

    def cpu(self) -> Module:
        """The module as it is."""
        return self

    # Looking at

    def extra_repr(self) -> str:
        """What stands in the brackets of the text."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        if not lines:
            return f"{type(self).__name__}({extra})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(([extra] if extra else []) + lines) + "\n)"


def _mismatch(name: str, missing: list[str], unexpected: list[str]) -> str:
    lines = [f"Error(s) in loading state_dict for {name}:"]
    for what, keys in (("Unexpected key(s)", unexpected), ("Missing key(s)", missing)):
        if keys:
            lines.append(f"\t{what} in state_dict: {', '.join(f'{key!r}' for key in keys)}. ".replace("'", '"'))
    return "\n".join(lines)


def _title(value: Any) -> str:
    return "torch." + type(value).__name__ if isinstance(value, Tensor) else type(value).__name__


# Containers


class Sequential(Module):
    """Modules one after another."""

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], dict) else _numbered(modules)
        for name, module in named:
            if not isinstance(module, Module):
                raise TypeError(f"{_title(module)} is not a Module subclass")
            self._modules[name] = module

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def append(self, module: Module) -> Sequential:
        self._modules[str(len(self._modules))] = module
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self._modules.values()))

    def __getitem__(self, index: Any) -> Any:
        modules = list(self._modules.values())
        return Sequential(*modules[index]) if isinstance(index, slice) else modules[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self._modules[list(self._modules)[index]] = module


def _numbered(modules: Any) -> list[tuple[str, Any]]:
    return [(str(i), module) for i, module in enumerate(modules)]


class ModuleDict(Module):
    """Modules by name, all of which belong to the one that it is in."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        for name, module in dict(modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._modules))

    def __contains__(self, name: str) -> bool:
        return name in self._modules

    def keys(self) -> Any:
        return self._modules.keys()

    def values(self) -> Any:
        return self._modules.values()

    def items(self) -> Any:
        return self._modules.items()


class ParameterList(Module):
    """Parameters by number."""

    def __init__(self, values: Any = ()) -> None:
        super().__init__()
        for value in values:
            self.append(value)

    def append(self, value: Any) -> ParameterList:
        """Add a parameter; tensors become parameters."""
        made = value if isinstance(value, Parameter) else Parameter(value)
        self.register_parameter(str(len(self._parameters)), made)
        return self

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._parameters.values()))

    def __getitem__(self, index: int) -> Any:
        return list(self._parameters.values())[index]

    def __repr__(self) -> str:
        lines = [
            f"  ({name}): Parameter containing: [torch.{p.dtype.name} of size {'x'.join(map(str, p.shape))}]"
            for name, p in self._parameters.items()
        ]
        return "ParameterList(" + "\n".join(lines) + ")"


class ModuleList(Sequential):
    """A list of modules, all of which belong to the one that it is in."""

    def __init__(self, modules: Any = ()) -> None:
        super().__init__(*modules)

    def forward(self, *args: Any) -> Any:
        return Module.forward(self, *args)
