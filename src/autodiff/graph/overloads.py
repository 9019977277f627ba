"""What PyTorch says about arguments that do not fit a function: by its forms, and by whether Python or C reads them.

A function with several forms blames one argument only when the number of arguments leaves one form; else it lists all.
Read when a call was refused, and only then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from autodiff.errors import AutodiffError

# PyTorch's functions that are written in Python, whose messages are Python's.
PYTHON = frozenset(
    "F.log_softmax F.softmax F.softmin F.unfold adaptive_avg_pool2d adaptive_avg_pool3d affine_grid binary_cross_entropy "
    "cdist cross_entropy dropout1d dropout2d dropout3d elu fold gaussian_nll_loss glu grid_sample hardsigmoid hardswish "
    "hardtanh huber_loss interpolate l1_loss leaky_relu linear_cross_entropy local_response_norm lp_pool1d lp_pool2d "
    "lp_pool3d max_unpool1d max_unpool2d max_unpool3d mish mse_loss multi_margin_loss multilabel_margin_loss "
    "multilabel_soft_margin_loss nll_loss norm normalize pad relu6 silu smooth_l1_loss soft_margin_loss softmin softsign "
    "split tanhshrink tensordot triplet_margin_with_distance_loss unfold upsample upsample_bilinear upsample_nearest".split()
)
# Methods that take a memory format, which expressions do not.
WITH_FORMAT = frozenset("bool byte char clone contiguous double float half int long short".split())
# Of these forms, those with out_dtype belong to the functions alone.
OUT_DTYPE = "torch.dtype out_dtype"


class Form(NamedTuple):
    """One form: its text, and how many arguments it takes: at least, by position, and at most."""

    text: str
    least: int
    positional: int
    most: int


def refused(
    error: AutodiffError, shown: str, name: str, args: list[Any], kwargs: dict[str, Any], method: bool
) -> AutodiffError:
    """The error for a call that a signature refused, as PyTorch words it for a function with these forms."""
    if " failed to unpack " in error.message:  # a form was found, and its argument then read
        return error
    given = args[method:]
    forms = forms_of(name, method)
    if not forms:
        return error
    count = len(given) + len(kwargs)
    fitting = [form for form in forms if form.least <= count <= form.most]
    if len(fitting) == 1:
        if error.code == "too-many-arguments":
            error.message = too_many(shown, fitting[0].least, fitting[0].positional, len(given))
        return error
    expected = "one of:" if len(forms) > 1 else f"({forms[0].text})"
    message = f"{shown}() received an invalid combination of arguments - got ({_types(given, kwargs)}), but expected {expected}"
    return AutodiffError(
        "argument-type", message, type="TypeError", help=[*error.help, *(f"{shown}({form.text})" for form in forms)]
    )


def too_many(name: str, least: int, most: int, given: int) -> str:
    """PyTorch's words for more arguments by position than there are places."""
    if least != most:
        return f"{name}() takes from {least} to {most} positional arguments but {given} were given"
    were = "was" if given == 1 else "were"
    return f"{name}() takes {most} positional argument{'s' * (most != 1)} but {given} {were} given"


def missing(name: str, shown: str, names: list[str]) -> str:
    """PyTorch's words for arguments that are not there; its C code gives the plural to the single one."""
    if name not in PYTHON:
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


def _texts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            for name in names:
                found[name].append(line.strip())
        elif not line.startswith("#"):
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
    from autodiff.graph.signature import type_name

    shown = [type_name(value) for value in given]
    named = [f"{name}={type_name(value)}" for name, value in reversed(kwargs.items())]
    return ", ".join([*shown, *named]) + ", " * (not shown and bool(named))
