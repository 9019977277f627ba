# ends: limit-memory
("a" * 10**6).join("b" * 10**6)
