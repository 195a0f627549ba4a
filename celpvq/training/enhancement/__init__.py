"""Training of the decoder's enhancement network; importing it needs the extra `torch`."""

from ...errors import MissingPackageError

try:
    import torch  # noqa: F401
except ImportError as error:
    raise MissingPackageError("torch: expected PyTorch, got none; install celpvq[torch]") from error
