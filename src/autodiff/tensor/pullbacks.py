"""Derivative rules, run once on placeholders and assembled into programs.

What a rule makes depends on the operation, its parameters, and the forms of its operands; so does which forward values
it reads.  A `Pullback` holds both for one such case.
"""

from __future__ import annotations

from typing import Any

from autodiff.graph.evaluate import evaluating_with
from autodiff.graph.node import Node, ancestors
from autodiff.graph.primitive import BROADCAST, CONSTANT, CONVERT, PICK, VARIABLE
from autodiff.ops.powers import POW_TENSOR
from autodiff.tensor.engine import cotangents, values_read
from autodiff.tensor.storage import value_of
from autodiff.tensor.straight import Assembler, NotStraightError, Program

# Operations whose rules use a plain number as an operand, whatever it is.
ANY_NUMBER = frozenset({"add", "sub", "mul", "div", "rsub"})

LIMIT = 4096  # kept pullbacks


class Pullback:
    """From a cotangent to those of operands: `ends` has, for each, the slot of its value and the operand's position.

    `reads` are the positions of the operands whose values are read, `reads_out` says whether the result's is, and
    `saves` whether PyTorch would have saved anything, so that it can only be used once.
    """

    __slots__ = ("ends", "loads", "picks", "program", "reads", "reads_out", "saves", "several")

    def __init__(
        self,
        program: Program,
        ends: list[tuple[int, int]],
        saves: bool,
        reads: list[int],
        reads_out: bool,
        several: int,
        loads: list[int],
    ) -> None:
        self.program = program
        self.ends = ends
        self.reads = reads
        self.reads_out = reads_out
        self.saves = saves
        self.several = several  # how many results the operation has, 0 if it is one
        self.loads = loads  # the positions of operands whose values are inputs of the program
        self.picks: tuple[int, ...] = ()  # of several results, those that were saved

    def run(self, node: Node, g: Any) -> list[Any]:
        """The values of all slots, for a cotangent (or a list with gaps)."""
        slots = [g] if not self.several else [given for given in g if given is not None]
        inputs = node.inputs
        if self.reads_out:
            known = node.eager.value
            slots += known if self.several else (known,)
        for i in self.loads:
            known = inputs[i].eager
            slots.append(known.value if known is not None else value_of(inputs[i]))
        return self.program.run(slots)


_known: dict[Any, Pullback | None] = {}
_met: set[Any] = set()


def met(before: set[Any], key: Any) -> bool:
    """Whether a key has been asked for before: what comes once is not worth the work."""
    if key in before:
        before.discard(key)
        return True
    if len(before) >= LIMIT:
        before.clear()
    before.add(key)
    return False


def pullback_of(node: Node, given: Any, wanted: tuple[bool, ...] | None) -> Pullback | None:
    """The pullback of a node for the operands that are wanted (None: for all that want a gradient).

    `given` says for each result whether it has a cotangent, None for an operation with one result. None where what
    the rule does depends on more than forms, and the first time.
    """
    try:
        key = _key(node, given, wanted)
        found = _known.get(key, _known)
    except TypeError:
        return None
    if found is _known:
        if not met(_met, key):
            return None
        if len(_known) >= LIMIT:
            _known.clear()
        try:
            found = _assembled(node, given, wanted)
        except Exception:  # the rule is asked each time then, and says what is wrong
            found = None
        _known[key] = found
    return found  # type: ignore[return-value]


def _key(node: Node, given: Any, wanted: Any) -> Any:
    op = node.op
    if op is POW_TENSOR and node.inputs[1].op in (CONVERT, BROADCAST):
        raise TypeError  # the rule asks what the exponent was before it was converted
    numbers = not _any_number(node)
    key: list[Any] = [op, given, wanted]
    for param in node.params if numbers else ():
        key.append(param.__class__)
        key.append(repr(param) if param.__class__ is float else param)
    inputs = node.inputs
    for i, operand in enumerate(inputs):
        if operand.weak:
            if operand.op is not CONSTANT:
                raise TypeError
            value = operand.params[0]
            key.append(value.__class__)
            if numbers:
                key.append(repr(value))
        else:
            key += (operand.shape, operand.dtype, operand.requires_grad)
            if i and operand in inputs[:i]:
                key.append(inputs.index(operand))
    result = tuple(key)
    hash(result)
    return result


