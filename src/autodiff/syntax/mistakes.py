"""What was meant by a text that does not parse.

`explain` looks at the place where the parser stopped: the token before it, the one it found, and the brackets that are
open. Each function below knows one mistake and words it in the user's own text; the last resort says what was expected
and what was found. Imported only when there is a mistake.
"""

from __future__ import annotations

from autodiff.errors import AutodiffError, Label, Source, Span
from autodiff.syntax.assignments import ASSIGNS, assigned, naming
from autodiff.syntax.characters import quote, stray_character
from autodiff.syntax.literals import PYTHON_WORDS
from autodiff.syntax.notation import NOTATIONS
from autodiff.syntax.place import Place, Token, error, parses, quoted, suggested
from autodiff.syntax.products import adjoined, listed
from autodiff.syntax.tree import Keyword, Tree

CLOSERS = {"(": ")", "[": "]"}


def explain(source: Source, start: int) -> AutodiffError:
    """The error for a text whose parse stopped at `start`."""
    place = Place(source, start)
    for mistake in MISTAKES:
        found = mistake(place)
        if found is not None:
            return found
    return _punctuated(place) or _anything(place)


# --------------------------------------------------------------------------------------------- ends and brackets


def _ended(place: Place) -> AutodiffError | None:
    """The text is over too early."""
    before, end = place.before, len(place.text)
    if place.found is not None:
        return None
    if before is None:
        return error(
            "unexpected-end",
            place.span(end, end),
            "the expression is empty",
            "nothing to read",
            'give an expression, such as "mean(2*(x+1)^2)"',
        )
    if place.bracket is not None:
        return _unclosed(place, place.bracket)
    span = place.span(end, end)
    twice = place.token(place.at - 2)
    if twice is not None and twice.text == before.text and before.text in "+-" and twice.end == before.start:
        step = before.text
        variable = suggested(place.text[: twice.start].strip()) or "x"
        return error(
            "unexpected-end",
            span,
            f"there is no operator {step}{step}: expected an operand after {step}",
            "an operand is missing here",
            f"write {variable} {step} 1",
        )
    if before.text == ".":
        return error(
            "unexpected-end", span, "expected a name after the dot", "a name is missing here", "write x.T, x.sum() …"
        )
    bars = place.text.count("|")
    if before.text == "|" and bars and bars % 2 == 0:
        inside = suggested(place.text[place.text.find("|") + 1 : before.start].strip()) or "x"
        help = [f"an absolute value is written abs({inside})"]
    elif before.text == "%":
        help = ["a % b is the remainder of a division; for a percentage, divide by 100"]
    else:
        help = [f"write what comes after {before.spoken}, or remove it"]
    return error(
        "unexpected-end", span, f"expected an operand after {before.spoken}", "an operand is missing here", *help
    )


def _unclosed(place: Place, bracket: Token) -> AutodiffError:
    text = place.text
    closers = "".join(CLOSERS[place.tokens[i].text] for i in reversed(place.open))
    repaired = suggested(text.rstrip() + closers)
    help = f"write {repaired}" if repaired and parses(repaired) else f"add the missing {CLOSERS[bracket.text]}"
    return error(
        "unclosed-bracket",
        place.span(bracket.start, bracket.end),
        f"{bracket.text} is never closed",
        "opened here",
        help,
        labels=[Label(place.span(len(text), len(text)), f"expected {CLOSERS[bracket.text]} before the end")],
    )


def _closed(place: Place) -> AutodiffError | None:
    """A closing bracket without its opening one."""
    found, bracket, before = place.found, place.bracket, place.before
    if found is None or found.text not in (")", "]"):
        return None
    span = place.span(found.start, found.end)
    if bracket is None:
        rest = place.text[found.end :]
        without = suggested((place.text[: found.start] + ("" if set(rest) <= set(")] ") else rest)).strip())
        return error(
            "unopened-bracket",
            span,
            f"{found.text} closes nothing",
            "no bracket is open here",
            f"remove it: {without}" if without and parses(without) else "remove it, or open a bracket before",
        )
    if CLOSERS[bracket.text] != found.text:
        return error(
            "unclosed-bracket",
            place.span(bracket.start, bracket.end),
            f"{bracket.text} is closed by {found.text}",
            "opened here",
            f"write {CLOSERS[bracket.text]} instead of {found.text}, or close {bracket.text} before it",
            labels=[Label(span, f"expected {CLOSERS[bracket.text]}")],
        )
    if before is bracket and bracket.text == "[":
        return error(
            "syntax",
            place.span(bracket.start, found.end),
            "the index is empty",
            "an index is missing here",
            "write x[0], x[:] …",
        )
    return None


