"""How does Osteon answer a record system that asks by CDS Hooks 2.0?"""
