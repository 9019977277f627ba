"""`torch` and the modules below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autodiff.tensor as torch
from autodiff.program.kinds import tensors
from autodiff.program.kinds.calls import CONSTRUCTORS, resolve
from autodiff.program.kinds.modules import Module, find_module
from autodiff.program.kinds.table import Kind, register
from autodiff.program.kinds.tensors import calling_back, library
from autodiff.tensor import differentiate, functional, modes, namespace, optim
from autodiff.tensor.function import Context, Function

_PLAIN = """Size Tensor Generator enable_grad no_grad set_grad_enabled"""
_FUNCTIONS = """as_tensor asarray detach from_numpy get_default_dtype initial_seed is_grad_enabled is_tensor manual_seed
    numel rand rand_like randint randint_like randn randn_like randperm set_default_dtype stack tensor"""


def _found(prefix: str) -> Callable[[str], Any]:
    def find(name: str) -> Any:
        found = namespace.lookup(prefix, name)
        return None if found is None else library(found, name)

    return find


def _compiled(function: Any = None, **_: Any) -> Any:
    """`torch.compile`: the function as it is."""
    return function if function is not None else lambda f: f


class _Anomaly:
    """`autograd.set_detect_anomaly` and `detect_anomaly`: accepted, and without effect."""

    __slots__ = ()

    def __init__(self, mode: bool = True, check_nan: bool = True) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


register(_Anomaly, Kind("set_detect_anomaly"))
CONSTRUCTORS[_Anomaly] = _Anomaly


def _typename(value: Any) -> str:
    return value.type() if isinstance(value, torch.Tensor) else type(value).__name__


def _torch() -> Module:
    members: dict[str, Any] = {
        **namespace.NAMES,
        **{name: getattr(torch, name) for name in _PLAIN.split()},
        **{name: library(getattr(torch, name), name) for name in _FUNCTIONS.split()},
        "FloatTensor": torch.Tensor,
        "dtype": torch.dtype,
        "device": tensors.Device,
        "strided": "strided",
        "inference_mode": _inference_mode,
        "compile": _compiled,
        "typename": _typename,
        "is_floating_point": lambda input: input.dtype.is_floating,
        "__version__": torch.__version__,
        "cuda": Module("torch.cuda", {"is_available": _no, "device_count": lambda: 0, "manual_seed": _nothing}),
        "backends": Module("torch.backends", {"mps": Module("torch.backends.mps", {"is_available": _no})}),
        "set_num_threads": _nothing,
        "get_num_threads": lambda: 1,
        "use_deterministic_algorithms": _nothing,
    }
    operation = _found("torch")
    return Module("torch", members, lambda name: find_module(f"torch.{name}") or operation(name) or _extra(name))


def _extra(name: str) -> Any:
    from autodiff.program.kinds.extras import torch_member

    return torch_member(name)


def _made_by(maker: str) -> Callable[[], Module]:
    def made() -> Module:
        from autodiff.program.kinds import extras

        module: Module = getattr(extras, maker)()
        return module

    return made


def _inference_mode(mode: Any = True) -> Any:
    return (
        modes.no_grad(resolve(mode)) if not isinstance(mode, bool) else modes.no_grad() if mode else modes.enable_grad()
    )


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
            "set_detect_anomaly": _Anomaly,
            "detect_anomaly": _Anomaly,
            "functional": find_module("torch.autograd.functional"),
            "function": find_module("torch.autograd.function"),
            "gradcheck": _gradcheck,
        },
    )


def _gradcheck(
    func: Any,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    **_: Any,
) -> bool:
    """Whether the gradients of a function agree with central differences; raises RuntimeError if they do not."""
    import numpy as np

    function = resolve(func)
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    wanted = [t for t in given if isinstance(t, torch.Tensor) and t.requires_grad]
    if not wanted:
        raise ValueError("gradcheck expects at least one input tensor to require gradient")

    def results() -> list[Any]:
        out = function(*given)
        return [o for o in (out if isinstance(out, (tuple, list)) else (out,)) if isinstance(o, torch.Tensor)]

    for i, output in enumerate(results()):
        for j, target in enumerate(wanted):
            analytic = np.zeros((target.numel(), output.numel()))
            for k in range(output.numel()):
                weight = np.zeros(output._array.shape, output._array.dtype)
                weight.reshape(-1)[k] = 1
                (g,) = differentiate.grad(
                    [output], [target], [torch.from_numpy(weight)], retain_graph=True, allow_unused=True
                )
                if g is not None:
                    analytic[:, k] = g._array.reshape(-1)
            numeric = np.zeros_like(analytic)
            flat = target._array.reshape(-1)
            for k in range(target.numel()):
                kept = flat[k]
                flat[k] = kept + eps
                above = results()[i]._array.reshape(-1).copy()
                flat[k] = kept - eps
                below = results()[i]._array.reshape(-1).copy()
                flat[k] = kept
                numeric[k] = (above - below) / (2 * eps)
            if not np.allclose(analytic, numeric, rtol, atol):
                if not raise_exception:
                    return False
                raise RuntimeError(
                    f"Jacobian mismatch for output {i} with respect to input {j},\n"
                    f"numerical:{torch.tensor(numeric.tolist())!r}\nanalytical:{torch.tensor(analytic.tolist())!r}\n"
                )
    return True


def _functional() -> Module:
    names = ("jacobian", "hessian", "jvp", "vjp", "hvp", "vhp")
    return Module("torch.autograd.functional", {name: calling_back(getattr(functional, name), name) for name in names})


def _function() -> Module:
    once: Callable[[Any], Any] = lambda function: function  # noqa: E731
    return Module(
        "torch.autograd.function", {"Function": Function, "FunctionCtx": Context, "once_differentiable": once}
    )


def _optim() -> Module:
    members = {"SGD": optim.SGD, "Adam": optim.Adam, "Optimizer": optim.Optimizer}
    return Module("torch.optim", members, lambda name: find_module(f"torch.optim.{name}"))


def _nn() -> Module:
    functions = find_module("torch.nn.functional")
    from autodiff.program.kinds import layers

    return Module("torch.nn", {"functional": functions, "init": find_module("torch.nn.init"), **layers.members()})


def _nn_init() -> Module:
    from autodiff.program.kinds import layers

    return Module("torch.nn.init", layers.init_members())


_SEVERAL: dict[str, Callable[[], Module]] = {
    "torch": _torch,
    "torch.autograd": _autograd,
    "torch.autograd.functional": _functional,
    "torch.autograd.function": _function,
    "torch.linalg": lambda: Module("torch.linalg", {"LinAlgError": modes.LinAlgError}, _found("linalg")),
    "torch.special": lambda: Module("torch.special", {}, _found("special")),
    "torch.optim": _optim,
    "torch.optim.lr_scheduler": _made_by("lr_scheduler"),
    "torch.func": _made_by("func"),
    "torch.utils": _made_by("utils"),
    "torch.utils.data": _made_by("utils_data"),
    "torch.nn": _nn,
    "torch.nn.init": _nn_init,
    "torch.nn.functional": lambda: Module("torch.nn.functional", {}, _found("F")),
}


def make(name: str) -> Module:
    """The module of this name."""
    return _SEVERAL[name]()


__all__ = ["make"]
