"""Notation of mathematics and of other tools, which is not read: each with the way in which it is written here.

Imported only when there is a mistake.
"""

from __future__ import annotations

import re

from autodiff.errors import AutodiffError, Source, Span
from autodiff.syntax.characters import HELP, unknown_character
from autodiff.syntax.latex import translated
from autodiff.syntax.place import Place, Token, error, parses, quoted, suggested

# What mathematicians write without brackets around the argument.
CALLED = re.compile(
    "(?:a|arc)?(?:sin|cos|tan)h?|exp|log|ln|lg|log2|log10|sqrt|abs|sum|mean|prod|max|min|norm|det|trace|tr|inv|relu"
    "|sigmoid|softmax|erf|gelu|var|std"
)
INVERSE = {"sin": "asin", "cos": "acos", "tan": "atan", "sinh": "asinh", "cosh": "acosh", "tanh": "atanh"}
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
POWERED = re.compile(
    r"(?<![\w.])([^\W\d⁰¹²³⁴-⁹]\w*?)\s*(?:(?:\^|\*\*)\s*\(?\s*([-−]?\d+)\s*\)?|(⁻?[⁰¹²³⁴-⁹]+)|([-−]1))\s*$"
)
INFIX = {
    "dot": "dot({0}, {1})", "cross": "cross({0}, {1})", "mod": "{0} % {1}", "times": "{0}*{1}", "over": "{0}/{1}",
    "plus": "{0} + {1}", "minus": "{0} - {1}", "div": "{0} // {1}", "matmul": "{0} @ {1}", "outer": "outer({0}, {1})",
    "kron": "kron({0}, {1})", "xor": "logical_xor({0}, {1})", "AND": "{0} and {1}", "OR": "{0} or {1}",
    "And": "{0} and {1}", "Or": "{0} or {1}", "equals": "{0} == {1}", "eq": "{0} == {1}", "to": "arange({0}, {1})",
}  # fmt: skip
LONGEST_READ = 400  # characters in which a pattern is looked for, so that none takes long


def braces(place: Place) -> AutodiffError | None:
    """LaTeX, braces around a group, dollars, JSON."""
    found, text = place.found, place.text
    if found is None or found.kind or found.text not in ("\\", "{", "}", "$"):
        return None
    plain = unknown_character(place.source, found.start)
    if re.match(r'\s*\{\s*"', text) and place.source.name != "expr":
        plain.help = ["a value is written in the language: [1, 2], or tensor([1, 2], dtype=int64)"]
        return plain
    if re.match(r'\s*\{\s*"', text):
        plain.help = ["JSON requests come from standard input, as - in place of the expression, or with --rows FILE"]
        return plain
    before = place.before
    if found.text == "\\" and before is not None and before.ends_operand and re.match(r"\\\w\b", text[found.start :]):
        left = suggested(place.left()) or "A"
        plain.help = [f"to solve a system of equations, write linalg.solve({left}, {text[found.start + 1]})"]
        return plain
    if len(text) > LONGEST_READ or (found.text == "$" and not re.fullmatch(r"\s*(\${1,2})[^$]+\1\s*", text)):
        return None
    if found.text == "{" and re.search(r"[,:]", text) and not re.search(r"[\\^_]", text):
        plain.help = ["lists are written with [ ], and ( ) group"]
        return plain
    written = translated(text)
    if written not in (None, "()") and parses(written):
        plain.help = [f"write {written}"]
        if "\\" in text or "$" in text:
            plain.help = [f"LaTeX is not read: write {written}"]
        return plain
    return None


def bars(place: Place) -> AutodiffError | None:
    """`|x|`, `||x||`."""
    found, text = place.found, place.text
    if found is None or found.text != "|":
        return None
    if place.before is not None and (place.before.ends_operand or place.before.text == "|"):
        return None
    double = text[found.start : found.start + 2] == "||"
    sign, function = ("||", "norm") if double else ("|", "abs")
    end = text.find(sign, found.start + len(sign))
    inside = suggested(text[found.start + len(sign) : end].strip()) if end > 0 else None
    last = end + len(sign) if inside else found.start + len(sign)
    message = "bars do not make a norm" if double else "bars do not make an absolute value"
    help = [f"write {function}({inside or 'x'})"]
    if not double and inside and re.fullmatch("[A-Z]", inside):
        help.append(f"for the determinant, write det({inside})")
    return error("syntax", place.span(found.start, last), message, "read as the operator |", *help)


def powered(place: Place) -> AutodiffError | None:
    """`sin^2 x`."""
    found = place.found
    if found is None or place.before is None or not found.starts_operand:
        return None
    return function_power(place.source, found.start, found.start + len(place.right()), place.right())


