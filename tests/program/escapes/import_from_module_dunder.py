# ends: uncaught
from math import __loader__
