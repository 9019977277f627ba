# ends: limit-memory
("a," * (20 * 10**6)).split(",")