def function_power(source: Source, start: int, end: int, operand: str) -> AutodiffError | None:
    """The error for `sin^2(x)`, whose operand stands from `start` to `end`; None for anything else."""
    power = POWERED.search(source.text, max(0, start - 40), start)
    if power is None or not CALLED.fullmatch(power[1]) or not operand:
        return None
    function, exponent = power[1], (power[2] or power[3] or power[4]).translate(DIGITS)
    inside = operand[1:-1] if operand.startswith("(") and operand.endswith(")") else operand
    call = f"{function}({inside})"
    help = [f"write {call}^{exponent}"]
    if exponent == "-1":
        help = [f"for the inverse function, write {INVERSE[function]}({inside})"] if function in INVERSE else []
        help.append(f"for the reciprocal, write 1/{call}")
    return error(
        "syntax",
        Span(source, power.start(), end),
        f"{function} is raised to a power before it is called",
        "the power stands behind the brackets",
        *[line if suggested(line) else "write the power behind the brackets" for line in help],
    )


def transposed(place: Place) -> AutodiffError | None:
    """`x^T A`, where ^T is followed by an operand."""
    found, before, sign = place.found, place.before, place.token(place.at - 2)
    if found is None or before is None or sign is None or not found.starts_operand:
        return None
    if before.text not in ("T", "t") or sign.text not in ("^", "**") or place.at < 3:
        return None
    left = suggested(Place(place.source, sign.start, place.tokens).left())
    right = suggested(place.right())
    help = f"write {left}.T @ {right}" if left and right else "write x.T @ y"
    return error("transpose-mark", place.span(sign.start, before.end), "^T does not transpose", "read as a power", help)


def worded(place: Place) -> AutodiffError | None:
    """Words between operands, `x dot y`, and sums with an index, `sum_i x_i`."""
    found, before, after = place.found, place.before, place.after
    if found is None or before is None or not before.ends_operand or found.kind != "NAME":
        return None
    derivative = re.match(r"\s*[d∂]\w*\s*/\s*[d∂]\w+\s*$", place.text[: before.end])
    if derivative is not None:
        return error(
            "syntax",
            place.span(0, before.end),
            "an expression holds no derivatives",
            "leave this out",
            f"autodiff derive {_in_quotes(place.text[before.end :].strip())} prints the derivative",
        )
    if found.text in INFIX and after is not None and after.starts_operand:
        left = suggested(place.left())
        right = suggested(Place(place.source, after.start, place.tokens).right())
        write = INFIX[found.text].format(left or "x", right or "y")
        span = place.span(found.start, found.end)
        return error("syntax", span, f"{found.text} is no operator", "stands between two operands", f"write {write}")
    summed = re.fullmatch(r"(sum|prod|mean|max|min)_(\w+)", before.text)
    if summed is not None:
        function, indexes = summed.groups()
        operand = re.sub(rf"_[{indexes}]+$", "", place.right()) if indexes.isalpha() else place.right()
        span = place.span(before.start, before.end)
        message = f"{before.text} is no function, and has no brackets"
        return error("syntax", span, message, "no index is needed", f"write {function}({operand}) for all elements")
    return None


def _in_quotes(text: str) -> str:
    return f'"{text}"' if text and suggested(text) and '"' not in text else "EXPR"


def dotted(place: Place) -> AutodiffError | None:
    """Operators of other tools with a dot in front: `x .* y`."""
    found, dot = place.found, place.before
    if found is None or dot is None or dot.text != "." or dot.end != found.start:
        return None
    if found.text == "'":
        left = suggested(Place(place.source, dot.start, place.tokens).left()) or "X"
        span = place.span(dot.start, found.end)
        return error("transpose-mark", span, ".' does not transpose", "this mark means nothing here", f"write {left}.T")
    if found.text not in ("*", "/", "^", "**", "+", "-"):
        return None
    span = place.span(dot.start, found.end)
    help = f"write {found.text}, which works element by element"
    return error("syntax", span, f"there is no operator .{found.text}", "unknown", help)


def angled(place: Place) -> AutodiffError | None:
    """`<x, y>`, `⟨x, y⟩`."""
    found = place.found
    if found is None or found.text not in ("<", "⟨", "〈", "«"):
        return None
    if place.before is not None and place.before.ends_operand:
        return None
    pair = re.compile(r"[<⟨〈«]\s*([^,<>⟨⟩|]+?)\s*[,|]\s*([^,<>⟨⟩]+?)\s*[>⟩〉»]").match(
        place.text, found.start, found.start + LONGEST_READ
    )
    if pair is None:
        return None
    return error(
        "syntax" if found.kind else "unknown-character",
        place.span(found.start, pair.end()),
        "angle brackets do not make an inner product",
        "an inner product?",
        f"write sum({_factor(pair[1])}*{_factor(pair[2])}), or dot({pair[1]}, {pair[2]}) for vectors",
    )


