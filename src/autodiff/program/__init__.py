"""Programs: the language of PyTorch's tutorials, run on `autodiff.tensor` without Python's own eval or exec.

    text ──syntax.parse_program──▶ statements ──compile──▶ closures ──run──▶ what the program prints

Functions and classes of a program are host functions and host classes, so that operators, `sorted(key=…)` and
`autograd.Function` work on them unaided. What a program can *reach* is decided in one place: `kinds` has, for every
kind of value, the table of the attributes it offers. Nothing else reads an attribute, and nothing is found by
`getattr`.

scopes            which variable each name means, before anything is compiled
unit, names, expressions, functions, comprehensions, targets, statements, classes, handling, generators, imports
                  one closure for each node of the tree; a frame is a list with a slot for each variable
limits, deep      what a program may use up; the thread it runs in
places, failures  where an exception came from, and the error that a person sees
session           names from one text to the next; `warned` shows the library's warnings
"""
