"""Which image volumes are in this folder, zip or file, and where in the patient does every voxel lie?"""

from osteon.imaging.read.whole import read_images as read_images
from osteon.imaging.read.whole import read_series as read_series
