"""More optimizers: `AdamW`, `RMSprop`, `Adagrad`. Source: PyTorch documentation, `torch.optim`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.tensor.optim import Adam, Optimizer


class AdamW(Adam):
    """Adam with weights that decay by themselves (Loshchilov and Hutter, 2017)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **_: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        x *= 1 - group["lr"] * group["weight_decay"]
        super()._update({**group, "weight_decay": 0}, state, x, g)


class RMSprop(Optimizer):
    """Gradients divided by a running root of their mean squares (Hinton, 2012)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **_: Any,
    ) -> None:
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        alpha = group["alpha"]
        state["step"] = state.get("step", 0) + 1
        state["square_avg"] = average = state.get("square_avg", 0) * alpha + (1 - alpha) * g * g
        if group["centered"]:
            state["grad_avg"] = mean = state.get("grad_avg", 0) + (1 - alpha) * (g - state.get("grad_avg", 0))
            average = average - mean * mean
        change = g / (np.sqrt(average) + group["eps"])
        if group["momentum"] > 0:
            state["momentum_buffer"] = change = group["momentum"] * state.get("momentum_buffer", 0) + change
        x -= group["lr"] * change


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of their squares (Duchi, Hazan and Singer, 2011)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **_: Any,
    ) -> None:
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        state["step"] = step = state.get("step", 0) + 1
        state["sum"] = total = state.get("sum", group["initial_accumulator_value"]) + g * g
        x -= group["lr"] / (1 + (step - 1) * group["lr_decay"]) * g / (np.sqrt(total) + group["eps"])


__all__ = ["Adagrad", "AdamW", "RMSprop"]
