# ends: limit-memory
("a" * 10**6).replace("a", "b" * 10**6)
