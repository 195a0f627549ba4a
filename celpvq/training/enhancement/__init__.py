"""Training of the decoder's enhancement network; importing it needs the extra `torch`."""

from ..._packages import needed_by

with needed_by("the training of the enhancement", "celpvq[torch]"):
    import torch  # noqa: F401
