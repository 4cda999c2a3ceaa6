"""Who in this population? FHIR bulk data in, every finding and rule for each patient and joint out."""

from osteon.cohort.screen import Screening as Screening
from osteon.cohort.screen import screen as screen
