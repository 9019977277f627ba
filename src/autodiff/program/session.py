"""A session: what a program's names stand for, from one piece of text to the next.

`autodiff run` executes one text in it, `autodiff repl` one after another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.program import kinds, limits
from autodiff.program.limits import Limits, Meter
from autodiff.program.scopes import MODULE, Scope, analyse
from autodiff.program.statements import statement
from autodiff.program.unit import UNBOUND, Unit
from autodiff.syntax import statements as s
from autodiff.syntax.tree import Tree

# Names that need no import.
PREDEFINED = {
    "torch": "torch", "F": "torch.nn.functional", "nn": "torch.nn", "optim": "torch.optim", "np": "numpy",
    "math": "math",
}  # fmt: skip


class Known(dict[str, Any]):
    """Names that a program has without defining them; modules are made when they are first asked for."""

    def get(self, name: str, default: Any = None) -> Any:
        found = super().get(name, UNBOUND)
        if found is UNBOUND:
            dotted = PREDEFINED.get(name)
            if dotted is None:
                return default
            found = self[name] = kinds.find_module(dotted)
        return found


class Session:
    """Globals, and what a program's print writes to.

    `execute` raises what the program raises: an AutodiffError, Python's exceptions, or a Stop; `failures` makes errors
    of these.
    """

    def __init__(self, out: Callable[[str], Any], err: Callable[[str], Any]) -> None:
        self.globals: dict[str, Any] = {"__name__": "__main__"}
        self.known = Known({**kinds.BUILTINS, "exit": leave, "quit": leave})
        _defaults()
        kinds.set_writer(out, err)

    def names(self) -> list[str]:
        """What the program has defined."""
        return [name for name in self.globals if not name.startswith("__")]

    def possible(self) -> list[str]:
        """What a name that means nothing may have been meant to be."""
        return [*self.names(), *kinds.BUILTINS, *PREDEFINED]

    def start(self, limits_: Limits) -> Meter:
        """Begin to count what is used up."""
        return limits.start(limits_)

    def execute(self, text: str, name: str = "program", echo: Callable[[Any], None] | None = None) -> None:
        """Run a program; `echo` is given the values of expressions that stand as statements, as in a dialogue."""
        from autodiff.syntax.program import parse_program

        self.run(parse_program(text, name), echo)

    def run(self, body: list[Tree], echo: Callable[[Any], None] | None = None) -> None:
        """Run statements that have been parsed."""
        module = Scope(MODULE, None, "<module>")
        scopes = analyse(body, module)
        unit = Unit(module, scopes, self.globals, self.known)
        steps = [self._step(unit, tree, echo) for tree in body]
        frame = [UNBOUND] * module.layout.size
        try:
            for step in steps:
                limits.tick()
                step(frame)
        except limits.Stop:
            raise
        except BaseException as error:
            from autodiff.program.failures import settled

            raise settled(error) from error.__cause__

    def _step(self, unit: Unit, tree: Tree, echo: Callable[[Any], None] | None) -> Callable[[list[Any]], Any]:
        if echo is None or not isinstance(tree, s.ExprStatement):
            return statement(unit, tree)
        from autodiff.program.expressions import expression

        value = expression(unit, tree.value)
        return lambda frame: echo(value(frame))


def _defaults() -> None:
    """Start from PyTorch's state: grad mode, default dtype, random numbers, printing, what has been warned of."""
    from autodiff.graph.dtypes import float32
    from autodiff.tensor import modes, random, small, warned

    modes._grad.on = True
    modes._dtype[0] = float32
    random.manual_seed(random.DEFAULT_SEED)
    small.PRINT.clear()
    warned._told.clear()


def leave(code: Any = None) -> None:
    """`exit(code)`: end the program."""
    raise SystemExit(code)
