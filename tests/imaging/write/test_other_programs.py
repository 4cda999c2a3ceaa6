"""What the programs of others make of the files: dicom3tools, DCMTK, and an Orthanc server on this machine."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import closing
from io import BytesIO

import numpy as np
import pytest

from osteon.anatomy import points_mm
from osteon.imaging.series import Mask
from osteon.imaging.write import seg_bytes, source_headers, sr_bytes

pytestmark = pytest.mark.slow

NAMES = ("seg", "label_map", "sr")


@pytest.fixture(scope="module")
def files(written, tmp_path_factory):
    """The written objects as files by name."""
    folder = tmp_path_factory.mktemp("written")
    for name in NAMES:
        (folder / f"{name}.dcm").write_bytes(written[name])
    return {name: folder / f"{name}.dcm" for name in NAMES}


def errors(told):
    return [line for line in told.splitlines() if re.match(r"\s*Error", line)]


@pytest.mark.parametrize("name", NAMES)
def test_dicom3tools_finds_no_error_in_an_object(files, program, name):
    assert errors(program("dciodvfy", "-new", files[name])) == []


def test_dicom3tools_finds_an_error_where_there_is_one(files, program, tmp_path):
    import pydicom

    broken = pydicom.dcmread(files["seg"])
    del broken.SegmentSequence
    broken.save_as(tmp_path / "broken.dcm")
    assert errors(program("dciodvfy", "-new", tmp_path / "broken.dcm", succeeds=False))


def test_dicom3tools_finds_patient_study_and_references_in_agreement(files, program, mr):
    images = sorted(mr[0].iterdir())
    assert errors(program("dcentvfy", files["seg"], files["sr"], *images)) == []
    assert errors(program("dcentvfy", files["label_map"], *images)) == []


@pytest.mark.parametrize(
    "name", ["phantoms_examples/ex1/mr", "phantoms_examples/ex2/mr", "pelvis_mr_prostatex/0000_t2_coronal"]
)
def test_dicom3tools_finds_no_error_in_what_is_written_about_real_series(
    real_data, program, measurements, stamp, tmp_path, name
):
    from osteon.imaging.read import read_images

    folder = real_data(name)
    (series,) = read_images(folder).series
    headers, grid = source_headers(series, folder), series.volume
    center = grid.to_mm((np.array(grid.shape) - 1) / 2)
    distance = np.linalg.norm(points_mm(grid) - center, axis=-1)
    masks = [
        Mask(grid.with_array(distance < r), name, "automatic", "") for r, name in ((9, "lesion"), (20, "femoral_head"))
    ]
    (tmp_path / "seg.dcm").write_bytes(seg := seg_bytes(masks, series, headers, stamp, side="right"))
    (tmp_path / "sr.dcm").write_bytes(sr_bytes(measurements, series, headers, stamp, seg=seg, side="right"))
    assert errors(program("dciodvfy", "-new", tmp_path / "seg.dcm")) == []
    assert errors(program("dciodvfy", "-new", tmp_path / "sr.dcm")) == []


def test_dcmtk_prints_the_report_with_its_values(files, program):
    told = program("dsrdump", files["sr"])
    assert re.search(r'CODE:\(,,"JIC type"\)=\(jic_c1,99OSTEON,"JIC type: C1"\)', told)
    assert re.search(r'NUM:\(,,"Modified Kerboul angle"\)="211\.0" \(deg,UCUM,"degree"\)', told)
    assert re.search(r'NUM:\(,,"Radius"\)="15\.25" \(mm,UCUM,"millimeter"\)', told)
    assert re.search(r'SCOORD3D:\(,,"Femur Head Center of Rotation"\)=\(POINT', told)
    assert re.search(r'CODE:\(,,"Laterality"\)=\(7771000,SCT,"Left"\)', told)
    assert told.count('"Lesion as part of the femoral head"') == 3
    assert not re.search(r"^[EF]: ", told, re.MULTILINE)


def test_dcmtk_reads_the_segmentation(files, program):
    told = program("dcmdump", "+P", "NumberOfFrames", "+P", "SegmentLabel", "+P", "SegmentationType", files["seg"])
    assert "[30]" in told
    assert re.findall(r"LO \[(\w+)\s*\]", told) == ["lesion", "femoral_head", "femur_left"]
    assert "[BINARY]" in told


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def asked(port, method, path, body=None):
    """Status and body of one request to the server."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body)
        with connection.getresponse() as answer:
            return answer.status, answer.read()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    """An Orthanc server on loopback with an empty folder: its HTTP and its DICOM port."""
    found = shutil.which("Orthanc", path=f"{os.environ['PATH']}:/usr/sbin")
    if not found:
        pytest.fail("Orthanc is not installed. Run tools/system_packages.sh dicom as root, or make test.")
    folder, port, dicom = tmp_path_factory.mktemp("orthanc"), free_port(), free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "HttpPort": port,
        "DicomPort": dicom,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomCheckCalledAet": False,
        "DicomAlwaysAllowStore": True,
        "Plugins": [],
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen([found, str(folder / "settings.json")], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and server.poll() is None and not answers(port):
            time.sleep(0.1)
        assert answers(port), (folder / "log.txt").read_text()[-2000:]
        yield port, dicom
    finally:
        server.terminate()
        server.wait(30)


def answers(port):
    try:
        return asked(port, "GET", "/system")[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize("name", ["seg", "sr"])
def test_orthanc_takes_an_object_and_gives_it_back_byte_by_byte(orthanc, written, name):
    port, _ = orthanc
    status, told = asked(port, "POST", "/instances", written[name])
    assert (status, json.loads(told)["Status"]) in ((200, "Success"), (200, "AlreadyStored"))
    status, back = asked(port, "GET", f"/instances/{json.loads(told)['ID']}/file")
    assert (status, back) == (200, written[name])


def test_orthanc_files_images_segmentation_and_report_under_one_study(orthanc, program, mr, files, written):
    import pydicom

    port, dicom = orthanc
    program(
        "storescu", "-R", "-aec", "ORTHANC", "127.0.0.1", dicom, *sorted(mr[0].iterdir()), files["seg"], files["sr"]
    )
    query = {"Level": "Series", "Query": {"StudyInstanceUID": "2.25.1001"}, "Expand": True}
    _, told = asked(port, "POST", "/tools/find", json.dumps(query))
    series = {each["MainDicomTags"]["Modality"]: len(each["Instances"]) for each in json.loads(told)}
    assert series == {"MR": 10, "SEG": 1, "SR": 1}
    (report,) = [each["Instances"][0] for each in json.loads(told) if each["MainDicomTags"]["Modality"] == "SR"]
    _, back = asked(port, "GET", f"/instances/{report}/file")
    assert pydicom.dcmread(BytesIO(back)) == pydicom.dcmread(BytesIO(written["sr"]))
