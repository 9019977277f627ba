"""Backward over eager tensors: which nodes, in which order, what is freed, and who receives.

The same rules as `autodiff.backward`, run node by node with their values, because hooks, freed buffers and versions
are PyTorch's only where every node is visited on its own.  Which forward values an operation saved is not declared: a
rule is run, and whichever of the result and the operands appear in what it made were saved (shapes do not count).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.graph.node import Node, Results, ancestors
from autodiff.graph.op import ops
from autodiff.graph.primitive import BROADCAST, CONVERT, PICK, VARIABLE, none, number, pick, zero
from autodiff.graph.shown import grad_fn, visible
from autodiff.ops.elementwise import sgn
from autodiff.tensor import modes
from autodiff.tensor.grad_fns import GradFn, after, before, check_replacement, grad_fn_of, numbered, result_of
from autodiff.tensor.guards import Zeros, short
from autodiff.tensor.saving import ALSO, NOT
from autodiff.tensor.storage import KEPT, Record, compute, held, memory_of, value_of
from autodiff.tensor.views import COPY_SLICES, OTHER_DATA, follow, origin, others_written, private

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been"
    " freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify"
    " retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors"
    " after calling backward."
)


DETACHED = (
    "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not supported, please"
    " use out-of-place `.detach()` instead"
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
        self.visited: set[Node] = set()  # selections whose hooks have been called
        self.outputs: Sequence[Node] = ()

    def run(self, outputs: Sequence[Node], cotangents: Sequence[Node]) -> None:
        self.outputs = outputs
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
        order = [node for node in reversed(nodes) if node in useful]
        open_edges = leaf_edges(order)
        for node in order:
            if node in self.received:
                try:
                    self._visit(node, self.received.pop(node), useful)
                except Exception:
                    self._finish_leaves(order, node, useful)
                    raise
            for leaf in completed(node, open_edges):
                if leaf in self.received:
                    self._visit(leaf, self.received.pop(leaf), useful)

    def _finish_leaves(self, nodes: Sequence[Node], failed: Node, useful: Any) -> None:
        """PyTorch serves a leaf as soon as nothing more can come: also before something fails."""
        late = {operand for node in nodes if node.index <= failed.index for operand in node.inputs}
        for leaf in [node for node in self.received if node.op is VARIABLE and node not in late]:
            self._serve(leaf, useful)

    def _serve(self, leaf: Node, useful: Any) -> None:
        self._visit(leaf, self.received.pop(leaf), useful)

    def _leading(self, nodes: Sequence[Node]) -> set[Node]:
        """The nodes on the way to those that are wanted, oldest first.

        PyTorch also runs the nodes that made non-leaves in `inputs`, for nobody: they see hooks, versions and freeing.
        """
        wanted = self.wanted or set()
        makers = {node.inputs[0] if node.op is PICK else node for node in wanted if node.op is not VARIABLE}
        self.idle = makers if self.accumulate else set()
        useful: set[Node] = set()
        parents = {node.inputs[0] for node in wanted if node.op is PICK}
        for node in nodes:
            if node in wanted or node in self.idle or not useful.isdisjoint(node.inputs):
                useful.add(node)
            elif node.op is PICK and node.inputs[0] in parents:
                useful.add(node)  # hooks see all results of a node that one is wanted of
        return useful

    def _visit_idle(self, outputs: Sequence[Node], cotangents: Sequence[Node], useful: Any) -> None:
        """PyTorch starts at a single output also where nothing is wanted of it: its hooks are called."""
        if len(outputs) == 1 and outputs[0] not in useful and outputs[0].eager is not None:
            self._hooked(outputs[0].eager, cotangents[0])

    def _visit(self, node: Node, g: Any, useful: Any) -> None:
        """A node's turn; `g` is None where it was reached by nothing but missing gradients."""
        known: Record = node.eager if node.eager is not None else Record(None)
        runs = any(operand in useful for operand in node.inputs)  # of a selection, the operation itself
        if node.results is None:
            raw, g = g, self._hooked(known, g)
            found = raw if runs else g  # hooks come before for those that end here, and behind for others
            if found is not None and self.wanted is not None and node in self.wanted:
                self.captured[node] = found
        if node.op is VARIABLE:
            if self.accumulate and (self.wanted is None or node in self.wanted):
                self._accumulate(known, g)
            return
        if runs or (node in self.idle and known.function is not None):
            self._pull_back(node, known, g, useful)
        elif node in self.idle:
            shown = known.context
            if shown is not None and shown._before:
                g = _replaced(node, g, before(shown, _results(node, g), self.create))
            self._unpack(node, known)
            if shown is not None and shown._after:
                after(shown, [None] * len(numbered(node)), _results(node, g), self.create)

    def _unpack(self, node: Node, known: Record) -> None:
        read = saved(node)
        if read and known.freed:
            raise RuntimeError(FREED)
        check_versions(node, known, read)
        known.freed = known.freed or not self.retain

    def _accumulate(self, known: Record, g: Node | None) -> None:
        """The leaf's turn, with the hooks of its AccumulateGrad around it."""
        shown = known.context
        leaf = known.leaf
        if shown is not None and shown._before:
            (g,) = before(shown, [g], self.create)
        if g is not None:
            leaf._accumulate(g, self.create)
        for hook in list((leaf._afterwards or {}).values()):
            if hook(leaf) is not None:
                raise RuntimeError("Tensor post accumulate grad hooks should return None.")
        if shown is not None and shown._after:
            after(shown, [], [g], self.create)

    def _hooked(self, known: Record, g: Node | None) -> Node | None:
        from autodiff.tensor.tensor import of_node

        hooks = known.hooks if known.leaf is None else (known.leaf._hooks or {},)
        for hook in [hook for several in hooks for hook in several.values()]:
            given = None if g is None else of_node(g)
            replaced = hook(given)
            if replaced is not None:
                check_replacement(hook, replaced, given)
                g = replaced._current if self.create else held(replaced._array)
        if known.retained is not None and g is not None:
            known.retained._retain(g, self.create)
        return g

    def _pull_back(self, node: Node, known: Record, g: Any, useful: Any) -> None:
        if node.op is PICK:
            self._gather(node, g)
            return
        for part in known.hooked:
            place = part.params[0]
            hooks = [hook for several in part.eager.hooks for hook in several.values()]
            for hook in hooks if g[place] is None and part not in self.visited else ():
                replaced = hook(None)
                if replaced is not None:
                    g[place] = replaced._current if self.create else held(replaced._array)
        shown: GradFn | None = known.context if known.function is None else known.context._shown
        if shown is not None and shown._before:
            g = _replaced(node, g, before(shown, _results(node, g), self.create))
        if known.function is not None:
            pulled = known.function(known.context, g, known.freed, self.create)
            known.freed = known.freed or not self.retain
            passed = [
                (operand, cotangent)
                for operand, cotangent in zip(node.inputs, pulled, strict=True)
                if operand in useful
            ]
            self._pass_on(shown, passed, _results(node, g))
            return
        by = self._by_rules if known.written is None else self._through_write
        self._pass_on(shown, by(node, known, g, useful), _results(node, g))

    def _through_write(self, node: Node, known: Record, g: Node | None, useful: Any) -> list[tuple[Node, Node | None]]:
        """A write through a view: the base gets what the operation passes on to the view, in its place, and the rest
        as it came; the other operands get theirs. Source: PyTorch's `CopySlices`."""
        base, value = node.inputs
        operands = [operand for operand in others_written(node) if operand in useful]
        if g is None:
            return [(operand, None) for operand in (base, *operands) if operand in useful]
        if known.freed:
            raise RuntimeError(FREED)
        known.freed = not self.retain
        (path,) = node.params
        assert known.written is not None
        inner, part = self._uncovered(value, self._settled(follow(g, path)))
        assert part is not None
        view = inner.inputs[known.written]
        if inner.eager.function is None:
            pairs = self._by_rules(inner, inner.eager, part, {view, *operands})
        else:
            pulled = inner.eager.function(inner.eager.context, part, inner.eager.freed, self.create)
            inner.eager.freed = not self.retain
            pairs = [pair for pair in zip(inner.inputs, pulled, strict=True) if pair[0] is view or pair[0] in operands]
        place = next((i for i, (operand, _) in enumerate(pairs) if operand is view), None)
        inside = None if place is None else self._uncovered(*pairs.pop(place))[1]
        if inside is None:
            inside = ops.zeros_like(part)
        whole = self._settled(COPY_SLICES.make((g, inside, path)))
        return [(base, whole)] * (base in useful) + [pair for pair in pairs if pair[0] in operands]

    def _gather(self, node: Node, g: Any) -> None:
        """The cotangent of one of several results goes to its place."""
        parent = node.inputs[0]
        assert parent.results is not None
        self.visited.add(node)
        gaps = self.received.get(parent)
        if gaps is None:
            gaps = self.received[parent] = [None] * len(parent.results)
        place = node.params[0]
        if g is not None:
            gaps[place] = g if gaps[place] is None else self._settled(gaps[place] + g)

    def _by_rules(self, node: Node, known: Record, g: Any, useful: Any) -> list[tuple[Node, Node | None]]:
        """What an operation's rules give for its operands; raises RuntimeError for what was freed or changed."""
        if g is None or (node.results is not None and not any(part is not None for part in g)):
            if not node.op.hidden:
                self._unpack(node, known)
            return [(operand, None) for operand in node.inputs if operand in useful]
        if node.op is OTHER_DATA and not _fits(g.shape, node.inputs[0].shape):
            raise self._misfit(node, g)
        pairs = cotangents(node, g, useful)
        read = values_read(node, g, [cotangent for _, cotangent in pairs])
        if any(operand.requires_grad and operand not in useful for operand in node.inputs):
            read |= saved(node)  # PyTorch looks at all of it
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
        if node.op is sgn:
            zeros = np.zeros_like(node.eager.value).view(Zeros)
            return [(operand, held(zeros)) for operand, _ in pairs]
        return [(operand, self._settled(cotangent)) for operand, cotangent in pairs]

    def _misfit(self, node: Node, g: Node) -> RuntimeError:
        """PyTorch's error for a gradient of data that were replaced by data of another shape."""
        target = origin(node)
        text = f"at index {{}} - got {list(g.shape)} but expected shape compatible with {list(target.shape)}"
        for other in reversed(ancestors(self.outputs, lambda other: other.requires_grad)):
            if other is not node and not other.op.hidden and node in [_uncovered(i) for i in other.inputs]:
                place = next((i for i, (edge, _) in enumerate(numbered(other)) if edge is visible(target)), 0)
                return RuntimeError(f"Function {grad_fn(other)} returned an invalid gradient {text.format(place)}")
        return RuntimeError(f"invalid gradient {text.format(0)}")

    def _pass_on(self, shown: GradFn | None, pairs: list[tuple[Node, Node | None]], g: Sequence[Any]) -> None:
        """Hand operands their cotangents, as the hooks behind the node leave them."""
        if shown is None or not shown._after:
            for operand, cotangent in pairs:
                self._receive(operand, cotangent)
            return
        edges: list[Node | None] = []
        made: list[Node | None] = []
        left = [self._uncovered(operand, cotangent) for operand, cotangent in pairs]
        for edge, place_of in numbered(shown._node):
            place = next((i for i, (o, _) in enumerate(left) if result_of(o) == (edge, place_of)), None)
            pair: tuple[Node | None, Node | None] = (None, None) if place is None else left.pop(place)
            edges.append(pair[0])
            made.append(pair[1])
        results = after(shown, made, g, self.create)
        for operand_, replaced in zip(edges, results, strict=True):
            if operand_ is not None:
                self._receive(operand_, replaced)
        for operand, cotangent in left:  # edges that are not shown
            self._receive(operand, cotangent)

    def _uncovered(self, operand: Node, cotangent: Node | None) -> tuple[Node, Node | None]:
        """An operand without the broadcasts and conversions that people do not see, and what reaches it."""
        while operand.op is BROADCAST or operand.op is CONVERT:
            assert operand.op.vjp is not None
            if cotangent is not None:
                cotangent = self._settled(operand.op.vjp[0](cotangent, operand, *operand.args))
            operand = operand.inputs[0]
        return operand, cotangent

    def _settled(self, node: Node) -> Node:
        """The node with its value; without its history unless that is wanted."""
        compute(node)
        return node if self.create and node.requires_grad else held(node.eager.value)

    def _receive(self, node: Node, cotangent: Node | None) -> None:
        earlier = self.received.get(node)
        if cotangent is not None:
            self.received[node] = cotangent if earlier is None else self._settled(earlier + cotangent)
        elif earlier is None:
            self.received[node] = None


