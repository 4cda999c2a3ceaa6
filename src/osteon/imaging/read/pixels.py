"""What is the value of every pixel of one object or stack, in the units of its header?

Plain pixels are taken straight from the file. Compressed ones are decoded in another process, which may crash, hang or
run out of memory without harm; it is started with the first such file and costs 0.4 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from threading import Timer

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy.volume import Array
from osteon.imaging.read import limits
from osteon.imaging.read.header import NATIVE, Frame, Header
from osteon.imaging.read.limits import Unreadable, broken_dicom, quiet
from osteon.imaging.read.stacks import Stack
from osteon.imaging.read.unpacked import dicom_bytes

Values = NDArray[np.float32]

BIG_ENDIAN, IMPLICIT = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2"
RLE = "1.2.840.10008.1.2.5"  # decoded in Python, which cannot crash
# Air is -1000 HU, and a plain CT stores nothing below -1024; padding lies lower still, often at -2000 or -3024.
LOWEST_HU = -1024.0


@dataclass(slots=True)
class Decoder:
    """The process that decodes, once there is one, and the object it decoded last."""

    process: subprocess.Popen[bytes] | None = None
    last: tuple[Header, Array] | None = field(default=None)


@contextmanager
def decoding() -> Iterator[Decoder]:
    """A decoder that ends with the context, whatever happens in it."""
    decoder = Decoder()
    try:
        yield decoder
    finally:
        stop(decoder)


def stop(decoder: Decoder) -> None:
    """Ends the process, if there is one."""
    if decoder.process is not None:
        decoder.process.kill()
        decoder.process.communicate()
        decoder.process = None


def stack_values(stack: Stack, decoder: Decoder, told: Callable[[], None]) -> tuple[Values, tuple[str, ...]]:
    """The volume's values, shape (slices, rows, columns), and what has to be said of them.

    Parameters
    ----------
    stack
        Frames in order.
    decoder
        For compressed pixels.
    told
        Called after each slice.

    Raises
    ------
    Unreadable
        When one of the files is cut off or cannot be decoded; a volume is never filled up.
    """
    header = stack.frames[0].header
    values = np.empty((len(stack.frames), header.rows, header.columns), np.float32)
    padded = 0
    for k, frame in enumerate(stack.frames):
        stored = stored_values(frame.header, decoder)[max(0, frame.number - 1)]
        values[k], outside = in_units(stored, frame)
        padded += outside
        told()
    if not np.isfinite(values).all():
        raise Unreadable("has values that are no numbers. Send the original images.")
    if header.inverted and header.kind == "MR":
        np.subtract(values.max() + values.min(), values, out=values)
    return values, remarks(stack, padded / values.size)


def remarks(stack: Stack, padded: float) -> tuple[str, ...]:
    """What a reader of the values should know."""
    frame = stack.frames[0]
    lines = []
    if padded > 0:
        lines.append(f"{max(1, round(100 * padded))} % of the voxels lie outside the scanned field and hold no values")
    if frame.header.kind == "CT" and frame.units.upper() != "HU":
        lines.append("does not say that its values are Hounsfield units; they may not be")
    if frame.header.inverted and frame.header.kind == "MR":
        lines.append("was stored as a negative (MONOCHROME1) and has been turned so that high signal is high")
    return tuple(lines)


def in_units(stored: Array, frame: Frame) -> tuple[Values, int]:
    """Values after the modality transformation of this frame, and how many pixels were padding that stands out."""
    header = frame.header
    if header.lut is not None:
        values = by_table(stored, header)
    else:
        values = stored.astype(np.float32) * np.float32(frame.slope) + np.float32(frame.intercept)
    outside = padding_pixels(stored, values, header)
    if outside is not None and header.kind == "MR":
        values[outside] = values[~outside].min()
    return values, 0 if outside is None else int(outside.sum())


def by_table(stored: Array, header: Header) -> Values:
    """Values by the modality look-up table."""
    from pydicom.pixels.processing import apply_modality_lut

    try:
        with quiet():
            return np.asarray(apply_modality_lut(stored, header.lut), np.float32)  # type: ignore[arg-type]
    except broken_dicom():
        raise Unreadable("has a look-up table for its values that cannot be read. Send the original images.") from None


def padding_pixels(stored: Array, values: Values, header: Header) -> NDArray[np.bool_] | None:
    """Pixels that stand for "outside the image" and would be taken for tissue or metal; None where there are none.

    Padding that is simply dark (0 in MR, air in CT) needs no word. In CT it stays what it is, far below air and so
    harmless to every threshold; bright padding in MR would spoil every measure of signal and becomes background.
    """
    if header.padding is None:
        return None
    outside = (stored >= header.padding[0]) & (stored <= header.padding[1])
    if not outside.any() or outside.all():
        return None
    if header.kind == "CT":
        outside &= values < LOWEST_HU
        return outside if outside.any() else None
    return outside if values[outside].min() > values[~outside].max() else None


def stored_values(header: Header, decoder: Decoder) -> Array:
    """The pixels as they are stored, shape (frames, rows, columns)."""
    if decoder.last is not None and decoder.last[0] is header:
        return decoder.last[1]
    count = header.frames * header.rows * header.columns
    if header.transfer_syntax in NATIVE and (header.bits > 8 or header.transfer_syntax != BIG_ENDIAN):
        # Nothing behind the pixels is read: a deflated file could unpack to anything there.
        array = plain_values(dicom_bytes(header.member, header.pixels_at + 12 + count * header.bits // 8), header)
    else:
        array = decoded(dicom_bytes(header.member, limits.MAX_FILE_BYTES), header.frames, count, decoder)
    array = array.reshape(header.frames, header.rows, header.columns)
    if header.overlay_bits:
        array = without_overlay(array, header)
    if header.frames > 1:
        decoder.last = (header, array)
    return array


def plain_values(data: bytes, header: Header) -> Array:
    """Uncompressed pixels: the element's own header, then the numbers."""
    order = ">" if header.transfer_syntax == BIG_ENDIAN else "<"
    tag = data[header.pixels_at : header.pixels_at + 4]
    explicit = header.transfer_syntax != IMPLICIT
    start = header.pixels_at + (12 if explicit else 8)
    dtype = np.dtype(f"{order}{'i' if header.signed else 'u'}{header.bits // 8}")
    count = header.frames * header.rows * header.columns
    length = int.from_bytes(data[start - 4 : start], "little" if order == "<" else "big")
    if tag not in (b"\xe0\x7f\x10\0", b"\x7f\xe0\0\x10"):
        raise Unreadable("has no pixels that are whole numbers. Send the original images.")
    needed = count * dtype.itemsize
    if min(length, len(data) - start) < needed:
        there = min(length, len(data) - start)
        message = f"is cut off: {needed:,} bytes of pixels are declared, {there:,} are there."
        raise Unreadable(f"{message} Copy it again from the archive.")
    return np.frombuffer(data, dtype, count, start)


