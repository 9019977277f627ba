"""Backward over eager tensors: which nodes, in which order, what is freed, and who receives.

The same rules as `autodiff.backward`, run node by node with their values, because hooks, freed buffers and versions
are PyTorch's only where every node is visited on its own.  Which forward values an operation saved is not declared: a
rule is run, and whichever of the result and the operands appear in what it made were saved (shapes do not count).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.graph.node import Node, Results, ancestors
from autodiff.graph.op import BROADCAST, CONVERT, PICK, VARIABLE, none, number, ops, pick, zero
from autodiff.graph.shown import grad_fn
from autodiff.tensor import modes
from autodiff.tensor.grad_fns import GradFn, after, before, check_replacement, grad_fn_of, numbered, origin
from autodiff.tensor.guards import short
from autodiff.tensor.saving import ALSO, NOT
from autodiff.tensor.storage import KEPT, Record, compute, held, memory_of, value_of
from autodiff.tensor.views import private

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been"
    " freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify"
    " retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors"
    " after calling backward."
)


# Plain numbers are tensors to these, and so saved; elsewhere they are kept as numbers.
WRAP_NUMBERS = frozenset({"MulBackward0", "DivBackward0"})


_ONCE = number(0)  # stands for what an operation keeps and nobody can change
# Piecewise linear functions: PyTorch's gradients of these depend on their operands, with derivative zero.
BENT = frozenset(
    ("relu", "leaky_relu", "hardtanh", "relu6", "softshrink", "hardshrink", "threshold", "prelu", "rrelu", "max_pool")
)
ATTACHED = private(
    "attached(g, x)",
    lambda g, x: g,
    shape=lambda g, x: g.shape,
    vjp=[lambda h, out, g, x: h, lambda h, out, g, x: ops.zeros_like(x)],
    grad_fn="ThresholdBackwardBackward0",
    doc="A gradient, as depending on what it was taken at.",
)


class Walk:
    """One backward: cotangents on their way from the outputs to the leaves."""

    def __init__(self, wanted: Sequence[Node] | None, *, retain: bool, create: bool, accumulate: bool) -> None:
        self.wanted = None if wanted is None else set(wanted)
        self.retain = retain
        self.create = create
        self.accumulate = accumulate
        self.received: dict[Node, Any] = {}
        self.captured: dict[Node, Node] = {}
        self.idle: set[Node] = set()

    def run(self, outputs: Sequence[Node], cotangents: Sequence[Node]) -> None:
        with modes.set_grad_enabled(self.create), modes.session():
            self._run(outputs, cotangents)

    def _run(self, outputs: Sequence[Node], cotangents: Sequence[Node]) -> None:
        for output in outputs:
            value_of(output)
        nodes = ancestors(outputs, lambda node: node.requires_grad)
        useful = set(nodes) if self.wanted is None else self._leading(nodes)
        for output, cotangent in zip(outputs, cotangents, strict=True):
            self._receive(output, cotangent)
        self._visit_idle(outputs, cotangents, useful)
        for node in reversed(nodes):
            if node not in useful:
                continue
            g = self.received.pop(node, None)
            if g is not None:
                self._visit(node, g, useful)

    def _leading(self, nodes: Sequence[Node]) -> set[Node]:
        """The nodes on the way to those that are wanted, oldest first.

        PyTorch also runs the nodes that made non-leaves in `inputs`, for nobody: they see hooks, versions and freeing.
        """
        wanted = self.wanted or set()
        makers = {node.inputs[0] if node.op is PICK else node for node in wanted if node.op is not VARIABLE}
        self.idle = makers if self.accumulate else set()
        useful: set[Node] = set()
        for node in nodes:
            if node in wanted or node in self.idle or not useful.isdisjoint(node.inputs):
                useful.add(node)
        return useful

    def _visit_idle(self, outputs: Sequence[Node], cotangents: Sequence[Node], useful: Any) -> None:
        """PyTorch starts at a single output also where nothing is wanted of it: its hooks are called."""
        if len(outputs) == 1 and outputs[0] not in useful and outputs[0].eager is not None:
            self._hooked(outputs[0].eager, cotangents[0])

    def _visit(self, node: Node, g: Any, useful: set[Node]) -> None:
        known: Record = node.eager if node.eager is not None else Record(None)
        if node.results is None:
            g = self._hooked(known, g)
            if self.wanted is not None and node in self.wanted:
                self.captured[node] = g
        if node.op is VARIABLE:
            if self.accumulate and (self.wanted is None or node in self.wanted):
                self._accumulate(known, g)
            return
        runs = any(operand in useful for operand in node.inputs)  # of a selection, the operation itself
        if runs or (node in self.idle and known.function is not None):
            self._pull_back(node, known, g, useful)
        elif node in self.idle:
            self._unpack(node, known)

    def _unpack(self, node: Node, known: Record) -> None:
        read = saved(node)
        if read and known.freed:
            raise RuntimeError(FREED)
        check_versions(node, known, read)
        known.freed = known.freed or not self.retain

    def _accumulate(self, known: Record, g: Node) -> None:
        """The leaf's turn, with the hooks of its AccumulateGrad around it."""
        shown = known.context
        leaf = known.leaf
        if shown is not None and shown._before:
            (g,) = before(shown, [g], self.create)
        leaf._accumulate(g, self.create)
        for hook in list((leaf._afterwards or {}).values()):
            hook(leaf)
        if shown is not None and shown._after:
            after(shown, [], [g], self.create)

    def _hooked(self, known: Record, g: Node) -> Node:
        from autodiff.tensor.tensor import of_node

        hooks = known.leaf._hooks if known.leaf is not None else known.hooks
        for hook in list((hooks or {}).values()):
            given = of_node(g)
            replaced = hook(given)
            if replaced is not None:
                check_replacement(hook, replaced, given)
                g = replaced._current if self.create else held(replaced._array)
        if known.retained is not None:
            known.retained._accumulate(g, self.create)
        return g

    def _pull_back(self, node: Node, known: Record, g: Any, useful: set[Node]) -> None:
        if node.op is PICK:
            parent = node.inputs[0]
            assert parent.results is not None
            gaps = self.received.setdefault(parent, [None] * len(parent.results))
            place = node.params[0]
            gaps[place] = g if gaps[place] is None else self._settled(gaps[place] + g)
            return
        for part in known.hooked:
            place = part.params[0]
            for hook in list(part.eager.hooks.values()) if g[place] is None else ():
                replaced = hook(None)
                if replaced is not None:
                    g[place] = replaced._current if self.create else held(replaced._array)
        shown: GradFn | None = known.context if known.function is None else known.context._shown
        if shown is not None and shown._before:
            several = before(shown, g if isinstance(g, list) else [g], self.create)
            g = several if isinstance(g, list) else several[0]
        if known.function is not None:
            pulled = known.function(known.context, g, known.freed, self.create)
            known.freed = known.freed or not self.retain
            passed = [
                (operand, cotangent)
                for operand, cotangent in zip(node.inputs, pulled, strict=True)
                if cotangent is not None and operand in useful
            ]
            self._pass_on(shown, passed, g)
            return
        pairs = cotangents(node, g, useful)
        read = values_read(node, g, [cotangent for _, cotangent in pairs])
        if read:
            if known.freed:
                raise RuntimeError(FREED)
            check_versions(node, known, read)
        if not self.retain:
            known.freed = True
        if self.create and node.op.name in BENT:
            pairs = [
                (operand, cotangent if cotangent.requires_grad else ATTACHED.make((cotangent, operand)))
                for operand, cotangent in pairs
            ]
        self._pass_on(shown, [(operand, self._settled(cotangent)) for operand, cotangent in pairs], g)

    def _pass_on(self, shown: GradFn | None, pairs: list[tuple[Node, Node]], g: Any) -> None:
        """Hand operands their cotangents, as the hooks behind the node leave them."""
        if shown is None or not shown._after:
            for operand, cotangent in pairs:
                self._receive(operand, cotangent)
            return
        edges: list[Node | None] = []
        made: list[Node | None] = []
        left = [self._uncovered(operand, cotangent) for operand, cotangent in pairs]
        for visible, place_of in numbered(shown._node):
            place = next((i for i, (o, _) in enumerate(left) if origin(o) == (visible, place_of)), None)
            pair: tuple[Node | None, Node | None] = (None, None) if place is None else left.pop(place)
            edges.append(pair[0])
            made.append(pair[1])
        results = after(shown, made, g if isinstance(g, list) else [g], self.create)
        for edge, replaced in zip(edges, results, strict=True):
            if edge is not None and replaced is not None:
                self._receive(edge, replaced)
        for operand, cotangent in left:  # edges that are not shown
            self._receive(operand, cotangent)

    def _uncovered(self, operand: Node, cotangent: Node) -> tuple[Node, Node]:
        """An operand without the broadcasts and conversions that people do not see, and what reaches it."""
        while operand.op is BROADCAST or operand.op is CONVERT:
            assert operand.op.vjp is not None
            cotangent = self._settled(operand.op.vjp[0](cotangent, operand, *operand.args))
            operand = operand.inputs[0]
        return operand, cotangent

    def _settled(self, node: Node) -> Node:
        """The node with its value; without its history unless that is wanted."""
        compute(node)
        return node if self.create and node.requires_grad else held(node.eager.value)

    def _receive(self, node: Node, cotangent: Node) -> None:
        earlier = self.received.get(node)
        self.received[node] = cotangent if earlier is None else self._settled(earlier + cotangent)


