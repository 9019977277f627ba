"""What optimizers share, and `SGD`, `Adam` and `AdamW`. Source: PyTorch documentation, `torch.optim`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from autodiff.tensor import modes
from autodiff.tensor.storage import writing
from autodiff.tensor.tensor import Tensor, of_array

Array = np.ndarray[Any, Any]


class Optimizer:
    """What optimizers share: parameters in groups with options, and a state for each parameter."""

    __module__ = "torch.optim.optimizer"

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got"
                f" torch.{params.dtype.long_name}Tensor"
            )
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        given = list(params)
        if not given:
            raise ValueError("optimizer got an empty parameter list")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)
        self._steps = 0
        self._spare: dict[Any, Array] = {}  # memory for a step, by shape and dtype

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize other parameters too, with options of their own."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        params = [given] if isinstance(given, Tensor) else list(given)
        if params and isinstance(params[0], tuple):  # with their names
            params = [param for _, param in params]
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}")
            if not param.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        known = {id(param) for group in self.param_groups for param in group["params"]}
        if any(id(param) in known for param in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append({"params": params, **{k: v for k, v in param_group.items() if k != "params"}})
        for name, value in self.defaults.items():
            self.param_groups[-1].setdefault(name, value)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param._grad = None
                elif param._grad is not None:
                    param._grad.detach().zero_()

    def step(self, closure: Any = None) -> Any:
        """Change every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with modes.enable_grad():
                loss = closure()
        self._steps += 1
        with np.errstate(all="ignore"):
            for group in self.param_groups:
                for param in group["params"]:
                    if param._grad is not None:
                        g = param._grad._array
                        writing(param._array)
                        self._update(group, self.state[param], param._array, -g if group["maximize"] else g)
                        param._counter.version += 1
                        if not self.state[param]:
                            del self.state[param]
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The options of the groups, and the state of each parameter by number."""
        params = [param for group in self.param_groups for param in group["params"]]
        numbers = {id(param): i for i, param in enumerate(params)}
        return {
            "state": {numbers[id(param)]: dict(state) for param, state in self.state.items()},
            "param_groups": [
                {
                    **{key: value for key, value in group.items() if key != "params"},
                    "params": [numbers[id(param)] for param in group["params"]],
                }
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state; raises ValueError where the groups do not fit."""
        groups = state_dict["param_groups"]
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if [len(g["params"]) for g in groups] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params = [param for group in self.param_groups for param in group["params"]]
        self.state.clear()
        for i, state in state_dict["state"].items():
            self.state[params[i]] = {
                key: of_array(value._array.copy()) if isinstance(value, Tensor) else value
                for key, value in state.items()
            }
        for own, other in zip(self.param_groups, groups, strict=True):
            own.update({key: value for key, value in other.items() if key != "params"})

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            options = "".join(f"\n    {key}: {group[key]}" for key in sorted(group) if key != "params")
            text += f"\nParameter Group {i}{options}\n"
        return text + ")"

    def _scratch(self, x: Any) -> Any:
        """An array like x that is anybody's after the step of one parameter."""
        key = (x.shape, x.dtype)
        found = self._spare.get(key)
        if found is None:
            found = self._spare[key] = np.empty_like(x)
        return found

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        raise NotImplementedError


def counted(state: dict[str, Any]) -> int:
    """The number of this step, kept in the state of a parameter as PyTorch keeps it."""
    step = state.get("step")
    if step is None:
        state["step"] = step = of_array(np.zeros((), np.float32))
    step._array[...] += 1
    return int(step._array)


def kept(state: dict[str, Any], name: str, x: Array, value: float = 0.0) -> Array:
    """An array of the state, begun with one number."""
    found = state.get(name)
    if found is None:
        found = state[name] = of_array(np.full_like(x, value))
    array: Array = found._array
    return array


# PyTorch's in-place arithmetic, rounded as PyTorch rounds it where arrays are small: products that are added are fused.
SMALL = 2048
_SINGLE = np.dtype(np.float32)


def _add_product(x: Any, a: Any, b: Any) -> None:
    """Add a * b to x, rounded once."""
    np.add(x, np.multiply(a, b, dtype=np.float64), out=x, casting="same_kind")


def _exact(x: Any) -> bool:
    return x.dtype is _SINGLE and x.size <= SMALL


def add_times(x: Any, factor: float, g: Any) -> None:
    """`x.add_(g, alpha=factor)`."""
    factor = x.dtype.type(factor)
    if _exact(x):
        _add_product(x, factor, g)
    else:
        x += factor * g


def plus_times(x: Any, factor: float, g: Any) -> Any:
    """`x.add(g, alpha=factor)`."""
    made = np.array(x)
    add_times(made, factor, g)
    return made


def add_squares(x: Any, factor: float, g: Any) -> None:
    """`x.addcmul_(g, g, value=factor)`."""
    scaled = x.dtype.type(factor) * g
    if _exact(x):
        _add_product(x, scaled, g)
    else:
        scaled *= g
        x += scaled


