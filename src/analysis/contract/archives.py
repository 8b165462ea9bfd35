"""Zip archives of the same bytes for the same content: no time of day, no order but the names'."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

#: The earliest date that a zip archive can hold; it stands for none.
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(members: Mapping[str, bytes], first: tuple[str, ...] = ()) -> bytes:
    """A zip archive of members by name, sorted but for those that come ``first``."""
    packed = io.BytesIO()
    order = [*first, *sorted(name for name in members if name not in first)]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in order:
            member = zipfile.ZipInfo(name, EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            member.create_system = 3
            archive.writestr(member, members[name])
    return packed.getvalue()


def unpack(packed: bytes) -> dict[str, bytes]:
    """An archive's members by name, in its order."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
