"""`=` where nothing is assigned: what was meant by it."""

from __future__ import annotations

import re

from autodiff.errors import AutodiffError
from autodiff.syntax.notation import defined
from autodiff.syntax.place import Place, Token, error, quoted, suggested

ASSIGNS = "this would assign"


def assigned(place: Place) -> AutodiffError | None:
    """`=` where nothing is assigned."""
    found, before, after = place.found, place.before, place.after
    if found is None or found.text != "=":
        return None
    span = place.span(found.start, found.end)
    if after is not None and after.start == found.end and after.text in ("<", ">"):
        both = place.span(found.start, after.end)
        return error("syntax", both, f"there is no operator ={after.text}", "unknown", f"write {after.text}=")
    if before is None:
        return error("syntax", span, "expected an expression, found =", "nothing stands before it", "leave out the =")
    if before is place.bracket or before.text == ",":
        return error("syntax", span, "a name is missing before =", "nothing stands before it", "leave out the =")
    if not before.ends_operand:
        return _augmented(place, before, found)
    if not place.open and before.kind == "NAME" and place.at == 1:
        return error("assignment", span, "an expression assigns nothing", ASSIGNS, *naming(place, before))
    definition = defined(place, before)
    if definition is not None:
        return definition
    message, help = "= does not compare", ["to compare, write =="]
    if place.in_call and not place.text[before.start : before.end].isidentifier():
        message = "a keyword argument has a name before its ="
        word = before.text[1:-1]
        if before.kind == "STRING" and word.isidentifier():
            help = [f"write {word}=…, without quotes"]
    elif before.text == "]" and not place.open:
        message = "an expression assigns nothing"
        help.append("programs can change elements: autodiff run FILE")
    return error("assignment", span, message, ASSIGNS, *help)


def _augmented(place: Place, before: Token, found: Token) -> AutodiffError | None:
    """`===`, `+=`: an operator with `=` behind it."""
    if before.end != found.start:
        return None
    whole = place.span(before.start, found.end)
    if before.kind == "COMPARE":
        return error("syntax", whole, f"there is no operator {before.text}=", "unknown", f"write {before.text}")
    target = place.token(place.at - 2)
    if target is None or not target.ends_operand or before.text in (",", "."):
        return None
    return error(
        "assignment",
        whole,
        f"{before.text}= changes a variable, and an expression changes nothing",
        ASSIGNS,
        f"write {quoted(target.text)} {before.text} …",
        "programs can change variables: autodiff run FILE",
    )


def naming(place: Place, target: Token) -> list[str]:
    """What `y = x^2` was meant for."""
    assert place.found is not None
    rest = place.text[place.found.end :].strip()
    if not rest or suggested(rest) is None:
        return [f"give {target.text} its value as an argument after the expression: {target.text}=…"]
    bare = re.fullmatch(r"[\w.+-]+", rest)
    argument = rest if bare else f"'{rest}'"
    help = [f"to name a sub-expression, write --let {target.text}={argument}", "to compare, write =="]
    names = [t for t in place.tokens[place.at + 1 :] if t.kind == "NAME"]
    if names:
        return [f"leave out the name: {rest}", *help]
    return [f"give {target.text} its value as an argument after the expression: {target.text}={argument}", *help]
