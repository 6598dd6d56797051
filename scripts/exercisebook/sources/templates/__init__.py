"""What a new cohort package is made of before there are data in it."""
