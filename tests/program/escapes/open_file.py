# ends: not-reachable
print(open("/etc/passwd").read())
