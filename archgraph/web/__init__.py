"""Answers for a page in a browser: plain data in, plain data out, mistakes included."""

from archgraph.web.answer import answer

__all__ = ["answer"]
