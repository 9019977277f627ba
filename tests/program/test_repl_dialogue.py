"""Statements one after another: what is shown, what stays, and how they are stopped."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autodiff.errors import AutodiffError
from autodiff.program import limits, worker
from autodiff.program.dialogue import Dialogue
from autodiff.program.limits import LimitReached, Limits
from autodiff.program.worker import Job, Worker

SMALL = Limits(steps=100_000, memory=500 << 20, seconds=20.0)
Say = Callable[..., str]


class Talk:
    """A dialogue, and what it prints."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.dialogue = Dialogue(self.printed.append, self.printed.append, SMALL)

    def say(self, text: str, **options: Any) -> str:
        """What a statement prints."""
        self.printed.clear()
        self.dialogue.run(text, **options)
        return "".join(self.printed)


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 + 1", "2\n"),
        ("'a'", "'a'\n"),
        ("x = 1", ""),
        ("None", ""),
        ("print('a')", "a\n"),
        ("1; 2", "1\n2\n"),
        ("torch.ones(2, requires_grad=True)", "tensor([1., 1.], requires_grad=True)\n"),
        ("for i in range(2):\n    i", "0\n1\n"),
        ("if 1:\n    'a'\nelse:\n    'b'", "'a'\n"),
        ("while True:\n    3\n    break", "3\n"),
        ("for i in []:\n    1\nelse:\n    2", "2\n"),
        ("with torch.no_grad():\n    4", "4\n"),
        ("try:\n    1\n    1 / 0\nexcept ZeroDivisionError:\n    2\nfinally:\n    3", "1\n2\n3\n"),
        ("try:\n    1\nexcept ValueError:\n    2\nelse:\n    4", "1\n4\n"),
        ("def f():\n    1\n    return 2\nf()", "2\n"),
        ("class A:\n    1", ""),
        ("(x := 5)", "5\n"),
    ],
)
def test_values_are_shown_as_python_shows_them(talk: Talk, text: str, shown: str) -> None:
    assert talk.say(text) == shown


def test_values_of_a_loaded_program_are_not_shown(talk: Talk) -> None:
    assert talk.say("1\nprint(2)", echo=False) == "2\n"


def test_the_last_value_is_underscore(talk: Talk) -> None:
    talk.say("7")
    talk.say("None")
    talk.say("x = 8")
    assert talk.say("_ + 1") == "8\n"
    assert "_" not in talk.dialogue.session.globals
    talk.say("_ = 'mine'")
    talk.say("9")
    assert talk.say("_") == "'mine'\n"


def test_statements_share_one_session(talk: Talk) -> None:
    talk.say("x = torch.tensor([1., 2.], requires_grad=True)")
    talk.say("def f(a):\n    return (a ** 2).sum()")
    talk.say("f(x).backward()")
    assert talk.say("x.grad") == "tensor([2., 4.])\n"
    talk.say("np.set_printoptions(precision=2)")
    assert talk.say("np.array([1.2345])") == "array([1.23])\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [("1 / 0", "uncaught"), ("x +", "unexpected-end"), ("y", "unknown-name"), ("while True: pass", "limit-steps")],
)
def test_errors_leave_the_session_as_it_is(talk: Talk, text: str, code: str) -> None:
    talk.say("x = 1")
    with pytest.raises(AutodiffError) as raised:
        talk.say(text)
    assert raised.value.code == code
    assert talk.say("x") == "1\n"
    assert talk.dialogue.said == ["x = 1", "x"]


def test_limits_are_for_each_statement(talk: Talk) -> None:
    for _ in range(3):
        talk.say("for i in range(40_000): pass")


def test_a_stopped_block_leaves_grad_mode_as_it_was(talk: Talk) -> None:
    with pytest.raises(AutodiffError):
        talk.say("with torch.no_grad():\n    while True: pass")
    assert talk.say("torch.is_grad_enabled()") == "True\n"


def test_an_exception_of_the_system_is_the_programs_own(talk: Talk) -> None:
    with pytest.raises(AutodiffError, match="gone"):
        talk.say("raise OSError('gone')")


def test_exit(talk: Talk) -> None:
    with pytest.raises(SystemExit) as raised:
        talk.say("exit(3)")
    assert raised.value.code == 3


def test_nobody_reads_what_is_printed() -> None:
    def closed(text: str) -> None:
        raise limits.Closed from BrokenPipeError()

    with pytest.raises(BrokenPipeError):
        Dialogue(closed, closed, SMALL).run("1")


# Ctrl-C


@pytest.fixture
def interrupt() -> Iterator[Callable[[], None]]:
    """What sends the main thread the signal of Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    ident = threading.main_thread().ident
    assert ident is not None
    yield lambda: signal.pthread_kill(ident, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.1)


def test_an_endless_loop_is_interrupted(talk: Talk, interrupt: Callable[[], None]) -> None:
    talk.dialogue.session.known["press"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        talk.say("press()\nwith torch.no_grad():\n    while True: pass")
    assert not talk.dialogue.worker.busy
    assert talk.say("torch.is_grad_enabled()") == "True\n"


def test_an_operation_between_two_steps_is_interrupted(interrupt: Callable[[], None]) -> None:
    def endless() -> None:
        interrupt()
        while True:
            pass

    work = Worker()
    with pytest.raises(KeyboardInterrupt):
        work.run(endless, SMALL)
    assert not work.busy


def test_what_cannot_be_interrupted_is_waited_for(
    interrupt: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    order: list[str] = []

    def blocked() -> None:
        interrupt()
        try:
            done.wait()
            order.append("never")
        finally:
            order.append("ended")

    work = Worker()
    with pytest.raises(KeyboardInterrupt):
        work.run(blocked, SMALL)
    assert work.busy
    wait = Job.wait

    def waited(job: Job, seconds: float) -> None:
        done.set()
        wait(job, seconds)

    monkeypatch.setattr(Job, "wait", waited)
    work.run(lambda: order.append("next"), SMALL)
    assert order == ["ended", "next"]


def test_a_statement_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GRACE", 0.0)
    done = threading.Event()
    work = Worker()
    with pytest.raises(LimitReached, match=r"after 0\.05 seconds"):
        work.run(done.wait, Limits(seconds=0.05))
    done.set()
    assert work.run(lambda: 5, SMALL) == 5
