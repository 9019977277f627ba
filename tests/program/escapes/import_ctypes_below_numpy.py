# ends: unknown-module
import numpy.ctypeslib
