"""Eager tensors with PyTorch's semantics, on the same operations and rules as the rest of the package.

>>> import autodiff.tensor as torch
>>> x = torch.tensor([1., 2.], requires_grad=True)
>>> (x ** 2).sum().backward()
>>> x.grad
tensor([2., 4.])

storage, views   memory, versions, paths from a base to its views
modes            grad mode, default dtype, errors as Python's exceptions
tensor           Tensor: nodes called, computed and wrapped
recipes          calls remembered, so that the next of the kind costs little; recording: how they are
straight         small graphs as lists of kernel calls, for recipes and for pullbacks: derivative rules, assembled
engine           backward node by node; numeric: the same with pullbacks; differentiate: `backward`, `grad` around both
inplace          writes
function, functional, optim, random
namespace        operations as functions and methods; modules: the modules below `torch`
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from autodiff.graph.dtypes import DType as dtype  # noqa: N813
from autodiff.tensor import namespace as _namespace
from autodiff.tensor import optim as _optim  # before the name means PyTorch's module
from autodiff.tensor.modes import (
    enable_grad,
    get_default_dtype,
    is_grad_enabled,
    no_grad,
    set_default_dtype,
    set_grad_enabled,
)
from autodiff.tensor.modules import MODULES
from autodiff.tensor.namespace import as_tensor, detach, from_numpy, is_tensor, numel, stack, tensor
from autodiff.tensor.random import (
    Generator,
    initial_seed,
    manual_seed,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
)
from autodiff.tensor.small import Size
from autodiff.tensor.tensor import Tensor

del _optim
for _cls in (Tensor, Size, Generator, dtype):  # whose names people see
    _cls.__module__ = "torch"
dtype.__name__ = dtype.__qualname__ = "dtype"
autograd = MODULES["autograd"]
func = MODULES["func"]
utils = MODULES["utils"]
strided = "torch.strided"
linalg = MODULES["linalg"]
nn = MODULES["nn"]
optim = MODULES["optim"]
special = MODULES["special"]
asarray = as_tensor
__version__ = "2.13.0"

__all__ = [
    "MODULES", "Generator", "Size", "Tensor", "as_tensor", "asarray", "autograd", "detach", "dtype", "enable_grad",
    "from_numpy", "get_default_dtype", "initial_seed", "is_grad_enabled", "is_tensor", "linalg", "manual_seed", "nn",
    "no_grad", "numel", "optim", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm",
    "set_default_dtype", "set_grad_enabled", "special", "stack", "tensor",
]  # fmt: skip


_HOMES = {
    name: home
    for home, names in {
        "sampled": "bernoulli binomial dropout multinomial normal poisson",
        "inference": "inference_mode is_inference_mode_enabled",
        "settings": "broadcast_shapes can_cast finfo iinfo is_complex is_floating_point is_nonzero promote_types"
        " result_type set_default_device set_default_tensor_type set_num_threads get_num_threads set_printoptions"
        " typename compile use_deterministic_algorithms",
        "small": "device",
        "transforms": "vmap",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    """Constants, dtypes, and every operation as a function."""
    if name in _namespace.NAMES:
        return _namespace.NAMES[name]
    if name in _HOMES:
        from importlib import import_module

        made = getattr(import_module(f"autodiff.tensor.{_HOMES[name]}"), name)
        globals()[name] = made
        return made
    if name in ("accelerator", "backends", "cuda"):
        return MODULES[name]
    if name.endswith("Tensor"):
        from autodiff.tensor.typed import TYPED

        if name in TYPED:
            return TYPED[name]
    found = None if name.startswith("__") else _namespace.lookup("torch", name)
    if found is None:
        raise AttributeError(f"module 'torch' has no attribute '{name}'")
    globals()[name] = found
    return found


class _Package(ModuleType):
    """`autodiff.tensor` is this package, and where `autodiff` stands for `torch`, the function `torch.tensor`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        return tensor(*args, **kwargs)


sys.modules[__name__].__class__ = _Package