def add_quotient(x: Any, factor: float, a: Any, b: Any) -> None:
    """`x.addcdiv_(a, b, value=factor)`."""
    scaled = x.dtype.type(factor) * a
    scaled /= b
    x += scaled


def go_towards(x: Any, g: Any, part: float) -> None:
    """`x.lerp_(g, part)`."""
    add_times(x, part, g - x)


def scalar(value: Any) -> float:
    """A learning rate that may be a tensor."""
    number: float = value.item() if isinstance(value, Tensor) else value
    return number


class Known(Optimizer):
    """An optimizer of PyTorch's: its options in the order of their defaults, and those that can go by position."""

    options: ClassVar[dict[str, Any]] = {}
    positional = ""

    def __init__(self, params: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        names, title = self.positional.split(), f"{type(self).__name__}.__init__()"
        if len(args) > len(names):
            raise TypeError(
                f"{title} takes from 2 to {len(names) + 2} positional arguments but {len(args) + 2} were given"
            )
        for key in kwargs:
            if key not in self.options:
                raise TypeError(f"{title} got an unexpected keyword argument '{key}'")
        for key in names[: len(args)]:
            if key in kwargs:
                raise TypeError(f"{title} got multiple values for argument '{key}'")
        given = {**self.options, **dict(zip(names, args, strict=False)), **kwargs}
        self._check(given)
        super().__init__(params, given)

    def _check(self, given: dict[str, Any]) -> None:
        """Raise ValueError for options out of their range."""
        texts = {"lr": "learning rate", "eps": "epsilon value", "weight_decay": "weight_decay value"}
        for name, text in texts.items():
            if name in given and scalar(given[name]) < 0.0:
                raise ValueError(f"Invalid {text}: {given[name]}")
        for i, beta in enumerate(given.get("betas", ())):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


class SGD(Known):
    """Stochastic gradient descent, with momentum if wanted."""

    __module__ = "torch.optim.sgd"
    positional = "lr momentum dampening weight_decay nesterov"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False,
        "foreach": None, "differentiable": False, "fused": None,
    }  # fmt: skip

    def _check(self, given: dict[str, Any]) -> None:
        for name, text in (
            ("lr", "learning rate"),
            ("momentum", "momentum value"),
            ("weight_decay", "weight_decay value"),
        ):
            if scalar(given[name]) < 0.0:
                raise ValueError(f"Invalid {text}: {given[name]}")
        if given["nesterov"] and (given["momentum"] <= 0 or given["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        if group["weight_decay"]:
            g = plus_times(g, group["weight_decay"], x)
        if group["momentum"]:
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = of_array(np.array(g))
                buffer = state["momentum_buffer"]._array
            else:
                buffer = state["momentum_buffer"]._array
                np.multiply(buffer, group["momentum"], out=buffer)
                add_times(buffer, 1 - group["dampening"], g)
            g = plus_times(g, group["momentum"], buffer) if group["nesterov"] else buffer
        if _exact(x):
            add_times(x, -scalar(group["lr"]), g)
            return
        scratch = self._scratch(x)
        np.multiply(g, scalar(group["lr"]), out=scratch)
        np.subtract(x, scratch, out=x)


_ADAM = {
    "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False, "maximize": False,
    "foreach": None, "capturable": False, "differentiable": False, "fused": None, "decoupled_weight_decay": False,
}  # fmt: skip


class Adam(Known):
    """Adam (Kingma and Ba, 2014)."""

    __module__ = "torch.optim.adam"
    positional = "lr betas eps weight_decay amsgrad"
    options: ClassVar[dict[str, Any]] = _ADAM

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        lr = scalar(group["lr"])
        step = counted(state)
        if group["weight_decay"]:
            if group["decoupled_weight_decay"]:
                x *= 1 - lr * group["weight_decay"]
            else:
                g = plus_times(g, group["weight_decay"], x)
        b1, b2 = group["betas"]
        m, v, scratch = kept(state, "exp_avg", x), kept(state, "exp_avg_sq", x), self._scratch(x)
        go_towards(m, g, 1 - b1)
        np.multiply(v, b2, out=v)
        add_squares(v, 1 - b2, g)
        if group["amsgrad"]:
            largest = kept(state, "max_exp_avg_sq", x)
            v = np.maximum(largest, v, out=largest)
        np.sqrt(v, out=scratch)
        np.divide(scratch, (1 - b2**step) ** 0.5, out=scratch)
        np.add(scratch, group["eps"], out=scratch)
        add_quotient(x, -lr / (1 - b1**step), m, scratch)


class AdamW(Adam):
    """Adam with weights that decay by themselves (Loshchilov and Hutter, 2017)."""

    __module__ = "torch.optim.adamw"
    options: ClassVar[dict[str, Any]] = {**_ADAM, "weight_decay": 1e-2, "decoupled_weight_decay": True}
