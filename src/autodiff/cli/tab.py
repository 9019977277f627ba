"""What Tab makes of a line: commands after a colon and what they take, and the language."""

from __future__ import annotations

import os
import re
import warnings

from autodiff.cli.colon import COMMANDS
from autodiff.program import completion, limits
from autodiff.program.limits import Limits
from autodiff.program.session import Session

BRIEFLY = Limits(seconds=1.0)
COLON = re.compile(r"\s*:\s*(\w*)\Z")
ARGUMENT = re.compile(r"\s*:\s*(\w+)!?\s+(.*)\Z", re.S)


def complete(session: Session, before: str, line: str) -> tuple[int, list[str]]:
    """Where the word at the end of the line begins, and what it may become; `before` has the lines above it."""
    match = None if before else COLON.match(line)
    if match is not None:
        return match.start(1), _starting(match[1], COMMANDS)
    match = None if before else ARGUMENT.match(line)
    if match is not None:
        return _argument(session, line, match[1], match[2])
    return _language(session, before, line)


def _language(session: Session, before: str, line: str) -> tuple[int, list[str]]:
    limits.start(BRIEFLY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return completion.complete(session, before, line)


def _argument(session: Session, line: str, command: str, text: str) -> tuple[int, list[str]]:
    close = [name for name in COMMANDS if name.startswith(command)]
    start = len(line) - len(text)
    if close in (["save"], ["load"]):
        return start, _files(text)
    if close == ["help"]:
        return start, _starting(text, COMMANDS)
    if close == ["explain"]:
        from autodiff.errors import EXIT_CODES

        return start, _starting(text, EXIT_CODES)
    if close == ["ops"]:
        from autodiff.graph.op import REGISTRY

        return start, _starting(text, [name for name in REGISTRY if not name.startswith(("_", "Tensor."))])
    return _language(session, "", line)


def _starting(word: str, names: object) -> list[str]:
    assert isinstance(names, (dict, list))
    return sorted(name for name in names if name.startswith(word))


def _files(text: str) -> list[str]:
    """Files and folders that begin so."""
    folder, name = os.path.split(text)
    try:
        entries = list(os.scandir(os.path.expanduser(folder) or "."))
    except OSError:
        return []
    found = [
        os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")
        for entry in entries
        if entry.name.startswith(name) and (name or not entry.name.startswith("."))
    ]
    return sorted(found)
