"""`eval --save`: results in .npy files instead of on the screen, whole or not at all."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff.cli.screen import Screen
from autodiff.execute import tiles
from autodiff.report import progress
from autodiff.request import saving
from autodiff.solve import _compiled


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tiles, "SMALLEST", 8)
    monkeypatch.setattr(tiles, "TILE", 5)
    _compiled.clear()
    yield
    _compiled.clear()


def files() -> list[str]:
    """All files in this folder, hidden ones too."""
    return sorted(os.listdir())


def test_a_gradient_in_a_file(command: Any) -> None:
    x = np.arange(20, dtype=np.float32).reshape(4, 5)
    np.save("x.npy", x)
    result = command("eval", "mean(2*(x+1)^2)", "x=@x.npy", "--save", "x.grad=g.npy")
    assert result == (
        0,
        "tensor(287., dtype=torch.float32, grad_fn=<MeanBackward0>)\nx.grad saved to g.npy  [4, 5] float32\n",
        "",
    )
    grad = np.load("g.npy")
    assert (grad.dtype, grad.shape) == (np.float32, (4, 5))
    np.testing.assert_allclose(grad, 4 * (x + 1) / 20, rtol=1e-6)
    assert files() == ["g.npy", "x.npy"]


def test_several_parts_in_json(command: Any) -> None:
    arguments = ["y*2", "x=[1,2]", "--let", "y=x+1", "--retain-grad", "y", "--gradient", "[1,3]", "--json"]
    (answer,) = command("eval", *arguments, "--save", "value=v.npy", "--save", "y.grad=g.npy").answers
    assert answer == {
        "value": {"saved": "v.npy", "shape": [2], "dtype": "float64"},
        "shape": [2],
        "dtype": "float64",
        "grad_fn": "MulBackward0",
        "grads": {"x": [2.0, 6.0], "y": {"saved": "g.npy", "shape": [2], "dtype": "float64"}},
    }
    assert np.load("v.npy").tolist() == [4.0, 6.0]
    assert np.load("g.npy").tolist() == [2.0, 6.0]


def test_another_part_raw(command: Any) -> None:
    assert command("eval", "sum(x^2)", "x=[1,2]", "--only", "value", "--save", "x.grad=g.npy").out == "5.0\n"
    assert np.load("g.npy").tolist() == [2.0, 4.0]


@pytest.mark.parametrize("value", ["3", "zeros(0,3)", "[True,False]", "arange(3)", "ones(20)", "ones(20).half()"])
def test_every_shape_and_dtype(command: Any, value: str) -> None:
    assert command("eval", value, "--save", "value=v.npy").out.startswith("value saved to v.npy  [")
    printed = command("eval", value, "--only", "value").out
    assert command("eval", "v", "v=@v.npy", "--only", "value").out == printed


def test_a_file_may_be_read_and_replaced(command: Any) -> None:
    np.save("x.npy", np.arange(20.0))
    assert command("eval", "x*2", "x=@x.npy", "--no-backward", "--save", "value=x.npy").code == 0
    assert np.load("x.npy").tolist() == (np.arange(20.0) * 2).tolist()


def test_links_and_permissions_stay(command: Any) -> None:
    Path("real.npy").write_bytes(b"")
    Path("real.npy").chmod(0o640)
    Path("link.npy").symlink_to("real.npy")
    assert command("eval", "2", "--save", "value=link.npy").code == 0
    assert Path("link.npy").is_symlink()
    assert np.load("real.npy") == 2
    assert Path("real.npy").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("arguments", "message", "help"),
    [
        (["x.grd=g.npy"], "'x.grd' is no part", "did you mean 'x.grad'?"),
        (["shape=g.npy"], "'shape' is no part", "its parts are value, x.grad"),
        (["n.grad=g.npy"], "'n.grad' is no part", "its parts are value, x.grad"),
        (["x.grad=g.npy", "--no-backward"], "'x.grad' is no part", "its parts are value"),
        (["x.grad"], "is not PART=FILE", "--save x.grad=gradient.npy"),
        (["x.grad="], "is not PART=FILE", "--save x.grad=gradient.npy"),
        (["x.grad=g.json"], ".npy files", "write x.grad=FILE.npy"),
        (["x.grad=g.npy", "--save", "x.grad=h.npy"], "x.grad twice", ""),
        (["x.grad=g.npy", "--save", "value=g.npy"], "g.npy twice", ""),
        (["x.grad=g.npy", "--only", "x.grad"], "cannot go together", ""),
        (["x.grad=g.npy", "--rows", "-"], "cannot go together", "one answer"),
    ],
)
def test_wrong_calls(command: Any, arguments: list[str], message: str, help: str) -> None:
    code, out, err = command("eval", "sum(x*n)", "x=[1,2]", "n=arange(2)", "--save", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error[usage]: ")
    assert message in err
    assert help in err
    assert files() == []


def test_requests_are_not_saved(command: Any) -> None:
    result = command("eval", "-", "--save", "value=v.npy", stdin='{"expr": "2"}')
    assert (result.code, result.out) == (2, "")


def test_where_nothing_can_be_written(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("folder.npy").mkdir()
    os.mkfifo("pipe.npy")
    before = files()
    for path, reason in [("missing/g.npy", "No such file"), ("folder.npy", "folder"), ("pipe.npy", "no regular file")]:
        code, out, err = command("eval", "sum(x)", "x=[1,2]", "--save", f"x.grad={path}")
        assert (code, out) == (2, "")
        assert err.startswith(f"error[unwritable-file]: cannot write {path}: ")
        assert reason in err
        (answer,) = command("eval", "sum(x)", "x=[1,2]", "--save", f"x.grad={path}", "--json").answers
        assert answer["error"]["code"] == "unwritable-file"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    np.save("old.npy", np.ones(3))
    assert "may not be written" in command("eval", "2", "--save", "value=old.npy").err
    assert np.load("old.npy").tolist() == [1, 1, 1]
    assert files() == sorted([*before, "old.npy"])


def test_a_full_disk_is_noticed_before_anything_is_computed(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    result = command("eval", "sum(x)", "x=ones(100)", "--save", "x.grad=g.npy")
    assert (result.code, result.out) == (2, "")
    assert "cannot write g.npy: No space left on device" in result.err
    assert files() == []


def test_a_gradient_that_does_not_exist(command: Any) -> None:
    result = command("eval", "x*2", "x=2", "y=3", "--save", "y.grad=g.npy")
    assert result.code == 4
    assert "error[no-grad-path]: y.grad is None" in result.err
    assert files() == []


def test_an_error_keeps_the_value_and_the_old_gradient(command: Any) -> None:
    np.save("g.npy", np.ones(3))
    result = command("eval", "x*2", "x=[1,2]", "--save", "value=v.npy", "--save", "x.grad=g.npy")
    assert (result.code, result.out) == (4, "value saved to v.npy  [2] float64\n")
    assert "error[non-scalar-output]" in result.err
    assert np.load("v.npy").tolist() == [2, 4]
    assert np.load("g.npy").tolist() == [1, 1, 1]
    assert files() == ["g.npy", "v.npy"]


def test_an_interruption_leaves_nothing_behind(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        assert len(files()) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(saving.Saving, "keep", interrupted)
    assert command("eval", "sum(x)", "x=ones(100)", "--save", "x.grad=g.npy").code == 130
    assert files() == []


# The bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, patience: float, color: str) -> str:
    monkeypatch.setattr(progress, "PATIENCE", patience)
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    screen.err = Terminal()
    screen.color = color
    with screen.progress() as watch:
        assert watch is not None
        for done in range(100):
            watch(done / 100)
    return screen.err.getvalue()


def test_a_bar_comes_after_a_while_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 100, "never") == ""
    plain = shown(monkeypatch, 0, "never")
    assert "━" in plain or "-" in plain
    assert "%" in plain
    assert "\x1b[3" not in plain
    assert plain.endswith("\x1b[1A\x1b[2K")  # the line of the bar, wiped
    assert "\x1b[3" in shown(monkeypatch, 0, "always")


def test_no_bar_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0)
    screen = Screen()
    screen.err = io.StringIO()
    with screen.progress() as watch:
        assert watch is None
    screen.err = Terminal()
    monkeypatch.setenv("TERM", "dumb")
    with screen.progress() as watch:
        assert watch is None


# More than fits

LIMITED = """
import resource, sys
import autodiff.cli.eval, autodiff.report.answers, autodiff.request.saving, numpy.lib.format
data = int(next(line for line in open("/proc/self/status") if line.startswith("VmData:")).split()[1]) << 10
resource.setrlimit(resource.RLIMIT_DATA, (data + 100_000_000,) * 2)
from autodiff.cli.main import run
status = run(sys.argv[1:])
sys.stdout.flush()
sys.exit(status)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts anonymous memory on Linux")
def test_data_larger_than_memory(tmp_path: Path) -> None:
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (50_000_000,))  # 200 MB
    x[:] = np.random.default_rng(0).standard_normal(x.size, np.float32)
    x.flush()
    call = [sys.executable, "-c", LIMITED, "eval", "mean(2*(x+1)^2)", "x=@x.npy"]
    result = subprocess.run([*call, "--save", "x.grad=g.npy"], cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1] == "x.grad saved to g.npy  [50000000] float32"
    value = float(result.stdout.split("(")[1].split(",")[0])
    assert value == pytest.approx(np.mean(2 * (x + 1.0) ** 2, dtype=np.float64), abs=1e-3)
    np.testing.assert_allclose(np.load(tmp_path / "g.npy"), 4 * (x + 1) / x.size, rtol=1e-6)
    failed = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True)
    assert failed.returncode == 4
    assert "error[limit-size]: not enough memory" in failed.stderr
    assert "--save x.grad=" in failed.stderr
