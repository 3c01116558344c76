"""The use cases: screen, check a study, explain it, publish a run, diagnose a server or an export.

What changed since the last run will be `changes` here, once runs are kept (`store`).
"""
