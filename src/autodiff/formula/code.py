"""Formulas as Python functions, for NumPy, PyTorch or JAX.

A formula's syntax tree is printed with Python's operators, which are the language's, and calls by the target's table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from autodiff.formula.code_tables import TARGETS, Target
from autodiff.formula.reading import Called, Reading
from autodiff.formula.refusal import no_formula
from autodiff.graph.lookup import CONSTANTS
from autodiff.graph.node import Node
from autodiff.graph.sizes import Shape
from autodiff.syntax import tree as T  # noqa: N812

if TYPE_CHECKING:
    from autodiff.formula.derive import Derived
    from autodiff.formula.question import Question

# How tightly a text holds together, loosest first, as in Python.
OR, AND, NOT, COMPARISON, UNION, INTERSECTION, SUM, PRODUCT, SIGN, POWER, ATOM = range(11)
LEVELS = {"or": OR, "and": AND, "|": UNION, "&": INTERSECTION, "+": SUM, "-": SUM}
LEVELS.update(dict.fromkeys(("*", "/", "//", "%", "@"), PRODUCT))

Printed = tuple[str, int]


def code(target: str, question: Question, derived: Derived) -> str:
    """A module with one function: the gradient, or with order 2 the Hessian; raises `no-formula`.

    For one variable it returns an array of its shape, for several a tuple in their order, for a Hessian rows of these.
    """
    chosen = TARGETS[target]
    emitter = Emitter(chosen, derived.shapes)
    if derived.hessian is None:
        function, of = "gradient", list(derived.gradient)
        result = _lines([emitter.text(text) for text in derived.gradient.values()])
    else:
        function, of = "hessian", list(derived.hessian)
        result = _lines([_tuple([emitter.text(text) for text in row.values()]) for row in derived.hessian.values()])
    lines = [*emitter.imports(), "", ""]
    for helper in emitter.helpers:
        lines += [chosen.helpers[helper].strip("\n").replace("@@", emitter.module), "", ""]
    lines += [f"def {function}({', '.join(derived.shapes)}):", *_docstring(function, of, question, derived)]
    return "\n".join([*lines, f"    return {result}", ""])


def _tuple(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _lines(parts: list[str]) -> str:
    """A tuple of several, a line each."""
    inside = "".join(f"        {part},\n" for part in parts)
    return parts[0] if len(parts) == 1 else f"(\n{inside}    )"


def _docstring(function: str, of: list[str], question: Question, derived: Derived) -> list[str]:
    expr = " ".join(question.expr.split()).replace("\\", "\\\\").replace('"""', '\\"""')
    expr = expr if len(expr) <= 300 else expr[:299] + "…"
    names = ", ".join(of)
    shapes = [f"{name}: {_shape(name, shape, derived)}" for name, shape in derived.shapes.items()]
    lines = [f'    """The {function.replace("hess", "Hess")} of {expr} for {names}.']
    if shapes:
        lines += ["", f"    {'; '.join(shapes)}."]
    if len(of) > 1:
        rows = "a row of them for each" if function == "hessian" else "in this order"
        lines += ["", f"    Returns a tuple for {names}, {rows}."]
    return [*lines, '    """'] if len(lines) > 1 else [lines[0] + '"""']


def _shape(name: str, shape: Shape, derived: Derived) -> str:
    if name in derived.assumes and shape:
        return "any shape"
    return f"shape ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})" if shape else "a number"


class Emitter:
    """Prints formulas over some variables for one target, and remembers which helpers they need."""

    def __init__(self, target: Target, shapes: Mapping[str, Shape]) -> None:
        self.target = target
        self.shapes = shapes
        self.helpers: list[str] = []
        self.modules: set[str] = set()
        self.module = target.short
        while self.module in shapes:  # a variable is called so
            self.module = "numpy" if self.module == "np" else self.module + "_"
        self.first = next(iter(shapes), "")

    def imports(self) -> list[str]:
        name, short = self.target.name, self.module
        lines = ["import math"] if "math" in self.modules else []
        if "jax" in self.modules:
            lines.append("import jax")
        lines.append(f"import {name}" if short == name else f"import {name} as {short}")
        return [*lines, "import scipy.linalg"] if "scipy" in self.modules else lines

    def text(self, formula: str) -> str:
        reading = Reading(formula, self.shapes)
        emission = _Emission(self, reading)
        for item in reading.order:
            emission.done[item] = EMIT[type(item)](emission, item)
        return emission.tensor(reading.root)


