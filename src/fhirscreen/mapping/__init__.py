"""Concepts, sites and expansions: the data of `mappings/` and its loader."""
