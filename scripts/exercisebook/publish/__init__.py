"""From notebooks to a site: parameters, keys, execution, staging, rendering, checks."""
