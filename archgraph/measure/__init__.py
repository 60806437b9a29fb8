"""The receptive field of a PyTorch module, measured: where the gradient of a positive stand-in is not zero."""

from archgraph.measure.check import FieldReport, verify_fields
from archgraph.measure.structure import Structure

__all__ = ["FieldReport", "Structure", "verify_fields"]
