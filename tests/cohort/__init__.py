"""Cohorts: FHIR bulk data in, every finding and rule for each patient and joint out."""