def cotangents(node: Node, g: Any, useful: set[Node]) -> list[tuple[Node, Node]]:
    """What the rules give for the operands on the way."""
    op = node.op
    out: Any = node
    if node.results is not None:
        out = Results.of(op.name, op.fields, [pick(node, i) for i in range(len(node.results))])
    pulled: Sequence[Any]
    if op.vjp_all is not None:
        pulled = op.vjp_all(g, out, *node.args)
    else:
        assert op.vjp is not None, f"{op.name} has no rules"
        pulled = [
            None
            if rule is none or operand not in useful
            else ops.zeros_like(operand)
            if rule is zero
            else rule(g, out, *node.args)
            for operand, rule in zip(node.inputs, op.vjp, strict=False)
        ]
    return [
        (operand, cotangent)
        for operand, cotangent in zip(node.inputs, pulled, strict=False)
        if cotangent is not None and operand in useful
    ]


def values_read(node: Node, g: Any, made: list[Node]) -> set[Node]:
    """What a node saved: those of its operands, itself and its results whose values the cotangents are computed from.

    Of several results, the selections that were read are there too.
    """
    given = {i for i in (g if isinstance(g, list) else [g]) if i is not None}
    targets = {node, *node.inputs}
    found: set[Node] = set()
    seen = set(made)
    stack = [i for i in made if i not in given]
    while stack:
        current = stack.pop()
        if current in targets:
            if not current.weak or grad_fn(node) in WRAP_NUMBERS:
                found.add(current)
            continue
        if current.op.reads_shape:
            continue
        if current.op is PICK and current.inputs[0] is node:
            found.add(current)
        for operand in current.inputs:
            if operand not in seen and operand not in given:
                seen.add(operand)
                stack.append(operand)
    name = node.op.name
    for role in ALSO.get(name, ()) or ALSO.get(str(node.op.grad_fn), ()):
        if isinstance(role, int):
            found.update(node.inputs[role : role + 1])
            continue
        if role == "once":
            found.add(_ONCE)
            continue
        found.add(node)
        if role != "out" and node.results is not None:
            found.add(pick(node, int(role[3:])))
    return found.difference([node.inputs[i] for i in NOT[name]]) if name in NOT else found


