"""Simulated traffic with planted campaigns."""
