"""Components, communities, triangles and lineage of a graph of accounts."""
