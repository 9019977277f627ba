"""The commands of a dialogue, which begin with a colon."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from autodiff.errors import AutodiffError
from autodiff.report.diagnostics import Line
from autodiff.report.tables import table

if TYPE_CHECKING:
    from autodiff.cli.repl import Conversation

DECLARATION = re.compile(r"[^\W\d]\w*(?::[\w,]+|=[^=].*)")


class Command(NamedTuple):
    """How a command is written, what it does in a line and in full, and what does it."""

    usage: str
    short: str
    long: str
    run: Callable[[Conversation, str, bool], int | None]


def obey(talk: Conversation, text: str) -> int | None:
    """Do what a line says; the exit status if that ends the dialogue. Raises `usage`."""
    match = re.match(r":\s*([^\W\d]\w*)?(!?)\s*(.*)", text, re.S)
    assert match is not None
    name, forced, rest = match.groups()
    return _command(name or "help").run(talk, rest.strip(), bool(forced))


def _command(name: str) -> Command:
    """The command of a name, or of the beginning of one."""
    close = [full for full in COMMANDS if full.startswith(name)]
    if name in COMMANDS or len(close) == 1:
        return COMMANDS[name if name in COMMANDS else close[0]]
    from autodiff.graph.lookup import did_you_mean

    several = ["did you mean " + " or ".join(f"':{other}'" for other in close) + "?"] if close else []
    help = [*(several or did_you_mean(f":{name}", [f":{other}" for other in COMMANDS])), ":help lists the commands"]
    raise AutodiffError("usage", f"there is no command :{name:.60}", type="ValueError", help=help)


def _usage(name: str, what: str) -> AutodiffError:
    return AutodiffError("usage", what, type="ValueError", help=f"write {COMMANDS[name].usage}")


# Help


def _help(talk: Conversation, rest: str, forced: bool) -> None:
    if rest:
        about = _command(rest.removeprefix(":"))
        talk.screen.page([[(about.usage, "command")], *([(f"  {line}", "")] for line in about.long.split("\n"))])
        return
    lines: list[Line] = table([[(about.usage, "command"), (about.short, "")] for about in COMMANDS.values()], indent="")
    talk.screen.page(
        [
            *lines,
            [],
            [("torch, F, nn, optim, np and math are there without import; _ is the last result.", "")],
            [("Tab completes, an empty line ends a block, Ctrl-C ends a statement, Ctrl-D the dialogue.", "")],
        ]
    )


def _ops(talk: Conversation, rest: str, forced: bool) -> None:
    from autodiff.report.ops import about, lines_of, list_lines, matching, named, unknown

    words = re.sub(r"^(torch|Tensor)\.", "", rest.removesuffix("()"))
    operation = named(words) if words else None
    if operation is not None:
        talk.screen.page(lines_of(about(operation)))
        return
    found = matching(words)
    if not found:
        raise unknown(words)
    talk.screen.page(list_lines(found if words else None))


def _explain(talk: Conversation, rest: str, forced: bool) -> None:
    from autodiff.report.explain import page, summaries

    talk.screen.page(page(rest, talk.screen.columns()) if rest else summaries())


# The session


def _vars(talk: Conversation, rest: str, forced: bool) -> None:
    from autodiff.program.described import described

    session = talk.dialogue.session
    rows = [(name, *described(session.globals[name])) for name in sorted(session.names())]
    if not rows:
        talk.screen.note("nothing has been defined yet")
        return
    columns = talk.screen.columns()
    taken = max(len(name) for name, _, _ in rows) + max(len(kind) for _, kind, _ in rows) + 4
    room = 60 if columns is None else max(columns - taken, 10)
    talk.screen.page(
        table(
            [[(name, "command"), (kind, "dim"), (_cut(value, room), "")] for name, kind, value in rows],
            indent="",
        )
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _save(talk: Conversation, rest: str, forced: bool) -> None:
    path = _path("save", rest)
    said = talk.dialogue.said
    try:
        with open(path, "w" if forced else "x", encoding="utf-8") as file:
            file.write("".join(f"{text}\n" for text in said))
    except FileExistsError:
        raise AutodiffError(
            "unwritable-file", f"{path} exists", type="OSError", help=f":save! {path} writes over it"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AutodiffError("unwritable-file", f"cannot write {path}: {reason}", type="OSError") from None
    talk.screen.note(f"{len(said)} {'statement' if len(said) == 1 else 'statements'} in {path}")


def _load(talk: Conversation, rest: str, forced: bool) -> None:
    from autodiff.cli.programs import decoded

    path = _path("load", rest)
    try:
        with open(path, "rb") as file:
            content = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AutodiffError("unreadable-file", f"cannot read {path}: {reason}", type="OSError") from None
    talk.execute(decoded(content, path), path, echo=False)


def _path(name: str, rest: str) -> str:
    if len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "'\"":
        rest = rest[1:-1]
    if not rest:
        raise _usage(name, f":{name} needs the name of a file")
    return os.path.expanduser(rest)


def _quit(talk: Conversation, rest: str, forced: bool) -> int:
    return talk.code


# Formulas


def _derive(talk: Conversation, rest: str, forced: bool) -> None:
    import click

    from autodiff.cli.derive import command
    from autodiff.cli.group import usage_error

    options, expression, declared = _asked(rest)
    if not expression or expression == "-":
        raise _usage("derive", ":derive needs an expression")
    shapes = _shapes(talk, expression, {re.split("[:=]", word)[0] for word in declared})
    try:
        command.main(
            [*options, "--", expression, *declared, *shapes],
            obj=talk.screen,
            prog_name="autodiff derive",
            standalone_mode=False,
        )
    except click.ClickException as error:
        raise usage_error(error, ["derive", *options]) from None


def _asked(rest: str) -> tuple[list[str], str, list[str]]:
    """Options, the expression, and the NAME:SHAPE and NAME=VALUE behind it."""
    before, dashes, after = rest.partition(" --")
    try:
        options = shlex.split(dashes + after)
        words = shlex.split(before) if before[:1] in ("'", '"') else before.split(" ")
    except ValueError as error:
        raise _usage("derive", f":derive has a quotation without its end ({error})") from None
    declared: list[str] = []
    while len(words) > 1 and DECLARATION.fullmatch(words[-1]):
        declared.insert(0, words.pop())
    return options, " ".join(words).strip(), declared


def _shapes(talk: Conversation, expression: str, declared: set[str]) -> list[str]:
    """Shapes of the session's tensors that the expression names."""
    from autodiff.tensor import Tensor

    found = []
    for name in dict.fromkeys(re.findall(r"(?<![\w.])[^\W\d]\w*", expression)):
        value = talk.dialogue.session.globals.get(name)
        if name not in declared and isinstance(value, Tensor):
            found.append(f"{name}:{','.join(map(str, value.shape)) or 'scalar'}")
    return found


