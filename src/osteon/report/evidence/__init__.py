"""What do the studies say, for reading: pages of every modality and comparison, with figures, ratings and sources."""
