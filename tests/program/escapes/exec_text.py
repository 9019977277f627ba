# ends: not-reachable
exec("import os")