def saved(node: Node) -> set[Node]:
    """The values that an operation saves for backward, traced from its rules."""
    useful = {operand for operand in node.inputs if operand.requires_grad}
    if node.results is not None:
        g: Any = [ops.zeros_like(pick(node, i)) for i in range(len(node.results))]
    else:
        g = ops.zeros_like(node)
    return values_read(node, g, [cotangent for _, cotangent in cotangents(node, g, useful)])


def check_versions(node: Node, known: Record, read: set[Node]) -> None:
    for position, operand in enumerate(node.inputs):
        if operand not in read or known.seen is None:
            continue
        source = memory_of(operand)
        counter = source.eager.counter
        if counter is not None and known.seen[position] not in (counter.version, KEPT):
            while operand.op is BROADCAST or operand.op is CONVERT:
                operand = operand.inputs[0]
            shown = _current(source) if operand is source else operand
            raise modified(shown, counter.version, known.seen[position])
    for result in read if known.parts is not None else ():
        if result.op is PICK and result.inputs[0] is node:
            counter = known.parts.get(result.params[0])
            if counter is not None and counter.version:
                raise modified(result, counter.version, 0)
    if node in read and known.counter is not None and known.counter.version != known.version:
        raise modified(node, known.counter.version, known.version)


def _current(node: Node) -> Node:
    """What the tensor that a node stood for is made by now."""
    owner = node.eager.owner and node.eager.owner()
    return node if owner is None else owner._current


def modified(node: Node, version: int, expected: int) -> RuntimeError:
    """PyTorch's error for a saved tensor that an in-place operation has changed."""
    name = grad_fn(node)
    which = ""
    if name is not None:
        number = node.params[0] if node.op is PICK else 0
        which = f", which is output {number} of {short(name)},"
    kind = "CPUBoolType" if node.dtype.long_name == "Bool" else f"torch.{node.dtype.long_name}Tensor"
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation:"
        f" [{kind} {list(node.shape)}]{which} is at version {version}; expected version"
        f" {expected} instead. Hint: enable anomaly detection to find the operation that failed to compute its"
        " gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


__all__ = ["FREED", "GradFn", "Walk", "grad_fn_of", "modified", "saved"]
