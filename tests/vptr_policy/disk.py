"""A disk that is full."""

import contextlib
import resource
from typing import Iterator


@contextlib.contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Files end at ``limit`` bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
