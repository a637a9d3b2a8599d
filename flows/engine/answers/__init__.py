"""One file per kind of answer: how it is keyed, spoken, checked and read back. Standard library and the engine only."""
