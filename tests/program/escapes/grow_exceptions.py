# ends: limit-memory limit-steps
errors = []
while True:
    try:
        raise ValueError("a" * 5000 + str(len(errors)))
    except ValueError as e:
        errors.append(e)
