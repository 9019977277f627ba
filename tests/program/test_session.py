"""Sessions, the command around them, and what starting it imports."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autodiff.cli.main import run
from autodiff.program.limits import Limits
from autodiff.program.session import Session


def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, *options: str
) -> tuple[int, str, str]:
    """Run a program from standard input: exit status and both streams."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    status = run(["run", "-", *options])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_session_keeps_names_and_echoes() -> None:
    echoed: list[Any] = []
    printed: list[str] = []
    session = Session(printed.append, printed.append)
    session.start(Limits())
    session.execute("x = 3\ndef f(n):\n    return n + x\n", echo=echoed.append)
    session.execute("f(1)\nx = 10\nf(1)\nprint(x)\nNone\n'a'\n", echo=echoed.append)
    assert echoed == [4, 11, None, None, "a"]
    assert printed == ["10\n"]
    assert session.names() == ["x", "f"]


@pytest.mark.parametrize(
    ("text", "status", "err"),
    [
        ("exit()", 0, ""),
        ("exit(3)", 3, ""),
        ("quit(True)", 1, ""),
        ("raise SystemExit(300)", 44, ""),
        ("exit('bye')", 1, "bye\n"),
        ("1 / 0", 4, "ZeroDivisionError: division by zero\n"),
        ("x = (", 3, "SyntaxError: '(' was never closed\n"),
        ("import os", 4, "ModuleNotFoundError: No module named 'os'\n"),
    ],
)
def test_exit_status(
    text: str, status: int, err: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = call(monkeypatch, capsys, "print('before')\n" + text)
    assert found[:2] == (status, "" if text == "x = (" else "before\n")
    assert found[2].endswith(err)
    assert "Traceback" not in found[2]


def test_limits_are_options(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    endless = "while True: pass"
    assert call(monkeypatch, capsys, endless, "--limit-steps", "1000")[2].startswith("error[limit-steps]")
    assert call(monkeypatch, capsys, endless, "--limit-seconds", "0.05")[2].startswith("error[limit-time]")
    assert call(monkeypatch, capsys, "x = [0] * 10**8", "--limit-memory", "100M")[2].startswith("error[limit-memory]")
    assert call(monkeypatch, capsys, "", "--limit-memory", "lots")[0] == 2


def test_unreadable_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["run", str(tmp_path / "missing.py")]) == 2
    bad = tmp_path / "bad.py"
    bad.write_bytes(b"x = 1\n# \xff\n")
    assert run(["run", str(bad)]) == 2
    assert "line 2" in capsys.readouterr().err
    bad.write_bytes("\ufeffprint('α')\r\nprint(2)\r\n".encode())
    assert run(["run", str(bad)]) == 0
    assert capsys.readouterr().out == "α\n2\n"


def test_warnings_and_prints_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    both = io.StringIO()
    monkeypatch.setattr(sys, "stdout", both)
    monkeypatch.setattr(sys, "stderr", both)
    text = "y = torch.ones(1, requires_grad=True) * 2\nprint('a')\nprint(y.grad)\nprint('b')\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert run(["run", "-"]) == 0
    lines = both.getvalue().splitlines()
    assert [lines[0], lines[1][:13], *lines[2:]] == [
        "a", "UserWarning: ", "  <stdin>, line 3: print(y.grad)", "None", "b",
    ]  # fmt: skip


def test_starting_imports_little() -> None:
    code = (
        "import sys\nfrom autodiff.cli.main import run\nimport io\n"
        "sys.stdin = io.TextIOWrapper(io.BytesIO(b'x = torch.ones(2, requires_grad=True)\\nx.sum().backward()'))\n"
        "run(['run', '-'])\nprint(' '.join(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "autodiff.program.session" in loaded
    unwanted = {"lark", "rich", "dataclasses", "numpy.random", "random", "autodiff.report.paint", "scipy"}
    assert not unwanted & set(loaded)


def test_the_module_runs(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("if __name__ == '__main__':\n    print(torch.ones(2) * 3)\n")
    done = subprocess.run(
        [sys.executable, "-m", "autodiff", "run", "p.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensor([3., 3.])\n", "")


def test_names_need_no_import(program: Callable[..., Any]) -> None:
    text = (
        "print(F.relu(torch.tensor(-1.)), np.pi == math.pi, nn.functional.relu is F.relu, optim.SGD is torch.optim.SGD)"
    )
    assert program(text).out == "tensor(0.) True True True\n"
