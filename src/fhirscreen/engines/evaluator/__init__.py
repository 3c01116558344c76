"""The reference meaning of a plan: a pure function from one patient's resources to proofs."""
