"""Which files are in a folder, zip or DICOMDIR, and which of them could be an image?

A member is one file, named by its path below what was given. Nothing is unpacked to disk; links are not followed.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from osteon.errors import Fault, InputError, printable
from osteon.imaging.read import limits
from osteon.imaging.read.limits import BROKEN, MB, Unreadable, broken_dicom, inflate, quiet
from osteon.imaging.series import Refused

Format = Literal["dicom", "nifti", "nrrd"]

# What viewers, desktops and archives leave beside images; saying of each that it is no image would hide real refusals.
LITTER = {"dicomdir", "thumbs.db", "desktop.ini", "autorun.inf"}
DICOMDIR_CLASS = b"1.2.840.10008.1.3.10"
HEAD_BYTES = 1024
ACCEPTED = "Send a folder or zip of DICOM images, a NIfTI (.nii, .nii.gz) or an NRRD (.nrrd) file."


@dataclass(frozen=True, slots=True)
class Member:
    """One file: its path below what was given, its size, and how to open it. `path` is None inside a zip."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    path: Path | None = None

    def read(self, most: int) -> bytes:
        """Its first `most` bytes, or all of them when it has fewer."""
        try:
            with self.open() as stream:
                return stream.read(min(most, self.size + 1))
        except OSError as wrong:
            reason = wrong.strerror or type(wrong).__name__
            raise Unreadable(f"cannot be read: {reason}. Check its permissions or copy it again.") from None
        except BROKEN:
            raise Unreadable("is damaged inside the zip. Make the zip again.") from None


@dataclass(frozen=True, slots=True)
class Found:
    """The members that may be images, and what was left out."""

    members: tuple[Member, ...]
    refused: tuple[Refused, ...]


@contextmanager
def opened(path: Path) -> Iterator[Found]:
    """The members of a folder, zip, DICOMDIR or single file; they can be read until the context ends.

    Raises
    ------
    InputError
        When the path does not exist, is neither file nor folder, or is a zip that cannot be opened or is too large.
    """
    source = path.name or "the folder"
    try:
        status = path.stat()
        folder = stat.S_ISDIR(status.st_mode)
        if not folder and not stat.S_ISREG(status.st_mode):
            raise InputError(source, [Fault("", f"is neither a file nor a folder. {ACCEPTED}")])
        member = Member(printable(path.name), status.st_size, lambda: path.open("rb"), path)
        head = b"" if folder else member.read(HEAD_BYTES)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(
            source, [Fault("", f"cannot be read: {reason}. Check the path and its permissions.")]
        ) from None
    except ValueError:
        raise InputError("the path", [Fault("", "cannot be a file name. Check it.")]) from None
    except Unreadable as wrong:
        raise InputError(source, [Fault("", str(wrong))]) from None
    if folder:
        yield found_in_folder(path, source)
    elif head.startswith((b"PK\3\4", b"PK\5\6")):
        with opened_zip(path, source) as archive:
            yield found_in_zip(archive, source, status.st_size)
    elif is_dicomdir(head):
        yield listed_in(member, path.parent, source)
    else:
        yield Found((member,), ())


def found_in_folder(folder: Path, source: str) -> Found:
    """Every regular file below a folder, in the order of the names."""
    members: list[Member] = []
    refused: list[Refused] = []
    waiting = [(folder, 0)]
    while waiting:
        below, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(below), key=lambda entry: entry.name, reverse=True)
        except OSError as wrong:
            refused.append(refusal_of(below, folder, f"cannot be opened: {wrong.strerror}. Check its permissions."))
            continue
        for entry in entries:
            place = Path(entry.path)
            if is_litter(entry.name):
                continue
            if entry.is_symlink():
                refused.append(refusal_of(place, folder, "is a link, which is not followed. Copy what it points to."))
            elif entry.is_dir() and depth == limits.MAX_DEPTH:
                reason = f"lies more than {limits.MAX_DEPTH} folders deep. Move it up."
                refused.append(refusal_of(place, folder, reason))
            elif entry.is_dir():
                waiting.append((place, depth + 1))
            else:
                add_file(place, folder, members, refused)
        check_count(len(members) + len(refused), source)
    return Found(tuple(sorted(members, key=lambda member: member.name)), tuple(refused))


def add_file(place: Path, folder: Path, members: list[Member], refused: list[Refused]) -> None:
    """One directory entry that is neither folder nor link."""
    try:
        status = place.stat()
    except OSError as wrong:
        refused.append(refusal_of(place, folder, f"cannot be read: {wrong.strerror}. Copy it again."))
        return
    if stat.S_ISREG(status.st_mode):
        name = below_folder(place, folder)
        members.append(Member(name, status.st_size, lambda: place.open("rb"), place))
    else:
        refused.append(refusal_of(place, folder, "is not a regular file. Send files only."))


