"""Maths on numeric arrays; knows nothing of trade."""
