"""What is read off during training: the time, and the memory that was needed at most."""

import resource
import sys
from time import perf_counter

import torch


def now(device: str) -> float:
    """Give seconds, once everything that was sent to the device has been computed."""
    if device == "cuda":
        torch.cuda.synchronize()
    return perf_counter()


def peak_bytes(device: str) -> int:
    """Give the most memory that was held at once: by this process, or by its tensors on the GPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
