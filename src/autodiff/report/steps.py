"""The work step by step, as text, Markdown or LaTeX: a forward table, a backward table, the result."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.formula.rules import Rule
from autodiff.formula.steps import Arrival, Path, Sheet
from autodiff.report.diagnostics import Line
from autodiff.report.tables import Cell, numbers_text, table

FORWARD = "Forward: the value, step by step"
BACKWARD = "Backward: incoming gradient times local derivative, from the result to the variables"
RESULT = "Result"
START = "the result itself"
ADDED = "the paths add up"
HEAD = ("step", "expression", "shape", "value")
BACK = ("gradient", "from", "local rule", "expression", "value")


class _Row:
    """A line of the backward table, before it has a form."""

    __slots__ = ("expression", "name", "rule", "source", "value")

    def __init__(self, name: str, source: str, rule: str, expression: str, value: np.ndarray | None) -> None:
        self.name = name
        self.source = source
        self.rule = rule
        self.expression = expression
        self.value = value


def _rows(arrival: Arrival) -> list[_Row]:
    """One line a path, and one for their sum where there are several."""
    name = f"{arrival.name}.grad"
    rows = [_row(name if i == 0 else "", path) for i, path in enumerate(arrival.paths)]
    if len(rows) > 1:
        rows.append(_Row("", "", ADDED, " + ".join(row.expression for row in rows), arrival.value))
    return rows


def _row(name: str, path: Path) -> _Row:
    return _Row(name, path.source, START if path.rule is None else path.rule.says, path.outgoing, path.value)


def legend(sheet: Sheet) -> str:
    """What the letters in the rules stand for; nothing where there are none."""
    rules = [path.rule for arrival in sheet.backward for path in arrival.paths if path.rule is not None]
    known = [rule for rule in rules if rule.derivative is not None]
    if not known:
        return ""
    letters = [letter for letter in dict.fromkeys(name for rule in known for name in rule.shapes) if letter != "g"]
    text = f"{', '.join(letters)} stand{'s' * (len(letters) == 1)} for the operand{'s' * (len(letters) > 1)} of a step"
    return text if all(rule.elementwise for rule in known) else f"{text}, g for the incoming gradient"


# Text


def text_lines(sheet: Sheet, precision: int = 4, columns: int | None = None) -> list[Line]:
    """The sheet as lines of styled text, for a terminal of so many columns, where it is one."""
    lines: list[Line] = []
    with_values = any(step.value is not None for step in sheet.forward)
    if sheet.forward:
        head = [*HEAD[:3], *HEAD[3:] * with_values]
        body = [
            [(step.name, "title"), (step.formula, "source"), (step.shape, "dim"), *_value(step.value, precision)]
            for step in sheet.forward
        ]
        lines += [[(FORWARD, "title")], *table([[(text, "dim") for text in head], *body], columns=columns), []]
    if sheet.backward:
        head = [*BACK[:4], *BACK[4:] * any(arrival.value is not None for arrival in sheet.backward)]
        rows = [_cells(row, precision) for arrival in sheet.backward for row in _rows(arrival)]
        lines += [[(BACKWARD, "title")], *table([[(text, "dim") for text in head], *rows], columns=columns)]
        if legend(sheet):
            lines.append([(f"  {legend(sheet)}", "dim")])
        lines.append([])
    lines.append([(RESULT, "title")])
    results: list[list[Cell]] = []
    for name, result in sheet.results.items():
        parts = [*([] if result.formula is None else [result.formula]), *_texts(result.value, precision)]
        if not parts:
            parts = ["0" if result.value is None and name not in _reached(sheet) else "no formula"]
        text = "\n".join("= " + part.replace("\n", "\n  ") for part in parts)
        results.append([(f"{name}.grad", "title"), (text, "")])
    return lines + table(results, between=" ", columns=columns)


def _reached(sheet: Sheet) -> set[str]:
    return {arrival.name for arrival in sheet.backward}


def _cells(row: _Row, precision: int) -> list[Cell]:
    return [
        (row.name, "title"),
        (row.source, ""),
        (row.rule, "note" if row.rule == ADDED else "dim"),
        (row.expression, "source"),
        *_value(row.value, precision),
    ]


def _value(value: np.ndarray | None, precision: int) -> list[Cell]:
    return [(text, "") for text in _texts(value, precision)]


def _texts(value: np.ndarray | None, precision: int) -> list[str]:
    return [] if value is None else [numbers_text(value, precision)]


# Markdown


def markdown(sheet: Sheet, precision: int = 4) -> str:
    """The sheet as GitHub's Markdown."""
    parts: list[str] = []
    if sheet.forward:
        rows = [
            [_code(step.name), _code(step.formula), _code(step.shape), *_inline(step.value, precision)]
            for step in sheet.forward
        ]
        parts += [f"### {FORWARD}", _markdown_table(HEAD, rows)]
    if sheet.backward:
        rows = []
        for row in [row for arrival in sheet.backward for row in _rows(arrival)]:
            texts = [_code(row.name), _code(row.source), _plain(row.rule), _code(row.expression)]
            rows.append([*texts, *_inline(row.value, precision)])
        parts += [f"### {BACKWARD}", _markdown_table(BACK, rows)]
        if legend(sheet):
            parts.append(_plain(legend(sheet)) + ".")
    parts.append(f"### {RESULT}")
    for name, result in sheet.results.items():
        shown = [*([] if result.formula is None else [_code(result.formula)]), *_inline(result.value, precision)]
        parts.append(f"{_code(name + '.grad')} = " + (" = ".join(shown) or "no formula"))
    return "\n\n".join(parts) + "\n"


