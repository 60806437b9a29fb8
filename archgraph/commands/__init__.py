"""The commands of `archgraph`, a file per subject, and what they share."""
