"""The printer: each kind of term by its own function, operands first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from autodiff.errors import AutodiffError
from autodiff.formula import term as t
from autodiff.formula.printing import calls, matrices, products, sums
from autodiff.formula.printing.levels import ATOM, Printed, bracketed
from autodiff.formula.refusal import no_formula
from autodiff.formula.term import Term
from autodiff.graph.sizes import Dim, Shape, Size

LONGEST = 3_000_000  # characters of a formula
TOTAL = 10 * LONGEST  # and of it with all its parts
SHORT = 80  # characters of a part that stands for itself, when a long formula is read again


class Printer:
    """Prints terms over some variables; sizes are written by what has them."""

    def __init__(self, shapes: Mapping[str, Shape], first: str | None = None) -> None:
        names = sorted(shapes, key=lambda name: name != first)
        self.shapes = {name: shapes[name] for name in names}
        self.memo: dict[Term, Printed | AutodiffError] = {}
        self.degrees: dict[Term, Fraction] = {}
        self.total = 0

    def text(self, term: Term) -> str:
        return self.print(term)[0]

    def print(self, term: Term) -> Printed:
        memo = self.memo
        stack = [term] if term not in memo else []
        while stack:  # operands first, so that printing a term does not recurse into a deep one
            top = stack[-1]
            missing = [arg for arg in top.args if arg not in memo] if top not in memo else []
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if top not in memo:
                try:
                    memo[top] = self.printed(top)
                except AutodiffError as error:
                    memo[top] = error
        found = memo[term]
        if isinstance(found, AutodiffError):
            raise found
        return found

    def printed(self, term: Term) -> Printed:
        found = PRINT[term.kind](self, term)
        self.total += len(found[0])
        if len(found[0]) > LONGEST or self.total > TOTAL:
            raise no_formula(f"the formula is longer than {LONGEST} characters")
        return found

    def within(self, term: Term, least: int) -> str:
        """The text, in brackets if it holds less tightly."""
        return bracketed(self.print(term), least)

    # Sizes

    def dim(self, size: Dim) -> str:
        return str(size) if isinstance(size, int) else self.text(t.dim_term(size))

    def place(self, index: Dim, size: Dim) -> str:
        """An index, counted from the end where the size is only a name: n - 1 is -1."""
        back = index - size if isinstance(index, Size) else index
        return str(back) if isinstance(back, int) else self.dim(index)

    def size_named(self, name: str) -> str:
        for of_matrices in (False, True):
            for variable, shape in self.shapes.items():
                if (len(shape) != 1) == of_matrices and Size.named(name) in shape:
                    return f"{variable}.size({shape.index(Size.named(name))})" if of_matrices else f"numel({variable})"
        raise no_formula(f"no variable has the size {name}")

    def sizes(self, names: list[str]) -> list[str]:
        """A product of sizes, as few factors as variables allow."""
        found = []
        rest = list(names)
        candidates = sorted(self.shapes.items(), key=lambda item: -len(item[1]))
        for variable, shape in candidates:
            own = [size.terms[0][0][0] for size in shape if isinstance(size, Size) and len(size.terms) == 1]
            while len(shape) > 1 and len(own) == len(shape) and products.contains(rest, own):
                found.append(f"numel({variable})")
                for name in own:
                    rest.remove(name)
        return found + [self.size_named(name) for name in rest]


class PartsPrinter(Printer):
    """Prints a long term as many short texts, each with a name that the next ones use: together they say the same."""

    def __init__(self, shapes: Mapping[str, Shape], first: str | None = None) -> None:
        super().__init__(shapes, first)
        self.parts: dict[str, str] = {}

    def printed(self, term: Term) -> Printed:
        text, level = super().printed(term)
        if len(text) <= SHORT:
            return text, level
        name = f"_part{len(self.parts)}"
        self.parts[name] = text
        return name, ATOM


PRINT: dict[str, Callable[[Printer, Term], Printed]] = {
    "num": sums.number,
    "named": sums.named,
    "var": sums.variable,
    "dim": sums.size,
    "ones": sums.ones,
    "eye": sums.identity,
    "unit": sums.unit,
    "const": sums.constant,
    "add": sums.sum_,
    "mul": products.product,
    "pow": products.power,
    "ind": products.indicator,
    "chain": matrices.chain,
    "t": matrices.transpose,
    "outer": matrices.outer,
    "col": matrices.line,
    "row": matrices.line,
    "sum": matrices.total,
    "cmp": sums.comparison,
    "fn": calls.call_of,
}
