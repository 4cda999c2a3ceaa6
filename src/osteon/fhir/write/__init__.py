"""How is a plan told to a hospital's records?"""

from osteon.fhir.write.bundle import bundle_bytes as bundle_bytes
from osteon.fhir.write.bundle import write_bundle as write_bundle
