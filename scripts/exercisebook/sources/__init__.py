"""Open data: the catalogue, fetching, and one reader a data set."""
