"""Which voxels did somebody mark, in whatever format they saved it?"""

from osteon.imaging.masks.placed import lying_on as lying_on
from osteon.imaging.masks.placed import mask_on as mask_on
from osteon.imaging.masks.reading import masks_of_bytes as masks_of_bytes
from osteon.imaging.masks.reading import read_mask as read_mask
