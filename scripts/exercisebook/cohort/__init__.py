"""What a cohort is: its tables, its design, its contrasts; reading, checking, writing."""
