"""More schedulers: constant, polynomial, and those that come round. Source: PyTorch documentation of `lr_scheduler`."""

from __future__ import annotations

import math
from typing import Any

from autodiff.tensor.optim import Optimizer
from autodiff.tensor.schedulers import LRScheduler


class ConstantLR(LRScheduler):
    """A factor for the first total_iters epochs."""

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1.0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [rate * self.factor for rate in self._rates]
        if self.last_epoch != self.total_iters:
            return self._rates
        return [rate * (1.0 / self.factor) for rate in self._rates]


class PolynomialLR(LRScheduler):
    """A power of what is left of total_iters epochs."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        epoch, total = self.last_epoch, self.total_iters
        if epoch == 0 or epoch > total:
            return self._rates
        factor = ((1.0 - epoch / total) / (1.0 - (epoch - 1) / total)) ** self.power
        return [rate * factor for rate in self._rates]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine wave, and again from the first rate (Loshchilov and Hutter, 2016)."""

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur = last_epoch
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, or to the first one of another wave."""
        self.T_cur += 1
        if self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        super().step(epoch)

    def get_lr(self) -> list[float]:
        fall = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * fall for base in self.base_lrs]


class OneCycleLR(LRScheduler):
    """Up to max_lr and down to almost nothing, once (Smith and Topin, 2017)."""

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        self.total_steps = total_steps or (epochs or 0) * (steps_per_epoch or 0)
        self.linear = anneal_strategy == "linear"
        self.cycle_momentum = cycle_momentum
        count = len(optimizer.param_groups)
        largest = list(max_lr) if isinstance(max_lr, (list, tuple)) else [max_lr] * count
        for group, most in zip(optimizer.param_groups, largest, strict=True):
            group["initial_lr"] = most / div_factor
            group["max_lr"] = most
            group["min_lr"] = group["initial_lr"] / final_div_factor
            if cycle_momentum:
                group["max_momentum"], group["base_momentum"] = max_momentum, base_momentum
                self._set_momentum(group, max_momentum)
        self.phases = self._phases(pct_start, three_phase)
        super().__init__(optimizer, last_epoch)

    def _phases(self, start: float, three: bool) -> list[tuple[float, tuple[str, str], tuple[str, str]]]:
        """Until which step from which rate to which, and the same of the momentum."""
        up = float(start * self.total_steps) - 1
        rising = (up, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
        if three:
            down = float(2 * start * self.total_steps) - 2
            falling = (down, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum"))
            return [
                rising, falling, (self.total_steps - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
            ]  # fmt: skip
        return [rising, (self.total_steps - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]

    @staticmethod
    def _set_momentum(group: dict[str, Any], value: float) -> None:
        if "betas" in group:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value

    def _between(self, first: float, last: float, part: float) -> float:
        if self.linear:
            return (last - first) * part + first
        return last + (first - last) / 2.0 * (math.cos(math.pi * part) + 1)

    def get_lr(self) -> list[float]:
        number = self.last_epoch
        if number > self.total_steps:
            raise ValueError(f"Tried to step {number} times. The specified number of total steps is {self.total_steps}")
        start, end, lr, momentum = 0.0, *self.phases[0]
        for i, (end, lr, momentum) in enumerate(self.phases):  # noqa: B007
            if number <= end or i == len(self.phases) - 1:
                break
            start = end
        part = (number - start) / (end - start)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[lr[0]], group[lr[1]], part))
            if self.cycle_momentum:
                self._set_momentum(group, self._between(group[momentum[0]], group[momentum[1]], part))
        return rates


class CyclicLR(LRScheduler):
    """Up and down between two rates (Smith, 2015)."""

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float,
        max_lr: float,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Any = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        for group in optimizer.param_groups:
            group["lr"] = base_lr
        self.max_lrs = [max_lr] * len(optimizer.param_groups)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self.scale_fn = scale_fn
        self.per_cycle = scale_mode == "cycle" if scale_fn is not None else mode != "exp_range"
        self.cycle_momentum = cycle_momentum
        self.momenta = (base_momentum, max_momentum)
        if cycle_momentum and not all("momentum" in g or "betas" in g for g in optimizer.param_groups):
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        super().__init__(optimizer, last_epoch)

    def _scale(self, x: float) -> float:
        if self.scale_fn is not None:
            return float(self.scale_fn(x))
        if self.mode == "triangular2":
            return float(1 / 2.0 ** (x - 1))
        return float(self.gamma**x) if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self._scale(cycle if self.per_cycle else self.last_epoch)
        if self.cycle_momentum:
            least, most = self.momenta
            for group in self.optimizer.param_groups:
                OneCycleLR._set_momentum(group, most - (most - least) * height * scale)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [base + (most - base) * height * scale for base, most in pairs]