def _markdown_table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    count = max(len(row) for row in rows)
    lines = [list(head[:count]), ["---"] * count, *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _plain(text: str) -> str:
    return re.sub(r"([*_<`\\])", r"\\\1", text)


def _inline(value: np.ndarray | None, precision: int) -> list[str]:
    return [_code(" ".join(text.split())) for text in _texts(value, precision)]


# LaTeX


def latex(sheet: Sheet, precision: int = 4) -> str:
    """The sheet as LaTeX for amsmath; a bar over a name is the gradient of the result with respect to it."""
    lines: list[str] = []
    if sheet.forward:
        rows = [
            f"{_math(step.name, sheet)} &= {_math(step.formula, sheet)}{_equals(step.value, precision)}"
            for step in sheet.forward
        ]
        lines += [rf"\paragraph{{{FORWARD}}}", _aligned(rows)]
    if sheet.backward:
        note = r"$\bar{v}$ is the gradient of the result with respect to $v$"
        rows = [row for arrival in sheet.backward for row in _latex_rows(arrival, sheet, precision)]
        lines += [rf"\paragraph{{{BACKWARD}}} {note}.", _aligned(rows)]
    rows = []
    for name, result in sheet.results.items():
        formula = "" if result.formula is None else f" = {_math(result.formula, sheet)}"
        rows.append(f"{_math(name + '.grad', sheet)} &{formula}{_equals(result.value, precision)}")
    return "\n".join([*lines, rf"\paragraph{{{RESULT}}}", _aligned(rows)]) + "\n"


def _aligned(rows: list[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(f"  {row}" for row in rows) + "\n\\end{align*}"


def _latex_rows(arrival: Arrival, sheet: Sheet, precision: int) -> list[str]:
    rows = []
    several = len(arrival.paths) > 1
    for i, path in enumerate(arrival.paths):
        head = _math(f"{arrival.name}.grad", sheet) if i == 0 else ""
        sign = "=" if i == 0 else r"\mathrel{+}"
        value = "" if several or path.rule is None else _equals(path.value, precision)
        rows.append(f"{head} &{sign} {_math(path.outgoing, sheet)}{value} && {_latex_rule(path.rule)}")
    if several and arrival.value is not None:
        rows.append(f" &{_equals(arrival.value, precision)} && \\text{{{ADDED}}}")
    return rows


def _latex_rule(rule: Rule | None) -> str:
    if rule is None:
        return rf"\text{{{START}}}"
    if rule.derivative is None:
        return r"\text{" + rule.says.replace("_", r"\_") + "}"
    call, derivative = _formula(rule.call, rule.shapes), _formula(rule.derivative, rule.shapes)
    which = f"{rule.letter}" if rule.letters > 1 else ""
    if rule.elementwise:
        by = rf"\text{{ by }}{which}" if which else ""
        text = rf"\text{{the derivative of }}{call}{by}\text{{ is }}{derivative}"
    else:
        to = rf"\text{{ to }}{which}" if which else ""
        text = rf"{call}\text{{ passes }}{derivative}\text{{ back}}{to}"
    return text + r"\text{; summed, because it was broadcast}" if rule.summed else text


def _math(text: str, sheet: Sheet) -> str:
    return _formula(text, sheet.shapes)


def _formula(text: str, shapes: Mapping[str, tuple[object, ...]]) -> str:
    """A formula over names such as v1.grad, which is written as v with a bar."""
    from autodiff.formula.latex import latex_text
    from autodiff.formula.symbols import latex_name

    if text == "…":
        return r"\dots"
    barred = {name: _stand_in(i) for i, name in enumerate(name for name in shapes if name.endswith(".grad"))}
    inner = re.sub(r"[^\W\d]\w*\.grad\b", lambda match: barred.get(match[0], match[0]), text)
    known = {barred.get(name, name): shape for name, shape in shapes.items()}
    try:
        written = latex_text(inner, known)  # type: ignore[arg-type]
    except AutodiffError:
        written = rf"\texttt{{{re.sub(r'([_^&%$#{}])', _escape, text)}}}"
    for name, word in barred.items():
        written = written.replace(latex_name(word), _barred(latex_name(name.removesuffix(".grad"))))
    return written


def _barred(name: str) -> str:
    """A name with a bar over it, not over its subscript."""
    base, _, below = name.partition("_")
    return rf"\bar{{{base}}}_{below}" if below and base.isalpha() else rf"\bar{{{name}}}"


def _stand_in(number: int) -> str:
    """A name for a gradient, as expressions can have it; made of letters that nobody takes."""
    return "QX" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}") + "XQ"


def _escape(match: re.Match[str]) -> str:
    return r"\^{}" if match[0] == "^" else "\\" + match[0]


def _equals(value: np.ndarray | None, precision: int) -> str:
    return "" if value is None else f" = {array(value, precision)}"


def array(value: np.ndarray, precision: int = 4) -> str:
    """Numbers as LaTeX: a vector as a row in brackets, a matrix in bmatrix."""
    texts = re.findall(r"[^\s\[\],]+", numbers_text(np.asarray(value).ravel(), precision)) if value.size else []
    if value.size > 100 or value.ndim > 2 or (value.ndim == 2 and 0 in value.shape):
        return rf"\text{{(shape {list(value.shape)})}}"
    cells = [_number(text) for text in texts]
    if value.ndim == 0:
        return cells[0]
    if value.ndim == 1:
        return r"\begin{bmatrix} " + " & ".join(cells) + r" \end{bmatrix}"
    width = value.shape[1]
    rows = [" & ".join(cells[i : i + width]) for i in range(0, len(cells), width)]
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def _number(text: str) -> str:
    if text in ("nan", "inf", "-inf"):
        return {"nan": r"\text{NaN}", "inf": r"\infty", "-inf": r"-\infty"}[text]
    mantissa, e, exponent = text.partition("e")
    return rf"{mantissa.rstrip('.')} \cdot 10^{{{int(exponent)}}}" if e else text.rstrip(".")
