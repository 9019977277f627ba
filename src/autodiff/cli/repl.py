"""`autodiff repl`: programs, statement by statement."""

from __future__ import annotations

import gc
import re

import click

from autodiff.cli.history import History, history_file
from autodiff.cli.lines import Complete, Pipe, Terminal, on_terminal
from autodiff.cli.options import color
from autodiff.cli.programs import error_writer, failed, given_limits, left, limit_options, warner, writer
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.program.dialogue import UNNAMED, Dialogue
from autodiff.program.lines import Reader
from autodiff.program.warned import showing
from autodiff.version import VERSION

PROMPT, MORE = ">>> ", "... "
ADVICE = ("autodiff explain ", "autodiff ops ", "autodiff derive ")  # as errors word it
ASKED = re.compile(r"help\(([\w.]+)\)|\?\s*([\w.]+)|([\w.]+)\s*\?")  # as Python and IPython word it
LEAVING, ASKING = ("exit", "quit"), ("help", "help()")


@click.command("repl", short_help="A dialogue: programs, statement by statement.")
@limit_options
@color
@click.pass_obj
def command(screen: Screen, limit_steps: int, limit_memory: str, limit_seconds: float) -> int:
    """Run programs statement by statement, with the language of `autodiff run`; limits are for each statement.

    torch, F, nn, optim, np and math are there without import; _ is the last result. Tab completes names, attributes
    and arguments, Ctrl-C ends a statement, Ctrl-D the dialogue; :help lists what else there is.

    Without a terminal, statements are read from standard input as from a file. After an error the next statement runs
    all the same, and the exit status is that of the first error.

    \b
    autodiff repl
    echo "torch.arange(3.).exp()" | autodiff repl
    """
    limits = given_limits(limit_steps, limit_memory, limit_seconds)
    gc.enable()  # which the command leaves off
    gc.freeze()
    dialogue = Dialogue(writer(screen), error_writer(screen), limits)
    return Conversation(screen, dialogue).run()


class Conversation:
    """A dialogue with where its lines come from and where everything is shown."""

    def __init__(self, screen: Screen, dialogue: Dialogue) -> None:
        self.screen = screen
        self.dialogue = dialogue
        self.status = 0  # of the first error
        self.source: Terminal | Pipe = Pipe()
        if on_terminal():
            history = History(history_file())
            self.source = Terminal(screen, history, self._complete())
            if history.problem:
                screen.note(f"what is typed is not kept for later: {history.path}: {history.problem}")
        self.reader = Reader(self.source.is_terminal)

    def _complete(self) -> Complete:
        def complete(text: str) -> tuple[int, list[str]]:
            from autodiff.cli.tab import complete

            return complete(self.dialogue.session, self.reader.pending, text)

        return complete

    def run(self) -> int:
        """The exit status, once it has ended."""
        if self.source.is_terminal:
            self.screen.err.write(f"autodiff {VERSION}   :help lists commands, Ctrl-D ends\n")
        ended = None
        while ended is None:
            try:
                ended = self._turn()
            except KeyboardInterrupt:
                if not self.source.is_terminal:
                    raise
                self._interrupted()
        return ended

    def _turn(self) -> int | None:
        """Read a line and answer what it completes; the exit status if the dialogue ends."""
        last = False
        try:
            statements = self.reader.add(self.source.read(MORE if self.reader.waits else PROMPT))
        except EOFError:
            statements, last = self.reader.rest(), True
            if self.source.is_terminal:
                self.screen.err.write("\n")
                last = not statements
        except AutodiffError as error:
            self.reader.clear()
            self.refused(error)
            statements = []
        if not self.reader.waits:
            self.source.settle()
        for text in statements:
            code = self._answer(text)
            if code is not None:
                return code
        self.screen.flush()
        return self.code if last else None

    @property
    def code(self) -> int:
        """The exit status, if the dialogue ended now."""
        return 0 if self.source.is_terminal else self.status

    def _answer(self, text: str) -> int | None:
        """Run one statement, or a command; the exit status if it ends the dialogue."""
        try:
            if text.startswith((":", *ADVICE)):
                from autodiff.cli.colon import obey

                return obey(self, ":" + text.removeprefix(":").removeprefix("autodiff "))
            own = self.dialogue.session.globals
            if text in LEAVING and text not in own:
                return self.code
            if text in ASKING and "help" not in own:
                return self._answer(":help")
            if (asked := ASKED.fullmatch(text)) and not (text.startswith("help") and "help" in own):
                name = asked[1] or asked[2] or asked[3]
                if name not in own:
                    return self._answer(f":ops {name}")
                text = name
            self.execute(text)
        except SystemExit as leave:
            return left(self.screen, leave.code)
        except AutodiffError as error:
            self.refused(error)
        except OSError:
            raise  # nobody reads what is printed
        except Exception as error:
            from autodiff.cli.main import internal

            self.refused(internal(error))
        return None

    def execute(self, text: str, name: str = UNNAMED, echo: bool = True) -> None:
        """Run a text in the session, and show what goes wrong in it; raises SystemExit for `exit()`."""
        try:
            with showing(warner(self.screen)):
                self.dialogue.run(text, name, echo)
        except AutodiffError as error:
            if name == UNNAMED and error.type in ("SyntaxError", "NameError"):
                from autodiff.cli.colon import COMMANDS

                if text.split(maxsplit=1)[0] in COMMANDS and "\n" not in text:
                    error.help = [f"commands begin with a colon: :{text}"]
            status = failed(self.screen, error)
            self.status = self.status or status

    def refused(self, error: AutodiffError) -> None:
        """Show an error that is none of a program: of a command, of a line that cannot be read, of ours."""
        status = self.screen.report(error)
        self.status = self.status or status

    def _interrupted(self) -> None:
        self.source.settle()
        self.reader.clear()
        self.screen.flush()
        self.screen.err.write("\nKeyboardInterrupt\n")
        if self.dialogue.worker.busy:
            self.screen.note("the operation that was interrupted goes on to its end, and the next statement waits")
        self.screen.err.flush()
