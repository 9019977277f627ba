"""A progress bar for what takes longer than a moment; rich is imported when it is shown."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PATIENCE = 1.0  # seconds without a bar
PAUSE = 0.1  # seconds from one picture to the next


class Progress:
    """Called with the part that is done, between 0 and 1; as a context, it leaves nothing on the terminal."""

    __slots__ = ("_bar", "_colored", "_next", "_stream")

    def __init__(self, stream: TextIO, colored: bool) -> None:
        self._stream = stream
        self._colored = colored
        self._bar: Bar | None = None
        self._next = monotonic() + PATIENCE

    def __call__(self, part: float) -> None:
        now = monotonic()
        if now < self._next:
            return
        self._next = now + PAUSE
        if self._bar is None:
            self._bar = _started(self._stream, self._colored, part)
        self._bar.update(self._bar.task_ids[0], completed=part, refresh=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _started(stream: TextIO, colored: bool, part: float) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    console = Console(file=stream, force_terminal=True, no_color=not colored, legacy_windows=False)
    bar = Progress(
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.add_task("", total=1.0, completed=part)  # type: ignore[arg-type]
    bar.start()
    return bar
