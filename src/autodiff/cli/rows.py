"""Requests in, answers out, one line each and in order.

    bytes ──lines──▶ request ──respond──▶ answer ──▶ one line

Lines are answered as they come: whenever nothing more has arrived, what has been answered is flushed, so that a slow
producer gets each answer at once and a fast one pays for a flush only now and then.  A row that is wrong in whatever
way is answered too, and so are the rows after it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

from autodiff.cli.allowance import within
from autodiff.cli.main import internal
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.request import jsons
from autodiff.request.answer import described
from autodiff.request.batches import Batches
from autodiff.request.files import unreadable

# A request's answer, as data or as a JSON object's text, and its exit status.
Respond = Callable[[dict[str, Any]], tuple[dict[str, Any] | str, int]]

# Lines that follow one another, without the last one's line break, and the number of the first.
Lines = tuple[int, bytes]

CHUNK = 1 << 20
COLLECT = 1024  # rows answered alone (errors hold their frames), or blocks times 64 (plans that are no longer kept)
BOM = b"\xef\xbb\xbf"


class Statuses:
    """The exit status of many answers: 0 if all are, otherwise the smallest other one."""

    __slots__ = ("status",)

    def __init__(self) -> None:
        self.status = 0

    def add(self, status: int) -> None:
        if status and (not self.status or status < self.status):
            self.status = status


def answer_rows(path: str, screen: Screen, respond: Respond, batches: Batches | None = None, jobs: int = 1) -> int:
    """Answer a file of requests (`-` is standard input), in batches where there are some; returns the exit status."""
    statuses = Statuses()
    uncollected = 0

    def work(lines: Lines) -> tuple[str, list[int]]:
        nonlocal uncollected
        answers, failed, alone = _answer_lines(lines, respond, batches)
        uncollected += alone + COLLECT // 16
        if uncollected > COLLECT:
            gc.collect()
            uncollected = 0
        return answers, failed

    with _opened(path) as file, _without_collection():
        try:
            answers: Iterator[tuple[str, list[int]]] = map(work, _lines(file))
            if jobs > 1:
                from autodiff.cli.jobs import in_processes

                answers = in_processes(_lines(file), work, jobs, CHUNK // 2)
            for text, failed in answers:
                for status in failed:
                    statuses.add(status)
                screen.write(text)
                screen.flush()
        except IsADirectoryError as error:
            raise unreadable(path, error) from None
    return statuses.status


@contextmanager
def _without_collection() -> Iterator[None]:
    """Looking through a batch's lists for cycles again and again would cost more than computing it."""
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


def _answer_lines(lines: Lines, respond: Respond, batches: Batches | None) -> tuple[str, list[int], int]:
    """The answers to some lines as one text, the exit statuses that were not 0, how many lines were answered alone."""
    number, block = lines
    found: str | list[str | None] = [None]
    if batches is not None and b"\n" in block:
        try:
            found = within(batches.answers, block)
        except AutodiffError:  # too late: one of the lines takes long, and each is allowed its own time
            found = [None] * (block.count(b"\n") + 1)
        if isinstance(found, str):
            return found, [], 0
    elif b"\n" in block:
        found *= block.count(b"\n") + 1
    texts, failed, alone = [], [], 0
    for i, (text, line) in enumerate(zip(found, block.split(b"\n"), strict=True)):
        if text is None:
            text, status = answer_line(line, number + i, respond)
            alone += 1
            if status:
                failed.append(status)
        texts.append(text)
    return "".join(texts), failed, alone


def _opened(path: str) -> BinaryIO:
    if path == "-":
        return BytesIO() if sys.stdin is None else sys.stdin.buffer
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def _lines(file: BinaryIO) -> Iterator[Lines]:
    """Lines, as many as have arrived; the end of one that is cut waits for the next read."""
    number = 1
    waiting: list[bytes] = []
    for chunk in _arrived(file):
        whole, found, cut = chunk.rpartition(b"\n")
        if not found:
            waiting.append(cut)
            continue
        block = b"".join([*waiting, whole])
        waiting = [cut]
        yield number, block
        number += block.count(b"\n") + 1
    yield number, b"".join(waiting)


