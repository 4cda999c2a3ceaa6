"""How long does a CDS Hooks call take: one patient's bundle to cards in process, and over HTTP with twenty callers?

Run it as `python benchmarks/cds.py [FOLDER]`, where FOLDER holds NDJSON of Synthea patients (`*.ndjson.gz`, one file
for each type of resource); without it one fictional patient is used. In process it times reading the prefetched
resources, the verdicts of every treatment, and the cards. Over HTTP one service process answers twenty callers, each
with a signed token of its own on every call: each calling once a second, and all as fast as they can. Absolute times
belong to one machine; the ratios to a bare `json.loads` of the same call travel. Nothing here is a test.
"""

import asyncio
import gzip
import json
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import time
import uuid
from datetime import date
from pathlib import Path

CALLERS = 20
ROUNDS = 5  # of which the quickest counts, since the machine is shared
HIP = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M87.051"}]}
KINDS = {
    "conditions": "Condition",
    "observations": "Observation",
    "medications": "MedicationRequest",
    "allergies": "AllergyIntolerance",
    "procedures": "Procedure",
}
HOOK = "patient-view"
BASE = "http://127.0.0.1"
PATH = f"/cds-services/osteon-{HOOK}"


def main() -> None:
    """Measure and print both tables."""
    calls = made(Path(sys.argv[1])) if len(sys.argv) > 1 else [call_of(patient(), {})]
    sizes = [len(body) / 1000 for body in calls]
    print(f"{len(calls)} patients, calls of {statistics.median(sizes):.0f} kB (up to {max(sizes):.0f} kB)\n")
    in_process(calls)
    over_http(calls)
    print(f"\nPython {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


def patient() -> dict:
    return {"resourceType": "Patient", "id": "fict-1", "birthDate": "1980-01-01", "gender": "female"}


def made(folder: Path) -> list[bytes]:
    """One call for each of the first hundred patients, each with an osteonecrosis of the right femur added."""
    by_patient: dict[str, dict[str, list]] = {}
    for key, kind in KINDS.items():
        for resource in lines(folder, kind):
            whom = (resource.get("subject") or resource.get("patient"))["reference"].split("/")[-1]
            by_patient.setdefault(whom, {}).setdefault(key, []).append(resource)
    return [call_of(each, by_patient.get(each["id"], {})) for each in list(lines(folder, "Patient"))[:100]]


def lines(folder: Path, kind: str) -> list[dict]:
    return [json.loads(line) for file in folder.glob(f"{kind}*.ndjson.gz") for line in gzip.open(file)]


def call_of(who: dict, resources: dict[str, list]) -> bytes:
    """A patient-view call with everything prefetched."""
    hip = {
        "resourceType": "Condition",
        "id": "avn",
        "subject": {"reference": f"Patient/{who['id']}"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": HIP,
    }
    listed = {**{key: resources.get(key, []) for key in KINDS}, "conditions": [*resources.get("conditions", []), hip]}
    bundles = {
        key: {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in found]}
        for key, found in listed.items()
    }
    context = {"userId": "Practitioner/1", "patientId": who["id"]}
    asked = {"hook": HOOK, "hookInstance": str(uuid.uuid4()), "context": context}
    return json.dumps({**asked, "prefetch": {"patient": who, **bundles}}).encode()


# ------------------------------------------------------------------------------------------------------- in process


def in_process(calls: list[bytes]) -> None:
    from osteon.case import Case
    from osteon.fhir import read_bundle
    from osteon.knowledge import knowledge
    from osteon.web.cds.answer import answer
    from osteon.web.cds.app import rehearse
    from osteon.web.cds.prefetch import resources
    from osteon.web.cds.request import Request, read_request
    from osteon.web.cds.services import templates
    from osteon.web.cds.verdicts import verdicts

    today = date(2022, 7, 1)
    loop = asyncio.new_event_loop()

    def read(body: bytes) -> tuple[Request, list]:
        asked = read_request(body, HOOK, 64)
        return asked, loop.run_until_complete(resources(asked, templates(), None))

    def case_of(body: bytes) -> Case:
        return read_bundle(read(body)[1], as_of=today).case

    def cards(body: bytes) -> dict:
        asked, found = read(body)
        return answer(asked, found, today, lambda: str(uuid.uuid4()), lambda _: f"{BASE}/reports/x")

    rehearse()  # as the service does before its first call
    cards(calls[0])
    cases = {body: case_of(body) for body in calls}
    steps = {
        "json.loads of the call": json.loads,
        "the call checked, and its resources": read,
        "... and read as a case": case_of,
        "verdicts of a case": lambda body: verdicts(cases[body], knowledge()),
        "the whole: call to cards": cards,
    }
    print(f"{'in process, processor time':<40}{'median ms':>10}{'p90':>8}{'p99':>8}{'ratio':>8}")
    yardstick = 0.0
    for name, step in steps.items():
        taken = sorted(min(timed(step, body) for _ in range(ROUNDS)) for body in calls)
        yardstick = yardstick or statistics.median(taken)
        print(row(name, taken, yardstick))
    loop.close()


def timed(step: object, body: bytes) -> float:
    begin = time.process_time()  # of this process alone, whatever else runs on the machine
    step(body)
    return time.process_time() - begin


def row(name: str, taken: list[float], yardstick: float) -> str:
    def at(share: float) -> float:
        return taken[min(len(taken) - 1, int(share * len(taken)))] * 1e3

    middle = statistics.median(taken)
    return f"{name:<40}{middle * 1e3:>10.2f}{at(0.9):>8.2f}{at(0.99):>8.2f}{middle / yardstick:>8.1f}"


# -------------------------------------------------------------------------------------------------------- over HTTP


def over_http(calls: list[bytes]) -> None:
    """Twenty callers of one service process, from one other process."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from jwt.algorithms import ECAlgorithm

    key = ec.generate_private_key(ec.SECP384R1())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        public = {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": "k"}
        Path(folder, "keys.json").write_text(json.dumps({"keys": [public]}))
        process = multiprocessing.get_context("spawn").Process(target=serve_in, args=(folder, port))
        process.start()
        try:
            wait_for(port)
            print(
                f"\n{'over HTTP, ' + str(CALLERS) + ' callers':<40}{'median ms':>10}{'p90':>8}{'p99':>8}{'calls/s':>9}"
            )
            for name, pause_s in (("one call a second each", 1.0), ("as fast as they can", 0.0)):
                taken, seconds = asyncio.run(callers(port, key, calls, pause_s))
                print(f"{row(name, taken, 1.0)[:66]}{len(taken) / seconds:>9.0f}")
        finally:
            process.terminate()
            process.join()


def serve_in(folder: str, port: int) -> None:
    from osteon.web.cds.serve import serve
    from osteon.web.cds.settings import Client, Limits, Settings

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    serve(
        Settings(
            base_url=f"{BASE}:{port}",
            store=f"{folder}/cds.sqlite",
            client=(Client("us", keys=f"{folder}/keys.json"),),
            limits=Limits(requests_per_s=10_000, burst=10_000),
        ),
        "127.0.0.1",
        port,
    )


def wait_for(port: int) -> None:
    import httpx

    for _ in range(600):
        try:
            httpx.get(f"{BASE}:{port}/health")
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise TimeoutError("the service did not start")


async def callers(port: int, key: object, calls: list[bytes], pause_s: float) -> tuple[list[float], float]:
    """Seconds of every call, and of the whole; tokens are signed beforehand, so that only the service is timed."""
    import jwt

    now = int(time.time())
    claims = {"iss": "us", "aud": f"{BASE}:{port}{PATH}", "iat": now, "exp": now + 290}
    most = 12 if pause_s else 60
    tokens = [
        [jwt.encode({**claims, "jti": str(uuid.uuid4())}, key, "ES384", {"kid": "k"}) for _ in range(most)]
        for _ in range(CALLERS)
    ]
    begin = time.perf_counter()
    listed = await asyncio.gather(*(caller(port, calls, each, number, pause_s) for number, each in enumerate(tokens)))
    return sorted(taken for each in listed for taken in each), time.perf_counter() - begin


async def caller(port: int, calls: list[bytes], tokens: list[str], number: int, pause_s: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(pause_s * number / CALLERS)
    taken = []
    for turn, token in enumerate(tokens):
        body = calls[(number + turn * CALLERS) % len(calls)]
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        begin = time.perf_counter()
        writer.write(head.encode() + body)
        status = await answered(reader)
        taken.append(time.perf_counter() - begin)
        assert status == 200, status
        await asyncio.sleep(max(0.0, pause_s - taken[-1]))
    writer.close()
    return taken


async def answered(reader: asyncio.StreamReader) -> int:
    """The status of one answer, once it is here whole."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(b" ")[1])


if __name__ == "__main__":
    main()
