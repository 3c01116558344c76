"""What a run writes: R4 resources, verdicts, the attrition, a report; and what the console shows."""
