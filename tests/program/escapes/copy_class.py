# ends: not-reachable
import copy
copy.copy(torch).__dict__
