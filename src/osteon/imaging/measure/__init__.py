"""How big is the lesion, where does it lie, and what shape is the head, by which convention and how surely?"""

from osteon.imaging.measure.protocol import measure as measure
from osteon.imaging.measure.table import as_findings as as_findings
from osteon.imaging.measure.table import measurements_dict as measurements_dict
