"""`torch.nn`: modules that hold modules or parameters. Source: PyTorch documentation, `torch.nn`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import index as integer
from typing import Any

from autodiff.tensor.module import Module, Parameter, title
from autodiff.tensor.tensor import Tensor

_HOME = "torch.nn.modules.container"


def _place(module: Module, index: Any) -> str:
    """The name of a module by its number; raises IndexError where there are fewer."""
    count = len(module._modules)
    number = integer(index)
    if not -count <= number < count:
        raise IndexError(f"index {number} is out of range")
    return str(list(module._modules)[number])


def _renumber(module: Module) -> None:
    object.__setattr__(module, "_modules", {str(i): m for i, m in enumerate(module._modules.values())})


class Sequential(Module):
    """Modules one after another."""

    __module__ = _HOME

    def __init__(self, *args: Any) -> None:
        super().__init__()
        given = args[0].items() if len(args) == 1 and isinstance(args[0], dict) else enumerate(args)
        for name, module in given:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def append(self, module: Module) -> Sequential:
        self.add_module(str(len(self)), module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        for module in list(sequential):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        modules = list(self._modules.values())
        modules.insert(index, module)
        object.__setattr__(self, "_modules", {str(i): m for i, m in enumerate(modules)})
        return self

    def pop(self, key: int) -> Module:
        module: Module = self[key]
        del self[key]
        return module

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self._modules.values()))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Sequential(dict(list(self._modules.items())[index]))
        return self._modules[_place(self, index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, _place(self, index), module)

    def __delitem__(self, index: Any) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [_place(self, index)]
        for name in names:
            del self._modules[name]
        _renumber(self)

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(
                "add operator supports only objects of Sequential class, but" + f" {type(other)} is given."
            )
        return Sequential(*self, *other)


class ModuleList(Module):
    """A list of modules, all of which belong to the one that it is in."""

    __module__ = _HOME

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def append(self, module: Module) -> ModuleList:
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        modules = list(self._modules.values())
        modules.insert(index, module)
        object.__setattr__(self, "_modules", {str(i): m for i, m in enumerate(modules)})

    def pop(self, key: int) -> Module:
        module: Module = self[key]
        del self[key]
        return module

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self._modules.values()))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ModuleList(list(self._modules.values())[index])
        return self._modules[_place(self, index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, _place(self, index), module)

    def __delitem__(self, index: Any) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [_place(self, index)]
        for name in names:
            del self._modules[name]
        _renumber(self)

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Runs of modules with the same text are shown once, with their number."""
        runs: list[list[Any]] = []
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        if not runs:
            return self._get_name() + "()"
        lines = [
            f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in runs
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(line.replace("\n", "\n  ") for line in lines) + "\n)"


class _ByName(Module):
    """A mapping from names to what `_group`, one of the dicts of every module, holds."""

    __module__ = _HOME
    _group = ""

    def __init__(self, given: Any = None) -> None:
        super().__init__()
        self.update(given or {})

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._group)[key]

    def __setitem__(self, key: str, value: Any) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(getattr(self, self._group))

    def __iter__(self) -> Iterator[str]:
        return iter(list(getattr(self, self._group)))

    def __contains__(self, key: str) -> bool:
        return key in getattr(self, self._group)

    def keys(self) -> Any:
        return getattr(self, self._group).keys()

    def values(self) -> Any:
        return getattr(self, self._group).values()

    def items(self) -> Any:
        return getattr(self, self._group).items()

    def update(self, given: Any) -> None:
        for name, value in dict(given).items():
            self[name] = value

    def pop(self, key: str) -> Any:
        return getattr(self, self._group).pop(key)


class ModuleDict(_ByName):
    """Modules by name, all of which belong to the one that it is in."""

    __module__ = _HOME
    _group = "_modules"

    def __init__(self, modules: Any = None) -> None:
        super().__init__(modules)

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def clear(self) -> None:
        self._modules.clear()


def _described(kind: str, value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    size = "x".join(map(str, value.shape))
    named = title(value) if kind == "dict" else f"torch.{value.dtype.name}"
    return f"{what} containing: [{named} of size {size}]"


def _as_parameter(value: Any) -> Any:
    """A tensor as a parameter; parameters and other values as they are."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


class ParameterList(Module):
    """Parameters by number."""

    __module__ = _HOME

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        for value in values or ():
            self.append(value)

    def append(self, value: Any) -> ParameterList:
        """Add a parameter; tensors become parameters."""
        self.register_parameter(str(len(self)), _as_parameter(value))
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        for value in list(values):
            self.append(value)
        return self

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._parameters.values()))

    def __getitem__(self, index: Any) -> Any:
        values = list(self._parameters.values())
        if isinstance(index, slice):
            return ParameterList(values[index])
        if not -len(values) <= integer(index) < len(values):
            raise IndexError(f"index {index} is out of range")
        return values[integer(index)]

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, list(self._parameters)[index], _as_parameter(value))

    def extra_repr(self) -> str:
        return "\n".join(f"  ({name}): {_described('list', p)}" for name, p in self._parameters.items())


class ParameterDict(_ByName):
    """Parameters by name."""

    __module__ = _HOME
    _group = "_parameters"

    def __init__(self, parameters: Any = None) -> None:
        super().__init__(parameters)

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, _as_parameter(value))

    def extra_repr(self) -> str:
        return "\n".join(f"  ({name}): {_described('dict', p)}" for name, p in self._parameters.items())
