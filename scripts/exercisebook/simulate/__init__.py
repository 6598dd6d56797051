"""Worlds with known truth, as arrays or as a cohort."""
