"""The command line: a file of commands per subject, with the same names as in Python."""
