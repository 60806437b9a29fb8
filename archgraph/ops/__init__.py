"""The operations: one file per family, one class per operation, all its local facts on the class."""
