"""How AWS runs a pipeline: one stack per layer, small constructs inside."""
