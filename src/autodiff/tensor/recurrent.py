"""`torch.nn`: recurrent layers and cells.

Sources: PyTorch documentation, `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU`; Hochreiter and Schmidhuber, 1997;
Cho et al., 2014.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autodiff.graph import dtypes
from autodiff.tensor.calling import call
from autodiff.tensor.initialise import uniform_
from autodiff.tensor.module import Module
from autodiff.tensor.namespace import lookup, stack
from autodiff.tensor.parts import MODULES, blank, operation
from autodiff.tensor.sampled import dropout
from autodiff.tensor.tensor import Tensor
from autodiff.tensor.views import private

# PyTorch runs a layer of an LSTM in float32 by a single operation, which is what `grad_fn` says of its outputs.
_LAYER = private(
    "rnn_layer(x)",
    lambda x: x.copy(),
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: g],
    grad_fn="MkldnnRnnLayerBackward0",
    doc="The outputs of a layer.",
)
State = tuple[Any, ...]


def _gates(x: Any, h: Any, weights: Any) -> Any:
    linear = operation("linear")
    w_ih, w_hh, b_ih, b_hh = weights
    return linear(x, w_ih, b_ih), linear(h, w_hh, b_hh)


def _plain(nonlinearity: str) -> Callable[[Any, State, Any], State]:
    def step(x: Any, state: State, weights: Any) -> State:
        a, b = _gates(x, state[0], weights)
        return (getattr(a + b, nonlinearity)(),)

    return step


def _lstm(x: Any, state: State, weights: Any) -> State:
    a, b = _gates(x, state[0], weights)
    i, f, g, o = (a + b).chunk(4, -1)
    c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _gru(x: Any, state: State, weights: Any) -> State:
    a, b = _gates(x, state[0], weights)
    (ar, az, an), (br, bz, bn) = a.chunk(3, -1), b.chunk(3, -1)
    r, z = (ar + br).sigmoid(), (az + bz).sigmoid()
    n = (an + r * bn).tanh()
    return ((state[0] - n) * z + n,)


class RNNBase(Module):
    """Layers of cells that go along a sequence, forwards and, if wanted, backwards."""

    __module__ = MODULES + "rnn"
    gates = 1
    states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self._suffixes = [
            [f"_l{layer}{way}" for way in ("", "_reverse")[: 1 + bidirectional]] for layer in range(num_layers)
        ]
        rows = self.gates * hidden_size
        for layer, ways in enumerate(self._suffixes):
            inputs = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            for suffix in ways:
                self.register_parameter("weight_ih" + suffix, blank(rows, inputs, dtype=dtype))
                self.register_parameter("weight_hh" + suffix, blank(rows, hidden_size, dtype=dtype))
                if bias:
                    self.register_parameter("bias_ih" + suffix, blank(rows, dtype=dtype))
                    self.register_parameter("bias_hh" + suffix, blank(rows, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin anew, within 1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: they lie as they are."""

    def _step(self, x: Any, state: State, weights: Any) -> State:
        raise NotImplementedError

    def _weights(self, suffix: str) -> Any:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self, name + suffix) if self.bias or "bias" not in name else None for name in names]

    def _along(self, inputs: Any, state: State, suffix: str) -> tuple[Any, State]:
        """The outputs of one layer in one direction, and its last state."""
        weights = self._weights(suffix)
        steps = list(inputs.unbind(0))
        back = suffix.endswith("_reverse")
        outputs = []
        for x in reversed(steps) if back else steps:
            state = self._step(x, state, weights)
            outputs.append(state[0])
        return stack(outputs[::-1] if back else outputs), state

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """Outputs of the last layer for every step, and the last states of all layers."""
        if input.ndim not in (2, 3):
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )
        batched = input.ndim == 3
        x: Any = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        given = () if hx is None else hx if isinstance(hx, tuple) else (hx,)
        initial = self._initial(x, [h if batched else h.unsqueeze(1) for h in given])
        outputs, last = self._through(x, initial)
        states = [stack([state[k] for state in last]) for k in range(self.states)]
        if not batched:
            outputs, states = outputs.squeeze(1), [s.squeeze(1) for s in states]
        elif self.batch_first:
            outputs = outputs.transpose(0, 1)
        return outputs, states[0] if self.states == 1 else tuple(states)

    def _initial(self, x: Any, given: list[Any]) -> list[State]:
        count = self.num_layers * (1 + self.bidirectional)
        shape = (count, x.shape[1], self.hidden_size)
        if not given:
            return [(x.new_zeros(shape[1:]),) * self.states for _ in range(count)]
        for i, state in enumerate(given):
            if state.shape != shape:
                name = "hidden" if self.states == 1 else f"hidden[{i}]"
                raise RuntimeError(f"Expected {name} size {shape}, got {list(state.shape)}")
        return [tuple(state[k] for state in given) for k in range(count)]

    def _through(self, x: Any, initial: list[State]) -> tuple[Any, list[State]]:
        last: list[State] = []
        for layer, ways in enumerate(self._suffixes):
            if layer and self.dropout:
                x = dropout(x, self.dropout, self.training)
            sides = []
            for suffix in ways:
                outputs, state = self._along(x, initial[len(last)], suffix)
                sides.append(outputs)
                last.append(state)
            x = sides[0] if len(sides) == 1 else lookup("torch", "cat")(sides, -1)
        return x, last

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        return text + "".join(f", {k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v)


class RNN(RNNBase):
    """`tanh` (or `relu`) of what comes in and what was there."""

    __module__ = MODULES + "rnn"

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", *args: Any,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity

    def _step(self, x: Any, state: State, weights: Any) -> State:
        return _plain(self.nonlinearity)(x, state, weights)


class LSTM(RNNBase):
    """Long short-term memory: a hidden state and a cell."""

    __module__ = MODULES + "rnn"
    gates = 4
    states = 2

    def _step(self, x: Any, state: State, weights: Any) -> State:
        return _lstm(x, state, weights)

    def _along(self, inputs: Any, state: State, suffix: str) -> tuple[Any, State]:
        outputs, last = super()._along(inputs, state, suffix)
        if outputs.dtype is dtypes.float32:
            outputs = call(lambda x: _LAYER.make((x,)), (outputs,), {})
        return outputs, last


class GRU(RNNBase):
    """Gated recurrent units."""

    __module__ = MODULES + "rnn"
    gates = 3

    def _step(self, x: Any, state: State, weights: Any) -> State:
        return _gru(x, state, weights)


class _Cell(Module):
    """One step of a recurrent layer."""

    gates = 1
    states = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = self.gates * hidden_size
        self.weight_ih = blank(rows, input_size, dtype=dtype)
        self.weight_hh = blank(rows, hidden_size, dtype=dtype)
        self.register_parameter("bias_ih", blank(rows, dtype=dtype) if bias else None)
        self.register_parameter("bias_hh", blank(rows, dtype=dtype) if bias else None)
        bound = 1 / math.sqrt(hidden_size) if hidden_size > 0 else 0
        for parameter in self.parameters():
            uniform_(parameter, -bound, bound)

    def _step(self, x: Any, state: State, weights: Any) -> State:
        raise NotImplementedError

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """The next state."""
        if input.ndim not in (1, 2):
            raise ValueError(f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        x: Any = input if input.ndim == 2 else input.unsqueeze(0)
        if hx is None:
            state: State = (x.new_zeros((x.shape[0], self.hidden_size)),) * self.states
        else:
            state = tuple(h if input.ndim == 2 else h.unsqueeze(0) for h in (hx if isinstance(hx, tuple) else (hx,)))
        made = self._step(x, state, (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh))
        if input.ndim == 1:
            made = tuple(h.squeeze(0) for h in made)
        return made[0] if self.states == 1 else made

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(_Cell):
    """One step of an RNN."""

    __module__ = MODULES + "rnn"

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, dtype=dtype)
        self.nonlinearity = nonlinearity

    def _step(self, x: Any, state: State, weights: Any) -> State:
        return _plain(self.nonlinearity)(x, state, weights)

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(_Cell):
    """One step of an LSTM."""

    __module__ = MODULES + "rnn"
    gates = 4
    states = 2

    def _step(self, x: Any, state: State, weights: Any) -> State:
        return _lstm(x, state, weights)


class GRUCell(_Cell):
    """One step of a GRU."""

    __module__ = MODULES + "rnn"
    gates = 3

    def _step(self, x: Any, state: State, weights: Any) -> State:
        return _gru(x, state, weights)
