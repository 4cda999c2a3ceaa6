"""How big is the lesion, where is it, and what shape is the head?"""
