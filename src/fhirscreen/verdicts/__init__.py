"""What was decided for a patient and a criterion, on what basis, and what that makes of the patient."""
