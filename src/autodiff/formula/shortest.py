"""The shortest of a few forms of a term, as the printer writes them.

Every form is the same by algebra (`sums`, `products`).  A budget of printed characters bounds the search, so that it
ends soon on any input, with the best form found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from autodiff.formula import products, rationals, sums
from autodiff.formula.printing import Printer, elements_of, length
from autodiff.formula.rewrite import postorder, rebuild
from autodiff.formula.term import Term

BUDGET = 300_000  # characters that may be printed for comparison, in one search


def shortest(term: Term, printer: Printer, simplify: Callable[[Term], Term] = lambda term: term) -> Term:
    """The term with shared factors taken out of its sums, and the like, where that is shorter."""
    return _Search(printer, simplify).run(term)


class _Search:
    def __init__(self, printer: Printer, simplify: Callable[[Term], Term]) -> None:
        self.printer = printer
        self.simplify = simplify
        self.left = BUDGET

    def run(self, term: Term) -> Term:
        done: dict[Term, Term] = {}
        for inner in postorder(term):
            args = [done[arg] for arg in inner.args]
            new = inner if all(a is b for a, b in zip(args, inner.args, strict=True)) else rebuild(inner, args)
            if self.left > 0:
                if new.kind == "add" and elements_of(new) is None:
                    new = self.best(new, chain(sums.forms(new), rationals.forms(new)))
                elif new.kind == "sum":
                    new = self.best(new, sums.spread(new))
                elif new.kind in ("mul", "chain", "outer"):
                    new = self.best(new, chain(products.forms(new), rationals.forms(new)))
            done[inner] = new
        return done[term]

    def best(self, term: Term, forms: Iterable[Term]) -> Term:
        """The shortest of the term and its forms; of equals the first, but -(a + b) rather than -a - b."""
        best, size = term, -1
        for form in forms:
            form = self.simplify(form)
            if form.shape != term.shape:
                continue
            if size < 0:
                size = self.size(term)
            shorter = self.size(form)
            if shorter < size or (shorter == size and form.kind == "mul" and form.data == -1 and best is term):
                best, size = form, shorter
            if self.left <= 0:
                break
        return best

    def size(self, term: Term) -> int:
        text = self.printer.text(term)
        self.left -= len(text)
        return length(text)
