# ends: not-reachable
secret = input()
