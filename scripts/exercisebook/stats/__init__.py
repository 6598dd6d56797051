"""The statistics of small repeated-measures cohorts: pure functions, no files, no plots."""
