"""Compressed pixels give the same values, and what harms a decoder harms nothing else."""

import random
import time

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.read import limits, read_images, read_series

RLE, J2K, JPEG_LS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"


def smooth(k):
    return (np.add.outer(np.arange(64), np.arange(48)) + 100 * k).astype(np.uint16)


def packed(one, syntax):
    """The same slice compressed; pydicom writes RLE and JPEG-LS, Pillow JPEG 2000."""
    from io import BytesIO

    from PIL import Image
    from pydicom.encaps import encapsulate

    if syntax == J2K:
        out = BytesIO()
        Image.fromarray(one.pixel_array).save(out, "JPEG2000", irreversible=False, no_jp2=True)
        one.PixelData = encapsulate([out.getvalue()])
        one.file_meta.TransferSyntaxUID = J2K
        one["PixelData"].is_undefined_length = True
    else:
        one.compress(syntax, generate_instance_uid=False)
    return one


@pytest.mark.parametrize("syntax", [RLE, J2K, JPEG_LS])
def test_compressed_series_have_the_values_that_went_in(slice_of, tmp_path, syntax):
    for k in range(3):
        packed(slice_of(k, pixels=smooth(k)), syntax).save_as(tmp_path / f"{k}.dcm")

    assert np.array_equal(read_series(tmp_path).volume.array, [smooth(0), smooth(1), smooth(2)])


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
@pytest.mark.parametrize("kind", ["u2", "i2", "u4"])
def test_every_plain_way_of_writing_gives_the_same_values(slice_of, tmp_path, syntax, kind):
    from pydicom import dcmwrite

    for k in range(2):
        pixels = smooth(k)
        one = slice_of(k, pixels=pixels, PixelRepresentation=int(kind[0] == "i"))
        bits = 8 * int(kind[1])
        one.BitsAllocated, one.BitsStored, one.HighBit = bits, bits, bits - 1
        order = ">" if syntax.endswith(".2.2") else "<"
        one.PixelData = pixels.astype(order + kind).tobytes()
        one["PixelData"].VR = "OW"
        one.file_meta.TransferSyntaxUID = syntax
        dcmwrite(
            tmp_path / f"{k}.dcm",
            one,
            little_endian=order == "<",
            implicit_vr=syntax == "1.2.840.10008.1.2",
            force_encoding=True,
        )

    assert np.array_equal(read_series(tmp_path).volume.array, [smooth(0), smooth(1)])


def test_files_without_preamble_are_read(slice_of, tmp_path):
    from pydicom import dcmwrite

    for k in range(2):
        one = slice_of(k)
        del one.file_meta
        del one.preamble
        dcmwrite(tmp_path / f"{k}", one, implicit_vr=True, little_endian=True)

    assert read_series(tmp_path).volume.array[1, 0, 1] == 101


@pytest.mark.slow
def test_a_deflated_bomb_is_unpacked_no_further_than_it_declares(slice_of, tmp_path):
    import tracemalloc
    import zlib

    for k in range(2):
        one = slice_of(k)
        one.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
        one.save_as(tmp_path / f"{k}.dcm")
        data = (tmp_path / f"{k}.dcm").read_bytes()
        start = len(data) - len(data[132:].split(b"1.2.840.10008.1.2.1.99", 1)[1])
        body = zlib.decompressobj(-15).decompress(data[start:])
        packer = zlib.compressobj(9, wbits=-15)
        bomb = packer.compress(body + bytes(100_000_000)) + packer.flush()
        (tmp_path / f"{k}.dcm").write_bytes(data[:start] + bomb)
    tracemalloc.start()
    try:
        series = read_series(tmp_path)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert series.volume.shape == (2, 6, 5)
    assert peak < 70_000_000  # the part of the header that is read at most, 16 MB, and its copies


def test_frames_that_crash_a_decoder_are_refused_and_the_next_series_is_read(slice_of, tmp_path, pydicom_file):
    from pydicom import dcmread
    from pydicom.encaps import encapsulate, generate_frames

    frame = next(generate_frames(dcmread(pydicom_file("JPEG-LL.dcm")).PixelData, number_of_frames=1))
    for n in range(12):
        draw = random.Random(n)
        broken = bytearray(frame)
        for _ in range(20):
            broken[draw.randrange(0, 400)] = draw.randrange(256)
        for k in range(2):
            one = slice_of(k, pixels=np.zeros((1024, 256), np.int16), SeriesInstanceUID=f"1.2.{n + 10}", SeriesNumber=n)
            one.PixelData = encapsulate([bytes(broken)])
            one["PixelData"].is_undefined_length = True
            one.file_meta.TransferSyntaxUID = JPEG_LOSSLESS
            one.save_as(tmp_path / f"{n}-{k}.dcm")
    for k in range(2):
        packed(slice_of(k, pixels=smooth(k), SeriesNumber=99), JPEG_LS).save_as(tmp_path / f"good-{k}.dcm")

    images = read_images(tmp_path)

    assert np.array_equal(images.series[-1].volume.array, [smooth(0), smooth(1)])
    assert len(images.refused) + len(images.series) == 13
    assert any("cannot be decoded" in one.reason for one in images.refused)


def test_a_decoder_that_takes_too_long_is_stopped(slice_of, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "DECODE_SECONDS", 0.0)
    monkeypatch.setattr(limits, "DECODE_SECONDS_PER_FRAME", 0.0)
    for k in range(2):
        packed(slice_of(k, pixels=smooth(k)), JPEG_LS).save_as(tmp_path / f"{k}.dcm")
    start = time.monotonic()

    with pytest.raises(InputError, match="cannot be decoded"):
        read_images(tmp_path)

    assert time.monotonic() - start < 10


def test_pixels_of_another_size_than_declared_are_refused(slice_of, tmp_path):
    for k in range(2):
        one = packed(slice_of(k, pixels=smooth(k)), JPEG_LS)
        one.Rows = 128
        one.save_as(tmp_path / f"{k}.dcm")

    with pytest.raises(InputError, match="cannot be decoded"):
        read_images(tmp_path)


def test_headers_beyond_the_limit_of_all_together_are_refused(stack, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ELEMENTS_IN_ALL", 400)

    images = read_images(stack(20))

    assert 0 < len(images.refused) < 20
    assert "slices at its ends may be missing" in images.series[0].warnings[0]


def test_a_series_beyond_the_limit_of_all_together_is_refused(stack, monkeypatch):
    monkeypatch.setattr(limits, "MAX_VOXELS_IN_ALL", 4 * 30)
    stack(4, "all/a", SeriesNumber=1)
    stack(4, "all/b", SeriesNumber=2, SeriesInstanceUID="1.2.9")

    images = read_images(stack(0, "all"))

    assert [one.source for one in images.series] == ["a"]
    assert "does not fit beside the others" in images.refused[0].reason
