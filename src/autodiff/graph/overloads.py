"""What PyTorch says about arguments that do not fit a function: by its forms, and by whether Python or C reads them.

A function with several forms blames one argument only when the number of arguments leaves one form; else it lists all.
Read when a call was refused, and only then.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autodiff.errors import AutodiffError

if TYPE_CHECKING:
    from autodiff.graph.signature import Signature

# Methods that take a memory format, which expressions do not.
WITH_FORMAT = ("bool", "byte", "char", "clone", "contiguous", "double", "float", "half", "int", "long", "short")
# Of these forms, those with out_dtype belong to the functions alone.
OUT_DTYPE = "torch.dtype out_dtype"


ARGUMENTS = frozenset(("argument-type", "missing-argument", "too-many-arguments", "unknown-argument"))
OPERANDS = frozenset(("bad-rank", "matmul-shape", "shape-mismatch", "bad-dtype", "dim-out-of-range", "not-square"))


class Form(NamedTuple):
    """One form: its text, and how many arguments it takes: at least, by position, and at most."""

    text: str
    least: int
    positional: int
    most: int


def refused(
    error: AutodiffError, signature: Signature, args: list[Any], kwargs: dict[str, Any], method: bool
) -> AutodiffError:
    """The error of a call, as PyTorch words it for a function with these forms."""
    if error.type != "TypeError" or error.code not in ARGUMENTS:
        return _number_for_tensor(error, signature, args, method) if error.code in OPERANDS else error
    if " failed to unpack " in error.message:  # a form was found, and its argument then read
        return error
    _in_detail(error, signature)
    shown, given = signature.shown_name, args[method:]
    forms = forms_of(signature.name, method)
    if not forms:
        return error
    count = len(given) + len(kwargs)
    fitting = [form for form in forms if form.least <= count <= form.most]
    if len(fitting) == 1:
        if error.code == "too-many-arguments":
            error.message = too_many(shown, fitting[0].least, fitting[0].positional, len(given))
        return error
    expected = "one of:" if len(forms) > 1 else f"({forms[0].text})"
    got = f"got ({_types(given, kwargs)}), but expected {expected}"
    message = f"{shown}() received an invalid combination of arguments - {got}"
    return AutodiffError(
        error.code,
        message,
        type="TypeError",
        operands=error.operands,
        help=error.help or f"its signature is {signature.shown}",
    )


def _in_detail(error: AutodiffError, signature: Signature) -> None:
    """Say of an argument of the wrong type what PyTorch knows in addition: that it is a float, and its place."""
    if error.code != "argument-type" or len(error.operands) != 1:
        return
    param = signature.params[error.operands[0]]
    name = f"{signature.name}.{param.name}"
    if name in _listed("~"):
        error.message = error.message.replace(" must be Number,", " must be float,")
    place = next((found.partition(":")[2] for found in _listed("$") if found.startswith(f"{name}:")), "")
    if place and "(position " not in error.message:
        argument = f"argument '{param.public_name}'"
        error.message = error.message.replace(argument, f"{argument} (position {place})")


def _number_for_tensor(error: AutodiffError, signature: Signature, args: list[Any], method: bool) -> AutodiffError:
    """The error of a call in which a number stands for a tensor, where PyTorch takes none: that is the mistake."""
    if signature.name in in_python() or any("Number" in text for text in _texts().get(signature.name, [])):
        return error
    for i, (param, value) in enumerate(zip(signature.params, args, strict=False)):
        if param.kind == "Tensor" and isinstance(value, (int, float, Fraction)):
            message = signature.mismatch(i, value, len(args), method)
            return AutodiffError("argument-type", message, type="TypeError", operands=(i,), help=error.help)
    return error


def too_many(name: str, least: int, most: int, given: int) -> str:
    """PyTorch's words for more arguments by position than there are places."""
    if least != most:
        return f"{name}() takes from {least} to {most} positional arguments but {given} were given"
    were = "was" if given == 1 else "were"
    return f"{name}() takes {most} positional argument{'s' * (most != 1)} but {given} {were} given"


def missing(name: str, shown: str, names: list[str]) -> str:
    """PyTorch's words for arguments that are not there; its C code gives the plural to the single one."""
    shown = python_name(name, shown)
    if name not in in_python():
        listed = ", ".join(f'"{each}"' for each in names)
        return f"{shown}() missing {len(names)} required positional argument{'s' * (len(names) == 1)}: {listed}"
    quoted = [f"'{each}'" for each in names]
    joined = ", ".join(quoted[:-1]) + "," * (len(quoted) > 2) + " and " + quoted[-1] if len(quoted) > 1 else quoted[0]
    return f"{shown}() missing {len(names)} required positional argument{'s' * (len(names) > 1)}: {joined}"


def forms_of(name: str, method: bool) -> list[Form]:
    """The forms of a function, or of the method of that name; none where there is one alone."""
    texts = _texts().get(name, [])
    if method:
        texts = [_of_method(text) for text in texts if text.startswith("Tensor input") and OUT_DTYPE not in text]
        texts = texts if len(texts) > 1 or len(_texts().get(name, [])) == 1 else []
    return [_form(text) for text in texts]


def python_name(name: str, shown: str) -> str:
    """What Python's messages call a function: PyTorch chooses some of them by an argument, among names of its own."""
    return f"_{shown}" if name in _listed("%") else shown


def in_python() -> set[str]:
    """PyTorch's functions that are written in Python, whose messages are Python's."""
    return _listed("@")


def _listed(mark: str) -> set[str]:
    return {name for line in _lines() if line.startswith(mark) for name in line[1:].split()}


def _lines() -> list[str]:
    return Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()


def _texts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in _lines():
        if line.startswith("  "):
            for name in names:
                found[name].append(line.strip())
        elif line[0] not in "#@~$%":
            names = line.split()
            found.update({name: [] for name in names})
    return found


def _of_method(text: str) -> str:
    """A function's form as that of a method: `self` and `out` are gone, and a `*` that nothing follows."""
    pieces = [piece for piece in text.split(", ")[1:] if not piece.endswith(" out = None")]
    return ", ".join(pieces[:-1] if pieces[-1:] == ["*"] else pieces)


def _form(text: str) -> Form:
    pieces = text.split(", ") if text else []
    positional = pieces.index("*") if "*" in pieces else len(pieces)
    named = [piece for piece in pieces if piece != "*"]
    return Form(text, sum(" = " not in piece for piece in named), positional, len(named))


def _types(given: list[Any], kwargs: dict[str, Any]) -> str:
    """The types of arguments; of those by name the last comes first, for PyTorch keeps them in a hash map."""
    from autodiff.graph.kinds import type_name

    shown = [type_name(value) for value in given]
    named = [f"{name}={type_name(value)}" for name, value in reversed(kwargs.items())]
    return ", ".join([*shown, *named]) + ", " * (not shown and bool(named))
