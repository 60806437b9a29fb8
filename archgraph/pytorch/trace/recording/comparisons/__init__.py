"""What a module's own code compares: the sizes of tensors, what it computes of them, and elements of known tensors."""
