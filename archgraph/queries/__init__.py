"""The queries of an architecture, by subject: each asks the analyses and back-ends for the whole network."""
