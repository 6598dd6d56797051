"""Importers: from a vendor's file to the rows of a cohort package, with an account of it all."""
