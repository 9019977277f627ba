"""The graph: nodes with shape, dtype and span, the registry of operations, and the builder.

    syntax tree ──build──▶ Node ──(op, inputs, params)──▶ Node …

`dtypes` and `sizes` are the two arithmetics that need no values; `node` is the one data structure; `op` is how an
operation is called and found, and `primitive`, `elementwise` and `composite` how one is declared; `signature` and
`kinds` say what it takes; `build` turns syntax trees into nodes.  Nothing here computes a number.
"""
