"""What a start may import: every module costs the commonest call of the command."""

from __future__ import annotations

import subprocess
import sys

SLOW = {
    "rich", "lark", "json", "difflib", "csv", "dataclasses", "importlib.metadata", "scipy", "multiprocessing",
    "asyncio", "unicodedata", "shutil", "tempfile", "subprocess", "logging", "argparse", "traceback", "unittest", "ssl",
}  # fmt: skip

PROGRAM = """
import sys
import numpy
before = set(sys.modules)
from autodiff.cli.main import run
status = run(["eval", "mean(2*(x+1)^2)", "x=[[1,2,3],[4,5,6]]"])
sys.stdout.flush()
print(status, *sorted(set(sys.modules) - before))
"""


def test_an_evaluation_imports_what_it_needs() -> None:
    output = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    status, *modules = output.splitlines()[-1].split()
    assert status == "0"
    assert not SLOW & set(modules)
    assert not [name for name in modules if name in ("autodiff.cli.graph", "autodiff.cli.explain", "autodiff.cli.rows")]


def test_the_process_ends_with_the_status_and_everything_written() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "autodiff", "eval", "x^2", "x=[1,2]"], capture_output=True, text=True
    )
    assert process.returncode == 4
    assert process.stdout == "tensor([1., 4.], grad_fn=<PowBackward0>)\n"
    assert process.stderr.startswith("error[non-scalar-output]")
