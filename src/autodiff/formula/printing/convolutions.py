"""Convolutions as text: what rules say with sizes, said with the functions of the language.

The gradient of a convolution for its input is a transposed convolution; for its weight it is a convolution of the input
with the gradient, where stride and dilation change places, and batch and channels as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autodiff.formula.printing.levels import ATOM, Printed
from autodiff.formula.refusal import no_formula
from autodiff.formula.term import Term
from autodiff.graph.sizes import Dim

if TYPE_CHECKING:
    from autodiff.formula.printing.printer import Printer


def _convolution(printer: Printer, term: Term, given: Sequence[Any]) -> str:
    stride, padding, dilation, groups = given[-4:]
    return _call("conv", printer, term, _options(stride=stride, padding=padding, dilation=dilation, groups=groups))


def _transposed(printer: Printer, term: Term, given: Sequence[Any]) -> str:
    size, stride, padding, dilation, groups = given[-5:]  # before them there may be a bias that is not there
    x, weight = term.args[:2]
    more = (0,) * len(stride)
    if any(step != 1 for step in stride):
        more = tuple(
            _whole(size[i + 2]) - ((_whole(x.shape[i + 2]) - 1) * s - 2 * p + d * (_whole(weight.shape[i + 2]) - 1) + 1)
            for i, (s, p, d) in enumerate(zip(stride, padding, dilation, strict=True))
        )
    options = _options(stride=stride, padding=padding, output_padding=more, groups=groups, dilation=dilation)
    return _call("conv_transpose", printer, term, options)


def _weight(printer: Printer, term: Term, given: Sequence[Any]) -> str:
    size, stride, padding, dilation, groups = given[-5:]  # before them there may be a bias that is not there
    if groups != 1:
        raise no_formula("the gradient for the weight of a convolution in groups has no form in a formula")
    x, g = term.args
    cut = ""
    if any(step != 1 for step in stride):
        places = zip(x.shape[2:], g.shape[2:], stride, padding, dilation, strict=True)
        found = [(_whole(a) + 2 * p - s * (_whole(b) - 1) - 1) // d + 1 for a, b, s, p, d in places]
        if found != [_whole(part) for part in size[2:]]:
            cut = f"[:, :{''.join(f', :{part}' for part in size[2:])}]"
    texts = [f"transpose({printer.text(arg)}, 0, 1)" for arg in (x, g)]
    options = _options(stride=dilation, padding=padding, dilation=stride)
    return f"transpose(conv{len(stride)}d({', '.join([*texts, *options])}), 0, 1){cut}"


def _call(name: str, printer: Printer, term: Term, options: list[str]) -> str:
    dims = len(term.shape) - 2
    return f"{name}{dims}d({', '.join([*map(printer.text, term.args), *options])})"


def _options(**values: Any) -> list[str]:
    """The options that are not as they are anyway."""
    usual = {"stride": 1, "dilation": 1, "groups": 1}
    found = []
    for name, value in values.items():
        parts = value if isinstance(value, tuple) else (value,)
        if any(part != usual.get(name, 0) for part in parts):
            found.append(f"{name}={parts[0] if len(set(parts)) == 1 else parts}")
    return found


def _whole(size: Dim) -> int:
    if not isinstance(size, int):
        raise no_formula("a convolution with strides over sizes that are not known has no form in a formula")
    return size


FORMS: dict[str, Callable[[Printer, Term, Sequence[Any]], str]] = {
    "convolution": _convolution,
    "convolution_transpose": _transposed,
    "convolution_weight": _weight,
}


def convolution(printer: Printer, term: Term, name: str, given: Sequence[Any]) -> Printed:
    return FORMS[name](printer, term, given), ATOM
