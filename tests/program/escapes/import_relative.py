# ends: uncaught
from . import secrets