class _Emission:
    """One formula on its way."""

    def __init__(self, emitter: Emitter, reading: Reading) -> None:
        self.emitter = emitter
        self.reading = reading
        self.done: dict[T.Tree, Printed] = {}

    def text(self, item: T.Tree) -> str:
        return self.done[item][0]

    def within(self, item: T.Tree, least: int) -> str:
        text, level = self.done[item]
        return text if level >= least else f"({text})"

    def tensor(self, item: T.Tree) -> str:
        """An operand; numbers are made tensors where the target's functions take no others."""
        is_number = self.reading.is_constant(item) and not self.has_tensor(item)
        if self.emitter.target.wants_tensors and is_number and self.emitter.first:
            return f"{self.emitter.module}.tensor({self.text(item)}, dtype={self.emitter.first}.dtype)"
        return self.text(item)

    def has_tensor(self, item: T.Tree) -> bool:
        """Whether a piece made of numbers calls what gives tensors."""
        stack = [item]
        while stack:
            piece = stack.pop()
            if isinstance(piece, T.Call) and self.reading.called(piece).name not in MATH:
                return True
            stack.extend(self.reading.builder._operands(piece))
        return False


def _literal(emission: _Emission, item: T.Number | T.String | T.Constant) -> Printed:
    return item.span.text.replace("…", "..."), ATOM


def _name(emission: _Emission, item: T.Name) -> Printed:
    if item.id in CONSTANTS and item.id not in emission.reading.shapes:
        return f"{emission.emitter.module}.{item.id}", ATOM
    if item.id in emission.reading.shapes:
        return item.id, ATOM
    return f"{emission.emitter.module}.{item.id}", ATOM  # a dtype


def _unary(emission: _Emission, item: T.Unary) -> Printed:
    if item.op == "not":
        return f"not {emission.within(item.operand, NOT)}", NOT
    return item.op + emission.within(item.operand, SIGN), SIGN


def _binary(emission: _Emission, item: T.Binary) -> Printed:
    if item.op == "**":
        return f"{emission.within(item.left, ATOM)}**{emission.within(item.right, SIGN)}", POWER
    level = LEVELS[item.op]
    sign = item.op if level == PRODUCT and item.op != "@" else f" {item.op} "
    return f"{emission.within(item.left, level)}{sign}{emission.within(item.right, level + 1)}", level


def _compare(emission: _Emission, item: T.Compare) -> Printed:
    parts = [emission.within(item.operands[0], UNION)]
    for op, operand in zip(item.ops, item.operands[1:], strict=True):
        parts += [op, emission.within(operand, UNION)]
    return " ".join(parts), COMPARISON


def _attribute(emission: _Emission, item: T.Attribute) -> Printed:
    if item.value not in emission.done:
        return f"{emission.emitter.module}.{item.name}", ATOM
    return f"{emission.within(item.value, ATOM)}.{item.name}", ATOM


def _index(emission: _Emission, item: T.Index) -> Printed:
    if isinstance(item.value, T.Call):
        called = emission.reading.called(item.value)
        rule = emission.emitter.target.picks.get((called.name, emission.reading.number(item.items[0])))
        if rule is not None:
            return _by_rule(emission, rule, called)
    inside = ", ".join(emission.text(part) for part in item.items)
    return f"{emission.within(item.value, ATOM)}[{inside}]", ATOM


def _slice(emission: _Emission, item: T.Slice) -> Printed:
    start, stop, step = ["" if part is None else emission.text(part) for part in (item.start, item.stop, item.step)]
    return f"{start}:{stop}" + (f":{step}" if step else ""), ATOM


