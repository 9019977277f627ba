"""Programs: the language of PyTorch's tutorials, run on `autodiff.tensor` without Python's own eval or exec.

    text ──syntax.parse_program──▶ statements ──compile──▶ closures ──run──▶ what the program prints

Functions and classes of a program are host functions and host classes, so that operators, `sorted(key=…)` and
`autograd.Function` work on them unaided. What a program can *reach* is decided in one place: `kinds` has, for every
kind of value, the table of the attributes it offers. Nothing else reads an attribute, and nothing is found by
`getattr`.
"""
