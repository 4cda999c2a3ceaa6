"""How are resources read from a hospital's FHIR server: a patient's few now, or a population's in bulk?"""

from osteon.fhir.client.backend import Credentials as Credentials
from osteon.fhir.client.backend import read_credentials as read_credentials
from osteon.fhir.client.bulk import Export as Export
from osteon.fhir.client.bulk import Fetched as Fetched
from osteon.fhir.client.bulk import fetch_bulk as fetch_bulk
from osteon.fhir.client.search import FhirServer as FhirServer
from osteon.fhir.client.search import Unreadable as Unreadable
from osteon.fhir.client.search import read_all as read_all
