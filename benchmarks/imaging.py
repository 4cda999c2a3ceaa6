"""How long from a folder of MR slices to every measurement with its interval, and which stage takes how long?

Run it with `python benchmarks/imaging.py`: a synthetic hip with 40 slices of 256 x 256 pixels, each stage in turns, the
peak memory in a process of its own; then voxelisation, the sphere of a head and distance maps against named peers on
the same femur. Absolute times belong to one machine; the ratios travel. Nothing here is a test.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROUNDS = 3
BAR_S, BAR_MIB = 10.0, 1500.0
# 40 slices of 256 x 256 pixels, on a synthetic hip.
RECIPE = {"slice_mm": 1.9, "gap_mm": 0.0, "pixel_mm": 0.58, "field_mm": 148.5}


def main() -> None:
    """Make the hip, time every stage, then every peer, and print the tables."""
    if sys.argv[1:2] == ["--peak"]:
        print(peak_mib(Path(sys.argv[2])))
        return
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above, "hip")
        shape = make(folder)
        print(f"From folder to measurements: {' x '.join(map(str, shape))} T1 MR, medians of {ROUNDS}")
        print(stage_table([stages(folder / "mr") for _ in range(ROUNDS)]))
        command = [sys.executable, __file__, "--peak", str(folder / "mr")]
        peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{'peak memory of the whole process':<40}{peak:>10.0f} MiB (bar {BAR_MIB:.0f})")
        for title, programs in peers(folder).items():
            print(f"\n{title}")
            print(peer_table(programs))


def make(folder: Path) -> tuple[int, ...]:
    """Write the synthetic hip; the shape of its MR."""
    from osteon.imaging.read import read_series
    from osteon.phantom import Recipe, make_phantom, write_phantom

    write_phantom(make_phantom(Recipe(seed=1, lesion_percent=24, **RECIPE)), folder)
    return read_series(folder / "mr").volume.shape


def stages(folder: Path) -> dict[str, float]:
    """Seconds of each stage of one examination."""
    from osteon.imaging.head import find_hip
    from osteon.imaging.lesion import propose_lesion
    from osteon.imaging.measure import measure
    from osteon.imaging.read import read_images

    seconds = {}

    def timed(name: str, call: Callable[[], object]) -> object:
        begin = time.perf_counter()
        result = call()
        seconds[name] = time.perf_counter() - begin
        return result

    series = timed("read the folder", lambda: read_images(folder)).series[0]
    found = timed("find the hip", lambda: find_hip(series))
    lesion = timed("propose the lesion", lambda: propose_lesion(series, found))
    timed("measure, with intervals", lambda: measure(series, found, lesion))
    return seconds | {"all": sum(seconds.values())}


def stage_table(rounds: list[dict[str, float]]) -> str:
    """Median seconds of each stage and its part of the whole."""
    medians = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    lines = [f"{name:<40}{seconds:>10.2f} s{seconds / medians['all']:>8.0%}" for name, seconds in medians.items()]
    return "\n".join([*lines, f"{'bar':<40}{BAR_S:>10.2f} s"])


def peak_mib(folder: Path) -> float:
    """Peak memory of this process after one examination."""
    from osteon.imaging.examination import examine

    examine(folder)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peers(folder: Path) -> dict[str, dict[str, Callable[[], str]]]:
    """What is timed against what, on one femur; each call says how good its answer was."""
    import nibabel
    import SimpleITK
    import trimesh
    from scipy import ndimage

    from osteon.anatomy import Volume, head_sphere_of_surface
    from osteon.imaging.write import surface_of

    truth = nibabel.load(folder / "truth_femur.nii.gz")
    mask = np.asarray(truth.dataobj) > 0
    femur = Volume(mask, np.diag([-1.0, -1.0, 1.0, 1.0]) @ truth.affine)
    vertices, faces = surface_of(femur)
    mesh = trimesh.Trimesh(vertices, faces)
    spacing = tuple(float(edge) for edge in femur.spacing_mm)
    image = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])

    def filled_by_pyvista() -> str:
        import pyvista

        cells = np.hstack([np.full((len(faces), 1), 3), faces]).ravel()
        grid = pyvista.PolyData(vertices, cells).voxelize_binary_mask(spacing=(1.0, 1.0, 1.0))
        return off(float(np.count_nonzero(grid["mask"])), mesh.volume)

    def filled_by_trimesh() -> str:
        return off(float(mesh.voxelized(1.0).fill().filled_count), mesh.volume)

    def ours() -> str:
        return f"radius {head_sphere_of_surface(vertices, faces).radius_mm:.2f} mm"

    def plain() -> str:
        top = vertices[vertices[:, 2] > vertices[:, 2].max() - 45]
        return f"radius {trimesh.nsphere.fit_nsphere(top)[1]:.2f} mm (top 45 mm, neck and all)"

    return {
        "Voxels inside the femur's surface, 1 mm": {
            "pyvista, as Osteon uses it": filled_by_pyvista,
            "trimesh voxelized().fill()": filled_by_trimesh,
        },
        "Sphere of the head, from the surface": {
            "Osteon": ours,
            "trimesh nsphere, plain least squares": plain,
        },
        f"Distance map of the femur, {' x '.join(map(str, mask.shape))}": {
            "scipy, as Osteon uses it": lambda: f"{ndimage.distance_transform_edt(mask, spacing).max():.2f} mm deepest",
            "SimpleITK, signed Maurer": lambda: deepest(SimpleITK.SignedMaurerDistanceMap(image, True, False, True)),
        },
    }


def deepest(image: object) -> str:
    import SimpleITK

    return f"{SimpleITK.GetArrayViewFromImage(image).max():.2f} mm deepest"


def off(found_ml: float, true_ml: float) -> str:
    """How far a volume is off, in percent."""
    return f"volume {100 * (found_ml / true_ml - 1):+.1f} %"


def peer_table(programs: dict[str, Callable[[], str]]) -> str:
    """Median seconds of each program, its ratio to the first, and how good its answer was."""
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    answers = {}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            begin = time.perf_counter()
            answers[name] = program()
            seconds[name].append(time.perf_counter() - begin)
    yardstick = statistics.median(next(iter(seconds.values())))
    return "\n".join(
        f"{name:<40}{statistics.median(times):>10.2f} s{statistics.median(times) / yardstick:>8.1f}   {answers[name]}"
        for name, times in seconds.items()
    )


if __name__ == "__main__":
    main()
