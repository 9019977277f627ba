"""Schedulers of learning rates, data sets and loaders, function transforms, settings: what longer tutorials use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.program.kinds.calls import CONSTRUCTORS, resolve
from autodiff.program.kinds.guards import bounded
from autodiff.program.kinds.items import INDEXED
from autodiff.program.kinds.modules import Module
from autodiff.program.kinds.table import TITLES, Kind, host, register
from autodiff.program.kinds.tensors import calling_back, library, optimizer
from autodiff.tensor import data, optimizers, sampled, schedulers, settings, transforms

_SCHEDULERS = (
    schedulers.CosineAnnealingLR, schedulers.ExponentialLR, schedulers.LambdaLR, schedulers.LinearLR,
    schedulers.MultiStepLR, schedulers.MultiplicativeLR, schedulers.ReduceLROnPlateau, schedulers.SequentialLR,
    schedulers.StepLR,
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
    register(_cls, Kind(_cls.__name__, host("step get_last_lr last_epoch optimizer")))


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
register(data.TensorDataset, Kind("TensorDataset", host("tensors")))
register(data.Subset, Kind("Subset", host("dataset indices")))
register(data.DataLoader, Kind("DataLoader", host("dataset batch_size")))
INDEXED.update((data.TensorDataset, data.Subset))
CONSTRUCTORS.update({settings.finfo: settings.finfo, settings.iinfo: settings.iinfo})
register(settings.finfo, Kind("finfo", host(_LIMITS)))
register(settings.iinfo, Kind("iinfo", host("bits max min dtype")))

_SETTINGS = """broadcast_shapes can_cast compile get_num_threads is_complex is_floating_point is_nonzero promote_types
    result_type set_default_device set_default_tensor_type set_num_threads set_printoptions typename
    use_deterministic_algorithms"""
for _optimizer in (optimizers.AdamW, optimizers.RMSprop, optimizers.Adagrad):
    CONSTRUCTORS[_optimizer] = optimizer(_optimizer)
    TITLES[_optimizer] = f"torch.optim.{_optimizer.__name__.lower()}.{_optimizer.__name__}"


def torch_member(name: str) -> Any:
    """A name of `torch` from here, None where there is none."""
    if name in _SETTINGS.split():
        return library(getattr(settings, name), name)
    if name in ("finfo", "iinfo"):
        return getattr(settings, name)
    if name in ("bernoulli", "dropout", "multinomial", "normal"):
        return library(getattr(sampled, name), name)
    return calling_back(transforms.vmap, "vmap") if name == "vmap" else None


def optim_member(name: str) -> Any:
    """An optimizer from here, None where there is none."""
    return getattr(optimizers, name) if name in ("AdamW", "RMSprop", "Adagrad") else None


def lr_scheduler() -> Module:
    """`torch.optim.lr_scheduler`."""
    return Module("torch.optim.lr_scheduler", {cls.__name__: cls for cls in _SCHEDULERS})


def func() -> Module:
    """`torch.func`."""
    names = ("grad", "grad_and_value", "vjp", "jvp", "jacrev", "hessian", "vmap")
    return Module("torch.func", {name: calling_back(getattr(transforms, name), name) for name in names})


def utils() -> Module:
    """`torch.utils`."""
    return Module("torch.utils", {"data": utils_data()})


def utils_data() -> Module:
    """`torch.utils.data`."""
    members = {cls.__name__: cls for cls in (data.TensorDataset, data.DataLoader, data.Subset)}
    return Module("torch.utils.data", {**members, "random_split": _split})


__all__ = ["func", "lr_scheduler", "optim_member", "torch_member", "utils", "utils_data"]
