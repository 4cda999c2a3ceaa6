"""The page that shows the images in a browser, lets the lesion be corrected by hand, and saves the mask."""

from __future__ import annotations

import base64
import json
from importlib.resources import files

from osteon.anatomy import Floats, Volume
from osteon.imaging.write import nifti_bytes
from osteon.report.html import environment
from osteon.version import __version__

SHIPPED = ("niivue.umd.js", "NIIVUE_LICENSE.txt", "viewer.js")
LPS_TO_RAS = (-1.0, -1.0, 1.0)


def viewer_files(title: str, image: Volume, lesion: Volume | None, center_mm: Floats) -> dict[str, bytes]:
    """Every file of the viewer by its name in the folder; it opens from the disk, without a server or a network.

    Parameters
    ----------
    title
        What is shown, such as "left hip".
    image
        The series, on its own grid.
    lesion
        The mask on the very grid of `image`; None to start with an empty one.
    center_mm
        Where the crosshair starts, LPS.
    """
    shipped = {
        f"viewer/{name}": files("osteon.report.images").joinpath("viewer", name).read_bytes() for name in SHIPPED
    }
    shown = {
        "image": encoded(image),
        "lesion": encoded(lesion) if lesion is not None and lesion.array.any() else None,
        "center_ras_mm": [float(sign * c) for sign, c in zip(LPS_TO_RAS, center_mm, strict=True)],
    }
    page = environment().get_template("viewer.html.j2").render(title=title, osteon=__version__)
    images = f"window.osteonImages = {json.dumps(shown)};\n"
    return {"viewer.html": page.encode(), "viewer/images.js": images.encode(), **shipped}


def encoded(volume: Volume) -> str:
    return base64.b64encode(nifti_bytes(volume)).decode("ascii")
