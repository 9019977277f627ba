"""What tensors offer, and what else the tensor library hands out."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import MethodType
from typing import Any

import numpy as np

from autodiff.graph.dtypes import DType
from autodiff.graph.op import ATTRIBUTES, REGISTRY
from autodiff.program.kinds.calls import CONSTRUCTORS, resolve
from autodiff.program.kinds.guards import bounded, check_nested
from autodiff.program.kinds.items import CHANGED, INDEXED
from autodiff.program.kinds.objects import BASES, CLASS_TABLES, HIDDEN, is_own
from autodiff.program.kinds.table import MISSING, TITLES, Kind, Table, host, is_dunder, method, register
from autodiff.program.kinds.texts import REPRS, STRS, plain_repr
from autodiff.tensor import methods as library_methods
from autodiff.tensor import modes, optim
from autodiff.tensor.engine import GradFn
from autodiff.tensor.function import Context, Function
from autodiff.tensor.modes import _Mode
from autodiff.tensor.module_state import IncompatibleKeys
from autodiff.tensor.pending import shared_array
from autodiff.tensor.random import Generator
from autodiff.tensor.small import Handle, Named, Size
from autodiff.tensor.tensor import Tensor

PROPERTIES = """requires_grad is_leaf grad_fn grad data retains_grad device shape dtype ndim nbytes _version"""
METHODS = """requires_grad_ backward retain_grad detach size dim numel stride item tolist numpy zero_ fill_ copy_
    uniform_ normal_ type"""
ITERATED = (list, tuple, str, Tensor, Size, Named, dict, int, float, bool, type(None))


def library(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """A function of the library for programs: iterators among its arguments are gone through here, with limits."""

    def called(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if type(value) in (list, tuple):
                check_nested(value)
            elif type(value) not in ITERATED and hasattr(type(value), "__next__"):
                args = tuple(_listed(value) for value in args)
                break
        if kwargs:
            kwargs = {name: _listed(value) for name, value in kwargs.items()}
        return function(*args, **kwargs)

    called.__name__ = called.__qualname__ = name or function.__name__
    return called


def _listed(value: Any) -> Any:
    return list(bounded(value)) if hasattr(type(value), "__next__") else value


def calling_back(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """A function of the library that is handed one of the program's to call."""

    def called(func: Any, *args: Any, **kwargs: Any) -> Any:
        return function(resolve(func), *args, **kwargs)

    called.__name__ = called.__qualname__ = name or function.__name__
    return called


def calling_back_last(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of the library that is handed one of the program's to call after another argument."""

    def called(first: Any, fn: Any, **kwargs: Any) -> Any:
        return function(first, resolve(fn), **kwargs)

    called.__name__ = called.__qualname__ = name
    return called


def _hooking(name: str) -> Any:
    """A method that is handed a hook of the program."""
    return method(lambda self, hook, **options: getattr(type(self), name)(self, resolve(hook), **options))


def _numpy(self: Tensor) -> Any:
    import autodiff.program.kinds.arrays  # noqa: F401  (says what arrays offer)

    return shared_array(self)


def _tensor_table() -> Table:
    names = {key.rpartition(".")[2] for key, operation in REGISTRY.items() if operation.takes_tensor}
    names |= {f"{name}_" for name in names} | set(ATTRIBUTES)
    own = [*PROPERTIES.split(), *METHODS.split(), *library_methods.METHODS]
    table: Table = {name: attrgetter(name) for name in sorted(names) if hasattr(Tensor, name)}
    table |= {name: attrgetter(name) for name in own}
    table |= {
        "register_hook": _hooking("register_hook"),
        "register_post_accumulate_grad_hook": _hooking("register_post_accumulate_grad_hook"),
        "apply_": _hooking("apply_"),
        "numpy": method(_numpy),
        "device": lambda self: DEVICE,
        "cpu": method(lambda self: self),
        "is_cuda": lambda self: False,
        "element_size": method(lambda self: self._array.itemsize),
        "data_ptr": method(_data_ptr),
        "is_floating_point": method(lambda self: self.dtype.is_floating),
        "itemsize": lambda self: self._array.itemsize,
    }
    return table


def _data_ptr(self: Tensor) -> int:
    """A number that two tensors share if they begin at the same place, and that is no address."""
    from autodiff.program.kinds.texts import identity

    memory = self._array
    while isinstance(memory.base, np.ndarray):
        memory = memory.base
    offset: int = self._array.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    return identity(memory) + offset


class Device:
    """`torch.device`: there is only the CPU."""

    __slots__ = ()
    type = "cpu"
    index = None

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) or other == "cpu"

    def __hash__(self) -> int:
        return 0


DEVICE = Device()


def device(name: Any = "cpu", index: Any = None) -> Device:
    if isinstance(name, Device) or (isinstance(name, str) and name.partition(":")[0] == "cpu"):
        return DEVICE
    raise RuntimeError(f"there is only the CPU here, no device {name!r}")


def _setter(name: str) -> Callable[[Any, Any], None]:
    def change(tensor: Any, new: Any) -> None:
        setattr(tensor, name, new)

    return change


def _free_grad(tensor: Tensor) -> None:
    del tensor.grad


TENSOR = register(
    Tensor,
    Kind(
        "Tensor",
        _tensor_table(),
        changes={name: _setter(name) for name in ("requires_grad", "grad", "data")},
        frees={"grad": _free_grad},
    ),
    family=True,
)
register(Size, Kind("Size", host("numel index count")))
register(Named, Kind("return_types", host("index count"), finder=lambda value, name: _field(value, name)), family=True)
register(DType, Kind("dtype", {"is_floating_point": attrgetter("is_floating"), "itemsize": attrgetter("size")}))
register(Device, Kind("device", host("type index")))
register(Generator, Kind("Generator", host("manual_seed initial_seed") | {"device": lambda value: DEVICE}))
register(Handle, Kind("RemovableHandle", host("remove id")))
REPRS[Device] = REPRS[Named] = repr
STRS[Device] = str