DOUBLES = {
    "&&": "write & for each element, or and for single truths",
    "||": "write | for each element, or or for single truths",
    "<>": "write !=",
    "->": "an expression has no arrow",
    "=>": "write >=",
    "=<": "write <=",
    "<<": "multiply by a power of two: x * 2**n",
    ">>": "divide by a power of two: x // 2**n",
    "^^": "write ^",
    "@@": "write @",
}


def _doubled(place: Place) -> AutodiffError | None:
    """Operators of other languages, which are read as two."""
    found, before = place.found, place.before
    if found is None or before is None or before.end != found.start or before.text + found.text not in DOUBLES:
        return None
    both = before.text + found.text
    return error(
        "syntax", place.span(before.start, found.end), f"there is no operator {both}", "unknown", DOUBLES[both]
    )


# --------------------------------------------------------------------------------------------- words and operands

WORDS = {
    "is": "to compare, write ==",
    "in": "write isin(x, values)",
    "if": "to choose element by element, write where(condition, a, b)",
    "else": "to choose element by element, write where(condition, a, b)",
    "for": "operations take whole tensors: arange, sum, stack …; programs can loop: autodiff run FILE",
    "lambda": "write the expression alone; its variables get their values as arguments after it",
}


def python_word(span: Span, word: str) -> AutodiffError:
    """The error for a word of Python's where a name is wanted."""
    if word in WORDS:
        help = [WORDS[word]]
        if word == "lambda":
            help.append("as a name, write lam or λ")
    elif word in ("True", "False", "None", "and", "or", "not"):
        help = [f"write {word}"]
    else:
        help = ["statements make a program: autodiff run FILE"]
    return error(
        "syntax", span, f"the word {word} is Python's, and has no meaning in an expression", "cannot stand here", *help
    )


def _worded(place: Place) -> AutodiffError | None:
    for token in (place.before, place.found):
        if token is not None and token.kind == "NAME" and token.text in PYTHON_WORDS:
            if token is place.before and (dot := place.token(place.at - 2)) is not None and dot.text == ".":
                continue
            return python_word(place.span(token.start, token.end), token.text)
    return None


def _superscript(place: Place) -> AutodiffError | None:
    """A superscript with nothing below it."""
    found = place.found
    if found is None or found.kind != "SUPERSCRIPT":
        return None
    span = place.span(found.start, found.end)
    return error(
        "syntax", span, f"{found.text} raises nothing to a power", "nothing stands below it", "write x² or x^2"
    )


# --------------------------------------------------------------------------------------------- calls and the rest


def positional_after_keyword(
    source: Source, start: int, end: int, argument: Tree, arguments: list[Tree]
) -> AutodiffError:
    """The error for `f(x=1, 2)`."""
    ordered = sorted(arguments, key=lambda a: type(a) is Keyword)
    text = f"{source.text[start:end]}({', '.join(a.span.text for a in ordered)})"
    return error(
        "syntax",
        argument.span,
        "an argument without a name follows one with a name",
        "has no name",
        f"write {text}" if suggested(text) else "move it before the arguments with names",
    )


def repeated_keyword(keywords: list[Keyword]) -> AutodiffError:
    """The error for `f(x=1, x=2)`."""
    seen: dict[str, Keyword] = {}
    for keyword in keywords:
        if keyword.name in seen:
            break
        seen[keyword.name] = keyword
    label = Label(seen[keyword.name].name_span, "given here first")
    message = f"the argument {quoted(keyword.name)} is given twice"
    return error("syntax", keyword.name_span, message, "given again", "remove one of the two", labels=[label])


def _punctuated(place: Place) -> AutodiffError | None:
    """Commas and colons outside of what they belong to, unpacking."""
    found, before = place.found, place.before
    if found is None:
        return None
    if found.text in (",", ":"):
        return _comma(place, found) if found.text == "," else _colon(place, found)
    at_item = before is not None and (before.text == "," or (place.in_call and before is place.bracket))
    if found.text in ("*", "**") and at_item:
        return error(
            "syntax",
            place.span(found.start, found.end),
            f"nothing can be unpacked with {found.text} here",
            "expected an operand",
            "write the arguments one by one",
        )
    return None


