"""What leaves the lake: reports and exchange formats."""
