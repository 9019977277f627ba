"""Formulas: gradients as a person writes them.

    graph ──from_graph──▶ term ──simplify──▶ term ──printing──▶ text ──verify──▶ the formula

Terms are algebra, not computation: 0*x is 0 here.  What is printed has been evaluated and compared with the gradient.
"""
