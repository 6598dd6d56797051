"""The commands, thin: each reads its words, calls a floor beneath, and says how it went."""