def _list(emission: _Emission, item: T.ListOf | T.TupleOf) -> Printed:
    inside = ", ".join(emission.text(part) for part in item.items)
    if isinstance(item, T.ListOf):
        return f"[{inside}]", ATOM
    return f"({inside}{',' if len(item.items) == 1 else ''})", ATOM


# Calls


def _call(emission: _Emission, item: T.Call) -> Printed:
    called = emission.reading.called(item)
    target = emission.emitter.target
    if target.wants_tensors and called.name in MATH and emission.reading.is_constant(item):
        emission.emitter.modules.add("math")
        return f"math.{called.name}({emission.text(called.args[0])})", ATOM
    rule = target.rule(called.name)
    if rule is None:
        raise no_formula(f"{called.name} has no form in {target.title}")
    return _by_rule(emission, rule, called)


MATH = ("log", "sqrt", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "log2", "log10",
        "lgamma", "erf", "erfc")  # fmt: skip


def _by_rule(emission: _Emission, rule: str | Callable[[Any, Called], str], called: Called) -> Printed:
    if callable(rule):
        text = rule(Arguments(emission, called), called)
    else:
        values = [emission.tensor(arg) if _wants_tensor(called, i) else emission.text(arg)
                  for i, arg in enumerate(called.args)]  # fmt: skip
        named = [f"{name}={emission.text(value)}" for name, value in called.keywords.items()]
        text = f"{rule}({', '.join([*values, *named])})"
    return _finished(emission, text)


def _wants_tensor(called: Called, place: int) -> bool:
    params = called.operation.signature.params if called.operation is not None else []
    return place < len(params) and params[place].kind == "Tensor"


def _finished(emission: _Emission, text: str) -> Printed:
    """The module's name and the helpers in what a rule says."""
    emitter = emission.emitter
    for helper in emitter.target.helpers:
        if f"{helper}(" in text and helper not in emitter.helpers:
            emitter.helpers.append(helper)
    if text.startswith("scipy."):
        emitter.modules.add("scipy")
    if "jax." in text and "jax" not in emitter.modules:
        emitter.modules.add("jax")
    return text.replace("@@", emitter.module), ATOM


class Arguments:
    """What a rule of a target's table sees of a call: its arguments as text."""

    def __init__(self, emission: _Emission, called: Called) -> None:
        self.emission = emission
        self.called = called
        self.first = emission.emitter.first

    def __getitem__(self, place: int) -> str:
        """A tensor operand."""
        return self.emission.tensor(self.called.args[place])

    def plain(self, place: int, name: str, default: str = "") -> str:
        """An argument as it stands, given by place or by name."""
        found = self.called.get(place, name)
        return default if found is None else self.emission.text(found)

    def atom(self, place: int) -> str:
        return self.emission.within(self.called.args[place], ATOM)

    def count(self) -> int:
        return len(self.called.args)

    def rank(self, place: int) -> int:
        return self.emission.reading.rank(self.called.args[place])

    def is_tensor(self, place: int) -> bool:
        item = self.called.args[place]
        return isinstance(self.emission.reading.values.get(item), Node) and not self.emission.reading.is_constant(item)

    def is_whole(self, place: int) -> bool:
        """Whether it is a tensor of integers or truth values."""
        value = self.emission.reading.values.get(self.called.args[place])
        return isinstance(value, Node) and not value.dtype.is_floating

    def sizes(self, start: int) -> str:
        """Sizes from a place on, in a tuple or one after another, as a tuple."""
        items = self.called.args[start:]
        if len(items) == 1 and isinstance(items[0], (T.TupleOf, T.ListOf)):
            items = items[0].items
        return f"({', '.join(map(self.emission.text, items))}{',' if len(items) == 1 else ''})"

    def unknown(self, *names: str) -> None:
        """Raise for keywords that the rule does not know."""
        for name in self.called.keywords:
            if name not in names:
                raise no_formula(f"{self.called.name} with {name} has no form in {self.emission.emitter.target.title}")


EMIT: dict[type, Callable[[_Emission, Any], Printed]] = {
    T.Number: _literal,
    T.String: _literal,
    T.Constant: _literal,
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