def below_folder(place: Path, folder: Path) -> str:
    """The path below the folder, safe to print; a name may hold bytes that are no text."""
    relative = place.relative_to(folder).as_posix() if place != folder else "."
    return printable(os.fsencode(relative).decode(errors="replace"))


def refusal_of(place: Path, folder: Path, reason: str) -> Refused:
    """A refusal of something in the folder."""
    return Refused(below_folder(place, folder), reason)


def is_litter(name: str) -> bool:
    """Whether a file or folder is known to be no image by its name alone."""
    return (name.startswith(".") and name != "..") or name.lower() in LITTER or name == "__MACOSX"


def check_count(count: int, source: str) -> None:
    """Raises InputError when an input has more files than one examination can have."""
    if count > limits.MAX_FILES:
        message = f"has more than {limits.MAX_FILES:,} files. Send the folder of one examination."
        raise InputError(source, [Fault("", message)])


@contextmanager
def opened_zip(path: Path, source: str) -> Iterator[zipfile.ZipFile]:
    """The zip, after its list of members was found to be of a sane size."""
    damaged = InputError(source, [Fault("", "is a damaged zip. Make it again, or send the folder.")])
    try:
        with path.open("rb") as stream:
            size = directory_bytes(stream)
        if size > limits.MAX_ZIP_DIRECTORY_BYTES:
            message = f"lists more than {limits.MAX_FILES:,} files. Send the images of one examination."
            raise InputError(source, [Fault("", message)])
        archive = zipfile.ZipFile(path)
    except BROKEN:
        raise damaged from None
    with archive:
        yield archive


def directory_bytes(stream: IO[bytes]) -> int:
    """How large a zip says its list of members is: the end record, or its 64-bit twin, whichever says more."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 65_535 - 22 - 76))  # longest comment, end record, 64-bit record with its locator
    tail = stream.read()
    sizes = [0]
    for signature, layout, offset in ((b"PK\5\6", "<I", 12), (b"PK\6\6", "<Q", 40)):
        at = tail.rfind(signature)
        if at >= 0 and len(tail) >= at + offset + 8:
            sizes.append(struct.unpack_from(layout, tail, at + offset)[0])
    return min(max(sizes), size)


def found_in_zip(archive: zipfile.ZipFile, source: str, zip_bytes: int) -> Found:
    """Every member of a zip that can be read in safety."""
    infos = [info for info in archive.infolist() if info.filename and not info.is_dir()]
    infos = [
        info
        for info in infos
        if not any(is_litter(part) for part in PurePosixPath(info.filename.replace("\\", "/")).parts)
    ]
    check_count(len(infos), source)
    total = sum(info.file_size for info in infos)
    ratio = total / max(zip_bytes, 1)
    if total > limits.MAX_ZIP_BYTES or (ratio > limits.MAX_ZIP_RATIO and total > limits.SMALL_ZIP_BYTES):
        message = (
            f"has {zip_bytes / MB:.1f} MB and would unpack to {total / MB:,.0f} MB; at most "
            f"{limits.MAX_ZIP_BYTES / MB:,.0f} MB and {limits.MAX_ZIP_RATIO} times its size are unpacked. "
            "Send the images of one examination."
        )
        raise InputError(source, [Fault("", message)])
    reasons = [(info, why_not(info)) for info in infos]
    return Found(
        tuple(sorted((member_of(archive, info) for info, why in reasons if not why), key=lambda m: m.name)),
        tuple(Refused(bounded_name(info.filename), why) for info, why in reasons if why),
    )


def member_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """One member of a zip."""
    return Member(bounded_name(info.filename), info.file_size, lambda: archive.open(info))


def why_not(info: zipfile.ZipInfo) -> str:
    """The reason to leave a member of a zip alone; "" where there is none."""
    parts = info.filename.replace("\\", "/").split("/")
    if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in parts[0]:
        return "has a path that leads out of the zip. Make the zip anew from the folder itself."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link, which is not followed. Put in the file itself."
    if info.flag_bits & 0x1:
        return "is locked with a password. Send the zip without one."
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed by a method that is not read here. Make an ordinary zip (deflate)."
    return ""


def bounded_name(name: str) -> str:
    """A member's name for people: safe to print and not endless."""
    name = printable(name.replace("\\", "/"))
    return name if len(name) <= 200 else name[:100] + "…" + name[-99:]


def is_dicomdir(head: bytes) -> bool:
    """Whether a file begins like the index of a DICOM medium."""
    return head[128:132] == b"DICM" and DICOMDIR_CLASS in head


