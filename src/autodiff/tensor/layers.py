"""`torch.nn`: modules, the layers and losses of tutorials, and how parameters begin.

Layers start from PyTorch's streams of random numbers, so that `manual_seed` gives its parameters.
Source: PyTorch documentation, `torch.nn`, `torch.nn.init`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.tensor import random
from autodiff.tensor.namespace import lookup
from autodiff.tensor.storage import Counter, held
from autodiff.tensor.tensor import Tensor, _fill, of_array


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


def _call(name: str, *args: Any, **kwargs: Any) -> Any:
    return lookup("F", name)(*args, **kwargs)


# Layers


class Linear(Module):
    """`x @ weight.T + bias`; weight [out_features, in_features] and bias begin within 1/sqrt(in_features)."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(random_like(out_features, in_features, dtype=dtype))
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        if bias:
            bound = 1 / math.sqrt(in_features) if in_features > 0 else 0
            self.bias = Parameter(random_like(out_features, dtype=dtype))
            uniform_(self.bias, -bound, bound)
        else:
            self.register_parameter("bias", None)

    def forward(self, input: Tensor) -> Any:
        return _call("linear", input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def random_like(*shape: int, dtype: Any = None) -> Tensor:
    """A tensor that an initialisation will fill."""
    from autodiff.tensor import modes

    return of_array(np.zeros(shape, (modes.as_dtype(dtype) or modes.get_default_dtype()).numpy))


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


def _numbered(modules: Any) -> list[tuple[str, Any]]:
    return [(str(i), module) for i, module in enumerate(modules)]


class ModuleList(Sequential):
    """A list of modules, all of which belong to the one that it is in."""

    def __init__(self, modules: Any = ()) -> None:
        super().__init__(*modules)

    def forward(self, *args: Any) -> Any:
        return Module.forward(self, *args)


class Flatten(Module):
    """Dimensions from start_dim to end_dim as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Any:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """What comes in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


def _layer(name: str, function: str, shown: str = "", **options: Any) -> Any:
    """A layer without parameters: a function, its options with their defaults, and which of them its text shows."""
    names = list(options)
    visible = shown.split()

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        given = {**options, **dict(zip(names, args, strict=False)), **kwargs}
        if len(args) > len(names) or set(given) - {*names, "inplace"}:
            raise TypeError(f"{name}.__init__() got an unexpected argument")
        given.pop("inplace", None)
        for key in names:
            object.__setattr__(self, key, given[key])

    def forward(self: Any, input: Any) -> Any:
        return _call(function, input, **{key: getattr(self, key) for key in names})

    def extra_repr(self: Any) -> str:
        return ", ".join(f"{key}={getattr(self, key)}" for key in visible)

    return type(
        name, (Module,), {"__init__": init, "forward": forward, "extra_repr": extra_repr, "__doc__": f"`F.{function}`."}
    )


ReLU = _layer("ReLU", "relu")
Tanh = _layer("Tanh", "tanh")
Sigmoid = _layer("Sigmoid", "sigmoid")
SiLU = _layer("SiLU", "silu")
GELU = _layer("GELU", "gelu", "approximate", approximate="none")
ELU = _layer("ELU", "elu", "alpha", alpha=1.0)
LeakyReLU = _layer("LeakyReLU", "leaky_relu", "negative_slope", negative_slope=0.01)
Softplus = _layer("Softplus", "softplus", "beta threshold", beta=1.0, threshold=20.0)
Softmax = _layer("Softmax", "softmax", "dim", dim=None)
LogSoftmax = _layer("LogSoftmax", "log_softmax", "dim", dim=None)


def _loss(name: str, function: str, **options: Any) -> Any:
    """A loss: a function of input and target, with options."""
    names = [*options, "reduction"]
    defaults = {**options, "reduction": "mean"}

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if len(args) > len(names) or set(given) - set(names):
            raise TypeError(f"{name}.__init__() got an unexpected argument")
        for key in names:
            object.__setattr__(self, key, given[key])

    def forward(self: Any, input: Any, target: Any) -> Any:
        return _call(function, input, target, **{key: getattr(self, key) for key in names})

    return type(name, (Module,), {"__init__": init, "forward": forward, "__doc__": f"`F.{function}`."})


MSELoss = _loss("MSELoss", "mse_loss")
L1Loss = _loss("L1Loss", "l1_loss")
SmoothL1Loss = _loss("SmoothL1Loss", "smooth_l1_loss")
HuberLoss = _loss("HuberLoss", "huber_loss")
KLDivLoss = _loss("KLDivLoss", "kl_div")
BCELoss = _loss("BCELoss", "binary_cross_entropy", weight=None)
BCEWithLogitsLoss = _loss("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", weight=None)
CrossEntropyLoss = _loss("CrossEntropyLoss", "cross_entropy", weight=None, ignore_index=-100, label_smoothing=0.0)
NLLLoss = _loss("NLLLoss", "nll_loss", weight=None, ignore_index=-100)

# torch.nn.init: how parameters begin


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Fill with uniform numbers in [a, b)."""
    values = random.default_generator.uniform(tensor.numel(), tensor._array.dtype)
    tensor._array[...] = (values * (b - a) + a).astype(values.dtype).reshape(tensor._array.shape)
    return tensor


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Fill with normal numbers."""
    values = random.default_generator.normal(tensor.numel(), tensor._array.dtype)
    tensor._array[...] = (values * std + mean).astype(values.dtype).reshape(tensor._array.shape)
    return tensor


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    tensor._array[...] = val
    return tensor


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many numbers go into and come out of each element."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What a nonlinearity takes from the spread of its input; raises ValueError for unknown ones."""
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return GAINS[nonlinearity]


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Uniform numbers that keep the spread of what goes through (He et al., 2015)."""
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"])
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Normal numbers that keep the spread of what goes through (He et al., 2015)."""
    return normal_(tensor, 0, calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"]))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Uniform numbers that keep the spread both ways (Glorot and Bengio, 2010)."""
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normal numbers that keep the spread both ways (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))))


LAYERS: dict[str, type[Module]] = {
    cls.__name__: cls
    for cls in (
        Module, Linear, Sequential, ModuleList, Flatten, Identity, ReLU, Tanh, Sigmoid, SiLU, GELU, ELU, LeakyReLU,
        Softplus, Softmax, LogSoftmax, MSELoss, L1Loss, SmoothL1Loss, HuberLoss, KLDivLoss, BCELoss, BCEWithLogitsLoss,
        CrossEntropyLoss, NLLLoss,
    )
}  # fmt: skip
INITIALISATIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        uniform_, normal_, constant_, zeros_, ones_, calculate_gain, kaiming_uniform_, kaiming_normal_, xavier_uniform_,
        xavier_normal_,
    )
}  # fmt: skip
