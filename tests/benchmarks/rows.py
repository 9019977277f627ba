"""Many small requests, as whole processes: `autodiff eval --rows` against only decoding and encoding the same JSON.

    python tests/benchmarks/rows.py [--runs 3] [--size 200000] [--json]

The JSON library is orjson where it can be imported, otherwise json.  "decode + encode" reads the same requests and
writes answers of the same form without computing them.  The PyTorch loop decodes, computes and encodes a part of the
rows in this process, without its import; its time is scaled to all of them.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from peers import THIS, Contest, Run, arguments, command, environment

library: Any
try:
    library = import_module("orjson")
except ImportError:
    library = import_module("json")

EXPRESSION = "mean(2*(x+1)^2)"
FORMS = [EXPRESSION, "sum(x^3)", "mean(exp(x) - x)", "sum(sin(x)*x)", "mean(sigmoid(x) + x^2)"]
DIFFERENT = [re.sub(r"\bx\b", f"(x + {k})", form, count=1) for k in range(10) for form in FORMS]
TORCH_ROWS = 5_000

BASELINE = """
import sys
try:
    from orjson import dumps, loads
except ImportError:
    import json
    loads = json.loads
    def dumps(answer): return json.dumps(answer).encode()
with open(sys.argv[1], "rb") as requests:
    write = sys.stdout.buffer.write
    for line in requests:
        request = loads(line)
        answer = {
            "id": request["id"], "value": request["vars"]["x"][0][0], "shape": [], "dtype": "float64",
            "grad_fn": "MeanBackward0", "grads": request["vars"],
        }
        write(dumps(answer) + b"\\n")
"""


def dumps(value: Any) -> bytes:
    text = library.dumps(value)
    return text if isinstance(text, bytes) else text.encode()


def write_requests(path: Path, expressions: list[str]) -> None:
    values = np.random.default_rng(0).standard_normal((len(expressions), 2, 3)).tolist()
    with path.open("wb") as file:
        for number, (expression, x) in enumerate(zip(expressions, values, strict=True)):
            file.write(dumps({"id": number, "expr": expression, "vars": {"x": x}}) + b"\n")


def process(arguments: list[str], output: Path) -> Run:
    def run() -> None:
        with output.open("wb") as file:
            subprocess.run(arguments, stdout=file, env=environment(), check=True)

    return run


def torch_loop(path: Path, rows: int) -> list[dict[str, Any]]:
    """Answers to the first rows, all of which ask for EXPRESSION."""
    import torch

    answers = []
    with path.open("rb") as file:
        for line, _ in zip(file, range(rows), strict=False):
            request = library.loads(line)
            x = torch.tensor(request["vars"]["x"], dtype=torch.float64, requires_grad=True)
            value = torch.mean(2 * (x + 1) ** 2)
            value.backward()
            assert x.grad is not None
            answer = {"id": request["id"], "value": value.item(), "grads": {"x": x.grad.tolist()}}
            dumps(answer)
            answers.append(answer)
    return answers


def compare(answers: Path, expected: list[dict[str, Any]], contest: Contest) -> None:
    """Note the first rows whose answers differ."""
    with answers.open("rb") as file:
        for line, row in zip(file, expected, strict=False):
            answer = library.loads(line)
            mine = [answer["value"], *np.ravel(answer["grads"]["x"])]
            theirs = [row["value"], *np.ravel(row["grads"]["x"])]
            if answer["id"] != row["id"] or not np.allclose(mine, theirs, 1e-12):
                contest.remarks[f"the answer to row {row['id']} differs from PyTorch's"] = None
                return


def main() -> None:
    options = arguments(__doc__, 3, 200_000, "how many rows").parse_args()
    contest = Contest(f"{options.size:,} rows, {library.__name__}", options.runs)
    with tempfile.TemporaryDirectory() as folder:
        same, mixed, answers = (Path(folder, name) for name in ("same.jsonl", "mixed.jsonl", "answers.jsonl"))
        write_requests(same, [EXPRESSION] * options.size)
        shuffled = [DIFFERENT[n % len(DIFFERENT)] for n in range(options.size)]
        random.Random(0).shuffle(shuffled)
        write_requests(mixed, shuffled)
        rows = [*command(), "eval", "--rows"]
        decode = process([sys.executable, "-c", BASELINE, str(same)], Path(folder, "baseline.jsonl"))
        contestants: dict[str, Run] = {
            THIS: process([*rows, str(same)], answers),
            "decode + encode": decode,
            "--jobs 2": process([*rows, str(same), "--jobs", "2"], Path(folder, "jobs.jsonl")),
            "50 expressions": process([*rows, str(mixed)], Path(folder, "mixed.answers.jsonl")),
        }
        part = min(TORCH_ROWS, options.size)
        try:
            expected = torch_loop(same, part)
        except ImportError as error:
            contest.remarks[f"torch loop is not available: {error}"] = None
        else:
            contestants["torch loop"] = lambda: torch_loop(same, part)
        contest.measure(EXPRESSION, contestants, warmups=1)
        times = contest.times[EXPRESSION]
        if "torch loop" in times:
            times["torch loop"] *= options.size / part
            contest.remarks[f"the torch loop was measured on {part:,} rows and scaled"] = None
            compare(answers, expected, contest)
        if answers.read_bytes() != Path(folder, "jobs.jsonl").read_bytes():
            contest.remarks["--jobs 2 answers differently"] = None
    rates = {
        "rate / decode + encode": times["decode + encode"] / times[THIS],
        "rate with --jobs 2 / decode + encode": times["decode + encode"] / times["--jobs 2"],
        "rate of 50 expressions / one": times[THIS] / times["50 expressions"],
    }
    if "torch loop" in times:
        rates["rate / torch loop"] = times["torch loop"] / times[THIS]
    contest.report(options.json, **{name: round(rate, 2) for name, rate in rates.items()})


if __name__ == "__main__":
    main()
