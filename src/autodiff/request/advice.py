"""Advice about arguments of the command line, worded for somebody who writes JSON requests."""

from __future__ import annotations

import re

from autodiff.errors import AutodiffError

WORDS = (
    (r"^give it a value: (\w+)=…", r'give it a value: "vars": {"\1": …}'),
    (r"^give (\w+) its value as an argument after the expression: .*", r'give \1 its value in "vars"'),
    (r"write --let (\w+)=('?)(.*)\2$", r'write "let": {"\1": "\3"}'),
    (r"^--retain-grad reports", '"retain_grad" reports'),
)


def advise_request(error: AutodiffError) -> None:
    """Name the keys of a request where an error's help names arguments and options."""
    for pattern, words in WORDS:
        error.help = [re.sub(pattern, words, line) for line in error.help]