def _any_number(node: Node) -> bool:
    return node.op.name in ANY_NUMBER


def _refuse(node: Node) -> Any:
    raise NotStraightError


def _assembled(node: Node, given: Any, wanted: tuple[bool, ...] | None) -> Pullback:
    stands: dict[Node, Node] = {}
    for operand in node.inputs:
        if operand not in stands:
            weak = operand.weak
            stands[operand] = operand if weak else _placeholder(operand.shape, operand.dtype, operand.requires_grad)
    inputs = tuple([stands[operand] for operand in node.inputs])
    copy = Node(node.op, inputs, node.params, node.shape, node.dtype, True, node.weak, node.results)
    forms = [(node.shape, node.dtype)] if node.results is None else node.results
    gs = [_placeholder(*form, False) if given is None or given[i] else None for i, form in enumerate(forms)]
    if wanted is None:
        useful = {operand for operand in inputs if operand.requires_grad}
    else:
        useful = {operand for operand, want in zip(inputs, wanted, strict=True) if want}
    g: Any = gs[0] if node.results is None else gs
    with evaluating_with(_refuse):
        pairs = cotangents(copy, g, useful)
    made = [cotangent for _, cotangent in pairs]
    read = values_read(copy, g, made)
    outs = [copy] if node.results is None else []
    ends = {copy, *(operand for operand in inputs if not operand.weak or _any_number(copy))}
    needed = ancestors(made, lambda n: n not in ends)
    if node.results is not None:
        outs = [n for n in needed if n.op is PICK and n.inputs[0] is copy]
    return _program(copy, [x for x in gs if x is not None], pairs, read, needed, outs)


def _program(
    copy: Node, gs: list[Node], pairs: list[tuple[Node, Node]], read: set[Node], needed: list[Node], outs: list[Node]
) -> Pullback:
    used = {operand for n in needed if not n.op.reads_shape for operand in n.inputs} | {made for _, made in pairs}
    several = 0 if copy.results is None else len(copy.results)
    reads_out = copy in read
    arguments: list[Node] = list(gs)
    if several and copy in used:
        if not reads_out:
            raise NotStraightError
        picks = {n.params[0]: n for n in outs}
        forms = copy.results or ()
        arguments += [picks.get(i) or _placeholder(*form, False) for i, form in enumerate(forms)]
        if len({n.params[0] for n in outs}) != len(outs):
            raise NotStraightError
    elif reads_out:
        if several:
            arguments += [_placeholder(*form, False) for form in copy.results or ()]
        else:
            arguments.append(copy)
    loads: list[int] = []
    for position, operand in enumerate(copy.inputs):
        if operand in used and (not operand.weak or _any_number(copy)) and operand not in arguments:
            loads.append(position)
            arguments.append(operand)
    assembler = Assembler(arguments)
    for n in needed:
        assembler.add(n)
    program = assembler.finish([made for _, made in pairs])
    ends = [(slot, copy.inputs.index(pair[0])) for slot, pair in zip(program.outputs, pairs, strict=True)]
    reads = [position for position, operand in enumerate(copy.inputs) if operand in read and not operand.weak]
    made = Pullback(program, ends, bool(read), reads, reads_out, several, loads)
    made.picks = tuple(sorted({r.params[0] for r in read if r.op is PICK and r.inputs[0] is copy}))
    return made


def _placeholder(shape: Any, dtype: Any, requires_grad: bool) -> Node:
    return Node(VARIABLE, (), ("",), shape, dtype, requires_grad)
