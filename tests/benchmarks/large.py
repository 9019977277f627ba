"""Value and gradients over ten million float32 numbers, against the peers in the same run.

    python tests/benchmarks/large.py [--runs 5] [--size 10000000] [--only 1,2] [--json]

Every library's default number of threads is used.  Peak memory is that of a process of its own, beyond what it held
before the first large evaluation and beyond the gradients.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from peers import PEERS, THIS, Contest, Run, Variables, Work, arguments, environment, this_project


class Case(NamedTuple):
    expression: str
    work: Work
    large: tuple[str, ...] = ("x",)
    small: tuple[str, ...] = ()
    columns: int = 0  # 0: one dimension

    def variables(self, size: int) -> Variables:
        generator = np.random.default_rng(0)
        shape = (size // self.columns, self.columns) if self.columns else (size,)
        found = {name: generator.standard_normal(shape, np.float32) for name in self.large}
        return found | {name: np.array(generator.standard_normal(), np.float32) for name in self.small}


CASES = [
    Case("mean(2*(x+1)^2)", lambda f, x: f.mean(2 * (x + 1) ** 2)),
    Case("sum(tanh(x*0.5)*exp(-x^2))", lambda f, x: f.sum(f.tanh(x * 0.5) * f.exp(-(x**2)))),
    Case(
        "mean(log(1+exp(-y*(x*w+b))))",
        lambda f, x, y, w, b: f.mean(f.log(1 + f.exp(-y * (x * w + b)))),
        ("x", "y"),
        ("w", "b"),
    ),
    Case("sum(sigmoid(x)*y - relu(x)^3)", lambda f, x, y: f.sum(f.sigmoid(x) * y - f.relu(x) ** 3), ("x", "y")),
    Case("logsumexp(x.flatten(), 0)", lambda f, x: f.logsumexp(x.flatten(), 0)),
    Case("var(x)", lambda f, x: f.var(x)),
    Case("sum(softmax(x, 1)*w)", lambda f, x, w: f.sum(f.softmax(x, 1) * w), ("x", "w"), columns=10_000),
]


def contestant(name: str, case: Case, variables: Variables) -> Run:
    return this_project(case.expression, variables) if name == THIS else PEERS[name](case.work, variables)


def peak(name: str, size: int) -> float:
    """MiB beyond inputs and gradients at the first case; only in a fresh process."""
    case = CASES[0]
    variables = case.variables(size)
    contestant(name, case, case.variables(min(size, 1 << 17)))()  # imports and compiles
    run = contestant(name, case, variables)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory("VmRSS")
    _, grads = run()
    after = memory("VmHWM")  # ru_maxrss would be that of the parent
    return (after - before) / 1024 - sum(np.asarray(g).nbytes for g in grads.values()) / 2**20


def memory(field: str) -> int:
    """A field of this process's status, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def peaks(size: int) -> dict[str, float]:
    """What `peak` says in a process for each, of those that can be had."""
    found = {}
    for name in (THIS, *PEERS):
        child = [sys.executable, __file__, "--peak", name, "--size", str(size)]
        answer = subprocess.run(child, capture_output=True, env=environment(), check=False, text=True)
        if answer.returncode == 0:
            found[name] = float(answer.stdout)
    return found


def main() -> None:
    parser = arguments(__doc__, 5, 10_000_000, "how many numbers")
    parser.add_argument("--only", help="numbers of cases, from 1, separated by commas")
    parser.add_argument("--peers", default=",".join(PEERS), help="which peers")
    parser.add_argument("--peak", help="print the peak memory of this contestant and leave")
    options = parser.parse_args()
    if options.peak:
        print(peak(options.peak, options.size))
        return
    chosen = [int(n) for n in options.only.split(",")] if options.only else range(1, len(CASES) + 1)
    contest = Contest(f"{options.size:,} float32", options.runs, [p for p in options.peers.split(",") if p])
    for n in chosen:
        case = CASES[n - 1]
        contest.differentiate(case.expression, case.expression, case.work, case.variables(options.size), 1e-4)
    more: dict[str, Any] = {}
    if 1 in chosen:
        found = {name: round(mib, 1) for name, mib in peaks(options.size).items()}
        more = {"peak MiB over inputs and gradients": found if options.json else json.dumps(found)}
    contest.report(options.json, **more)


if __name__ == "__main__":
    main()
