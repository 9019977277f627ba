"""`autodiff repl`: piped, its commands, its history, and once on a terminal."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from autodiff.cli.colon import COMMANDS
from autodiff.cli.history import KEPT, LARGEST, History, history_file
from autodiff.cli.tab import complete
from autodiff.program.dialogue import Dialogue
from autodiff.program.limits import Limits


class Result(NamedTuple):
    code: int
    out: str
    err: str


Say = Callable[..., Result]


@pytest.fixture
def say(command: Callable[..., Result]) -> Say:
    """Lines to `autodiff repl`, through a pipe."""
    return lambda *lines, options=(): command("repl", *options, stdin="\n".join(lines) + "\n")


def test_results_are_shown(say: Say) -> None:
    assert say(
        "x = torch.tensor([1., 2.], requires_grad=True)", "(x ** 2).sum().backward()", "x.grad", "_ + 1"
    ) == Result(0, "tensor([2., 4.])\ntensor([3., 5.])\n", "")


def test_blocks(say: Say) -> None:
    lines = ["def f(a):", "    b = 2", "", "    return a * b", "for i in range(2):", "    f(i)", "f(3)"]
    assert say(*lines).out == "0\n2\n6\n"


def test_after_an_error_it_goes_on(say: Say) -> None:
    result = say("x +", "1 / 0", "5")
    assert (result.code, result.out) == (3, "5\n")
    assert result.err == (
        "error[unexpected-end]: invalid syntax\n"
        "  │ x +\n"
        "  │    ^ expected more after +\n"
        "  = help: complete the line\n"
        "  = more: autodiff explain unexpected-end\n"
        "SyntaxError: invalid syntax\n"
        "error[uncaught]: division by zero\n"
        "  │ 1 / 0\n"
        "  │ ━━━━━\n"
        "  = more: autodiff explain uncaught\n"
        "ZeroDivisionError: division by zero\n"
    )


def test_an_error_in_a_function_of_before_shows_both_places(say: Say) -> None:
    err = say("def f(a):", "    return a / 0", "f(1)").err
    assert "2 │     return a / 0\n" in err
    assert "f(1)\n" in err


def test_warnings(say: Say) -> None:
    result = say("y = torch.ones(2, requires_grad=True) * 2", "y.grad")
    assert result.err.startswith("UserWarning: The .grad attribute of a Tensor that is not a leaf")
    assert result.err.endswith("  <input>, line 1: y.grad\n")


@pytest.mark.parametrize(
    ("last", "code"),
    [("exit()", 0), ("exit(3)", 3), ("quit", 0), ("exit", 0), (":quit", 0), (":q", 0), ("exit('so')", 1)],
)
def test_the_end(say: Say, last: str, code: int) -> None:
    result = say("1", last, "2")
    assert (result.code, result.out) == (code, "1\n")


def test_the_end_after_an_error(say: Say) -> None:
    assert say("1 / 0", "quit").code == 4


def test_nothing_at_all(command: Callable[..., Result]) -> None:
    assert command("repl", stdin=b"") == Result(0, "", "")
    assert command("repl", stdin=b"\xef\xbb\xbf1 + 1\r\nx = 2\r\nx") == Result(0, "2\n2\n", "")
    assert command("repl", stdin=b"\xef\xbb\xbf:help").code == 0


def test_bytes_that_are_no_text(command: Callable[..., Result]) -> None:
    result = command("repl", stdin=b"1\nx = '\xff'\n2\n")
    assert (result.code, result.out) == (2, "1\n2\n")
    assert result.err == "error[unreadable-file]: standard input is not UTF-8: line 2\n"


def test_what_is_left_at_the_end(say: Say) -> None:
    result = say("f(1,")
    assert result.code == 3
    assert "'(' was never closed" in result.err


def test_a_fault_of_ours_does_not_end_it(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Dialogue.run

    def faulty(self: Dialogue, text: str, *rest: Any) -> None:
        if text == "x":
            raise LookupError("a fault")
        run(self, text, *rest)

    monkeypatch.setattr(Dialogue, "run", faulty)
    result = say("x", "2")
    assert (result.code, result.out) == (70, "2\n")
    assert result.err == "internal error: LookupError: a fault; please report it\n"


def test_limits_are_for_each_statement(say: Say) -> None:
    loop = "for i in range(200): pass"
    result = say(loop, loop, "while True: pass", "7", options=["--limit-steps", "1000"])
    assert (result.code, result.out) == (4, "7\n")
    assert result.err.count("error[limit-steps]") == 1


def test_names_that_end_or_explain_can_be_taken(say: Say) -> None:
    assert say("exit = 1", "exit", "help = 2", "help").out == "1\n2\n"


# Commands


@pytest.mark.parametrize("line", [":help", ":h", "help", "help()", ":", ": help"])
def test_help(say: Say, line: str) -> None:
    result = say(line)
    assert result.code == 0
    assert all(about.usage in result.out for about in COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_on_each(say: Say, name: str) -> None:
    out = say(f":help {name}").out
    assert out.startswith(COMMANDS[name].usage + "\n  ")
    assert say(f":help :{name}").out == out


@pytest.mark.parametrize(
    ("line", "help"),
    [(":vras", "did you mean ':vars'?"), (":xyz", ":help lists the commands"), (":help nothing", ":help lists")],
)
def test_unknown_commands(say: Say, line: str, help: str) -> None:
    result = say(line)
    assert result.code == 2
    assert result.err.startswith("error[usage]: there is no command :")
    assert help in result.err


def test_vars(say: Say) -> None:
    out = say("n = 3", "x = torch.ones(2, 3)", "def f(a, b=1): pass", "", ":vars").out
    assert out == "f  function  f(a, b)\nn  int       3\nx  Tensor    [2, 3], float32\n"
    assert say(":vars").err == "note: nothing has been defined yet\n"


def test_ops(say: Say, command: Callable[..., Result]) -> None:
    shown = command("ops", "tanh").out
    for name in ("tanh", "torch.tanh", "tanh()"):
        assert say(f":ops {name}").out == shown
    assert say(":ops tnah").code == 2


def test_explain(say: Say, command: Callable[..., Result]) -> None:
    shown = command("explain", "uncaught").out
    assert say(":explain uncaught").out == shown
    assert say("autodiff explain uncaught").out == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":derive x^3 * sin(x)", "x.grad = x^2*(x*cos(x) + 3*sin(x))\n"),
        (':derive "x^3 * sin(x)"', "x.grad = x^2*(x*cos(x) + 3*sin(x))\n"),
        (":derive sum((X @ w - y)^2) --wrt w", "w.grad = 2*X.T @ (X @ w - y)\n"),
        (":derive sum((A @ w - y)^2) A:m,n w:n y:m --wrt w", "w.grad = 2*A.T @ (A @ w - y)\n"),
    ],
)
def test_derive(say: Say, line: str, shown: str) -> None:
    assert say("X = torch.ones(3, 2); w = torch.ones(2); y = torch.ones(3)", line) == Result(0, shown, "")


@pytest.mark.parametrize("line", [":derive", ":derive -", ":derive 'x", ":derive x --nothing"])
def test_derive_wrongly(say: Say, line: str) -> None:
    result = say(line)
    assert result.code == 2
    assert result.err.startswith("error[usage]: ")


def test_save_and_load(say: Say, command: Callable[..., Result], tmp_path: Path) -> None:
    result = say("x = 2", "x + 1", "1 / 0", "def f(a):", "    return a * x", "print(f(3))", ":save said.py", "x = 3")
    assert result.err.endswith("note: 4 statements in said.py\n")
    assert (tmp_path / "said.py").read_text() == "x = 2\nx + 1\ndef f(a):\n    return a * x\nprint(f(3))\n"
    assert command("run", "said.py") == Result(0, "6\n", "")
    assert say(":load said.py", "f(5)") == Result(0, "6\n10\n", "")


def test_save_keeps_what_is_there(say: Say, tmp_path: Path) -> None:
    (tmp_path / "there.py").write_text("mine")
    result = say("1", ":save there.py")
    assert result.code == 2
    assert "= help: :save! there.py writes over it" in result.err
    assert (tmp_path / "there.py").read_text() == "mine"
    assert say("1", ":save! 'there.py'").code == 0
    assert (tmp_path / "there.py").read_text() == "1\n"


def test_load_shows_where_a_program_fails(say: Say, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("x = 1\nx / 0\n")
    result = say(":load wrong.py", "x")
    assert (result.code, result.out) == (4, "1\n")
    assert "in wrong.py, line 2\n" in result.err
    assert result.err.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":load nothing.py", "error[unreadable-file]: cannot read nothing.py: No such file or directory"),
        (":load .", "error[unreadable-file]: cannot read .: Is a directory"),
        (":load", "error[usage]: :load needs the name of a file"),
        (":save nowhere/x.py", "error[unwritable-file]: cannot write nowhere/x.py: No such file or directory"),
        (":save a\0b", "error[unwritable-file]: cannot write a"),
        (":load bytes.py", "error[unreadable-file]: bytes.py is not UTF-8: line 2"),
    ],
)
def test_files_that_are_not_there(say: Say, tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "bytes.py").write_bytes(b"x = 1\n\xff")
    result = say(line)
    assert result.code == 2
    assert result.err.startswith(message)


@pytest.mark.parametrize(
    ("line", "start", "offered"),
    [
        (":", 1, "vars"),
        (":va", 1, "vars"),
        (":help he", 6, "help"),
        (":ops tan", 5, "tanh"),
        (":explain unc", 9, "uncaught"),
        (":load fol", 6, "folder/"),
        (":save folder/f", 6, "folder/file.py"),
        (":derive tor", 8, "torch"),
        ("tor", 0, "torch"),
    ],
)
def test_tab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, start: int, offered: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file.py").touch()
    found = complete(Dialogue(print, print, Limits()).session, "", line)
    assert found[0] == start
    assert offered in found[1]


# History


def test_where_the_history_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for given, state, expected in [
        (None, None, tmp_path / ".local/state/autodiff/history"),
        (None, str(tmp_path / "state"), tmp_path / "state/autodiff/history"),
        (None, "relative", tmp_path / ".local/state/autodiff/history"),
        ("~/mine", None, tmp_path / "mine"),
        ("", None, ""),
        ("/dev/null", None, ""),
    ]:
        for name, value in (("AUTODIFF_HISTORY", given), ("XDG_STATE_HOME", state)):
            monkeypatch.delenv(name, raising=False)
            if value is not None:
                monkeypatch.setenv(name, value)
        assert history_file() == str(expected)


def test_history_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    history = History(str(path))
    assert history.open() == []
    assert [history.add(text) for text in ("x = 1", "x = 1", " ", "if x:\n    y", "é")] == [
        True,
        False,
        False,
        True,
        True,
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again = History(str(path))
    assert again.open() == ["x = 1", "if x:\n    y", "é"]
    assert not again.add("é")


def test_history_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b"one\ntwo\xff\n")
    path.chmod(0o644)
    assert History(str(path)).open() == ["one", "two\ufffd"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_history_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"x = {i}\n" for i in range(3 * KEPT)))
    assert History(str(path)).open()[-1] == f"x = {3 * KEPT - 1}"
    assert path.read_text().count("\n") == KEPT
    path.write_text("x = 1\n" * (LARGEST // 4))
    assert len(History(str(path)).open()) == KEPT
    assert path.stat().st_size < LARGEST


def test_history_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "file" / "history", tmp_path, tmp_path / "fifo", "a\0b"):
        history = History(str(path))
        assert history.open() == []
        assert history.problem
        assert history.add("x")


def test_history_leaves_devices_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fchmod", lambda *_: pytest.fail("a device has been changed"))
    history = History("/dev/null")
    assert history.open() == []
    assert history.problem == "it is no regular file"


# A terminal


class Screen:
    """A process on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.main, side = os.openpty()
        enter = (
            "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
        )
        arguments = [sys.executable, "-c", enter, sys.executable, "-m", "autodiff", "repl"]
        variables = {**os.environ, "TERM": "dumb", "XDG_STATE_HOME": str(folder), "INPUTRC": os.devnull}
        variables.pop("AUTODIFF_HISTORY", None)
        self.process = subprocess.Popen(
            arguments, stdin=side, stdout=side, stderr=side, start_new_session=True, env=variables, cwd=folder
        )
        os.close(side)
        self.seen = ""

    def type(self, text: str, until: str) -> str:
        """Type a text, and wait until another shows; what showed up to there."""
        os.write(self.main, text.encode())
        latest = time.monotonic() + 60
        while until not in self.seen:
            assert select.select([self.main], [], [], latest - time.monotonic())[0], self.seen
            self.seen += os.read(self.main, 4096).decode()
        before, _, self.seen = self.seen.partition(until)
        return before


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    screen = Screen(tmp_path)
    yield screen
    screen.process.kill()
    screen.process.wait()
    os.close(screen.main)