def without_overlay(array: Array, header: Header) -> Array:
    """The values without the drawings that old files keep in the high bits, sign extended."""
    spare = header.bits - header.bits_stored
    shifted = array.astype(array.dtype.newbyteorder("=")) << spare
    return np.asarray(shifted >> spare)


DAMAGED = "has compressed pixels that cannot be decoded: damaged, or packed by a rare method."
SEND_PLAIN = "Copy it again, or send it uncompressed (Explicit VR Little Endian)."


def decoded(data: bytes, frames: int, count: int, decoder: Decoder) -> Array:
    """Compressed pixels of a DICOM file with so many frames and values in all, from the other process.

    Raises
    ------
    Unreadable
        When the process refuses, crashes, answers nonsense or takes too long.
    """
    if decoder.process is None:
        decoder.process = started()
    seconds = limits.DECODE_SECONDS + limits.DECODE_SECONDS_PER_FRAME * frames
    timer = Timer(seconds, decoder.process.kill)
    timer.start()
    try:
        array = asked(data, count, decoder.process)
    except (OSError, ValueError):
        stop(decoder)
        raise Unreadable(f"{DAMAGED} {SEND_PLAIN}") from None
    finally:
        timer.cancel()
    if array is None:
        raise Unreadable(f"{DAMAGED} {SEND_PLAIN}")
    return array


def started() -> subprocess.Popen[bytes]:
    """A new process; -P keeps the folder it starts in from the places it imports from."""
    program = [sys.executable, "-P", str(Path(__file__).with_name("decoder.py"))]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **one_thread},
    )


def asked(data: bytes, count: int, process: subprocess.Popen[bytes]) -> Array | None:
    """One question and its answer; None where the pixels cannot be decoded."""
    if process.stdin is None or process.stdout is None:
        return None
    process.stdin.write(len(data).to_bytes(8, "big"))
    process.stdin.write(data)
    process.stdin.flush()
    words = json.loads(process.stdout.readline(1000) or b"!")
    if words["shape"] is None:
        return None
    dtype = np.dtype(words["dtype"])
    if int(np.prod(words["shape"])) != count or dtype.kind not in "iu":
        raise ValueError("the answer does not fit the header")
    body = process.stdout.read(count * dtype.itemsize)
    return np.frombuffer(body, dtype, count)


def uncompressed(data: bytes, decoder: Decoder) -> bytes:
    """The same DICOM file with its pixels uncompressed, for readers that would decode them in this process.

    Raises
    ------
    Unreadable
        When they cannot be decoded, or the file declares more than is read.
    """
    import pydicom

    with BytesIO(data) as stream, BytesIO() as out:
        dataset = pydicom.dcmread(stream, force=True)
        syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
        if syntax in ("", *NATIVE, RLE) or "PixelData" not in dataset:
            return data
        frames = int(dataset.get("NumberOfFrames") or 1)
        count = frames * dataset.Rows * dataset.Columns
        if count > limits.MAX_VOXELS:
            raise Unreadable(f"says that it has {count / 1e6:,.0f} million voxels. Cut out the hip.")
        array = decoded(data, frames, count, decoder)
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.PixelData = array.tobytes()
        dataset["PixelData"].VR = "OB" if array.dtype.itemsize == 1 else "OW"
        dataset["PixelData"].is_undefined_length = False
        dataset.save_as(out)
        return out.getvalue()