def _arrived(file: BinaryIO) -> Iterator[bytes]:
    """What has arrived, up to CHUNK at a time: a pipe brings little at once, and more may stand behind it."""
    read = getattr(file, "read1", file.read)
    more = _poll(file)
    while chunk := read(CHUNK):
        size = len(chunk)
        chunks = [chunk]
        while size < CHUNK and more() and (chunk := read(CHUNK - size)):
            chunks.append(chunk)
            size += len(chunk)
        yield b"".join(chunks)


def _poll(file: BinaryIO) -> Callable[[], bool]:
    """Whether a read would not have to wait; False where that cannot be known."""
    try:
        import select

        poll = select.poll()
        poll.register(file.fileno(), select.POLLIN)
    except (ImportError, AttributeError, OSError, ValueError):  # not on every system, not for every kind of stream
        return lambda: False
    return lambda: bool(poll.poll(0))


def answer_line(line: bytes, number: int, respond: Respond) -> tuple[str, int]:
    """The answer to one line, with its line break (nothing for a blank line), and its exit status."""
    if number == 1 and line.startswith(BOM):
        line = line[len(BOM) :]
    if not line.strip():
        return "", 0
    try:
        request = jsons.loads(line.decode())
    except UnicodeDecodeError as error:
        return _refused(
            AutodiffError("bad-json", f"this is not UTF-8 text (byte {error.start})", type="UnicodeDecodeError"), number
        )
    except AutodiffError as error:
        return _refused(error, number)
    except MemoryError:
        return _refused(_out_of_memory(), number)
    return answer_request(request, number, respond)


def answer_request(request: Any, line: int, respond: Respond) -> tuple[str, int]:
    """The answer to one request, whatever happens on the way."""
    if not isinstance(request, dict):
        message = 'a request is an object, {"expr": …}'
        return _refused(AutodiffError("bad-request", message, type="TypeError"), line)
    try:
        body, status = respond(request)
        return _identified(request, body) + "\n", status
    except AutodiffError as found:
        error = found
    except RecursionError:
        error = AutodiffError("limit-nesting", "this is nested too deeply", type="RecursionError")
    except MemoryError:
        error = _out_of_memory()
    except Exception as fault:
        error = internal(fault)
    from autodiff.request.advice import advise_request

    advise_request(error)
    body = {"error": described(error)}
    try:
        return _identified(request, body) + "\n", error.exit_code
    except RecursionError:  # an `id` that can be read and not be written
        return jsons.dumps(body) + "\n", error.exit_code


def _identified(request: dict[str, Any], body: dict[str, Any] | str) -> str:
    """The answer as text, with the request's `id` in front if it has one."""
    if "id" not in request:
        return body if isinstance(body, str) else jsons.dumps(body)
    if isinstance(body, str):
        return f"{jsons.dumps({'id': request['id']})[:-1]}, {body[1:]}"
    return jsons.dumps({"id": request["id"], **body})


def answer_text(text: str, screen: Screen, respond: Respond) -> int:
    """Answer requests that follow one another and may span lines; returns the exit status.

    After something that is not JSON nothing can be told apart, so that is the last answer.
    """
    statuses = Statuses()
    at = jsons.skip_blanks(text, 0)
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        try:
            request, at = jsons.decode_one(text, at)
        except AutodiffError as error:
            answer, status = _refused(error, line)
            at = len(text)
        else:
            answer, status = answer_request(request, line, respond)
        statuses.add(status)
        screen.write(answer)
        at = jsons.skip_blanks(text, at)
    return statuses.status


def _refused(error: AutodiffError, line: int) -> tuple[str, int]:
    return jsons.dumps({"line": line, "error": described(error)}) + "\n", error.exit_code


def _out_of_memory() -> AutodiffError:
    return AutodiffError("limit-size", "not enough memory", type="MemoryError")
