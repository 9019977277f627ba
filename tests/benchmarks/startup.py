"""How long a short `autodiff eval` takes, against `python -c "import numpy"` in the same run.

    python tests/benchmarks/startup.py [--runs 40] [--json]

The two commands (and a Python that does nothing) alternate, so that a noisy machine is noisy for all of them; medians
are compared.  The terminal figure runs the command under a pseudo-terminal, where colour is on.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

EXPRESSION = ["eval", "mean(2*(x+1)^2)", "x=[[1,2,3],[4,5,6]]"]
ERROR = ["eval", "2*(x+1)^2", "x=[[1,2,3],[4,5,6]]"]


def environment() -> dict[str, str]:
    """Byte code is cached, as for every installed package."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "NO_COLOR")}


def piped(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, env=environment(), check=False)
    return time.perf_counter() - start


def on_terminal(command: list[str]) -> float:
    """Run under a pseudo-terminal, reading until the command closes it."""
    start = time.perf_counter()
    pid, descriptor = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment() | {"TERM": "xterm-256color"})
    try:
        while os.read(descriptor, 65536):
            pass
    except OSError:  # Linux reports the end of a terminal as an error
        pass
    os.waitpid(pid, 0)
    os.close(descriptor)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    beside = Path(sys.executable).with_name("autodiff")
    command = str(beside) if beside.exists() else shutil.which("autodiff")
    if command is None:
        sys.exit("no autodiff command: install the project first")
    works: dict[str, Callable[[], float]] = {
        "python -c pass": lambda: piped([sys.executable, "-c", "pass"]),
        "python -c 'import numpy'": lambda: piped([sys.executable, "-c", "import numpy"]),
        "eval, piped": lambda: piped([command, *EXPRESSION]),
        "eval, terminal": lambda: on_terminal([command, *EXPRESSION]),
        "eval with an error, terminal": lambda: on_terminal([command, *ERROR]),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for run in range(options.runs + 2):
        for name, work in works.items():
            taken = work()
            if run >= 2:
                times[name].append(taken)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = medians["python -c 'import numpy'"]
    if options.json:
        print(json.dumps({name: {"seconds": m, "ratio": m / base} for name, m in medians.items()}))
        return
    print(f"{'median of ' + str(options.runs):<32}{'ms':>8}{'x import numpy':>18}")
    for name, median in medians.items():
        print(f"{name:<32}{median * 1e3:>8.1f}{median / base:>18.2f}")


if __name__ == "__main__":
    main()
