"""What Tab offers in a shell: commands, options, files, names of operations and codes of errors.

    eval "$(_AUTODIFF_COMPLETE=bash_source autodiff)"

prints and runs the function that asks for it (zsh_source and fish_source for the other shells). Imported only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem, shell_complete
from click.types import StringParamType

from autodiff.cli.group import Commands, group
from autodiff.cli.screen import Screen
from autodiff.errors import EXIT_CODES, AutodiffError

VARIABLE = "_AUTODIFF_COMPLETE"


def complete(instruction: str, screen: Screen) -> int:
    """Answer `instruction`, such as `bash_source` or `bash_complete`; the exit status."""
    offering = Offering("autodiff", params=group.params, callback=group.callback, invoke_without_command=True)
    try:
        return shell_complete(offering, {"obj": screen}, "autodiff", VARIABLE, instruction)
    except (AutodiffError, click.ClickException):  # what is typed so far is wrong, and there is nothing to offer
        return 0


class Offering(Commands):
    """The commands, their parameters with what may stand for them."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        for parameter in command.params if command is not None else ():
            words = WORDS.get((cmd_name, parameter.name or ""))
            if words is not None:
                parameter.type = Words(words)
            elif "FILE" in (parameter.metavar or "") or parameter.metavar in ("KEY", "ANSWERS"):
                parameter.type = click.Path()
        return command


class Words(StringParamType):
    """One of many words, which are only looked up when somebody asks."""

    name = "word"

    def __init__(self, words: Callable[[], Iterable[str]]) -> None:
        self.words = words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(word) for word in sorted(self.words()) if word.startswith(incomplete)]


def _operations() -> list[str]:
    from autodiff.report.ops import matching

    return [operation.name for operation in matching("")]


WORDS: dict[tuple[str, str], Callable[[], Iterable[str]]] = {
    ("ops", "name"): _operations,
    ("explain", "code"): lambda: list[Any](EXIT_CODES),
}
