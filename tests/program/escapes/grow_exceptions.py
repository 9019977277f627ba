# ends: limit-memory limit-steps limit-time
# slow
errors = []
while True:
    try:
        raise ValueError("a" * 5000 + str(len(errors)))
    except ValueError as e:
        errors.append(e)
