"""What the benchmarks have in common: the peers, and a contest that alternates between them.

A piece of work is written once, as a function of a namespace of NumPy-like functions and its variables, beside the
expression that says the same in this project's language.  A peer turns the function into a call that computes the
value and all gradients.  Peers are imported when they are asked for; those that cannot be are named.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

import autodiff

Run = Callable[[], Any]
Work = Callable[..., Any]  # (namespace, *variables) -> scalar
Variables = Mapping[str, np.ndarray]

THIS = "autodiff"
EAGER, COMPILED, JAX, HIPS = "torch eager", "torch.compile", "jax.jit", "autograd"


class UnavailableError(Exception):
    """Why a peer cannot take part."""


def this_project(expression: str, variables: Variables) -> Run:
    asked = autodiff.expression(expression)
    return lambda: asked.value_and_grad(**variables)


def _torch_leaves(variables: Variables) -> list[Any]:
    import torch

    return [torch.from_numpy(np.array(array)).requires_grad_() for array in variables.values()]


def _torch_functions() -> SimpleNamespace:
    import torch

    names = ["exp", "log", "sin", "tanh", "relu", "sigmoid", "mean", "sum", "var", "softmax", "logsumexp"]
    return SimpleNamespace(**{name: getattr(torch, name) for name in names})


def _torch(function: Callable[..., Any], variables: Variables, leaves: list[Any]) -> Run:
    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        value = function(*leaves)
        value.backward()
        return value.detach(), {name: leaf.grad for name, leaf in zip(variables, leaves, strict=True)}

    return run


def torch_eager(work: Work, variables: Variables) -> Run:
    functions = _torch_functions()
    return _torch(lambda *leaves: work(functions, *leaves), variables, _torch_leaves(variables))


def torch_compiled(work: Work, variables: Variables) -> Run:
    import torch

    functions = _torch_functions()
    torch._dynamo.reset()
    leaves = _torch_leaves(variables)
    run = _torch(torch.compile(lambda *leaves: work(functions, *leaves)), variables, leaves)
    try:
        run()
    except Exception as error:  # it raises all sorts of things without a C++ compiler
        raise UnavailableError(str(error).strip().splitlines()[0][:100]) from error
    for leaf in leaves:
        leaf.grad = None
    return run


def jax_jit(work: Work, variables: Variables) -> Run:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax

    if any(array.dtype == np.float64 for array in variables.values()):
        jax.config.update("jax_enable_x64", True)
    functions = SimpleNamespace(
        exp=jax.numpy.exp,
        log=jax.numpy.log,
        sin=jax.numpy.sin,
        tanh=jax.numpy.tanh,
        relu=jax.nn.relu,
        sigmoid=jax.nn.sigmoid,
        mean=jax.numpy.mean,
        sum=jax.numpy.sum,
        var=lambda x: jax.numpy.var(x, ddof=1),
        softmax=jax.nn.softmax,
        logsumexp=jax.scipy.special.logsumexp,
    )
    count = len(variables)
    call = jax.jit(jax.value_and_grad(lambda *arrays: work(functions, *arrays), argnums=tuple(range(count))))
    arrays = [jax.numpy.asarray(array) for array in variables.values()]

    def run() -> Any:
        value, grads = jax.block_until_ready(call(*arrays))
        return value, dict(zip(variables, grads, strict=True))

    return run


def hips_autograd(work: Work, variables: Variables) -> Run:
    import autograd
    import autograd.numpy as anp

    def logsumexp(x: Any, axis: int) -> Any:
        top = anp.max(x, axis)
        return anp.log(anp.sum(anp.exp(x - top), axis)) + top

    def softmax(x: Any, axis: int) -> Any:
        e = anp.exp(x - anp.max(x, axis, keepdims=True))
        return e / anp.sum(e, axis, keepdims=True)

    functions = SimpleNamespace(
        exp=anp.exp,
        log=anp.log,
        sin=anp.sin,
        tanh=anp.tanh,
        relu=lambda x: anp.maximum(x, 0),
        sigmoid=lambda x: 1 / (1 + anp.exp(-x)),
        mean=anp.mean,
        sum=anp.sum,
        var=lambda x: anp.var(x, ddof=1),
        softmax=softmax,
        logsumexp=logsumexp,
    )
    call = autograd.value_and_grad(lambda *arrays: work(functions, *arrays), tuple(range(len(variables))))

    def run() -> Any:
        value, grads = call(*variables.values())
        return value, dict(zip(variables, grads, strict=True))

    return run


PEERS: dict[str, Callable[[Work, Variables], Run]] = {
    EAGER: torch_eager,
    COMPILED: torch_compiled,
    JAX: jax_jit,
    HIPS: hips_autograd,
}


class Contest:
    """Measures contestants on the same work in turn and collects what is printed at the end.

    Times are in seconds.  Ratios are this project's time over a peer's: below one, this project is faster.
    """

    def __init__(self, title: str, runs: int, peers: Sequence[str] = tuple(PEERS)) -> None:
        self.title = title
        self.runs = runs
        self.peers = list(peers)
        self.times: dict[str, dict[str, float]] = {}
        self.remarks: dict[str, None] = {}  # in order, each once

    def differentiate(
        self,
        name: str,
        expression: str,
        work: Work,
        variables: Variables,
        rtol: float,
        *,
        warmups: int = 1,
        calls: int = 1,
        parse: bool = False,
    ) -> None:
        """Value and all gradients, with every peer that can be had; `parse` includes the way from the text."""
        mine = (lambda: this_project(expression, variables)()) if parse else this_project(expression, variables)
        contestants: dict[str, Run] = {THIS: mine}
        for peer in self.peers:
            try:
                contestants[peer] = PEERS[peer](work, variables)
            except (ImportError, UnavailableError) as error:
                self.remarks[f"{peer} is not available: {error}"] = None
        self.measure(name, contestants, rtol, warmups=warmups, calls=calls)

    def measure(
        self,
        name: str,
        contestants: Mapping[str, Run],
        rtol: float | None = None,
        *,
        warmups: int = 1,
        calls: int = 1,
    ) -> None:
        """Alternate between contestants, after comparing their answers where `rtol` is given."""
        times: dict[str, list[float]] = {contestant: [] for contestant in contestants}
        expected = None
        for run in range(warmups + self.runs):
            for contestant, work in contestants.items():
                start = time.perf_counter()
                for _ in range(calls):
                    answer = work()
                taken = (time.perf_counter() - start) / calls
                if run >= warmups:
                    times[contestant].append(taken)
                elif run == 0 and rtol is not None:
                    if expected is None:
                        expected = answer
                    else:
                        self._compare(name, contestant, answer, expected, rtol)
                answer = None
        self.times[name] = {contestant: statistics.median(values) for contestant, values in times.items()}

    def _compare(self, name: str, contestant: str, answer: Any, expected: Any, rtol: float) -> None:
        """Note where an answer differs, relative to its largest element."""
        for what, found in (("value", answer[0]), *answer[1].items()):
            mine = np.asarray(expected[0] if what == "value" else expected[1][what], np.float64)
            theirs = np.asarray(found, np.float64)
            scale = float(np.max(np.abs(theirs), initial=0)) or 1.0
            if mine.shape != theirs.shape or not np.allclose(mine / scale, theirs / scale, rtol, rtol):
                off = float(np.max(np.abs(mine - theirs))) / scale if mine.shape == theirs.shape else math.nan
                self.remarks[f"{name}: {what} differs from {contestant}'s, by {off:.2g} of the largest element"] = None

    def report(self, as_json: bool, **more: Any) -> None:
        """Print the table, or one JSON object with the same numbers."""
        if as_json:
            print(json.dumps({"title": self.title, "seconds": self.times, "remarks": list(self.remarks), **more}))
            return
        contestants = list(dict.fromkeys(c for times in self.times.values() for c in times))
        first, others = contestants[0], contestants[1:]
        width = max(len(name) for name in (self.title, *self.times)) + 2
        heads = "".join(f"{c + ' ms':>17}" for c in contestants) + "".join(f"{'x ' + c:>16}" for c in others)
        print(f"{self.title:<{width}}{heads}")
        for name, times in self.times.items():
            cells = "".join(f"{times[c] * 1e3:>17.3f}" if c in times else f"{'-':>17}" for c in contestants)
            cells += "".join(f"{times[first] / times[c]:>16.2f}" if c in times else f"{'-':>16}" for c in others)
            print(f"{name:<{width}}{cells}")
        for remark in self.remarks:
            print(f"note: {remark}")
        for key, value in more.items():
            print(f"{key}: {value}")


def arguments(doc: str | None, runs: int, size: int, what: str) -> argparse.ArgumentParser:
    """The options of every benchmark."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs, help=f"measurements of each (default {runs})")
    parser.add_argument("--size", type=int, default=size, help=f"{what} (default {size})")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def environment() -> dict[str, str]:
    """For commands in processes of their own; byte code is cached, as for every installed package."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "NO_COLOR")}


def command() -> list[str]:
    """How to start this project's command with the Python that runs the benchmark."""
    return [sys.executable, "-m", "autodiff"]
