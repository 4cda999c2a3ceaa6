"""Folders, zips and single files are searched in safety, and every file left out is named."""

import os
import stat
import struct
import sys
import zipfile

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.read import limits, read_images, read_series


def zip_of(path, members, **flags):
    """A zip with the given members: name to bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, **flags)
    return path


def contents(folder):
    return {f"study/{path.name}": path.read_bytes() for path in folder.iterdir()}


def test_a_zip_holds_the_same_as_its_folder(stack, tmp_path):
    folder = stack(4)

    packed = read_series(zip_of(tmp_path / "images.zip", contents(folder)))

    plain = read_series(folder)
    assert np.array_equal(packed.volume.array, plain.volume.array)
    assert packed.volume.affine == pytest.approx(plain.volume.affine)
    assert packed.instances[0].path == "study/00.dcm"
    assert packed.source == "study"


def test_litter_of_archives_is_passed_over_in_silence(stack, tmp_path):
    members = contents(stack(2)) | {"__MACOSX/study/._00.dcm": b"junk", "study/.DS_Store": b"junk", "DICOMDIR": b"junk"}

    assert read_images(zip_of(tmp_path / "images.zip", members)).refused == ()


@pytest.mark.parametrize("name", ["../../evil.dcm", "/etc/evil.dcm", "C:/evil.dcm", "..\\evil.dcm"])
def test_members_that_lead_out_of_the_zip_are_refused(stack, tmp_path, name):
    images = read_images(zip_of(tmp_path / "images.zip", contents(stack(2)) | {name: b"x"}))

    assert "leads out of the zip" in images.refused[0].reason
    assert not (tmp_path.parent / "evil.dcm").exists()


def test_links_in_a_zip_are_refused(stack, tmp_path):
    path = zip_of(tmp_path / "images.zip", contents(stack(2)))
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.dcm")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")

    assert [one.name for one in read_images(path).refused] == ["link.dcm"]


def test_members_locked_with_a_password_are_refused(stack, tmp_path):
    path = zip_of(tmp_path / "images.zip", contents(stack(1)))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1  # the flag in the list of members
    path.write_bytes(data)

    with pytest.raises(InputError, match="password"):
        read_images(path)


def test_a_zip_in_a_zip_is_refused(stack, tmp_path):
    inner = zip_of(tmp_path / "inner.zip", contents(stack(2))).read_bytes()

    with pytest.raises(InputError, match="Unpack it first"):
        read_images(zip_of(tmp_path / "outer.zip", {"inner.zip": inner}))


def test_members_packed_by_rare_methods_are_refused(stack, tmp_path):
    with zipfile.ZipFile(tmp_path / "images.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.dcm", bytes(1000))

    with pytest.raises(InputError, match="ordinary zip"):
        read_images(tmp_path / "images.zip")


def test_a_zip_that_unpacks_to_far_more_than_it_has_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as member:
        for _ in range(30):
            member.write(bytes(10_000_000))

    with pytest.raises(InputError, match="would unpack to 300 MB"):
        read_images(tmp_path / "bomb.zip")


def test_a_zip_whose_members_overlap_is_refused_by_what_it_declares(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ZIP_BYTES", 1000)

    with pytest.raises(InputError, match="would unpack to"):
        read_images(zip_of(tmp_path / "images.zip", {str(k): bytes(200) for k in range(6)}))


def test_a_zip_that_lies_about_the_size_of_a_member_is_refused(stack, tmp_path):
    path = zip_of(tmp_path / "images.zip", contents(stack(1)))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", 100)
    path.write_bytes(data)

    with pytest.raises(InputError):
        read_images(path)


def test_a_zip_that_lists_a_million_files_is_refused_before_the_list_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ZIP_DIRECTORY_BYTES", 1000)

    with pytest.raises(InputError, match="lists more than"):
        read_images(zip_of(tmp_path / "images.zip", {str(k): b"" for k in range(100)}))


def test_a_cut_off_zip_is_refused(stack, tmp_path):
    path = zip_of(tmp_path / "images.zip", contents(stack(2)))
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(InputError, match="damaged zip"):
        read_images(path)


def test_nothing_is_written_beside_the_images(stack, tmp_path):
    path = zip_of(tmp_path / "images.zip", contents(stack(3)))
    before = sorted(tmp_path.rglob("*"))

    read_images(path)

    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no files"):
        read_images(tmp_path)


def test_a_path_with_a_nul_is_refused():
    with pytest.raises(InputError, match="cannot be a file name"):
        read_images("a\0b")


def test_every_file_that_is_no_image_is_named_with_its_reason(stack, tmp_path):
    folder = stack(3)
    (folder / "notes.txt").write_text("Dear colleague")
    (folder / "cube.npy").write_bytes(b"\x93NUMPY\1\0")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n")
    (folder / "empty.dcm").write_bytes(b"")

    refused = {one.name: one.reason for one in read_images(folder).refused}

    assert set(refused) == {"notes.txt", "cube.npy", "picture.png", "empty.dcm"}
    assert "NumPy" in refused["cube.npy"]
    assert "picture" in refused["picture.png"]
    assert "empty" in refused["empty.dcm"]


def test_a_pickle_in_an_array_file_is_never_loaded(tmp_path):
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}], object), allow_pickle=True)

    with pytest.raises(InputError, match="NumPy"):
        read_images(tmp_path / "evil.npy")


def test_twenty_reasons_are_listed_and_the_rest_counted(tmp_path):
    for k in range(30):
        (tmp_path / f"{k:02}.txt").write_text("no image")

    with pytest.raises(InputError, match="and 10 more were refused") as refused:
        read_images(tmp_path)

    assert len(refused.value.faults) == 21


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_in_a_folder_are_not_followed(stack):
    folder = stack(3)
    (folder / "link.dcm").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)

    assert {one.name for one in read_images(folder).refused} == {"link.dcm", "loop"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_in_a_folder_is_not_waited_for(stack):
    folder = stack(3)
    os.mkfifo(folder / "pipe")

    assert [one.name for one in read_images(folder).refused] == ["pipe"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_by_itself_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError, match="neither a file nor a folder"):
        read_images(tmp_path / "pipe")


def test_folders_beyond_the_depth_of_any_medium_are_refused(stack, tmp_path):
    deep = "study" + "/d" * (limits.MAX_DEPTH + 2)
    stack(2, deep)
    stack(2, "study")

    images = read_images(tmp_path / "study")

    assert len(images.series) == 1
    assert "folders deep" in images.refused[0].reason


def test_a_folder_of_a_whole_archive_is_refused(stack, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILES", 5)

    with pytest.raises(InputError, match="more than 5 files"):
        read_images(stack(6))


def test_a_file_name_cannot_steer_the_screen(tmp_path):
    (tmp_path / "a\x1b[2Jb").write_text("no image")

    with pytest.raises(InputError) as refused:
        read_images(tmp_path)

    assert "\x1b" not in str(refused.value)


def index_of(folder, entries, name="DICOMDIR"):
    """A DICOMDIR that names the given files, each as the list of its path's parts."""
    import warnings

    from pydicom import Dataset
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    index = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    patient = Dataset()
    patient.DirectoryRecordType = "PATIENT"
    records = [patient]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that the standard forbids are what is tested
        for parts in entries:
            image = Dataset()
            image.DirectoryRecordType = "IMAGE"
            image.ReferencedFileID = parts
            records.append(image)
        index.DirectoryRecordSequence = records
        index.save_as(folder / name)
    return folder / name


