"""What are the bytes of one DICOM file, when it may be deflated, or made of endless small elements?"""

from __future__ import annotations

from io import BytesIO

from osteon.imaging.read import limits
from osteon.imaging.read.files import Member
from osteon.imaging.read.limits import BROKEN, Budget, Unreadable, inflate

DEFLATED = "1.2.840.10008.1.2.1.99"


class CountedBytes(BytesIO):
    """Bytes that can be read only so often: a header of endless small elements ends as a damaged one."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        super().__init__(data)
        items = data.count(b"\xfe\xff\0\xe0") + data.count(b"\xff\xfe\xe0\0")
        self.left = limits.MAX_ELEMENTS if items <= limits.MAX_ITEMS else 0
        self.budget = budget

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; ValueError when there have been too many calls."""
        self.left -= 1
        self.budget.elements -= 1
        if min(self.left, self.budget.elements) < 0:
            raise ValueError("too many elements")
        return super().read(size)


def dicom_bytes(member: Member, most: int) -> bytes:
    """The first bytes of a DICOM file; a deflated one comes inflated and marked as plain explicit little endian."""
    data = member.read(most)
    start = data[:2048]
    if DEFLATED.encode() not in start or data[128:132] != b"DICM":
        return data
    try:
        meta_end = end_of_meta(data)
        body = inflate(data[meta_end:], most, -15)
    except BROKEN:
        raise Unreadable("is packed (deflated) and damaged. Copy it again from the archive.") from None
    plain = DEFLATED.removesuffix(".99").encode().ljust(len(DEFLATED) + len(DEFLATED) % 2, b"\0")
    return data[:meta_end].replace(DEFLATED.encode().ljust(len(plain), b"\0"), plain) + body


def end_of_meta(data: bytes) -> int:
    """Where group 2 ends, which is always written plainly: tag, type, length and value, one element after the other."""
    at = 132
    while data[at : at + 2] == b"\2\0":
        long = data[at + 4 : at + 6] in (b"OB", b"UN")
        length = int.from_bytes(data[at + 8 : at + 12] if long else data[at + 6 : at + 8], "little")
        at += (12 if long else 8) + length
    return at
