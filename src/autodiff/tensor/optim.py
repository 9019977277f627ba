"""Optimizers: `SGD` and `Adam`. Source: PyTorch documentation, `torch.optim`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.tensor import modes
from autodiff.tensor.storage import writing
from autodiff.tensor.tensor import Tensor


class Optimizer:
    """What optimizers share: parameters in groups with options, and a state for each parameter."""

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got"
                f" torch.{params.dtype.long_name}Tensor"
            )
        given = list(params)
        if not given:
            raise ValueError("optimizer got an empty parameter list")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = [
            {
                **defaults,
                **group,
                "params": [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"]),
            }
            for group in groups
        ]
        for group in self.param_groups:
            for param in group["params"]:
                if not isinstance(param, Tensor):
                    raise TypeError(
                        f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}"
                    )
                if not param.is_leaf:
                    raise ValueError("can't optimize a non-leaf Tensor")
        self.state: dict[Tensor, dict[str, Any]] = {}
        self._steps = 0
        self._spare: dict[Any, np.ndarray[Any, Any]] = {}  # memory for a step, by shape and dtype

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
                        state = self.state.setdefault(param, {})
                        writing(param._array)
                        self._update(group, state, param._array, -g if group["maximize"] else g)
                        param._counter.version += 1
        return loss

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize other parameters too, with options of their own."""
        given = param_group["params"]
        params = [given] if isinstance(given, Tensor) else list(given)
        self.param_groups.append({**self.defaults, **param_group, "params": params})

    def state_dict(self) -> dict[str, Any]:
        """The options of the groups, and the state of each parameter by number."""
        params = [param for group in self.param_groups for param in group["params"]]
        numbers = {id(param): i for i, param in enumerate(params)}
        return {
            "state": {numbers[id(param)]: dict(state) for param, state in self.state.items()},
            "param_groups": [
                {**group, "params": [numbers[id(param)] for param in group["params"]]} for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state; raises ValueError where the groups do not fit."""
        groups = state_dict["param_groups"]
        if [len(g["params"]) for g in groups] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params = [param for group in self.param_groups for param in group["params"]]
        self.state = {params[i]: dict(state) for i, state in state_dict["state"].items()}
        for own, other in zip(self.param_groups, groups, strict=True):
            own.update({key: value for key, value in other.items() if key != "params"})

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            options = "".join(f"\n    {key}: {group[key]}" for key in sorted(group) if key != "params")
            text += f"\nParameter Group {i}{options}"
        return text + "\n)"

    def _scratch(self, x: Any) -> Any:
        """An array like x that is anybody's after the step of one parameter."""
        key = (x.shape, x.dtype)
        found = self._spare.get(key)
        if found is None:
            found = self._spare[key] = np.empty_like(x)
        return found

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **_: Any,
    ) -> None:
        for name, value in (("learning rate", lr), ("momentum value", momentum), ("weight_decay value", weight_decay)):
            if value < 0.0:
                raise ValueError(f"Invalid {name}: {value}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        if group["momentum"]:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = np.array(g)
            else:
                np.multiply(buffer, group["momentum"], out=buffer)
                np.add(buffer, (1 - group["dampening"]) * g if group["dampening"] else g, out=buffer)
            g = g + group["momentum"] * buffer if group["nesterov"] else buffer
        scratch = self._scratch(x)
        np.multiply(g, group["lr"], out=scratch)
        np.subtract(x, scratch, out=x)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **_: Any,
    ) -> None:
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        for i, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
            },
        )

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        b1, b2 = group["betas"]
        step = state["step"] = state.get("step", 0) + 1
        if step == 1:
            state["exp_avg"], state["exp_avg_sq"] = np.zeros_like(x), np.zeros_like(x)
        m, v, scratch = state["exp_avg"], state["exp_avg_sq"], self._scratch(x)
        np.subtract(g, m, out=scratch)
        np.multiply(scratch, 1 - b1, out=scratch)
        np.add(m, scratch, out=m)
        np.multiply(g, 1 - b2, out=scratch)
        np.multiply(scratch, g, out=scratch)
        np.multiply(v, b2, out=v)
        np.add(v, scratch, out=v)
        if group["amsgrad"]:
            largest = state.get("max_exp_avg_sq")
            v = state["max_exp_avg_sq"] = v.copy() if largest is None else np.maximum(largest, v, out=largest)
        np.sqrt(v, out=scratch)
        np.divide(scratch, (1 - b2**step) ** 0.5, out=scratch)
        np.add(scratch, group["eps"], out=scratch)
        np.divide(m, scratch, out=scratch)
        np.multiply(scratch, group["lr"] / (1 - b1**step), out=scratch)
        np.subtract(x, scratch, out=x)