def leaf_edges(nodes: Sequence[Node]) -> dict[Node, int]:
    """For each leaf, from how many operands of nodes gradients may come."""
    found: dict[Node, int] = {}
    for node in nodes:
        for operand in node.inputs:
            if operand.op is VARIABLE and operand.requires_grad:
                found[operand] = found.get(operand, 0) + 1
    return found


def completed(node: Node, open_edges: dict[Node, int]) -> list[Node]:
    """The leaves that nothing more will come to once a node has had its turn."""
    found = []
    for operand in node.inputs:
        if operand in open_edges:
            open_edges[operand] -= 1
            if not open_edges[operand]:
                found.append(operand)
    return found


def _results(node: Node, g: Any) -> list[Any]:
    """The gradients of the results that hooks see: those that have any."""
    if node.results is None:
        return [g]
    if node.eager.function is not None:
        return list(g)
    return [part for part, (_, dtype) in zip(g, node.results, strict=True) if dtype.is_floating]


def _replaced(node: Node, g: Any, seen: list[Any]) -> Any:
    """Gradients of the results with those that hooks see in their places."""
    if node.results is None:
        return seen[0]
    if node.eager.function is not None:
        return seen
    left = iter(seen)
    return [next(left) if dtype.is_floating else part for part, (_, dtype) in zip(g, node.results, strict=True)]


