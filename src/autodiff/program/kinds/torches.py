"""`torch` and the modules below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autodiff.tensor as torch
from autodiff.program.kinds import tensors
from autodiff.program.kinds.calls import CONSTRUCTORS
from autodiff.program.kinds.modules import Module, find_module
from autodiff.program.kinds.table import Kind, register
from autodiff.program.kinds.tensors import calling_back, calling_back_last, library, mode_maker
from autodiff.tensor import anomaly, checking, differentiate, functional, modes, namespace, optim
from autodiff.tensor.engine import GradFn
from autodiff.tensor.function import Context, Function, once_differentiable
from autodiff.tensor.inference import inference_mode
from autodiff.tensor.modules import OPTIMIZERS

_PLAIN = """Size Tensor Generator enable_grad no_grad set_grad_enabled"""
_FUNCTIONS = """as_tensor asarray detach from_numpy get_default_dtype initial_seed is_grad_enabled is_tensor manual_seed
    numel rand rand_like randint randint_like randn randn_like randperm set_default_dtype stack tensor"""


def _found(prefix: str) -> Callable[[str], Any]:
    def find(name: str) -> Any:
        found = namespace.lookup(prefix, name)
        return None if found is None else library(found, name)

    return find


for _cls in (anomaly.set_detect_anomaly, anomaly.detect_anomaly):
    register(_cls, Kind(_cls.__name__))
    CONSTRUCTORS[_cls] = _cls
CONSTRUCTORS[inference_mode] = mode_maker(inference_mode)


def _torch() -> Module:
    members: dict[str, Any] = {
        **namespace.NAMES,
        **{name: getattr(torch, name) for name in _PLAIN.split()},
        **{name: library(getattr(torch, name), name) for name in _FUNCTIONS.split()},
        "dtype": torch.dtype,
        "device": tensors.Device,
        "inference_mode": inference_mode,
        "__version__": torch.__version__,
        "cuda": Module("torch.cuda", {"is_available": _no, "device_count": lambda: 0, "manual_seed": _nothing}),
        "accelerator": Module("torch.accelerator", {"is_available": _no, "current_accelerator": _nothing}),
        "backends": Module("torch.backends", {"mps": Module("torch.backends.mps", {"is_available": _no})}),
    }
    operation = _found("torch")
    return Module("torch", members, lambda name: find_module(f"torch.{name}") or _extra(name) or operation(name))


def _extra(name: str) -> Any:
    from autodiff.program.kinds.extras import torch_member

    return torch_member(name)


def _made_by(maker: str) -> Callable[[], Module]:
    def made() -> Module:
        from autodiff.program.kinds import extras

        module: Module = getattr(extras, maker)()
        return module

    return made


def _no() -> bool:
    return False


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _variable(data: Any, requires_grad: bool = False) -> Any:
    return data.detach().requires_grad_(requires_grad)


def _autograd() -> Module:
    return Module(
        "torch.autograd",
        {
            "Function": Function,
            "Variable": _variable,
            "backward": library(differentiate.backward, "backward"),
            "grad": library(differentiate.grad, "grad"),
            "enable_grad": modes.enable_grad,
            "no_grad": modes.no_grad,
            "set_grad_enabled": modes.set_grad_enabled,
            "set_detect_anomaly": anomaly.set_detect_anomaly,
            "detect_anomaly": anomaly.detect_anomaly,
            "functional": find_module("torch.autograd.functional"),
            "function": find_module("torch.autograd.function"),
            "graph": find_module("torch.autograd.graph"),
            "forward_ad": find_module("torch.autograd.forward_ad"),
            "gradcheck": calling_back(checking.gradcheck, "gradcheck"),
            "gradgradcheck": calling_back(checking.gradgradcheck, "gradgradcheck"),
        },
    )


def _graph() -> Module:
    from autodiff.tensor import graph
    from autodiff.tensor.devices import save_on_cpu

    several = calling_back_last(graph.register_multi_grad_hook, "register_multi_grad_hook")
    members = {name: library(getattr(graph, name), name) for name in ("increment_version", "get_gradient_edge")}
    CONSTRUCTORS[save_on_cpu] = save_on_cpu
    members["save_on_cpu"] = save_on_cpu
    return Module("torch.autograd.graph", {**members, "Node": GradFn, "register_multi_grad_hook": several})


def _functional() -> Module:
    names = ("jacobian", "hessian", "jvp", "vjp", "hvp", "vhp")
    return Module("torch.autograd.functional", {name: calling_back(getattr(functional, name), name) for name in names})


def _function() -> Module:
    once = calling_back(once_differentiable, "once_differentiable")
    return Module(
        "torch.autograd.function", {"Function": Function, "FunctionCtx": Context, "once_differentiable": once}
    )


def _optim() -> Module:
    members = {"Optimizer": optim.Optimizer}
    names = " ".join(OPTIMIZERS.values()).split()
    return Module(
        "torch.optim", members, lambda name: find_module(f"torch.optim.{name}") or _other_optimizer(name), names
    )


def _other_optimizer(name: str) -> Any:
    from autodiff.program.kinds.extras import optim_member

    return optim_member(name)


def _nn() -> Module:
    functions = find_module("torch.nn.functional")
    from autodiff.program.kinds import layers
    from autodiff.tensor.layers import NAMES

    members = {"functional": functions, "Module": layers.member("Module"), "Parameter": layers.member("Parameter")}
    return Module("torch.nn", members, lambda name: layers.member(name) or find_module(f"torch.nn.{name}"), NAMES)


def _nn_init() -> Module:
    from autodiff.program.kinds import layers

    return Module("torch.nn.init", layers.init_members())


_SEVERAL: dict[str, Callable[[], Module]] = {
    "torch": _torch,
    "torch.autograd": _autograd,
    "torch.autograd.functional": _functional,
    "torch.autograd.function": _function,
    "torch.autograd.graph": _graph,
    "torch.autograd.forward_ad": _made_by("forward_ad"),
    "torch.linalg": lambda: Module("torch.linalg", {"LinAlgError": modes.LinAlgError}, _found("linalg")),
    "torch.special": lambda: Module("torch.special", {}, _found("special")),
    "torch.optim": _optim,
    "torch.optim.lr_scheduler": _made_by("lr_scheduler"),
    "torch.func": _made_by("func"),
    "torch.utils": _made_by("utils"),
    "torch.utils.data": _made_by("utils_data"),
    "torch.utils.checkpoint": _made_by("checkpoint"),
    "torch.nn.utils": _made_by("nn_utils"),
    "torch.nn.parameter": _made_by("nn_parameter"),
    "torch.nn": _nn,
    "torch.nn.init": _nn_init,
    "torch.nn.functional": lambda: Module("torch.nn.functional", {}, _found("F")),
}


def make(name: str) -> Module:
    """The module of this name."""
    return _SEVERAL[name]()


__all__ = ["make"]
