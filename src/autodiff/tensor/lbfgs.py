"""`torch.optim.LBFGS`: a quasi-Newton method that remembers its last steps.

Sources: PyTorch documentation, `torch.optim.LBFGS`; Nocedal and Wright, Numerical Optimization, algorithms 3.5, 3.6
and 7.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np

from autodiff.tensor import modes
from autodiff.tensor.optim import Known, scalar
from autodiff.tensor.storage import overwrite
from autodiff.tensor.tensor import of_array

Array = np.ndarray[Any, Any]
Evaluate = Callable[[float], tuple[float, Array]]


class LBFGS(Known):
    """Limited-memory BFGS; `step` wants a closure that computes the loss and its gradients."""

    __module__ = "torch.optim.lbfgs"
    positional = "lr max_iter max_eval tolerance_grad tolerance_change history_size line_search_fn"
    options: ClassVar[dict[str, Any]] = {
        "lr": 1, "max_iter": 20, "max_eval": None, "tolerance_grad": 1e-7, "tolerance_change": 1e-9,
        "history_size": 100, "line_search_fn": None,
    }  # fmt: skip

    def __init__(self, params: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(params, *args, **kwargs)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        group = self.param_groups[0]
        if group["max_eval"] is None:
            group["max_eval"] = self.defaults["max_eval"] = group["max_iter"] * 5 // 4
        self._params = group["params"]

    def _gathered(self) -> Array:
        parts = [np.zeros(p._array.size, p._array.dtype) if p._grad is None else p._grad._array.ravel()
                 for p in self._params]  # fmt: skip
        return np.concatenate(parts)

    def _place(self, values: list[Array], t: float, d: Array) -> None:
        """Put the parameters t along d from where they were."""
        start = 0
        for param, value in zip(self._params, values, strict=True):
            size = value.size
            overwrite(param, value + np.asarray(t, value.dtype) * d[start : start + size].reshape(value.shape))
            start += size

    def step(self, closure: Any = None) -> Any:
        """Some iterations; raises TypeError without a closure, RuntimeError for a line search of another name."""
        if closure is None:
            raise TypeError("LBFGS.step() missing 1 required positional argument: 'closure'")

        def evaluate() -> tuple[Any, float]:
            with modes.enable_grad():
                loss = closure()
            return loss, float(loss.item() if hasattr(loss, "item") else loss)

        with np.errstate(all="ignore"):
            return _Run(self, evaluate).run()


class _Run:
    """One call of `step`."""

    def __init__(self, optimizer: LBFGS, evaluate: Callable[[], tuple[Any, float]]) -> None:
        self.optimizer = optimizer
        self.evaluate = evaluate
        self.group = optimizer.param_groups[0]
        self.state = optimizer.state[optimizer._params[0]]
        self.state.setdefault("func_evals", 0)
        self.state.setdefault("n_iter", 0)

    def run(self) -> Any:
        group, state = self.group, self.state
        original, loss = self.evaluate()
        evaluations = 1
        state["func_evals"] += 1
        g = self.optimizer._gathered()
        if np.abs(g).max() <= group["tolerance_grad"]:
            return original
        lr, t = scalar(group["lr"]), state.get("t", 0.0)
        d: Array = state["d"]._array if "d" in state else -g
        earlier: Array | None = state["prev_flat_grad"]._array if "prev_flat_grad" in state else None
        before = state.get("prev_loss")
        for n in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            d = self._direction(g, earlier, d, t)
            earlier, before = g.copy(), loss
            t = min(1.0, 1.0 / float(np.abs(g).sum())) * lr if state["n_iter"] == 1 else lr
            slope = float(g @ d)
            if slope > -group["tolerance_change"]:
                break
            loss, g, t, tried = self._move(n, t, d, loss, g, slope, evaluations)
            evaluations += tried
            state["func_evals"] += tried
            if n == group["max_iter"] or evaluations >= group["max_eval"]:
                break
            if np.abs(g).max() <= group["tolerance_grad"]:
                break
            if np.abs(d * t).max() <= group["tolerance_change"] or abs(loss - before) < group["tolerance_change"]:
                break
        state.update(d=of_array(d), t=t, prev_flat_grad=of_array(np.array(earlier)), prev_loss=before)
        return original

    def _direction(self, g: Array, earlier: Array | None, d: Array, t: float) -> Array:
        """Where to go: the gradient through the remembered steps' approximation of the inverse Hessian."""
        state = self.state
        if state["n_iter"] == 1 or earlier is None:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -g
        y, s = g - earlier, d * np.asarray(t, d.dtype)
        ys = y @ s
        memory = [state["old_dirs"], state["old_stps"], state["ro"]]
        if ys > 1e-10:
            if len(memory[0]) == self.group["history_size"]:
                for kept in memory:
                    kept.pop(0)
            for kept, value in zip(memory, (y, s, 1.0 / ys), strict=True):
                kept.append(value)
            state["H_diag"] = ys / (y @ y)
        q, weights = -g, []
        past = list(zip(*memory, strict=True))
        for y, s, ro in reversed(past):
            a = (s @ q) * ro
            weights.append(a)
            q = q - a * y
        r: Array = q * state["H_diag"]
        for (y, s, ro), a in zip(past, reversed(weights), strict=True):
            r = r + s * (a - (y @ r) * ro)
        return r

    def _move(
        self, n: int, t: float, d: Array, loss: float, g: Array, slope: float, evaluations: int
    ) -> tuple[float, Array, float, int]:
        """Go along d: loss, gradient, how far, and how often the closure was called."""
        optimizer, search = self.optimizer, self.group["line_search_fn"]
        values = [param._array.copy() for param in optimizer._params]
        if search is None:
            optimizer._place(values, t, d)
            if n == self.group["max_iter"]:
                return loss, g, t, 0
            _, loss = self.evaluate()
            return loss, optimizer._gathered(), t, 1
        if search != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")

        def along(t: float) -> tuple[float, Array]:
            optimizer._place(values, t, d)
            _, value = self.evaluate()
            return value, optimizer._gathered()

        loss, g, t, tried = strong_wolfe(along, t, d, loss, g, slope, self.group["max_eval"] - evaluations)
        optimizer._place(values, t, d)
        return loss, g, t, tried


