"""How does a hospital's system ask Osteon over HTTP?"""
