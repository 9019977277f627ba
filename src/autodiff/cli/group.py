"""Which command is meant: a table of commands, each imported when it is called, and what to say about a wrong call."""

from __future__ import annotations

import shlex
from importlib import import_module
from typing import NamedTuple

import click

from autodiff.errors import AutodiffError
from autodiff.version import VERSION


class Entry(NamedTuple):
    """A command: the module that has it as `command` (or in `COMMANDS`, if it has several), and what it does."""

    module: str
    help: str


COMMANDS: dict[str, Entry] = {
    "eval": Entry("autodiff.cli.eval", "The value, grad_fn and gradients of an expression."),
    "derive": Entry("autodiff.cli.derive", "The gradient of an expression as a formula."),
    "check": Entry("autodiff.cli.check", "Whether an answer is the gradient, and where it went wrong."),
    "grade": Entry("autodiff.cli.grade", "The answers of a whole class, graded."),
    "steps": Entry("autodiff.cli.steps", "The work step by step: forward table, backward table, result."),
    "graph": Entry("autodiff.cli.graph", "The grad_fn graph of an expression: a tree, JSON, or a drawing."),
    "plot": Entry("autodiff.cli.plot", "A function and its derivatives, in the terminal or as a picture."),
    "jacobian": Entry("autodiff.cli.functional", "All first derivatives of a result of any shape."),
    "hessian": Entry("autodiff.cli.functional", "All second derivatives of a scalar."),
    "jvp": Entry("autodiff.cli.functional", "The Jacobian times tangents: the derivative along them."),
    "vjp": Entry("autodiff.cli.functional", "Weights times the Jacobian: the gradient of a weighted result."),
    "hvp": Entry("autodiff.cli.functional", "The Hessian times tangents."),
    "gradcheck": Entry("autodiff.cli.gradcheck", "Whether gradients agree with finite differences."),
    "run": Entry("autodiff.cli.run", "Run a PyTorch-style program."),
    "repl": Entry("autodiff.cli.repl", "A dialogue: programs, statement by statement."),
    "ops": Entry("autodiff.cli.ops", "Every operation: signature, derivative, example."),
    "explain": Entry("autodiff.cli.explain", "What an error means and how to get out of it."),
}


# How click calls what an option wants, and how people do.
NUMBERS = {"integer range": "a whole number", "float range": "a number", "integer": "a whole number"}


class Commands(click.Group):
    """A group that imports a command when it is called, and lists all without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(entry.module)
        command: click.Command = module.COMMANDS[cmd_name] if hasattr(module, "COMMANDS") else module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            raise _no_command(args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(VERSION, "--version", message="autodiff %(version)s")
@click.pass_context
def group(context: click.Context) -> None:
    """Differentiate tensor expressions, with PyTorch's notation and answers.

    \b
    autodiff eval "mean(2*(x+1)^2)" x='[[1,2,3],[4,5,6]]'
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), file=context.obj.out)


def _no_command(args: list[str]) -> AutodiffError:
    """The error for a first argument that is no command; most often it is an expression."""
    from autodiff.graph.lookup import did_you_mean

    word = args[0]
    close = did_you_mean(word, list(COMMANDS)) if word.isidentifier() else []
    if close:
        help = [*close]
    elif word.isidentifier() and not any("=" in argument for argument in args):
        help = ["autodiff --help lists the commands"]
    else:
        help = ["autodiff eval " + quoted(args), "autodiff --help lists the commands"]
    return AutodiffError("usage", f"there is no command {word!r:.60}", type="ValueError", help=help)


def usage_error(error: click.ClickException, argv: list[str]) -> AutodiffError:
    """What click found wrong, as an error of ours."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else " ".join(["autodiff", *argv[:1]])
    if context is None and (not argv or argv[0] not in COMMANDS):
        path = "autodiff"
    message = error.format_message().rstrip(".")
    for kind, spoken in NUMBERS.items():
        message = message.replace(f"is not a valid {kind}", f"is not {spoken}")
    help: list[str] = []
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option {error.option_name}"
        help = [f"did you mean {close}?" for close in (error.possibilities or [])[:1]]
        if not error.option_name.startswith("--"):
            help = _minus_first(error.option_name, argv)
    elif message:
        message = message[0].lower() + message[1:]
    return AutodiffError("usage", message, type="ValueError", help=[*help, f"{path} --help lists the options"])


def _minus_first(option: str, argv: list[str]) -> list[str]:
    """An expression that starts with a minus sign looks like an option."""
    at = next((i for i, argument in enumerate(argv) if argument.startswith(option) and i), None)
    if at is None:
        return []
    before, after = argv[1:at], argv[at + 1 :]
    if any("=" not in argument for argument in before if not argument.startswith("-")):
        return []  # there is an expression already
    options = [argument for argument in [*before, *after] if argument.startswith("-")]
    if options:
        return ["an expression that starts with - comes after --, and options come before it"]
    repaired = quoted([argv[at], *before, *after])
    return [f"an expression that starts with - comes after --: autodiff {argv[0]} -- {repaired}"]


def quoted(args: list[str]) -> str:
    """Arguments as one would type them, NAME='VALUE' rather than 'NAME=VALUE'."""
    words = []
    for argument in args:
        name, equals, value = argument.partition("=")
        if equals and name.isidentifier():
            words.append(f"{name}={shlex.quote(value)}")
        elif shlex.quote(argument) != argument and not any(sign in argument for sign in "'\"$`\\!"):
            words.append(f'"{argument}"')
        else:
            words.append(shlex.quote(argument))
    return " ".join(words)
