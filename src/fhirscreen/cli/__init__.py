"""The command line: one module a command, and how results are shown."""
