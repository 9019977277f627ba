"""Calls as LaTeX: one table of those that mathematics has a notation for; all others are `\\operatorname{…}`."""

from __future__ import annotations

from collections.abc import Callable

from autodiff.formula.latex_tree import (
    ADD,
    ATOM,
    BIG,
    CALL,
    FRAC,
    MUL,
    POW,
    Latex,
    Piece,
    bracketed,
    juxtaposed,
    powered,
    subscripted,
    transposed,
)
from autodiff.formula.reading import Called
from autodiff.formula.symbols import escaped
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Shape
from autodiff.syntax import tree as T  # noqa: N812

LONGEST_EXPONENT = 40
TIMES = r" \times "

Render = Callable[[Latex, Called, T.Call], "Piece | None"]


def call(latex: Latex, item: T.Call) -> Piece:
    called = latex.reading.called(item)
    rule = CALLS.get(called.name)
    found = rule(latex, called, item) if rule is not None and called.args else None
    return found or _operator(latex, called)


def _operator(latex: Latex, called: Called) -> Piece:
    """f(x, y), upright, with the operation's own symbol if it has one."""
    operation = called.operation
    head = operation.latex if isinstance(operation, Primitive) else ""
    if not head or "x" in head.replace(r"\exp", ""):
        name = called.name.rpartition(".")[2]
        head = rf"\operatorname{{{escaped(name)}}}"
    keywords = [rf"\mathrm{{{escaped(name)}}}={latex.text(value)}" for name, value in called.keywords.items()]
    return Piece(head + bracketed(", ".join([*map(latex.text, called.args), *keywords])), CALL)


def _function(head: str) -> Render:
    """A function of one operand under another name."""

    def render(latex: Latex, called: Called, item: T.Call) -> Piece | None:
        if len(called.args) != 1 or called.keywords:
            return None
        return Piece(head + bracketed(latex.text(called.args[0])), CALL)

    return render


def _of_all(head: str) -> Render:
    """max and min: of two tensors, or of all elements."""

    def render(latex: Latex, called: Called, item: T.Call) -> Piece | None:
        if called.keywords or any(latex.reading.number(arg) is not None and i for i, arg in enumerate(called.args)):
            return None
        return Piece(head + bracketed(", ".join(map(latex.text, called.args))), CALL)

    return render


