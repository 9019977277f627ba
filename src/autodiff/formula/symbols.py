"""Names as mathematics writes them: Greek letters, subscripts, words."""

from __future__ import annotations

import re

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
LETTERS = {letter: name for name, letter in GREEK.items()}
# Greek letters for which LaTeX has no command of their own.
UPRIGHT = {"Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "ο": "o",
           "Ρ": "P", "Τ": "T", "Χ": "X"}  # fmt: skip
SPECIAL = {"\\": r"\textbackslash ", "~": r"\textasciitilde ", "^": r"\textasciicircum "}


def escaped(text: str) -> str:
    """Text for LaTeX outside of mathematics."""
    return re.sub(r"[\\~^]|[&%$#_{}]", lambda m: SPECIAL.get(m[0], "\\" + m[0]), text)


def latex_name(name: str) -> str:
    """A variable in mathematics: `x`, `x_{1}`, `\\alpha`, `\\mathit{loss}`, `w_{\\mathit{out}}`."""
    if name == "lambda_" or (name.endswith("_") and name[:-1] in GREEK):
        name = name[:-1]  # what Python makes of a name that is a word of its own
    base, _, below = name.partition("_")
    if not base or not below or not (len(base) == 1 or _greek(base)):
        base, below = name, ""
    if not below and not _greek(base):
        numbered = re.fullmatch(r"(\D+?)(\d+)", base)
        if numbered is not None and (len(numbered[1]) == 1 or _greek(numbered[1])):
            base, below = numbered[1], numbered[2]
    head = _letters(base)
    return f"{head}_{{{', '.join(map(_letters, below.split('_')))}}}" if below.strip("_") else head


def _greek(word: str) -> str:
    name = LETTERS.get(word, word)
    return f"\\{name}" if name in GREEK else UPRIGHT.get(word, "")


def _letters(word: str) -> str:
    if _greek(word):
        return _greek(word)
    if word.isascii():
        return word if (len(word) == 1 and word != "_") or word.isdecimal() else f"\\mathit{{{escaped(word)}}}"
    return f"\\text{{{escaped(word)}}}"


def unicode_name(name: str, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """A variable with its Greek letter; as it is where a variable is called that already."""
    letter = GREEK.get(name, name)
    return name if letter in taken else letter