def _field(value: Named, name: str) -> Any:
    return getattr(value, name) if name in value.fields else MISSING


# Nodes of the graph


def _saved(value: GradFn, name: str) -> Any:
    offered = name in ("variable", "saved_tensors") or name.startswith("_saved_")
    return getattr(value, name) if offered and _has(value, name) else MISSING


def _node_repr(value: GradFn) -> str:
    text = plain_repr(value)
    made_here = value._node.eager.function is not None
    return text.replace("<", "<torch.autograd.function.", 1) if made_here else text


def _has(value: GradFn, name: str) -> bool:
    try:
        return getattr(value, name) is not None
    except AttributeError:
        return False


_NODE = host("name next_functions metadata _sequence_nr requires_grad") | {
    name: _hooking(name) for name in ("register_hook", "register_prehook")
}
register(GradFn, Kind("Node", _NODE, finder=_saved), family=True)
TITLES[GradFn] = "torch.autograd.graph.Node"
REPRS[GradFn] = _node_repr

# autograd.Function


_INNER = frozenset({*vars(Context()), *vars(Context)}) - {"needs_input_grad"}
_CONTEXT = host(
    """save_for_backward save_for_forward saved_tensors mark_non_differentiable mark_dirty set_materialize_grads
    needs_input_grad"""
)


def _of_context(value: Context, name: str) -> Any:
    return MISSING if name in _INNER else value.__dict__.get(name, MISSING)


def _set_context(value: Context, change: tuple[str, Any]) -> None:
    name, new = change
    if name in _INNER or (name in _CONTEXT and name != "needs_input_grad"):
        raise AttributeError(f"attribute '{name}' of a context cannot be set")
    value.__dict__[name] = new


register(Context, Kind("Context", _CONTEXT, finder=_of_context, changes={"*": _set_context}), family=True)
REPRS[optim.Optimizer] = repr
register(IncompatibleKeys, Kind("_IncompatibleKeys", host("missing_keys unexpected_keys index count")))
INDEXED.add(IncompatibleKeys)
REPRS[IncompatibleKeys] = repr
TITLES[IncompatibleKeys] = "torch.nn.modules.module._IncompatibleKeys"
REPRS[Tensor] = REPRS[Size] = REPRS[DType] = repr
TITLES[Context] = "torch.autograd.function.FunctionCtx"
_STATIC: Table = {name: attrgetter(name) for name in ("apply", "forward", "backward", "setup_context")}
CLASS_TABLES[Function] = _STATIC
BASES[Function] = {**_STATIC, "__init__": lambda value: MethodType(Function.__init__, value)}
HIDDEN[Function] = frozenset({"_operation"})

# Modes and optimizers


register(_Mode, Kind("mode", callable=True), family=True)
_OPTIMIZER = host("zero_grad param_groups state defaults add_param_group state_dict load_state_dict") | {
    "step": method(lambda self, closure=None: self.step(None if closure is None else resolve(closure))),
}


register(optim.Optimizer, Kind("Optimizer", _OPTIMIZER), family=True)


def _optimizer_init(value: Any) -> Any:
    return lambda params, defaults: optim.Optimizer.__init__(
        value, list(bounded(params)) if not isinstance(params, Tensor) else params, defaults
    )


BASES[optim.Optimizer] = {**_OPTIMIZER, "__init__": _optimizer_init}
del BASES[optim.Optimizer]["step"]

# Classes


TITLES.update(
    {
        Tensor: "torch.Tensor",
        Size: "torch.Size",
        DType: "torch.dtype",
        Device: "torch.device",
        Generator: "torch._C.Generator",
        Function: "torch.autograd.function.Function",
        Handle: "torch.utils.hooks.RemovableHandle",
        optim.Optimizer: "torch.optim.optimizer.Optimizer",
    }
)
for _mode in ("no_grad", "enable_grad", "set_grad_enabled"):
    TITLES[getattr(modes, _mode)] = f"torch.autograd.grad_mode.{_mode}"


def _size(*args: Any) -> Size:
    return Size(*(bounded(arg) for arg in args))


def optimizer(cls: Any) -> Callable[..., Any]:
    """The constructor of an optimizer: parameters may come from an iterator."""

    def made(params: Any, *args: Any, **kwargs: Any) -> Any:
        return cls(params if isinstance(params, Tensor) else list(bounded(params)), *args, **kwargs)

    return made


def mode_maker(cls: Any) -> Callable[..., Any]:
    """The constructor of a grad mode, which decorates one of the program's functions too."""

    def made(*args: Any, **kwargs: Any) -> Any:
        return cls(*(resolve(arg) if not isinstance(arg, bool) else arg for arg in args), **kwargs)

    return made


CONSTRUCTORS.update(
    {
        Tensor: library(Tensor, "Tensor"),
        Size: _size,
        Generator: lambda device="cpu": Generator(),
        Function: Function,
        Device: device,
        modes.no_grad: mode_maker(modes.no_grad),
        modes.enable_grad: mode_maker(modes.enable_grad),
        modes.set_grad_enabled: lambda mode: modes.set_grad_enabled(bool(mode)),
    }
)
INDEXED.update((Tensor, Size, Named))
CHANGED.add(Tensor)

__all__ = ["DEVICE", "TENSOR", "calling_back", "is_dunder", "is_own", "library", "mode_maker", "optimizer"]