def test_on_a_terminal(screen: Screen, tmp_path: Path) -> None:
    pytest.importorskip("readline")
    assert "autodiff" in screen.type("", ">>> ")
    screen.type("x = torch.ones(2, requires_gr\tTrue)\r", ">>> ")
    assert "tensor([1., 1.], requires_grad=True)\r\n" in screen.type("x\r", ">>> ")
    screen.type("for i in range(10**9):\r", "... ")
    screen.type("    if i == 0: print('run' + 'ning')\r", "... ")
    screen.type("\r", "running\r\n")
    screen.type("\x03", "KeyboardInterrupt\r\n>>> ")
    screen.type("i = 5\r", ">>> ")
    screen.type("\x10\x10", "print")  # two statements back: the whole block
    screen.type("\x05\x15i + 1\r", "\n6\r\n>>> ")  # instead of it
    os.write(screen.main, b"\x04")
    assert screen.process.wait(timeout=60) == 0
    assert "x\nfor i in range(10**9):\r\n    if i == 0" in (tmp_path / "autodiff" / "history").read_bytes().decode()


@pytest.mark.parametrize("asked", ["tanh?", "torch.tanh ?", "?tanh", "help(torch.tanh)"])
def test_help_as_python_and_ipython_word_it(asked: str, say: Say) -> None:
    assert say(asked) == say(":ops tanh")
    assert say("x = 3", "x?").out == "3\n"


@pytest.mark.parametrize("line", ["derive x^2", "ops tanh", "vars"])
def test_a_command_without_its_colon(line: str, say: Say) -> None:
    assert f"commands begin with a colon: :{line}\n" in say(line).err
    assert "colon" not in say("save = 3", "save").err
