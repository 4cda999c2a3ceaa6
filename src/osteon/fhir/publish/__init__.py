"""How is Osteon's knowledge told in FHIR: definitions, a questionnaire, code systems, and the evidence behind them?"""

from osteon.fhir.publish.definitions import definitions as definitions
from osteon.fhir.publish.evidence import evidence_resources as evidence_resources
from osteon.fhir.publish.files import knowledge_files as knowledge_files
from osteon.fhir.publish.questionnaire import questionnaire as questionnaire
from osteon.fhir.publish.systems import code_systems as code_systems
