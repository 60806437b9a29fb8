"""What stands before the colon where a library, or a file, has the model."""

MODEL_PREFIXES = ("timm", "torchvision", "hf", "nnunet", "pt2", "onnx")