def _factor(text: str) -> str:
    return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def defined(place: Place, target: Token) -> AutodiffError | None:
    """`f(x) = x^2`: the definition of a function."""
    assert place.found is not None
    if not re.fullmatch(r"\s*[^\W\d]\w*'?\s*\([\w\s,]*\)\s*", place.text[: place.found.start]) or target.text != ")":
        return None
    rest = suggested(place.text[place.found.end :].strip())
    span = place.span(0, place.found.end)
    name = quoted(place.text[: place.found.start].strip())
    help = f"leave out {name} =" + (f": {rest}" if rest else "")
    return error("assignment", span, "an expression assigns nothing", "this would define a function", help)


# How people name a derivative before they write it down: f'(x), y', dy/dx, d/dx f(x), ∇f, x.grad.
DERIVATIVE = re.compile(
    r"\s*(?:[^\W\d]\w*['’′]+\s*(?:\(\s*\w+\s*\))?|[d∂]\w*\s*/\s*[d∂]\w+(?:\s*\w+\(\w+\))?"
    r"|∇(?:_\w+)?\s*\w*(?:\(\s*\w+\s*\))?|[^\W\d]\w*\.grad)\s*=(?!=)"
)


def equated(place: Place) -> AutodiffError | None:
    """`f'(x) = 2*x`: a derivative with its name in front."""
    named = DERIVATIVE.match(place.text[:LONGEST_READ])
    if named is None or place.found is None or place.found.start >= named.end():
        return None
    rest = suggested(place.text[named.end() :].strip())
    name = quoted(named[0].rstrip("=").strip())
    help = f"leave out {name} =" + (f": {rest}" if rest else "")
    span = place.span(0, named.end())
    return error("assignment", span, "an expression assigns nothing", "this would define a derivative", help)


def separated(place: Place) -> AutodiffError | None:
    """Arguments that something else than a comma separates: `f(x; y)`, `f(x dim=0)`, `f(x, dim: 0)`."""
    found, before, after = place.found, place.before, place.after
    if found is None or before is None or place.bracket is None or place.bracket.text != "(" or not before.ends_operand:
        return None
    span = place.span(found.start, found.end)
    if found.text == ";":
        written = suggested(place.text.replace(";", ",").strip())
        help = f"write {written}" if written and parses(written) else "write a comma"
        return error("unknown-character", span, "unknown character ;", "does not separate arguments", help)
    if found.kind == "NAME" and after is not None and after.text == "=":
        left = suggested(place.left()) or quoted(before.text)
        gap = place.span(before.end, before.end)
        message = f"there is no comma between {quoted(left)} and {found.text}="
        return error("syntax", gap, message, "a comma is missing here", f"write {left}, {found.text}=…")
    if found.text == ":" and before.kind == "NAME" and place.in_call and after is not None:
        help = f"write {before.text}={quoted(after.text)}" + "…" * (place.token(place.at + 2) is None)
        return error("syntax", span, "a colon gives no argument its name", "unexpected here", help)
    return None


ARROW = re.compile(r"\s*\(?([\w\s,]+)\)?\s*(->|=>)\s*(.*)|\s*(@)\(([\w\s,]+)\)\s*(.*)", re.S)


def arrowed(place: Place) -> AutodiffError | None:
    """`x -> x^2`, `x => x^2`, `@(x) x^2`: functions of other languages."""
    short = place.found is not None and place.at <= 6 and len(place.text) <= LONGEST_READ
    arrow = ARROW.fullmatch(place.text) if short else None
    if arrow is None:
        return None
    names, sign, rest = arrow.groups()[:3] if arrow[2] else (arrow[5], arrow[4], arrow[6])
    if not any(re.search(rf"\b{re.escape(name)}\b", rest) for name in re.findall(r"\w+", names)):
        return None
    help = [f"to give a function, write the expression alone: {suggested(rest.strip()) or 'x^2'}"]
    if sign == "=>":
        help.insert(0, "to compare, write >=")
    at = arrow.start(2) if arrow[2] else arrow.start(4)
    span = place.span(at, at + len(sign))
    return error("syntax", span, f"{sign} makes no function", "an expression has no arguments", *help)


def rows(place: Place) -> AutodiffError | None:
    """`[1 2; 3 4]`: rows of other tools."""
    found, bracket = place.found, place.bracket
    if found is None or bracket is None or bracket.text != "[" or not (found.text == ";" or found.starts_operand):
        return None
    end = place.text.find("]", found.end)
    semicolon = place.text.find(";", found.start, end)
    if semicolon < 0:
        return None
    lines = place.text[bracket.end : end].split(";") if end > 0 else []
    written = ", ".join("[" + ", ".join(re.split(r"[\s,]+", line.strip())) + "]" for line in lines if line.strip())
    help = f"write [{written}]" if written and suggested(written) and parses(f"[{written}]") else HELP[";"]
    before = place.token(place.open[-1] - 1)
    if before is not None and before.ends_operand and before.end == bracket.start:
        help = "indexes are separated by commas: x[0, 1]"
    return error(
        "unknown-character", place.span(semicolon, semicolon + 1), "unknown character ;", "does not end a row", help
    )


NOTATIONS = (equated, braces, bars, powered, transposed, worded, dotted, angled, rows, separated, arrowed)
