"""Publishes a run to a server, idempotently; what a person set is never overwritten."""