def _uncovered(node: Node) -> Node:
    while node.op is BROADCAST or node.op is CONVERT:
        node = node.inputs[0]
    return node


def _unspread(node: Node) -> Node:
    while node.op is BROADCAST:
        node = node.inputs[0]
    return node


def _fits(shape: Any, target: Any) -> bool:
    """Whether a gradient of one shape can be summed to another."""
    pairs = zip(reversed(shape), reversed(target), strict=False)
    return len(target) <= len(shape) and all(size == 1 or size == wide for wide, size in pairs)


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
        if role == "last":
            found.add(node.inputs[-1])
            continue
        if role == "tracked":
            found.update(operand for operand in node.inputs if operand.requires_grad)
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
        if source.eager.detached and _unspread(operand) is source:
            raise RuntimeError(DETACHED)
        if counter is not None and known.seen[position] not in (counter.version, KEPT):
            while operand.op is BROADCAST or operand.op is CONVERT:
                operand = operand.inputs[0]
            shown = _current(source) if operand is source else operand
            raise modified(shown, counter.version, known.seen[position])
    for other, version in known.linked:
        if other._counter.version != version:
            raise modified(other._node, other._counter.version, version)
    for result in read if known.parts is not None else ():
        if result.op is PICK and result.inputs[0] is node:
            counter = known.parts.get(result.params[0])
            if counter is not None and counter.version:
                raise modified(result, counter.version, 0)
    if node in read and known.counter is not None and known.counter.version != known.version:
        raise modified(known.shown_as or node, known.counter.version, known.version)


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
