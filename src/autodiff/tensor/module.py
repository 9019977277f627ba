"""`torch.nn.Module`: parameters, buffers and modules below modules.

Source: PyTorch documentation, `torch.nn.Module`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.tensor.small import Handle
from autodiff.tensor.storage import Counter, held
from autodiff.tensor.tensor import Tensor, _fill

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Parameter(Tensor):
    """A tensor that a module counts among its parameters; it wants a gradient unless told otherwise."""

    __slots__ = ()
    __module__ = "torch.nn.parameter"

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        array = np.zeros(0, np.float32) if data is None else data._array
        _fill(self, array, held(array), Counter())
        if requires_grad:
            if not self.dtype.is_floating:
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            self.requires_grad_()

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: Any) -> Parameter:
        return Parameter(super().__deepcopy__(memo), self.requires_grad)


class Module:
    """Base of layers and networks: parameters and modules that are assigned to it become its own."""

    __module__ = "torch.nn.modules.module"
    training = True
    _temporary: frozenset[str] = frozenset()  # buffers that are no part of the state
    _forward_hooks: dict[int, Any] | None = None
    _forward_pre_hooks: dict[int, Any] | None = None
    _backward_hooks: dict[int, Any] | None = None
    _backward_pre_hooks: dict[int, Any] | None = None

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
                    f"cannot assign '{title(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            own["_parameters"][name] = None
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{title(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            own["_modules"][name] = None
        elif name in own.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"cannot assign '{title(value)}' as buffer '{name}' (torch.Tensor or None expected)")
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
        if self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks:
            from autodiff.tensor.module_hooks import call_with_hooks

            return call_with_hooks(self, args, kwargs)
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any) -> Any:
        """The result; raises NotImplementedError where a module does not define it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # What belongs to it

    def _check_name(self, what: str, name: str, group: str) -> None:
        if group not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {title(name)}")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain "."' + (f", got: {name}" if what == "module" else ""))
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[group]:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or None in the place of one; raises KeyError for bad names, TypeError for other values."""
        self._check_name("parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{title(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is no parameter; one that is not persistent is no part of the state."""
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{title(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent is (name in self._temporary):
            object.__setattr__(self, "_temporary", self._temporary ^ {name})

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module under a name; raises KeyError for bad names, TypeError for other values."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{title(module)} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a module under a name."""
        self.add_module(name, module)

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name; raises AttributeError where there is none."""
        found: Any = self
        for part in target.split(".") if target else ():
            if not hasattr(found, part):
                raise AttributeError(f"{type(found).__name__} has no attribute `{part}`")
            found = getattr(found, part)
            if not isinstance(found, Module):
                raise AttributeError(f"`{part}` is not an nn.Module")
        return found  # type: ignore[no-any-return]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name; raises AttributeError where there is none."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        found = getattr(module, name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name; raises AttributeError where there is none."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return module._buffers[name]  # type: ignore[no-any-return]

    # Going through

    def named_modules(
        self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with dotted names."""
        seen = set() if memo is None else memo
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if module in seen:
                continue
            if remove_duplicate:
                seen.add(module)
            yield name, module
            below = [(f"{name}.{key}" if name else key, m) for key, m in module._modules.items() if m is not None]
            stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below, each once, with their names."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        return (module for _, module in self.named_children())

    def _named(self, group: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in module.__dict__[group].items():
                if value is not None and id(value) not in seen:
                    if once:
                        seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters of this module and of those below, each once, with dotted names."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and of those below."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers of this module and of those below, with dotted names."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and of those below."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # Changing

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> Any:
        """Parameters and buffers by dotted name, without history unless wanted."""
        from autodiff.tensor.module_state import state_of

        return state_of(self, prefix, keep_vars)

    def load_state_dict(self, state_dict: dict[str, Tensor], strict: bool = True, assign: bool = False) -> Any:
        """Copy values from a state; raises RuntimeError for keys and shapes that do not match."""
        from autodiff.tensor.module_state import load

        return load(self, state_dict, strict, assign)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the parameters."""
        for parameter in self.parameters():
            if set_to_none:
                parameter._grad = None
            elif parameter._grad is not None:
                parameter._grad.detach().zero_()

    def train(self, mode: bool = True) -> Module:
        """Say whether this is training, here and below."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            object.__setattr__(module, "training", mode)
        return self

    def eval(self) -> Module:
        """No training, here and below."""
        return self.train(False)

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call a function with every module below, each before the one that it is in, and then with this one."""
        stack: list[tuple[Module, Iterator[Module]]] = [(self, self.children())]
        while stack:
            module, below = stack[-1]
            child = next(below, None)
            if child is None:
                fn(module)
                stack.pop()
            else:
                stack.append((child, child.children()))
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
                if not dtype.is_floating:
                    raise TypeError(
                        "nn.Module.to only accepts floating point or complex dtypes, but got desired"
                        f" dtype=torch.{dtype.name}"
                    )
                self._convert(dtype, floating=True)
        return self

    def _convert(self, dtype: Any, floating: bool) -> Module:
        for module in self.modules():
            for group in (module._parameters, module._buffers):
                for value in group.values():
                    if value is not None and (value.dtype.is_floating or not floating):
                        value.data = value.detach().to(dtype)
                        if value._grad is not None:
                            value._grad = value._grad.to(dtype)
        return self

    def type(self, dst_type: Any) -> Module:
        """Parameters and buffers of another dtype."""
        return self._convert(dst_type, floating=False)

    def double(self) -> Module:
        """Parameters in float64."""
        from autodiff.graph import dtypes

        return self._convert(dtypes.float64, floating=True)

    def float(self) -> Module:
        """Parameters in float32."""
        from autodiff.graph import dtypes

        return self._convert(dtypes.float32, floating=True)

    def half(self) -> Module:
        """Parameters in float16."""
        from autodiff.graph import dtypes

        return self._convert(dtypes.float16, floating=True)

    def cpu(self) -> Module:
        """The module as it is."""
        return self

    def share_memory(self) -> Module:
        """The module as it is."""
        return self

    def compile(self, *_: Any, **__: Any) -> None:
        """Nothing: it runs as it is."""

    # Hooks

    def _hook(self, group: str, hook: Any, prepend: bool = False) -> Handle:
        if self.__dict__.get(group) is None:
            object.__setattr__(self, group, {})
        hooks = self.__dict__[group]
        handle = Handle(hooks, hook)
        if prepend:
            later = [(key, value) for key, value in hooks.items() if key != handle.id]
            for key, value in later:
                del hooks[key]
                hooks[key] = value
        return handle

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> Handle:
        """Call hook(module, args, output) after forward; what it returns takes the output's place."""
        return self._hook("_forward_hooks", (hook, with_kwargs), prepend)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Call hook(module, args) before forward; what it returns takes the place of the arguments."""
        return self._hook("_forward_pre_hooks", (hook, with_kwargs), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call hook(module, gradients of the inputs, gradients of the outputs); it may return other ones."""
        return self._hook("_backward_hooks", hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call hook(module, gradients of the outputs) before the module's backward; it may return other ones."""
        return self._hook("_backward_pre_hooks", hook, prepend)

    # Looking at

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands in the brackets of the text."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own = extra.split("\n") if extra else []
        lines = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        if len(own) < 2 and not lines:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(own + lines) + "\n)"

    def __dir__(self) -> list[str]:
        own = self.__dict__
        found = {*super().__dir__(), *own.get("_parameters", ()), *own.get("_modules", ()), *own.get("_buffers", ())}
        return sorted(name for name in found if not name[0].isdigit())


def title(value: Any) -> str:
    """PyTorch's `typename`: a tensor's type, or a class with its module."""
    if isinstance(value, Tensor):
        return str(value.type())
    cls = value if isinstance(value, type) else type(value)
    home = "" if cls.__module__ == "builtins" else f"{cls.__module__}."
    return home + cls.__qualname__
