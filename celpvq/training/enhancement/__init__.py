"""Training of the decoder's enhancement network; needs PyTorch, which the codec itself does not."""
