"""One file per kind of step, each with a worked example; `registry` lists them. Imports the engine only."""
