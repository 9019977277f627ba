"""Schedulers of learning rates, data sets and loaders, function transforms, settings: what longer tutorials use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.program.kinds.calls import CONSTRUCTORS, resolve
from autodiff.program.kinds.guards import bounded
from autodiff.program.kinds.items import INDEXED
from autodiff.program.kinds.modules import Module, find_module
from autodiff.program.kinds.objects import BASES
from autodiff.program.kinds.table import TITLES, Kind, host, register
from autodiff.program.kinds.tensors import calling_back, library, optimizer
from autodiff.program.kinds.texts import REPRS
from autodiff.tensor import cycles, data, sampled, schedulers, settings, transforms, typed
from autodiff.tensor.modules import MODULES, NN_UTILS, OPTIMIZERS

_SCHEDULERS = (
    schedulers.CosineAnnealingLR, schedulers.ExponentialLR, schedulers.LambdaLR, schedulers.LinearLR,
    schedulers.MultiStepLR, schedulers.MultiplicativeLR, schedulers.ReduceLROnPlateau, schedulers.SequentialLR,
    schedulers.StepLR, cycles.ConstantLR, cycles.CosineAnnealingWarmRestarts, cycles.CyclicLR, cycles.OneCycleLR,
    cycles.PolynomialLR,
)  # fmt: skip
_LIMITS = "bits eps max min tiny smallest_normal resolution dtype"


def _scheduler(cls: Any) -> Callable[..., Any]:
    """A scheduler's constructor: what it is to call (LambdaLR) is one of the program's functions."""

    def made(*args: Any, **kwargs: Any) -> Any:
        return cls(*map(_argument, args), **{name: _argument(value) for name, value in kwargs.items()})

    return made


def _argument(value: Any) -> Any:
    if isinstance(value, list):
        return [_argument(item) for item in value]
    try:
        return resolve(value)
    except TypeError:  # not something to call
        return value


for _cls in _SCHEDULERS:
    CONSTRUCTORS[_cls] = _scheduler(_cls)
    TITLES[_cls] = f"torch.optim.lr_scheduler.{_cls.__name__}"
    register(
        _cls, Kind(_cls.__name__, host("step get_last_lr last_epoch optimizer base_lrs state_dict load_state_dict"))
    )


def _tensor_dataset(*tensors: Any) -> data.TensorDataset:
    return data.TensorDataset(*tensors)


def _loader(dataset: Any, batch_size: int | None = 1, shuffle: bool = False, **options: Any) -> data.DataLoader:
    options.pop("num_workers", None)
    options.pop("pin_memory", None)
    if options.get("collate_fn") is not None:
        options["collate_fn"] = resolve(options["collate_fn"])
    return data.DataLoader(dataset, batch_size, shuffle, **options)


def _split(dataset: Any, lengths: Any, generator: Any = None) -> list[data.Subset]:
    return data.random_split(dataset, list(bounded(lengths)), generator)


CONSTRUCTORS.update({data.TensorDataset: _tensor_dataset, data.DataLoader: _loader, data.Subset: data.Subset})
BASES[data.Dataset] = {}
CONSTRUCTORS[data.Dataset] = data.Dataset
TITLES[data.Dataset] = "torch.utils.data.dataset.Dataset"
register(data.Dataset, Kind("Dataset"))
register(data.TensorDataset, Kind("TensorDataset", host("tensors")))
register(data.Subset, Kind("Subset", host("dataset indices")))
register(data.DataLoader, Kind("DataLoader", host("dataset batch_size")))
INDEXED.update((data.TensorDataset, data.Subset))
for _typed in typed.TYPED.values():
    CONSTRUCTORS[_typed] = library(_typed, _typed.__name__)
    TITLES[_typed] = f"torch.{_typed.__name__}"
CONSTRUCTORS.update({settings.finfo: settings.finfo, settings.iinfo: settings.iinfo})
register(settings.finfo, Kind("finfo", host(_LIMITS)))
register(settings.iinfo, Kind("iinfo", host("bits max min dtype")))

_SETTINGS = """broadcast_shapes can_cast compile get_num_threads is_complex is_floating_point is_nonzero promote_types
    result_type set_default_device set_default_tensor_type set_num_threads set_printoptions typename
    use_deterministic_algorithms"""


def torch_member(name: str) -> Any:
    """A name of `torch` from here, None where there is none."""
    if name in _SETTINGS.split():
        return library(getattr(settings, name), name)
    if name.endswith("Tensor"):
        return typed.TYPED.get(name)
    if name in ("finfo", "iinfo"):
        return getattr(settings, name)
    if name in ("bernoulli", "binomial", "dropout", "multinomial", "normal", "poisson"):
        return library(getattr(sampled, name), name)
    return calling_back(transforms.vmap, "vmap") if name == "vmap" else None


def optim_member(name: str) -> Any:
    """An optimizer, None where there is none."""
    if not any(name in names.split() for names in OPTIMIZERS.values()):
        return None
    cls = getattr(MODULES["optim"], name)
    CONSTRUCTORS[cls] = optimizer(cls)
    TITLES[cls] = f"{cls.__module__}.{cls.__name__}"
    return cls


def lr_scheduler() -> Module:
    """`torch.optim.lr_scheduler`."""
    return Module("torch.optim.lr_scheduler", {cls.__name__: cls for cls in _SCHEDULERS})


def func() -> Module:
    """`torch.func`."""
    names = ("grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "vmap")
    members = {name: calling_back(getattr(transforms, name), name) for name in names}
    return Module("torch.func", {**members, "functional_call": transforms.functional_call})


def utils() -> Module:
    """`torch.utils`."""
    return Module("torch.utils", {}, lambda name: find_module(f"torch.utils.{name}"))


def checkpoint() -> Module:
    """`torch.utils.checkpoint`."""
    from autodiff.tensor import checkpoint as library_checkpoint

    names = ("checkpoint",)
    return Module(
        "torch.utils.checkpoint", {name: calling_back(getattr(library_checkpoint, name), name) for name in names}
    )


def forward_ad() -> Module:
    """`torch.autograd.forward_ad`."""
    from autodiff.tensor import forward_ad as duals

    CONSTRUCTORS[duals.dual_level] = duals.dual_level
    members = {name: library(getattr(duals, name), name) for name in ("enter_dual_level", "exit_dual_level")}
    made = {name: library(getattr(duals, name), name) for name in ("make_dual", "unpack_dual")}
    register(duals.UnpackedDualTensor, Kind("UnpackedDualTensor", host("primal tangent index count")))
    INDEXED.add(duals.UnpackedDualTensor)
    REPRS[duals.UnpackedDualTensor] = repr
    return Module("torch.autograd.forward_ad", {**members, **made, "dual_level": duals.dual_level})


def nn_utils() -> Module:
    """`torch.nn.utils`."""
    from autodiff.tensor import nn_utils as library_utils

    names = NN_UTILS.split()
    return Module("torch.nn.utils", {name: library(getattr(library_utils, name), name) for name in names})


def nn_parameter() -> Module:
    """`torch.nn.parameter`."""
    from autodiff.tensor.module import Parameter

    return Module("torch.nn.parameter", {"Parameter": Parameter})


def utils_data() -> Module:
    """`torch.utils.data`."""
    members = {cls.__name__: cls for cls in (data.Dataset, data.TensorDataset, data.DataLoader, data.Subset)}
    return Module("torch.utils.data", {**members, "random_split": _split})


__all__ = ["func", "lr_scheduler", "optim_member", "torch_member", "utils", "utils_data"]