def _exp(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    inside = latex.text(called.args[0])
    if latex.rank(item) or len(inside) > LONGEST_EXPONENT or r"\begin" in inside or "e" in latex.reading.shapes:
        return Piece(r"\exp" + bracketed(inside), CALL)
    return Piece(f"e^{{{inside}}}", POW)


def _sqrt(latex: Latex, called: Called, item: T.Call) -> Piece:
    return Piece(rf"\sqrt{{{latex.text(called.args[0])}}}")


def _square(latex: Latex, called: Called, item: T.Call) -> Piece:
    circle = r"\circ " if latex.rank(item) else ""
    return Piece(f"{powered(latex.done[called.args[0]])}^{{{circle}2}}", POW)


def _abs(latex: Latex, called: Called, item: T.Call) -> Piece:
    return Piece(rf"\left\lvert {latex.text(called.args[0])}\right\rvert")


def _norm(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    x, order, dim = called.args[0], called.get(1, "p"), called.get(2, "dim")
    p = latex.reading.number(order) if order else None
    if set(called.keywords) - {"p", "dim", "keepdim"} or (order and p is None):
        return None
    if dim is None:
        if order and latex.rank(x) > 1 and p not in (1, 2):
            return None
        which = str(p) if order else "F" if latex.rank(x) == 2 else "2"
        return Piece(rf"\left\lVert {latex.text(x)}\right\rVert_{{{which}}}")
    number = latex.reading.number(dim)
    if number is None or latex.rank(x) != 2:
        return None
    line = f"{latex.indices[0]}, :" if number % 2 else f":, {latex.indices[0]}"  # of each row, or of each column
    return Piece(rf"\left\lVert {_element(latex, x, line)}\right\rVert_{{{p if order else 2}}}")


def _matrix_power(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    n = latex.reading.number(called.args[1]) if len(called.args) == 2 else None
    return Piece(f"{powered(latex.done[called.args[0]])}^{{{n}}}", POW) if n is not None else None


def _matrix_exp(latex: Latex, called: Called, item: T.Call) -> Piece:
    return Piece(f"e^{{{latex.text(called.args[0])}}}", POW)


def _stack(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    """Numbers, or rows of numbers, as a vector or matrix."""
    parts = called.args[0]
    if len(called.args) > 1 or called.keywords or not isinstance(parts, T.ListOf):
        return None
    rows = []
    for part in parts.items:
        inner = latex.reading.called(part).args[0] if latex.rank(part) == 1 and isinstance(part, T.Call) else None
        rows.append(list(inner.items) if isinstance(inner, T.ListOf) else [part])
    if any(latex.rank(cell) for row in rows for cell in row):
        return None
    body = r" \\ ".join(" & ".join(map(latex.text, row)) for row in rows)
    return Piece(rf"\begin{{pmatrix}} {body} \end{{pmatrix}}")


def _inv(latex: Latex, called: Called, item: T.Call) -> Piece:
    return Piece(f"{powered(latex.done[called.args[0]])}^{{-1}}", POW)


def _outer(latex: Latex, called: Called, item: T.Call) -> Piece:
    return juxtaposed(latex.done[called.args[0]], latex.row(called.args[1]))


def _dot(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    if len(called.args) != 2 or called.keywords:
        return None
    x, y = called.args
    return juxtaposed(latex.row(x) if latex.rank(x) == 1 else latex.done[x], latex.done[y])


def _transpose(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    return Piece(transposed(latex.done[called.args[0]]), POW) if latex.rank(called.args[0]) == 2 else None


def _where(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    if len(called.args) != 3 or called.keywords:
        return None
    condition, a, b = map(latex.text, called.args)
    return Piece(rf"\begin{{cases}} {a} & \text{{if }} {condition} \\ {b} & \text{{otherwise}} \end{{cases}}", BIG)


# Sums and products over indices


def _over(sign: str) -> Render:
    def render(latex: Latex, called: Called, item: T.Call) -> Piece | None:
        x = called.args[0]
        rank, dim = latex.rank(x), called.get(1, "dim")
        extra = set(called.keywords) - {"dim", "axis", "keepdim", "keepdims"}
        if not 1 <= rank <= len(latex.indices) or extra or len(called.args) > 3:
            return None
        if dim is None:
            letters = latex.indices[: 1 if _is_of_any_shape(latex, x) else rank]
            below = over = ", ".join(letters)
        else:
            number = latex.reading.number(dim)
            if number is None or rank > 2:
                return None
            over = latex.indices[0]
            below = ", ".join([over if d == number % rank else ":" for d in range(rank)])
        return Piece(rf"{sign}_{{{over}}} {_element(latex, x, below)}", BIG)

    return render


def _is_of_any_shape(latex: Latex, x: T.Tree) -> bool:
    return any(latex.size(size) is None for size in latex.reading.shape(x) or ())


def _element(latex: Latex, x: T.Tree, below: str) -> str:
    """x with indices; a power keeps its exponent."""
    if isinstance(x, T.Binary) and x.op == "**" and latex.rank(x.left) and not latex.rank(x.right):
        base = subscripted(latex.done[x.left], below).text
        return f"{base}^{{{latex.text(x.right)}}}"
    return subscripted(latex.done[x], below).text


# Shapes


def _numel(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    shape = latex.reading.shape(called.args[0])
    names = [latex.size(size) for size in shape or (-1,)]
    if shape is None or None in names:
        return None
    factors = [name for name in names if name is not None]
    if all(isinstance(size, int) for size in shape):
        count = 1
        for size in shape:
            count *= size if isinstance(size, int) else 1
        return Piece(str(count))
    texts = [bracketed(name) if " + " in name or " - " in name else name for name in factors]
    return Piece(" ".join(texts), MUL if len(texts) > 1 else ATOM)


def _size(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    shape, dim = latex.reading.shape(called.args[0]), latex.reading.number(called.get(1, "dim"))
    if not shape or dim is None or not -len(shape) <= dim < len(shape):
        return None
    name = latex.size(shape[dim])
    return None if name is None else Piece(name, ADD if " + " in name or " - " in name else ATOM)


def _filled(symbol: str) -> Render:
    """ones, zeros: a bold digit with the shape below."""

    def render(latex: Latex, called: Called, item: T.Call) -> Piece | None:
        shape = latex.reading.shape(item)
        if shape is None:
            return None
        return Piece(symbol + _below(latex, shape)) if shape else Piece("1" if "1" in symbol else "0")

    return render


def _below(latex: Latex, shape: Shape) -> str:
    names = [latex.size(size) for size in shape]
    known = [name for name in names if name is not None]
    return f"_{{{TIMES.join(known)}}}" if len(known) == len(names) else ""


def _eye(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    shape = latex.reading.shape(item)
    if shape is None or len(called.args) != 1:
        return None
    return Piece("I" + _below(latex, shape[:1]))


def _same(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    return latex.done[called.args[0]] if len(called.args) == 1 and not called.keywords else None


def _first(latex: Latex, called: Called, item: T.Call) -> Piece:
    """A conversion, which mathematics does not mention."""
    return latex.done[called.args[0]]


def _softmax(name: str) -> Render:
    """Along the only dim of a vector, the dim needs no mention."""

    def render(latex: Latex, called: Called, item: T.Call) -> Piece | None:
        x, dim = called.args[0], called.get(1, "dim")
        if dim is None or latex.reading.number(dim) is None:
            return None
        below = f"_{{{latex.text(dim)}}}" if latex.rank(x) > 1 else ""
        return Piece(rf"\operatorname{{{name}}}{below}{bracketed(latex.text(x))}", CALL)

    return render


def _one_hot(latex: Latex, called: Called, item: T.Call) -> Piece | None:
    if len(called.args) != 2 or called.keywords:
        return None
    labels, classes = map(latex.text, called.args)
    return Piece(rf"\operatorname{{onehot}}_{{{classes}}}" + bracketed(labels), CALL)


CALLS: dict[str, Render] = {
    "one_hot": _one_hot,
    "to": _first,
    "long": _first,
    "exp": _exp,
    "sqrt": _sqrt,
    "square": _square,
    "abs": _abs,
    "norm": _norm,
    "linalg.norm": lambda latex, called, item: _norm(latex, called, item) if len(called.args) == 1 else None,
    "linalg.vector_norm": lambda latex, called, item: _norm(latex, called, item) if len(called.args) == 1 else None,
    "inv": _inv,
    "inverse": _inv,
    "linalg.inv": _inv,
    "det": _function(r"\det"),
    "linalg.det": _function(r"\det"),
    "logdet": _function(r"\ln\det"),
    "trace": _function(r"\operatorname{tr}"),
    "outer": _outer,
    "dot": _dot,
    "vdot": _dot,
    "mv": _dot,
    "mm": _dot,
    "matmul": _dot,
    "t": _transpose,
    "where": _where,
    "sum": _over(r"\sum"),
    "prod": _over(r"\prod"),
    "numel": _numel,
    "size": _size,
    "Tensor.size": _size,
    "ones": _filled(r"\mathbf{1}"),
    "ones_like": _filled(r"\mathbf{1}"),
    "zeros": _filled(r"\mathbf{0}"),
    "zeros_like": _filled(r"\mathbf{0}"),
    "eye": _eye,
    "tensor": _same,
    "stack": _stack,
    "matrix_power": _matrix_power,
    "linalg.matrix_power": _matrix_power,
    "matrix_exp": _matrix_exp,
    "linalg.matrix_exp": _matrix_exp,
    "sigmoid": _function(r"\sigma"),
    "sign": _function(r"\operatorname{sgn}"),
    "erf": _function(r"\operatorname{erf}"),
    "softmax": _softmax("softmax"),
    "log_softmax": _softmax(r"log\_softmax"),
    "logsumexp": _softmax("logsumexp"),
    "max": _of_all(r"\max"),
    "min": _of_all(r"\min"),
    "maximum": _of_all(r"\max"),
    "minimum": _of_all(r"\min"),
    "reciprocal": lambda latex, called, item: (
        None if latex.rank(item) else Piece(rf"\frac{{1}}{{{latex.text(called.args[0])}}}", FRAC)
    ),
}
