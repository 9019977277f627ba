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
from typing import Any, BinaryIO

from autodiff.cli.main import internal
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.request import jsons
from autodiff.request.answer import described
from autodiff.request.batches import Batches
from autodiff.request.files import unreadable

# A request's answer, as data or as a JSON object's text, and its exit status.
Respond = Callable[[dict[str, Any]], tuple[dict[str, Any] | str, int]]

CHUNK = 1 << 20
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
    if not gc.isenabled():  # main disabled it, and what errors leave behind would fill the memory
        gc.freeze()
        gc.enable()
    statuses = Statuses()

    def work(chunk: list[tuple[int, bytes]]) -> tuple[str, list[int]]:
        return _answer_chunk(chunk, respond, batches)

    with _opened(path) as file:
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


def _answer_chunk(chunk: list[tuple[int, bytes]], respond: Respond, batches: Batches | None) -> tuple[str, list[int]]:
    """The answers to some lines as one text, and the exit statuses of those that were not 0."""
    found: list[str | None] = [None] * len(chunk)
    if batches is not None and len(chunk) > 1:
        found = batches.answers([line for _, line in chunk])
    texts, failed = [], []
    for text, (number, line) in zip(found, chunk, strict=True):
        if text is None:
            text, status = answer_line(line, number, respond)
            if status:
                failed.append(status)
        texts.append(text)
    return "".join(texts), failed


def _opened(path: str) -> BinaryIO:
    if path == "-":
        return sys.stdin.buffer
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def _lines(file: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """Numbered lines, as many as each read has brought; the end of one that is cut waits for the next read."""
    read = getattr(file, "read1", file.read)
    number = 0
    waiting: list[bytes] = []
    while True:
        chunk = read(CHUNK)
        if not chunk:
            break
        first, *others = chunk.split(b"\n")
        waiting.append(first)
        if not others:
            continue
        lines = [b"".join(waiting), *others[:-1]]
        waiting = [others[-1]]
        yield [(number + i, line) for i, line in enumerate(lines, 1)]
        number += len(lines)
    yield [(number + 1, b"".join(waiting))]


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
