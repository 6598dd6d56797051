"""One theme, and one function a chart: tidy frame in, chart with description out."""
