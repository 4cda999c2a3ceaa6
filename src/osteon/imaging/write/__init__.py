"""What was marked and measured, in the formats that other programs read."""

from osteon.imaging.write.nifti import nifti_bytes as nifti_bytes
from osteon.imaging.write.seg import seg_bytes as seg_bytes
from osteon.imaging.write.source import source_headers as source_headers
from osteon.imaging.write.sr import sr_bytes as sr_bytes
from osteon.imaging.write.stamp import Stamp as Stamp
from osteon.imaging.write.stamp import new_stamp as new_stamp
from osteon.imaging.write.surface import glb_bytes as glb_bytes
from osteon.imaging.write.surface import stl_bytes as stl_bytes
from osteon.imaging.write.surface import surface_of as surface_of
