"""Results that go to `.npy` files, through memory maps, so that they are never in memory as a whole.

    part, shape, dtype ──target──▶ map of a file beside the one that is meant ──keep──▶ renamed to it

A file appears when it is complete, and the one that was there before stays until then; it may be what a variable is
read from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from stat import S_IMODE
from typing import Self

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.request.files import called

SUFFIX = ".npy"


class Saving:
    """Which parts of an answer (`value`, `x.grad`) are saved, and where.

    As a context, it removes what was begun and not kept.
    """

    __slots__ = ("_begun", "paths")

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.paths = paths
        self._begun: dict[str, str] = {}  # parts and their temporary files

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for temporary in self._begun.values():
            with suppress(OSError):
                os.unlink(temporary)

    def target(self, part: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array to be filled with a part; raises `unwritable-file`, also when the disk has no room for it."""
        from numpy.lib.format import open_memmap

        path = self.paths[part]
        try:
            temporary = _beside(os.path.realpath(path))
            self._begun[part] = temporary
            mapped = open_memmap(temporary, "w+", dtype, shape)
            _reserve(temporary)
        except (OSError, ValueError) as error:
            raise unwritable(path, error) from None
        return mapped.view(np.ndarray)

    def keep(self, parts: Iterable[str]) -> None:
        """Put the files of these parts where they belong."""
        for part in parts:
            if part not in self._begun:
                continue
            temporary, final = self._begun[part], os.path.realpath(self.paths[part])
            try:
                with suppress(FileNotFoundError):
                    os.chmod(temporary, S_IMODE(os.stat(final).st_mode))
                os.replace(temporary, final)
            except OSError as error:
                raise unwritable(self.paths[part], error) from None
            del self._begun[part]


def _beside(path: str) -> str:
    """A new file in the folder of `path`; raises OSError where that file cannot be made or may not be replaced."""
    if os.path.isdir(path):
        raise IsADirectoryError("it is a folder")
    if os.path.exists(path):
        if not os.path.isfile(path):  # renaming would put a file in place of the device
            raise OSError("it is no regular file")
        if not os.access(path, os.W_OK):
            raise PermissionError("it may not be written")
    temporary = os.path.join(os.path.dirname(path), f".autodiff-{os.urandom(6).hex()}{SUFFIX}")
    os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
    return temporary


def _reserve(path: str) -> None:
    """Allocate all of a file: a full disk is then an error now, and not the end of the process at some later store."""
    if hasattr(os, "posix_fallocate"):
        descriptor = os.open(path, os.O_RDWR)
        try:
            os.posix_fallocate(descriptor, 0, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)


def unwritable(path: str, error: Exception) -> AutodiffError:
    """The error for a file that cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    kind = type(error).__name__ if isinstance(error, OSError) else "OSError"
    help = "the folder does not exist" if isinstance(error, FileNotFoundError) else ()
    return AutodiffError("unwritable-file", f"cannot write {called(path)}: {reason}", type=kind, help=help)
