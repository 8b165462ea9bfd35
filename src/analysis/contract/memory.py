"""Memory that is freed goes back to the machine: a large table must not weigh twice."""

from __future__ import annotations

import ctypes
import sys

#: glibc's M_MMAP_THRESHOLD, and the size in bytes from which a block is mapped by itself.
_MAP_FROM, _LARGE = -3, 1_000_000


def give_back_what_is_freed() -> None:
    """Have large blocks given back to the machine as soon as they are freed.

    Otherwise the allocators of Arrow and C keep what a step has freed for the next: after a raw
    table of a few gigabytes as much lies idle. It costs some time and no result depends on it;
    where the C library is another, nothing is done.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_MAP_FROM, _LARGE)
