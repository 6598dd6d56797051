"""One module a chapter: its analyses in order, and the words made from their results."""
