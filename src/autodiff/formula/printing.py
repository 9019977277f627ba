"""Terms as text of the language: tight around * / ^, blanks around + - @ and comparisons, brackets where needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.formula import term as t
from autodiff.formula.from_graph import no_formula
from autodiff.formula.term import Term
from autodiff.graph.dtypes import DType
from autodiff.graph.lookup import find
from autodiff.graph.sizes import Dim, Shape, Size

LONGEST = 60_000

# How tightly a text holds together, loosest first.
UNION, INTERSECTION, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(8)

Printed = tuple[str, int]


def length(formula: str) -> int:
    """Operators, calls, comparisons, transposes and subscripts that a formula is written with."""
    formula = re.sub(r"(?<=[(,=*/^@+\-])\s*-(?=\s*[\w(])", "~", formula.strip())
    formula = re.sub(r"\b\d*\.?\d+(e[-+]?\d+)?\b", lambda m: "1" if len(m[0]) <= 6 else "1+1+1+1", formula)
    pattern = r"\*\*|[-+*/@^~%]|[<>]=?|==|!=|\b(?:not|and|or|if|else)\b|\w+\s*\(|\.m?[TH]\b|\["
    return len(re.findall(pattern, formula))


class Printer:
    """Prints terms over some variables; sizes are written by what has them."""

    def __init__(self, shapes: Mapping[str, Shape], first: str | None = None) -> None:
        names = sorted(shapes, key=lambda name: name != first)
        self.shapes = {name: shapes[name] for name in names}
        self.memo: dict[Term, Printed] = {}

    def text(self, term: Term) -> str:
        return self.print(term)[0]

    def print(self, term: Term) -> Printed:
        memo = self.memo
        tried: set[Term] = set()
        stack = [term]  # operands first, so that printing a term does not recurse into a deep one
        while stack:
            top = stack[-1]
            missing = [arg for arg in top.args if arg not in memo and arg not in tried]
            if missing and top not in memo:
                tried.update(missing)
                stack.extend(missing)
                continue
            stack.pop()
            if top not in memo:
                try:
                    memo[top] = self._printed(top)
                except AutodiffError:
                    if top is term:
                        raise
        return memo[term]

    def _printed(self, term: Term) -> Printed:
        found = PRINT[term.kind](self, term)
        if len(found[0]) > LONGEST:
            raise no_formula(f"the formula is longer than {LONGEST} characters")
        return found

    def within(self, term: Term, least: int) -> str:
        """The text, in brackets if it holds less tightly."""
        return bracketed(self.print(term), least)

    # Sizes

    def dim(self, size: Dim) -> str:
        return str(size) if isinstance(size, int) else self.text(t.dim_term(size))

    def size_named(self, name: str) -> str:
        for matrices in (False, True):
            for variable, shape in self.shapes.items():
                if (len(shape) != 1) == matrices and Size.named(name) in shape:
                    return f"{variable}.size({shape.index(Size.named(name))})" if matrices else f"numel({variable})"
        raise no_formula(f"no variable has the size {name}")

    def sizes(self, names: list[str]) -> list[str]:
        """A product of sizes, as few factors as variables allow."""
        found = []
        rest = list(names)
        candidates = sorted(self.shapes.items(), key=lambda item: -len(item[1]))
        for variable, shape in candidates:
            own = [size.terms[0][0][0] for size in shape if isinstance(size, Size) and len(size.terms) == 1]
            while len(shape) > 1 and len(own) == len(shape) and _contains(rest, own):
                found.append(f"numel({variable})")
                for name in own:
                    rest.remove(name)
        return found + [self.size_named(name) for name in rest]


def _contains(rest: list[str], part: list[str]) -> bool:
    return all(rest.count(name) >= part.count(name) for name in part)


def bracketed(printed: Printed, least: int) -> str:
    text, level = printed
    return text if level >= least else f"({text})"


def rational(value: Any) -> Printed:
    if isinstance(value, Fraction):
        level = PRODUCT if value.denominator != 1 else ATOM if value >= 0 else SIGN
        return str(value), level
    return repr(value), ATOM if value >= 0 else SIGN


def _num(printer: Printer, term: Term) -> Printed:
    return rational(term.data)


def _named(printer: Printer, term: Term) -> Printed:
    return term.data, SIGN if term.data.startswith("-") else ATOM


def _var(printer: Printer, term: Term) -> Printed:
    return term.data, ATOM


def _dim(printer: Printer, term: Term) -> Printed:
    return printer.size_named(term.data), ATOM


def _ones(printer: Printer, term: Term) -> Printed:
    for name, shape in printer.shapes.items():
        if shape == term.shape:
            return f"ones_like({name})", ATOM
    return f"ones({', '.join(printer.dim(size) for size in term.shape)})", ATOM


def _eye(printer: Printer, term: Term) -> Printed:
    return f"eye({printer.dim(term.shape[0])})", ATOM


def _const(printer: Printer, term: Term) -> Printed:
    data = term.data[0]
    text = re.sub(r",\)", "]", repr(data)).replace("(", "[").replace(")", "]")
    return f"tensor({text})", ATOM


# Sums


def _degree(term: Term) -> Fraction:
    kind = term.kind
    if kind in ("num", "named", "ones"):
        return Fraction(0)
    if kind in ("mul", "chain", "outer"):
        return sum((_degree(arg) for arg in term.args), Fraction(0))
    if kind == "pow" and isinstance(t.number_of(term.args[1]), Fraction):
        return _degree(term.args[0]) * Fraction(t.number_of(term.args[1]) or 1)
    if kind == "add":
        return max(_degree(arg) for arg in term.args)
    return Fraction(1)


def _add(printer: Printer, term: Term) -> Printed:
    text = _sum_text(printer, term)
    if len(term.shape) == 2 and ".T" in text:
        turned = t.transpose(term)
        other = _sum_text(printer, turned) if turned.kind == "add" else text
        if length(other) + 1 < length(text):
            return f"({other}).T", ATOM
    return text, SUM


def _sum_text(printer: Printer, term: Term) -> str:
    parts = [(t.split(arg)[0] < 0, arg) for arg in term.args]
    parts.sort(key=lambda part: (-_degree(part[1]), t.split(part[1])[1].id))
    positive = next((part for part in parts if not part[0]), None)
    if positive is not None:
        parts.remove(positive)
        parts.insert(0, positive)
    text = ""
    for negative, arg in parts:
        if not text:
            text = printer.within(arg, SUM)
        elif negative:
            text += " - " + printer.within(t.neg(arg), PRODUCT)
        else:
            text += " + " + printer.within(arg, PRODUCT)
    return text


# Products

_ORDER = {"dim": 0, "named": 1, "var": 3, "t": 3, "pow": 4, "fn": 5, "sum": 5, "add": 6, "outer": 7, "chain": 9}


def _order(term: Term) -> tuple[int, int, int, int]:
    inner = _ORDER.get(term.args[0].kind, 5) if term.kind == "pow" else 0
    return (bool(term.shape) or term.kind == "dim", _ORDER.get(term.kind, 5), inner, term.id)


def _mul(printer: Printer, term: Term) -> Printed:
    conditions = [arg for arg in term.args if arg.kind == "ind"]
    if conditions:
        others = [arg for arg in term.args if arg.kind != "ind"]
        others = [arg for arg in others if arg.kind != "ones" or t.common_shape([*conditions]) != term.shape]
        rest = t.mul([t.num(term.data), *others]) if others else t.num(term.data)
        return _where_zero(printer, conditions, rest), ATOM
    coefficient = term.data
    if coefficient == 0:
        text = printer.text(term.args[0])
        return text.replace("ones", "zeros", 1) if text.startswith("ones") else f"0*{text}", PRODUCT
    negative = coefficient < 0
    coefficient = abs(coefficient)
    above: list[Printed] = []
    below: list[Printed] = []
    exact = isinstance(coefficient, Fraction)
    if not exact or coefficient.numerator != 1:
        above.append(rational(Fraction(coefficient.numerator) if exact else coefficient))
    if exact and coefficient.denominator != 1:
        below.append((str(coefficient.denominator), ATOM))
    sizes: list[str] = []
    divisors: list[str] = []
    plain: list[Term] = []
    last: Term | None = None
    for arg in sorted(term.args, key=_order):
        base, exponent = t.power_of(arg)
        n = t.number_of(exponent)
        if base.kind == "dim" and isinstance(n, Fraction) and n.denominator == 1:
            (sizes if n > 0 else divisors).extend([base.data] * abs(n.numerator))
        elif isinstance(n, Fraction) and n < 0 and (n.denominator == 1 or n == Fraction(-1, 2)):
            below.append(printer.print(t.power(base, -n)))
        else:
            plain.append(arg)
    means = _means(plain, divisors)
    above.extend((text, ATOM) for text in printer.sizes(sizes))
    below.extend((text, ATOM) for text in printer.sizes(divisors))
    if plain and plain[-1].kind == "chain" and not any(arg.shape for arg in plain[:-1]):
        last = plain.pop()
    above.extend(_mean(printer, arg) if arg in means else printer.print(arg) for arg in plain)
    pieces = [bracketed(piece, SIGN if i else PRODUCT if len(above) == 1 else SIGN) for i, piece in enumerate(above)]
    if last is not None:
        pieces.append(printer.text(last) if last.shape or not below else printer.within(last, SIGN))
        if not last.shape:
            pieces[-1] = printer.within(last, SIGN)
    text = "*".join(pieces) or "1"
    if below:
        divisor = bracketed(below[0], POWER) if len(below) == 1 else None
        if divisor is None:
            divisor = "(" + "*".join(bracketed(piece, SIGN) for piece in below) + ")"
        text += "/" + divisor
    if negative:
        return f"-{text}", SIGN if text.isidentifier() else PRODUCT
    level = PRODUCT if len(pieces) > 1 or below or last is not None else above[0][1]
    return text, level


def _means(factors: list[Term], divisors: list[str]) -> list[Term]:
    """The factors that are sums over as many elements as the product is divided by; takes these from the divisors."""
    found = []
    for factor in factors:
        x = factor.args[0] if factor.kind in ("col", "row") else factor
        if x.kind != "sum":
            continue
        summed = x.args[0].shape
        dims = range(len(summed)) if x.data[0] is None else x.data[0]
        names: list[str] = []
        for dim in dims:
            size = summed[dim]
            if isinstance(size, int) or len(size.terms) != 1 or size.terms[0][1] != 1:
                break
            names.extend(size.terms[0][0])
        else:
            if names and _contains(divisors, names):
                for name in names:
                    divisors.remove(name)
                found.append(factor)
    return found


def _mean(printer: Printer, term: Term) -> Printed:
    text, level = printer.print(term)
    return text.replace("sum(", "mean(", 1), level


def _where_zero(printer: Printer, conditions: list[Term], rest: Term) -> str:
    tests = [printer.print(arg.args[0]) for arg in conditions]
    text = tests[0][0] if len(tests) == 1 else " & ".join(bracketed(test, SUM) for test in tests)
    if rest.shape or rest.kind not in ("num", "dim", "mul", "named"):
        return f"where({text}, {printer.text(rest)}, 0)"
    number = printer.text(rest)
    return f"where({text}, {number + '.0' if re.fullmatch(r'-?[0-9]+', number) else number}, 0.0)"


def _ind(printer: Printer, term: Term) -> Printed:
    return _where_zero(printer, [term], t.num(1)), ATOM


def _pow(printer: Printer, term: Term) -> Printed:
    base, exponent = term.args
    n = t.number_of(exponent)
    if isinstance(n, Fraction):
        if n == Fraction(1, 2):
            return f"sqrt({printer.text(base)})", ATOM
        if n < 0 and (n.denominator == 1 or n == Fraction(-1, 2)):
            return f"1/{printer.within(t.power(base, -n), POWER)}", PRODUCT
    return f"{printer.within(base, ATOM)}^{printer.within(exponent, POWER)}", POWER


# Matrices


def _chain(printer: Printer, term: Term) -> Printed:
    args = _joined(list(term.args))
    text = " @ ".join(printer.within(arg, SIGN) for arg in args)
    if len(term.shape) == 2:
        turned = [t.transpose(arg) for arg in reversed(args)]
        other = " @ ".join(printer.within(arg, SIGN) for arg in turned)
        if length(other) + 1 < length(text):
            return f"({other}).T", ATOM
    return text, PRODUCT


def _joined(args: list[Term]) -> list[Term]:
    """Inverses next to each other as the inverse of the product."""
    result: list[Term] = []
    for arg in args:
        before = result[-1] if result else None
        if before is not None and _is_inverse(before) and _is_inverse(arg):
            result[-1] = t.make("fn", (t.chain([arg.args[0], before.args[0]]),), ("inv",), arg.shape)
        elif before is not None and _is_turned_inverse(before) and _is_turned_inverse(arg):
            inner = t.chain([before.args[0].args[0], arg.args[0].args[0]])
            result[-1] = t.make("t", (t.make("fn", (inner,), ("inv",), arg.shape),), None, arg.shape)
        else:
            result.append(arg)
    return result


def _is_turned_inverse(term: Term) -> bool:
    return term.kind == "t" and _is_inverse(term.args[0])


def _is_inverse(term: Term) -> bool:
    return term.kind == "fn" and term.data == ("inv",)


def _t(printer: Printer, term: Term) -> Printed:
    return f"{printer.within(term.args[0], ATOM)}.T", ATOM


def _outer(printer: Printer, term: Term) -> Printed:
    return f"outer({printer.text(term.args[0])}, {printer.text(term.args[1])})", ATOM


def _col(printer: Printer, term: Term) -> Printed:
    (x,) = term.args
    if x.kind == "sum" and x.data == (((1 if term.kind == "col" else 0),), False):
        return f"sum({printer.text(x.args[0])}{_dims_text(x.data[0], True)})", ATOM
    return f"unsqueeze({printer.text(term.args[0])}, {1 if term.kind == 'col' else 0})", ATOM


def _sum(printer: Printer, term: Term) -> Printed:
    dims, keepdim = term.data
    (x,) = term.args
    return f"sum({printer.text(x.args[0] if x.kind == 'ind' else x)}{_dims_text(dims, keepdim)})", ATOM


def _dims_text(dims: Any, keepdim: bool = False) -> str:
    if dims is None:
        return ""
    return f", {dims[0] if len(dims) == 1 else dims}" + (", keepdim=True" if keepdim else "")


# Conditions


def _cmp(printer: Printer, term: Term) -> Printed:
    a, b = term.args
    return f"{printer.within(a, SUM)} {term.data} {printer.within(b, SUM)}", COMPARISON


# Calls


def _fn(printer: Printer, term: Term) -> Printed:
    name, *params = term.data
    special = CALLS.get(name)
    if special is not None:
        return special(printer, term, params)
    if find("", name) is None and not name.startswith("F."):
        raise no_formula(f"{name} has no form in a formula")
    texts = [printer.text(arg) for arg in term.args]
    if name in t.ELEMENTWISE and len(texts) == 1 and len(term.shape) == 2 and texts[0].endswith(".T"):
        other = printer.text(t.transpose(term.args[0]))
        if length(other) < length(texts[0]):
            return f"{name}({other}).T", ATOM
    return f"{name}({', '.join([*texts, *map(_param, params)])})", ATOM


def _call(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    op, given = params
    name = op.name
    if name in ("slice", "select"):
        return _item(printer, term.args[0], name, given), ATOM
    if find("", name) is None and not (name.startswith(("linalg.", "special.", "F."))):
        raise no_formula(f"{name} has no form in a formula")
    values = op.arrange([printer.text(arg) for arg in term.args], given)
    texts = []
    for value, param in zip(values, op.signature.params, strict=False):
        if param.kind == "Tensor" and value is not None:
            texts.append(value)
        elif param.kind == "Tensors":
            texts.append("[" + ", ".join(value) + "]")
        elif param.kind == "sizes":
            texts.append("(" + ", ".join(printer.dim(size) for size in value) + ("," if len(value) == 1 else "") + ")")
        else:
            texts.append(_param(value))
    registered = find("", name)
    known = registered.signature.params if registered is not None else op.signature.params
    if len(known) >= len(texts):
        while texts and known[len(texts) - 1].name == op.signature.params[len(texts) - 1].name:
            default = known[len(texts) - 1].default
            if not isinstance(default, (bool, type(None))) or texts[-1] != repr(default):
                break
            texts.pop()
    names = [param.name for param in known]
    own = [param.name for param in op.signature.params[: len(texts)]]
    if set(own) == set(names[: len(own)]):
        texts = [texts[own.index(other)] for other in names[: len(own)]]
        own = names[: len(own)]
    for i, param in enumerate(own):
        if param in names and (names.index(param) != i or known[i].keyword_only):
            texts[i] = f"{param}={texts[i]}"  # the operation that users call has it in another place
    return f"{name}({', '.join(texts)})", ATOM


def _item(printer: Printer, x: Term, name: str, given: Sequence[Any]) -> str:
    dim, *place = given
    if not all(isinstance(part, int) or part is None for part in place):
        raise no_formula("an index depends on sizes")
    if name == "slice":
        start, end, step = place
        text = f"{start or ''}:{'' if end is None or end == x.shape[dim] else end}" + (f":{step}" if step != 1 else "")
    else:
        text = str(place[0])
    return f"{printer.within(x, ATOM)}[{':, ' * dim}{text}]"


def _param(value: Any) -> str:
    if isinstance(value, DType):
        return value.name
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return _param(value[0]) if len(value) == 1 else "(" + ", ".join(map(_param, value)) + ")"
    if isinstance(value, (bool, int, float, str)) or value is None:
        return repr(value)
    if isinstance(value, Size):
        raise no_formula("a size stands where a formula has no place for it")
    raise no_formula(f"{value!r} has no form in a formula")


def _where(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    condition, a, b = term.args
    texts = [printer.text(a), printer.text(b)]
    if not a.shape and not b.shape:
        texts = [text + ".0" if re.fullmatch(r"-?[0-9]+", text) else text for text in texts]
    return f"where({printer.text(condition)}, {', '.join(texts)})", ATOM


def _logic(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    op = term.data[0]
    level = INTERSECTION if op == "&" else UNION
    return f" {op} ".join(printer.within(arg, SUM) for arg in term.args), level


def _not(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    return f"~{printer.within(term.args[0], ATOM)}", SIGN


def _reshape(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    sizes = ", ".join(printer.dim(size) for size in params[0])
    return f"reshape({printer.text(term.args[0])}, ({sizes},))", ATOM


def _prod(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    return f"{term.data[0]}({printer.text(term.args[0])}{_dims_text(*params) if params else ''})", ATOM


def _pick(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    return f"{printer.within(term.args[0], ATOM)}[{params[0]}]", ATOM


def _spread(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    x = printer.text(term.args[0])
    if not params:
        return f"{term.data[0]}({x})", ATOM
    dims, correction, keepdim = params
    along = f", dim={_param(dims)}" if dims is not None else ""
    return f"{term.data[0]}({x}{along}, correction={_param(correction)}, keepdim={keepdim})", ATOM


CALLS: dict[str, Callable[[Printer, Term, Sequence[Any]], Printed]] = {
    "call": _call,
    "where": _where,
    "&": _logic,
    "|": _logic,
    "not": _not,
    "reshape": _reshape,
    "prod": _prod,
    "std": _spread,
    "var": _spread,
    "logsumexp": _prod,
    "pick": _pick,
    "slogdet": lambda printer, term, params: (f"slogdet({printer.text(term.args[0])})[1]", ATOM),
    "to": lambda printer, term, params: (f"{printer.within(term.args[0], ATOM)}.to({params[0]})", ATOM),
    "/": lambda printer, term, params: (
        f"{printer.within(term.args[0], PRODUCT)}/{printer.within(term.args[1], POWER)}",
        PRODUCT,
    ),
}

PRINT: dict[str, Callable[[Printer, Term], Printed]] = {
    "num": _num,
    "named": _named,
    "var": _var,
    "dim": _dim,
    "ones": _ones,
    "eye": _eye,
    "const": _const,
    "add": _add,
    "mul": _mul,
    "pow": _pow,
    "ind": _ind,
    "chain": _chain,
    "t": _t,
    "outer": _outer,
    "col": _col,
    "row": _col,
    "sum": _sum,
    "cmp": _cmp,
    "fn": _fn,
}
