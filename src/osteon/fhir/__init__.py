"""How does Osteon speak to a hospital's records?"""

from osteon.fhir.card import record_card as record_card
from osteon.fhir.findings import Ignored as Ignored
from osteon.fhir.joints import RecordedJoint as RecordedJoint
from osteon.fhir.load import is_record as is_record
from osteon.fhir.mapping import mapping as mapping
from osteon.fhir.read import FhirRead as FhirRead
from osteon.fhir.read import read_bundle as read_bundle
from osteon.fhir.read import read_patients as read_patients
