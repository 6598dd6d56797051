"""Tags of cells that slides are made from."""

SLIDE = "slide"
"""Shown as a slide."""

NOTES = "notes"
"""Told beside the slide above it, and shown on no page."""
