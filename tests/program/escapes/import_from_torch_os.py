# ends: uncaught
from torch import os
