# ends: limit-memory limit-steps limit-time uncaught
# slow
e = ValueError("first")
for i in range(10**5):
    try:
        raise ValueError(i) from e
    except ValueError as new:
        e = new
raise e
