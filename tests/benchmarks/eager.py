"""Programs on the eager library, against PyTorch eager in the same run.

    python tests/benchmarks/eager.py [--runs 15] [--size 1000000] [--json]

The same source runs on both libraries, each with its default number of threads.  Long loops are measured in pieces, to
show whether steps become slower and memory grows.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peers import EAGER, THIS, Contest, arguments

import autodiff.tensor

Work = Callable[[], Any]


def scalar_loop(torch: Any, backward: bool) -> Work:
    """A thousand operations on a number."""
    x = torch.tensor(1.0, requires_grad=True)

    def run() -> None:
        y = x
        for _ in range(250):
            y = y * 1.0001
            y = y + x
            y = y - 0.5
            y = torch.sin(y)
        if backward:
            x.grad = None
            y.backward()

    return run


def training_step(torch: Any) -> Work:
    """64 x 784 → 128 → 10 with SGD."""
    torch.manual_seed(0)
    x, y = torch.randn(64, 784), torch.randint(0, 10, (64,))
    w1, b1 = (torch.randn(784, 128) * 0.05).requires_grad_(), torch.zeros(128, requires_grad=True)
    w2, b2 = (torch.randn(128, 10) * 0.05).requires_grad_(), torch.zeros(10, requires_grad=True)
    optimizer = torch.optim.SGD([w1, b1, w2, b2], lr=0.1)

    def run() -> None:
        hidden = torch.relu(x @ w1 + b1)
        loss = torch.nn.functional.cross_entropy(hidden @ w2 + b2, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return run


def with_adam(torch: Any) -> Work:
    """32 x 20 → 64 → 64 → 1 with tanh and Adam."""
    torch.manual_seed(0)
    x, y = torch.randn(32, 20), torch.randn(32, 1)
    sizes = [(20, 64), (64, 64), (64, 1)]
    weights = [(torch.randn(*size) * 0.1).requires_grad_() for size in sizes]
    biases = [torch.zeros(size[1], requires_grad=True) for size in sizes]
    optimizer = torch.optim.Adam([*weights, *biases], lr=1e-3)

    def run() -> None:
        h = x
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            h = torch.tanh(h @ w + b)
        loss = ((h @ weights[-1] + biases[-1] - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return run


def views(torch: Any) -> Work:
    """Indexing, transposes, stacking, in-place writes, without and with grad mode."""
    torch.manual_seed(0)
    x = torch.randn(8, 8, requires_grad=True)

    def run() -> None:
        rows = [x[i] * x.T[i] for i in range(8)]
        y = torch.stack(rows).sum(1)
        z = torch.zeros(8)
        z[2:6] = y[2:6]
        x.grad = None
        z.reshape(2, 4).sum().backward()
        with torch.no_grad():
            x.sub_(x.grad * 1e-6)

    return run


def large_chain(torch: Any, size: int) -> Work:
    """`((x*2).tanh()*x.exp()).mean()` and its gradient."""
    torch.manual_seed(0)
    x = torch.rand(size).requires_grad_()

    def run() -> None:
        x.grad = None
        ((x * 2).tanh() * x.exp()).mean().backward()

    return run


def memory() -> int:
    """What this process holds, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def long_training(torch: Any, pieces: int = 4, steps: int = 2500) -> list[str]:
    """Milliseconds a step and MiB held, for each piece of a long training."""
    work = with_adam(torch)
    work()
    found = []
    for _ in range(pieces):
        start = time.perf_counter()
        for _ in range(steps):
            work()
        taken = (time.perf_counter() - start) / steps
        gc.collect()
        found.append(f"{taken * 1e3:.3f} ms, {memory() / 1024:.0f} MiB")
    return found


def main() -> None:
    parser = arguments(__doc__, 15, 1_000_000, "how many numbers the large chain has")
    parser.add_argument("--no-long", action="store_true", help="leave out the training of 10,000 steps")
    options = parser.parse_args()
    libraries: dict[str, Any] = {THIS: autodiff.tensor}
    contest = Contest("eager", options.runs)
    try:
        import torch

        libraries[EAGER] = torch
    except ImportError as error:
        contest.remarks[f"{EAGER} is not available: {error}"] = None
    cases: dict[str, tuple[Callable[[Any], Work], int]] = {
        "1000 scalar operations": (lambda torch: scalar_loop(torch, False), 1),
        "  and backward": (lambda torch: scalar_loop(torch, True), 1),
        # Long enough that the other library's threads, which go on spinning for some milliseconds, are asleep.
        "training step, SGD": (training_step, 200),
        "training step, Adam": (with_adam, 200),
        "views and writes": (views, 5),
        f"chain over {options.size:,}": (lambda torch: large_chain(torch, options.size), 1),
        f"chain over {options.size * 10:,}": (lambda torch: large_chain(torch, options.size * 10), 1),
    }
    for name, (make, calls) in cases.items():
        contest.measure(name, {key: make(library) for key, library in libraries.items()}, warmups=3, calls=calls)
    more: dict[str, Any] = {}
    if not options.no_long:
        more["10,000 steps with Adam"] = long_training(autodiff.tensor)
    contest.report(options.json, **more)


if __name__ == "__main__":
    main()
