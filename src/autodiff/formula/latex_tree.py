"""A syntax tree as LaTeX: names, signs, brackets.

Products of tensors element by element are `\\odot`, quotients `\\oslash`, and powers carry a circle; matrix products
stand side by side, and a vector on the left of one is a row.  numel(x) and x.size(0) are what the shape calls them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from autodiff.formula.reading import Reading
from autodiff.formula.symbols import escaped, latex_name
from autodiff.graph.lookup import CONSTANTS
from autodiff.graph.sizes import Dim
from autodiff.syntax import tree as T  # noqa: N812

# How tightly a text holds together, loosest first.  A sum over an index takes in what follows it.
LOGIC, COMPARISON, ADD, HADAMARD, BIG, MUL, FRAC, POW, CALL, ATOM = range(10)
COMPARISONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne"}
CONNECTIVES = {"&": r"\land", "|": r"\lor", "and": r"\land", "or": r"\lor"}
NAMED = {"pi": r"\pi", "e": "e", "inf": r"\infty", "nan": r"\mathrm{NaN}"}


class Piece(NamedTuple):
    """Text, how tightly it holds together, and whether a minus stands before it."""

    text: str
    level: int = ATOM
    negative: bool = False

    @property
    def full(self) -> str:
        return f"-{self.text}" if self.negative else self.text

    def within(self, least: int) -> str:
        """The text, in brackets if it holds less tightly or is negative."""
        return bracketed(self.full) if self.negative or self.level < least else self.text


def bracketed(text: str) -> str:
    return rf"\left({text}\right)"


class Latex:
    """Renders one reading, operands first."""

    def __init__(self, reading: Reading, call: Render) -> None:
        self.reading = reading
        self.call = call
        self.done: dict[T.Tree, Piece] = {}
        self.rows: dict[T.Tree, Piece] = {}  # vectors that stand on the left of a matrix product
        names = {item.id for item in reading.order if isinstance(item, T.Name)}
        self.indices = [letter for letter in "ijklpqrs" if letter not in names] or ["i"]

    def render(self) -> str:
        for item in self.reading.order:
            self.done[item] = RENDER[type(item)](self, item)
        return self.done[self.reading.root].full

    def rank(self, item: T.Tree) -> int:
        return self.reading.rank(item)

    def text(self, item: T.Tree) -> str:
        return self.done[item].full

    def row(self, item: T.Tree) -> Piece:
        """A vector as a row."""
        return self.rows.get(item) or Piece(transposed(self.done[item]), POW)

    def size(self, size: Dim) -> str | None:
        """A size by its name, unless a variable has that name or it is one that stands for an unknown shape."""
        if isinstance(size, int):
            return str(size)
        products = []
        for names, coefficient in size.terms:
            for name in names:
                if name in self.reading.shapes or name.endswith(("_rows", "_columns")):
                    return None
            factors = [*([] if coefficient == 1 and names else [str(coefficient)]), *map(latex_name, names)]
            products.append(" ".join(factors))
        return " + ".join(products).replace("+ -", "- ")


# Leaves


def _number(latex: Latex, item: T.Number) -> Piece:
    if not item.decimal:
        return Piece(str(item.value))
    digits, _, exponent = item.span.text.lower().replace("_", "").partition("e")
    digits = digits.rstrip(".") or "0"
    digits = f"0{digits}" if digits.startswith(".") else digits
    if exponent and digits == "1":
        return Piece(f"10^{{{int(exponent)}}}", POW)
    return Piece(rf"{digits} \cdot 10^{{{int(exponent)}}}", MUL) if exponent else Piece(digits)


def _string(latex: Latex, item: T.String) -> Piece:
    return Piece(rf"\text{{{escaped(item.value)}}}")


def _constant(latex: Latex, item: T.Constant) -> Piece:
    return Piece(r"\ldots" if item.value is ... else rf"\mathrm{{{item.value}}}")


def _name(latex: Latex, item: T.Name) -> Piece:
    if item.id in CONSTANTS and item.id not in latex.reading.shapes:
        return Piece(NAMED[item.id])
    return Piece(latex_name(item.id))


# Signs


def _unary(latex: Latex, item: T.Unary) -> Piece:
    operand = latex.done[item.operand]
    if item.op in ("~", "not"):
        return Piece(rf"\lnot {operand.within(POW)}", MUL)
    if item.op == "+":
        return operand
    if operand.negative or operand.level <= ADD:
        return Piece(bracketed(operand.full), ATOM, True)
    return Piece(operand.text, operand.level, True)


def _binary(latex: Latex, item: T.Binary) -> Piece:
    return BINARY[item.op](latex, item)


def _add(latex: Latex, item: T.Binary) -> Piece:
    left, right = latex.done[item.left], latex.done[item.right]
    first = left.full if left.level >= ADD else bracketed(left.full)
    return Piece(f"{first} {item.op} {right.within(ADD if item.op == '+' else HADAMARD)}", ADD)


def juxtaposed(left: Piece, right: Piece) -> Piece:
    """A product without a sign; a dot between numbers."""
    least = BIG if left.level >= MUL and right.level in (BIG, MUL) else FRAC
    second = right.within(least)
    sign = r" \cdot " if second[:1].isdigit() else " "
    level = BIG if right.level == BIG and not right.negative else MUL
    return Piece(f"{left.text if left.level >= MUL else bracketed(left.text)}{sign}{second}", level, left.negative)


def _mul(latex: Latex, item: T.Binary) -> Piece:
    left, right = latex.done[item.left], latex.done[item.right]
    if latex.rank(item.left) and latex.rank(item.right):
        first = left.text if left.level >= HADAMARD and left.level != BIG else bracketed(left.text)
        return Piece(rf"{first} \odot {right.within(MUL)}", HADAMARD, left.negative)
    return juxtaposed(left, right)


def _div(latex: Latex, item: T.Binary) -> Piece:
    above, below = latex.done[item.left], latex.done[item.right]
    if latex.rank(item.right):
        first = above.text if above.level >= MUL else bracketed(above.text)
        return Piece(rf"{first} \oslash {below.within(FRAC)}", HADAMARD, above.negative)
    return Piece(rf"\frac{{{above.text}}}{{{below.full}}}", FRAC, above.negative)


def _floor_div(latex: Latex, item: T.Binary) -> Piece:
    return Piece(rf"\left\lfloor\frac{{{latex.text(item.left)}}}{{{latex.text(item.right)}}}\right\rfloor")


def _mod(latex: Latex, item: T.Binary) -> Piece:
    left, right = latex.done[item.left], latex.done[item.right]
    return Piece(rf"{left.within(MUL)} \bmod {right.within(FRAC)}", COMPARISON)


def _connective(latex: Latex, item: T.Binary) -> Piece:
    left, right = latex.done[item.left], latex.done[item.right]
    return Piece(f"{left.within(COMPARISON)} {CONNECTIVES[item.op]} {right.within(COMPARISON)}", LOGIC)


def _pow(latex: Latex, item: T.Binary) -> Piece:
    base = latex.done[item.left]
    exponent = latex.text(item.right)
    if isinstance(item.right, T.Binary) and item.right.op == "/":
        above, below = latex.done[item.right.left], latex.done[item.right.right]
        if min(above.level, below.level) == ATOM and not below.negative:
            exponent = f"{above.full}/{below.full}"  # a fraction up there is hard to read
    circle = r"\circ " if latex.rank(item) else ""
    return Piece(f"{powered(base)}^{{{circle}{exponent}}}", POW)


def powered(base: Piece) -> str:
    """What a superscript can stand at."""
    return base.within(CALL)


# Matrices


def transposed(x: Piece) -> str:
    if x.text.endswith(r"^\top") and x.level == POW and not x.negative:
        return x.text.removesuffix(r"^\top")
    if x.text.endswith(r"^{-1}") and x.level == POW and not x.negative:
        return x.text.removesuffix(r"^{-1}") + r"^{-\top}"
    return f"{x.within(CALL)}^\\top"


def _matmul(latex: Latex, item: T.Binary) -> Piece:
    a, b = latex.rank(item.left), latex.rank(item.right)
    left, right = latex.done[item.left], latex.done[item.right]
    if a == 1 and b == 2:
        latex.rows[item] = juxtaposed(latex.row(item.left), right)
        return juxtaposed(Piece(transposed(right), POW), left)
    if a == 1 and b == 1:
        return juxtaposed(latex.row(item.left), right)
    return juxtaposed(left, right)


# Others


def _compare(latex: Latex, item: T.Compare) -> Piece:
    text = latex.done[item.operands[0]]
    parts = [text.full if text.level >= ADD else bracketed(text.full)]
    for op, operand in zip(item.ops, item.operands[1:], strict=True):
        piece = latex.done[operand]
        parts += [COMPARISONS[op], piece.full if piece.level >= ADD else bracketed(piece.full)]
    return Piece(" ".join(parts), COMPARISON)


def _call(latex: Latex, item: T.Call) -> Piece:
    return latex.call(latex, item)


def _attribute(latex: Latex, item: T.Attribute) -> Piece:
    value = latex.done.get(item.value)
    if value is None:  # of a module: math.pi, torch.float64
        return Piece(NAMED.get(item.name, rf"\mathrm{{{escaped(item.name)}}}"))
    if item.name in ("T", "mT", "H", "mH"):
        return Piece(transposed(value), POW) if latex.rank(item.value) != 1 else value
    return Piece(rf"\operatorname{{{escaped(item.name)}}}{bracketed(value.full)}", CALL)


def _index(latex: Latex, item: T.Index) -> Piece:
    if isinstance(item.value, T.Call) and latex.reading.called(item.value).name == "linalg.slogdet":
        inner = latex.reading.called(item.value).args[0]
        if latex.reading.number(item.items[0]) == 1:
            return Piece(rf"\ln\left\lvert\det{bracketed(latex.text(inner))}\right\rvert", CALL)
    return subscripted(latex.done[item.value], ", ".join(latex.text(part) for part in item.items))


def subscripted(x: Piece, below: str) -> Piece:
    plain = x.level == ATOM and not x.negative and "_" not in x.text and not x.text.startswith(r"\mathrm")
    return Piece(f"{x.text if plain else bracketed(x.full)}_{{{below}}}")


def _slice(latex: Latex, item: T.Slice) -> Piece:
    parts = [item.start, item.stop, *([item.step] if item.step is not None else [])]
    return Piece(":".join("" if part is None else latex.text(part) for part in parts))


def _list(latex: Latex, item: T.ListOf | T.TupleOf) -> Piece:
    if isinstance(item, T.ListOf) and item.items:
        rows = [part.items if isinstance(part, T.ListOf) else [part] for part in item.items]
        if not any(isinstance(cell, T.ListOf) for row in rows for cell in row) and len({*map(len, rows)}) == 1:
            body = r" \\ ".join(" & ".join(latex.text(cell) for cell in row) for row in rows)
            return Piece(rf"\begin{{pmatrix}} {body} \end{{pmatrix}}")
    inside = ", ".join(latex.text(part) for part in item.items)
    return Piece(rf"\left[{inside}\right]" if isinstance(item, T.ListOf) else bracketed(inside))


Render = Callable[[Latex, Any], Piece]
BINARY: dict[str, Render] = {
    **dict.fromkeys(CONNECTIVES, _connective),
    "+": _add,
    "-": _add,
    "*": _mul,
    "/": _div,
    "//": _floor_div,
    "%": _mod,
    "@": _matmul,
    "**": _pow,
}
RENDER: dict[type, Render] = {
    T.Number: _number,
    T.String: _string,
    T.Constant: _constant,
    T.Name: _name,
    T.Unary: _unary,
    T.Binary: _binary,
    T.Compare: _compare,
    T.Call: _call,
    T.Attribute: _attribute,
    T.Index: _index,
    T.Slice: _slice,
    T.ListOf: _list,
    T.TupleOf: _list,
}