class Point:
    """A place along the direction: how far, the loss, the gradient, and its slope."""

    __slots__ = ("f", "g", "slope", "t")

    def __init__(self, t: float, f: float, g: Array, slope: float) -> None:
        self.t = t
        self.f = f
        self.g = g
        self.slope = slope


def cubic(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two values and slopes is least, within bounds."""
    low, high = bounds or (min(a.t, b.t), max(a.t, b.t))
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = float(np.sqrt(square))
    if a.t <= b.t:
        least = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    else:
        least = a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return min(max(least, low), high)


def strong_wolfe(
    along: Evaluate, t: float, d: Array, f: float, g: Array, slope: float, most: int, c1: float = 1e-4, c2: float = 0.9
) -> tuple[float, Array, float, int]:
    """A step at which the loss has fallen enough and the slope is flat enough, or the best one found."""

    def at(t: float) -> Point:
        value, gradient = along(t)
        return Point(t, value, gradient, float(gradient @ d))

    start = Point(0.0, f, g, slope)
    before, now, tried, count = start, at(t), 1, 0
    done = False
    bracket = [start, now]
    while count < most:
        if now.f > f + c1 * now.t * slope or (count > 1 and now.f >= before.f):
            bracket = [before, now]
            break
        if abs(now.slope) <= -c2 * slope:
            bracket, done = [now], True
            break
        if now.slope >= 0:
            bracket = [before, now]
            break
        t = cubic(before, now, (now.t + 0.01 * (now.t - before.t), now.t * 10))
        before, now = now, at(t)
        tried, count = tried + 1, count + 1
    if count == most:
        bracket = [start, now]
    if not done:
        best, more = _zoomed(at, bracket, start, float(np.abs(d).max()), most - count, c1, c2)
        return best.f, best.g, best.t, tried + more
    return bracket[0].f, bracket[0].g, bracket[0].t, tried


def _zoomed(
    at: Callable[[float], Point], bracket: list[Point], start: Point, length: float, most: int, c1: float, c2: float
) -> tuple[Point, int]:
    """The best point between two, and how many were tried."""
    low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
    tried, stuck = 0, False
    while tried < most and abs(bracket[1].t - bracket[0].t) * length >= 1e-9:
        t = cubic(bracket[0], bracket[1])
        near, far = min(p.t for p in bracket), max(p.t for p in bracket)
        margin = 0.1 * (far - near)
        if min(far - t, t - near) < margin:  # close to an end: not a second time
            if stuck or t >= far or t <= near:
                t = far - margin if abs(t - far) < abs(t - near) else near + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        now = at(t)
        tried += 1
        if now.f > start.f + c1 * t * start.slope or now.f >= bracket[low].f:
            bracket[high] = now
            low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
            continue
        done = abs(now.slope) <= -c2 * start.slope
        if not done and now.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = now
        if done:
            break
    return bracket[low], tried