def listed_in(index: Member, folder: Path, source: str) -> Found:
    """The files that a DICOMDIR names, as far as they lie in its own folder."""
    import pydicom

    members: list[Member] = []
    refused: list[Refused] = []
    broken: tuple[type[Exception], ...] = (*broken_dicom(), Unreadable)
    try:
        with quiet():
            records = pydicom.dcmread(BytesIO(index.read(limits.MAX_HEADER_BYTES))).DirectoryRecordSequence
            entries = [record.get("ReferencedFileID") for record in records]
    except broken:
        message = "is a DICOMDIR that cannot be read. Send the whole folder instead."
        raise InputError(source, [Fault("", message)]) from None
    ids = [[entry] if isinstance(entry, str) else [str(part) for part in entry] for entry in entries if entry]
    check_count(len(ids), source)
    for parts in ids:
        add_listed(parts, folder, members, refused)
    return Found(tuple(members), tuple(refused))


def add_listed(parts: list[str], folder: Path, members: list[Member], refused: list[Refused]) -> None:
    """One entry of a DICOMDIR: case may differ from the disk's, and it must stay in the folder."""
    name = bounded_name("/".join(parts))
    root = folder.resolve()
    try:
        spellings = [folder.joinpath(*parts), folder.joinpath(*(part.lower() for part in parts))]
        place = next((place for place in spellings if place.exists()), spellings[0])
        inside = place.resolve().is_relative_to(root) and not any(part in ("", "..") for part in parts)
        if not inside:
            refused.append(Refused(name, "is named by the DICOMDIR but lies outside its folder. Send the folder."))
        elif place.is_file():
            members.append(Member(name, place.stat().st_size, lambda: place.open("rb"), place))
        else:
            refused.append(Refused(name, "is named by the DICOMDIR but is missing. Copy the whole medium."))
    except (OSError, ValueError):
        refused.append(Refused(name, "is named by the DICOMDIR but cannot be opened. Send the folder."))


NOT_IMAGES = (
    (b"PK\3\4", "is a packed file (zip) inside what was sent. Unpack it first."),
    (b"\x93NUMPY", "is a NumPy array: it says nothing of voxel size and place. Send NIfTI, NRRD or the DICOM files."),
    (b"\x89PNG", "is a picture without voxel size and place. Send the DICOM files."),
    (b"\xff\xd8\xff", "is a picture without voxel size and place. Send the DICOM files."),
    (b"GIF8", "is a picture without voxel size and place. Send the DICOM files."),
    (b"BM", "is a picture without voxel size and place. Send the DICOM files."),
    (b"II*\0", "is a picture without voxel size and place. Send the DICOM files."),
    (b"%PDF", "is a document. Send the DICOM files."),
)


def format_of(member: Member) -> Format:
    """What a file is by its first bytes, whatever its name says.

    Raises
    ------
    Unreadable
        When it is none of the formats that are read here, or too large.
    """
    if member.size > limits.MAX_FILE_BYTES:
        size, most = f"{member.size / MB:,.0f} MB", f"{limits.MAX_FILE_BYTES / MB:,.0f} MB"
        raise Unreadable(f"has {size}; a file may have {most}. Send the series of the hip only.")
    head = member.read(HEAD_BYTES)
    if not head:
        raise Unreadable("is empty. Copy it again.")
    if head.startswith(b"\x1f\x8b"):
        return format_packed(head)
    known = format_plain(head)
    if known:
        return known
    reasons = [reason for start, reason in NOT_IMAGES if head.startswith(start)]
    raise Unreadable(reasons[0] if reasons else f"is not a DICOM, NIfTI or NRRD file. {ACCEPTED}")


def format_packed(head: bytes) -> Format:
    """The format of a gzip file: only NIfTI is sent that way."""
    try:
        inner = inflate(head, 512, 31)
    except BROKEN:
        raise Unreadable("is a damaged gzip file. Copy it again.") from None
    if format_plain(inner) != "nifti":
        raise Unreadable("is a gzip file of something other than NIfTI. Unpack it first.")
    return "nifti"


def format_plain(head: bytes) -> Format | None:
    """The format by the magic words of each."""
    if head[128:132] == b"DICM":
        return "dicom"
    if head.startswith(b"NRRD"):
        return "nrrd"
    if head[:4] in (b"\x5c\1\0\0", b"\0\0\1\x5c") or head[4:7] in (b"n+2", b"ni2"):
        return "nifti"  # a header of 348 bytes in either byte order, or of NIfTI-2
    # DICOM without its preamble starts with group 2 or 8 in either byte order, and a small element number.
    if head[:2] in (b"\x02\0", b"\x08\0") and head[3:4] == b"\0" and head[4:6] != b"\0\0":
        return "dicom"
    return "dicom" if head[:3] in (b"\0\x08\0", b"\0\x02\0") else None
