"""A claim meets the effects that can speak to it, and gets two verdicts."""
