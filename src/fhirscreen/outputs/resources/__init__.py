"""The R4 resources that a run writes, and the definitions of our extensions and codes."""
