# ends: uncaught limit-memory
raise MemoryError("mine")
