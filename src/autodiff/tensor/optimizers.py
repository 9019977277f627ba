"""More optimizers, one update rule each. Source: PyTorch documentation, `torch.optim`."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autodiff.tensor.optim import (
    AdamW,
    Known,
    add_quotient,
    add_squares,
    add_times,
    counted,
    go_towards,
    kept,
    plus_times,
    scalar,
)  # fmt: skip
from autodiff.tensor.tensor import of_array


def _decayed(group: dict[str, Any], x: Any, g: Any) -> Any:
    return plus_times(g, group["weight_decay"], x) if group["weight_decay"] else g


class RMSprop(Known):
    """Gradients divided by a running root of their mean squares (Hinton, 2012)."""

    __module__ = "torch.optim.rmsprop"
    positional = "lr alpha eps weight_decay momentum centered capturable foreach maximize differentiable"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1e-2, "momentum": 0, "alpha": 0.99, "eps": 1e-8, "centered": False, "weight_decay": 0,
        "capturable": False, "foreach": None, "maximize": False, "differentiable": False,
    }  # fmt: skip

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        g = _decayed(group, x, g)
        counted(state)
        alpha, square = group["alpha"], kept(state, "square_avg", x)
        square *= alpha
        add_squares(square, 1 - alpha, g)
        average = square
        if group["momentum"] > 0:
            kept(state, "momentum_buffer", x)
        if group["centered"]:
            mean = kept(state, "grad_avg", x)
            go_towards(mean, g, 1 - alpha)
            average = square - mean * mean
        root = np.sqrt(average) + group["eps"]
        if group["momentum"] > 0:
            buffer = kept(state, "momentum_buffer", x)
            buffer *= group["momentum"]
            add_quotient(buffer, 1, g, root)
            add_times(x, -scalar(group["lr"]), buffer)
        else:
            add_quotient(x, -scalar(group["lr"]), g, root)


class Adagrad(Known):
    """Gradients divided by the root of the sum of their squares (Duchi, Hazan and Singer, 2011)."""

    __module__ = "torch.optim.adagrad"
    positional = "lr lr_decay weight_decay initial_accumulator_value eps foreach"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1e-2, "lr_decay": 0, "eps": 1e-10, "weight_decay": 0, "initial_accumulator_value": 0, "foreach": None,
        "maximize": False, "differentiable": False, "fused": None,
    }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in self.param_groups:  # the state is there before the first step
            for param in group["params"]:
                self.state[param]["step"] = of_array(np.zeros((), np.float32))
                kept(self.state[param], "sum", param._array, group["initial_accumulator_value"])

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        g = _decayed(group, x, g)
        step, total = counted(state), kept(state, "sum", x, group["initial_accumulator_value"])
        add_squares(total, 1, g)
        rate = scalar(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        add_quotient(x, -rate, g, np.sqrt(total) + group["eps"])


class Adadelta(Known):
    """Steps as long as the last ones were, by their running squares (Zeiler, 2012)."""

    __module__ = "torch.optim.adadelta"
    positional = "lr rho eps weight_decay foreach"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0, "maximize": False, "capturable": False, "foreach": None,
        "differentiable": False,
    }  # fmt: skip

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        g = _decayed(group, x, g)
        counted(state)
        rho, eps = group["rho"], group["eps"]
        square, moved = kept(state, "square_avg", x), kept(state, "acc_delta", x)
        square *= rho
        add_squares(square, 1 - rho, g)
        delta = np.sqrt(moved + eps) / np.sqrt(square + eps) * g
        moved *= rho
        add_squares(moved, 1 - rho, delta)
        add_times(x, -scalar(group["lr"]), delta)


class Adamax(Known):
    """Adam with the largest gradient in the place of their squares (Kingma and Ba, 2014)."""

    __module__ = "torch.optim.adamax"
    positional = "lr betas eps weight_decay foreach"
    options: ClassVar[dict[str, Any]] = {
        "lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "foreach": None, "maximize": False,
        "differentiable": False, "capturable": False,
    }  # fmt: skip

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        g = _decayed(group, x, g)
        step = counted(state)
        b1, b2 = group["betas"]
        mean, largest = kept(state, "exp_avg", x), kept(state, "exp_inf", x)
        go_towards(mean, g, 1 - b1)
        np.maximum(largest * b2, np.abs(g) + group["eps"], out=largest)
        add_quotient(x, -scalar(group["lr"]) / (1 - b1**step), mean, largest)


def _moments(group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> tuple[Any, Any]:
    """Running means of gradients and of their squares."""
    b1, b2 = group["betas"]
    mean, square = kept(state, "exp_avg", x), kept(state, "exp_avg_sq", x)
    go_towards(mean, g, 1 - b1)
    square *= b2
    add_squares(square, 1 - b2, g)
    return mean, square


def _decaying(group: dict[str, Any], x: Any, g: Any) -> Any:
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        x *= 1 - scalar(group["lr"]) * group["weight_decay"]
        return g
    return _decayed(group, x, g)


class NAdam(Known):
    """Adam with Nesterov's momentum (Dozat, 2016)."""

    __module__ = "torch.optim.nadam"
    positional = "lr betas eps weight_decay momentum_decay decoupled_weight_decay"
    options: ClassVar[dict[str, Any]] = {
        "lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "momentum_decay": 4e-3,
        "decoupled_weight_decay": False, "maximize": False, "foreach": None, "capturable": False,
        "differentiable": False,
    }  # fmt: skip

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        step, lr, decay = counted(state), scalar(group["lr"]), group["momentum_decay"]
        product = state.setdefault("mu_product", of_array(np.ones((), np.float32)))
        g = _decaying(group, x, g)
        b1, b2 = group["betas"]
        now, following = (b1 * (1.0 - 0.5 * 0.96 ** (n * decay)) for n in (step, step + 1))
        product._array[...] *= now
        mean, square = _moments(group, state, x, g)
        root = np.sqrt(square / (1 - b2**step)) + group["eps"]
        sofar = float(product._array)
        add_quotient(x, -lr * (1.0 - now) / (1.0 - sofar), g, root)
        add_quotient(x, -lr * following / (1.0 - sofar * following), mean, root)


