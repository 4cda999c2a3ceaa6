"""Which part of this femoral head is dead bone?"""

from osteon.imaging.lesion.proposal import propose_lesion as propose_lesion
from osteon.imaging.lesion.scribbles import grow_cut as grow_cut
from osteon.imaging.lesion.scribbles import random_walker as random_walker
