"""Where is the hip in this series?"""

from osteon.imaging.head.find import find_hip as find_hip
from osteon.imaging.head.find import find_hips as find_hips