def test_a_dicomdir_gives_the_files_that_it_names(stack):
    folder = stack(4, "medium/images")
    index = index_of(folder.parent, [["IMAGES", f"{k:02}.DCM"] for k in range(3)])

    series = read_series(index)

    assert series.volume.shape == (3, 6, 5)
    assert read_series(folder.parent).volume.shape == (4, 6, 5)


@pytest.mark.parametrize("parts", [["..", "outside.dcm"], ["/etc", "passwd"], ["missing.dcm"], ["a" * 300]])
def test_files_that_a_dicomdir_names_elsewhere_are_not_read(stack, slice_of, parts):
    folder = stack(2, "medium")
    slice_of(5).save_as(folder.parent / "outside.dcm")

    images = read_images(index_of(folder, [["00.dcm"], ["01.dcm"], parts]))

    assert images.series[0].volume.shape == (2, 6, 5)
    assert "named by the DICOMDIR" in images.refused[0].reason


def test_an_index_under_another_name_is_told_by_what_it_holds(stack):
    folder = stack(2, "medium")
    index_of(folder, [["00.dcm"]], "INDEX.dcm")

    assert read_images(folder).refused == ()


def test_a_file_beyond_the_largest_size_is_not_opened(stack, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 100)

    with pytest.raises(InputError, match="Send the series of the hip only"):
        read_images(stack(2))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_named(stack):
    folder = stack(3)
    (folder / "locked.dcm").write_bytes(b"x")
    (folder / "locked.dcm").chmod(0)

    assert "Permission denied" in read_images(folder).refused[0].reason