def _comma(place: Place, found: Token) -> AutodiffError | None:
    """A comma outside of brackets, behind another one, or behind an opening bracket."""
    before, bracket = place.before, place.bracket
    if before is None:
        return None
    span = place.span(found.start, found.end)
    if bracket is None and before.ends_operand:
        message = "an expression has one value, and this comma starts another"
        return error("syntax", span, message, "not inside brackets", *_separated(place, before, found))
    if before.text == ",":
        both = place.span(before.start, found.end)
        return error("syntax", both, "nothing stands between two commas", "one too many", "remove one of them")
    if before is bracket:
        without = suggested((place.text[: found.start] + place.text[found.end :].lstrip()).strip())
        help = f"remove it: {without}" if without and parses(without) else "remove it, or write what comes before it"
        return error("syntax", span, f"nothing stands between {before.text} and the comma", "one too many", help)
    return None


def _separated(place: Place, before: Token, found: Token) -> list[str]:
    """What a comma outside of brackets was meant for."""
    after = place.after
    help = []
    numbers = before.kind == "NUMBER" and before.text.isdigit() and after is not None and after.kind == "NUMBER"
    if numbers and after is not None and before.end == found.start and found.end == after.start:
        help.append(f"in a number, write a point: {before.text}.{after.text}")
    whole = suggested(place.text.strip())
    if several := listed(place):
        return [*help, several] if place.text.count(",") == 1 else [several]
    if whole and parses(f"({whole})"):
        help.append(f"to make a tuple, write ({whole})")
    return help or ["write one expression; commas separate what is in brackets"]


def _colon(place: Place, found: Token) -> AutodiffError | None:
    """`:=`, and a colon that is in no index."""
    before, after, bracket = place.before, place.after, place.bracket
    if after is not None and after.text == "=" and after.start == found.end:
        both = place.span(found.start, after.end)
        target = Place(place.source, after.start)
        help = naming(target, before) if before is not None and place.at == 1 else ["to compare, write =="]
        return error("assignment", both, "an expression assigns nothing", ASSIGNS, *help)
    if before is None:
        return None
    span = place.span(found.start, found.end)
    if bracket is not None and bracket.text == "[":
        return error("syntax", span, "this index has a colon too many", "unexpected here", "write start:stop:step")
    help = ["write an index such as x[0:2]"]
    if bracket is None and place.at == 1 and before.kind == "NAME":
        help.insert(0, f"a shape is an argument after the expression: {quoted(before.text)}:m,n")
    return error("syntax", span, "a colon belongs in an index", "unexpected here", *help)


def _anything(place: Place) -> AutodiffError:
    """What was expected, and what was found."""
    found, before = place.found, place.before
    assert found is not None
    span = place.span(found.start, found.end)
    if before is None:
        return error(
            "syntax",
            span,
            f"expected an expression, found {found.spoken}",
            "nothing stands before it",
            f"write what comes before {found.spoken}, or remove it",
        )
    if before.text == ".":
        return error(
            "syntax",
            span,
            f"expected a name after the dot, found {found.spoken}",
            "expected a name",
            "write x.T, x.sum() …",
        )
    if before.ends_operand:
        help = f"write an operator between {before.spoken} and {found.spoken}"
        if found.text == "not":
            help = "write and not, or or not"
        elif found.text == "~":
            help = "to negate, write ~ before an operand; to compare, write !="
        return error(
            "syntax",
            span,
            f"expected an operator after {before.spoken}, found {found.spoken}",
            "expected an operator",
            help,
        )
    if found.text == "not":
        help = "write brackets around it: (not x)"
    else:
        help = f"write what comes between {before.spoken} and {found.spoken}, or remove one of them"
    return error(
        "syntax", span, f"expected an operand after {before.spoken}, found {found.spoken}", "expected an operand", help
    )


# The first that knows the place speaks.
MISTAKES = (
    *NOTATIONS,
    quote,
    stray_character,
    _ended,
    _closed,
    assigned,
    _doubled,
    _worded,
    adjoined,
    _superscript,
)
