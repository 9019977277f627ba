"""Terms as text of the language: tight around * / ^, blanks around + - @ and comparisons, brackets where needed.

levels, reductions ◀── sums, products, matrices, calls ◀── printer      (each uses those on its left)
"""

from __future__ import annotations

from autodiff.formula.printing.levels import LONG, length
from autodiff.formula.printing.printer import PartsPrinter, Printer
from autodiff.formula.printing.sums import elements_of

__all__ = ["LONG", "PartsPrinter", "Printer", "elements_of", "length"]
