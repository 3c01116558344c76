"""Criteria made concrete against the mappings: Retrieve → Feature → Predicate, resolved, explained."""