COMMANDS: dict[str, Command] = {
    "help": Command(
        ":help [COMMAND]",
        "this list, or one command in full",
        "The commands, or one of them in full.",
        _help,
    ),
    "vars": Command(
        ":vars",
        "what has been defined",
        "Every name that was defined, with its kind and its shape or value.",
        _vars,
    ),
    "ops": Command(
        ":ops [NAME]",
        "an operation: signature, derivative, example",
        "The signature of an operation, its derivatives and an example; all operations without NAME.\n"
        "A NAME that is none is searched for in names and descriptions.",
        _ops,
    ),
    "derive": Command(
        ":derive EXPR [NAME:SHAPE …]",
        "the gradient of an expression as a formula",
        "The gradient as a formula, as by autodiff derive, whose options may follow.\n"
        "Tensors that were defined lend their shapes: :derive sum((X @ w - y)^2) --wrt w",
        _derive,
    ),
    "explain": Command(
        ":explain [CODE]",
        "what an error means and how to get out of it",
        "What an error means, and how to get out of it; all errors without CODE.",
        _explain,
    ),
    "save": Command(
        ":save FILE",
        "write what has run so far to a file, for autodiff run",
        "Write the statements that ended well to FILE, as a program. :save! FILE writes over a file that exists.",
        _save,
    ),
    "load": Command(
        ":load FILE",
        "run a program in this session",
        "Run the program in FILE as autodiff run does; what it defines stays. Its values are not shown.",
        _load,
    ),
    "quit": Command(":quit", "end (Ctrl-D and exit() do as well)", "End the dialogue.", _quit),
}  # fmt: skip
