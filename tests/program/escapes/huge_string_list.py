# ends: limit-memory
list("ab" * (50 * 10**6))
