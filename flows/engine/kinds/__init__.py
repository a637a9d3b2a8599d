"""One file per kind of step, each with a worked example; `registry` lists them. Standard library and the engine only."""
