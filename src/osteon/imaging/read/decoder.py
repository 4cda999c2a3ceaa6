"""Decodes compressed pixels in a process of its own: decoders written in C crash on damaged files.

Of 1000 damaged JPEG files, gdcm ended the process with 23, of as many lossless JPEG and JPEG 2000 files with 3 to 7.
Run as a program this module answers one request after the other on standard input (8 bytes of length, then a DICOM
file) with one line of JSON and the bytes of the array on standard output. It imports nothing of Osteon, so that it
starts from its file alone.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import IO

# The largest object that is read has 2**28 voxels: 1 GB of pixels, again as much for the frames that are joined, the
# file itself, and the libraries.
MEMORY_BYTES = 6_000_000_000


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answers until the input ends."""
    while len(start := requests.read(8)) == 8:
        answer(requests.read(int.from_bytes(start, "big")), answers)


def answer(data: bytes, answers: IO[bytes]) -> None:
    """Writes the pixels of one DICOM file, or that there are none to be had."""
    import numpy as np
    from pydicom.pixels.utils import pixel_array

    try:
        array = np.ascontiguousarray(pixel_array(BytesIO(data), raw=True))
    except Exception:  # noqa: BLE001  whatever a decoder says, the file is refused; the message may name the patient
        answers.write(b'{"shape": null, "dtype": ""}\n')
    else:
        words = {"shape": array.shape, "dtype": array.dtype.str}
        answers.write(json.dumps(words).encode() + b"\n" + array.tobytes())
    answers.flush()


def limit_memory() -> None:
    """A file that declares more than it has must not take the machine's memory; there is no such limit on Windows."""
    if sys.platform == "win32":
        return
    import resource

    for kind, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        soft, hard = resource.getrlimit(kind)
        lowest = min([most] + [old for old in (soft, hard) if old != resource.RLIM_INFINITY])
        resource.setrlimit(kind, (lowest, hard))


if __name__ == "__main__":
    import logging
    import warnings

    limit_memory()
    warnings.simplefilter("ignore")
    logging.disable()
    serve(sys.stdin.buffer, sys.stdout.buffer)
