# ends: limit-memory
("a" * 10**6).replace("", "b" * 10**6)