class RAdam(Known):
    """Adam whose first steps are not divided by what is not known yet (Liu et al., 2019)."""

    __module__ = "torch.optim.radam"
    positional = "lr betas eps weight_decay decoupled_weight_decay"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "maximize": False, "foreach": None,
        "capturable": False, "decoupled_weight_decay": False, "differentiable": False,
    }  # fmt: skip

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        step, lr = counted(state), scalar(group["lr"])
        g = _decaying(group, x, g)
        b1, b2 = group["betas"]
        mean, square = _moments(group, state, x, g)
        rest = 1 - b2**step
        change = mean / (1 - b1**step) * lr
        longest = 2 / (1 - b2) - 1
        length = longest - 2 * step * b2**step / rest
        if length > 5.0:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            change = change * (rest**0.5 / (np.sqrt(square) + group["eps"])) * rectified**0.5
        x -= change


class ASGD(Known):
    """Stochastic gradient descent with an average of the parameters (Polyak and Juditsky, 1992)."""

    __module__ = "torch.optim.asgd"
    positional = "lr lambd alpha t0 weight_decay foreach maximize differentiable capturable"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1e-2, "lambd": 1e-4, "alpha": 0.75, "t0": 1e6, "weight_decay": 0, "foreach": None, "maximize": False,
        "differentiable": False, "capturable": False,
    }  # fmt: skip

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        lr, lambd = scalar(group["lr"]), group["lambd"]
        step = counted(state)
        eta = state.setdefault("eta", of_array(np.array(lr, np.float32)))
        mu = state.setdefault("mu", of_array(np.ones((), np.float32)))
        average = kept(state, "ax", x)
        g = _decayed(group, x, g)
        rate = float(eta._array)
        x *= 1 - lambd * rate
        add_times(x, -rate, g)
        if mu._array != 1:
            average += (x - average) * float(mu._array)
        else:
            average[...] = x
        eta._array[...] = lr / (1 + lambd * lr * step) ** group["alpha"]
        mu._array[...] = 1 / max(1, step - group["t0"])


class Rprop(Known):
    """Steps by the sign of the gradient, longer while it stays (Riedmiller and Braun, 1993)."""

    __module__ = "torch.optim.rprop"
    positional = "lr etas step_sizes"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1e-2, "etas": (0.5, 1.2), "step_sizes": (1e-6, 50), "foreach": None, "maximize": False,
        "differentiable": False, "capturable": False,
    }  # fmt: skip

    def _update(self, group: dict[str, Any], state: dict[str, Any], x: Any, g: Any) -> None:
        counted(state)
        earlier, sizes = kept(state, "prev", x), kept(state, "step_size", x, scalar(group["lr"]))
        less, more = group["etas"]
        sign = np.sign(g * earlier)
        factor = np.where(sign > 0, more, np.where(sign < 0, less, 1)).astype(x.dtype)
        np.clip(sizes * factor, *group["step_sizes"], out=sizes)
        g = np.where(sign < 0, 0, g).astype(x.dtype)
        x -= np.sign(g) * sizes
        earlier[...] = g


__all__ = ["ASGD", "Adadelta", "Adagrad", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop"]
